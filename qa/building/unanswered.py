"""Keeps documents whose drive gives no answer in the index as they were read before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from qa.building.folder import Contents


def with_unanswered(contents: Contents, before: Mapping[str, str]) -> Contents:
    """What a folder holds, where a file that gave no answer is taken to have the bytes that are served of it.

    Args:
        contents: The folder, as it was listed.
        before: The digests of the files whose documents are served, by source.

    Returns:
        The same, with the digests of those documents, also of those in a folder that could not be listed.
    """
    files = {file.source: file for file in contents.files}
    for file in contents.files:
        if file.for_now:
            for source, digest in before.items():
                if source == file.source or (source.startswith(f"{file.source}/") and source not in files):
                    files[source] = replace(file, source=source, sha256=digest)
    return replace(contents, files=tuple(sorted(files.values(), key=lambda file: file.source)))
