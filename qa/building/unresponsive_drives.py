"""Keeps the stored documents of unresponsive drives in the index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from qa.building.folder import Contents


def with_unanswered(contents: Contents, before: Mapping[str, str]) -> Contents:
    """The contents of a folder, with unresponsive files treated as unchanged.

    Args:
        contents: The listed folder.
        before: The digests of the served documents' files, by source.

    Returns:
        The contents with these digests for unresponsive files, including those in unlisted folders.
    """
    files = {file.source: file for file in contents.files}
    for file in contents.files:
        if file.for_now:
            for source, digest in before.items():
                if source == file.source or (source.startswith(f"{file.source}/") and source not in files):
                    files[source] = replace(file, source=source, sha256=digest)
    return replace(contents, files=tuple(sorted(files.values(), key=lambda file: file.source)))
