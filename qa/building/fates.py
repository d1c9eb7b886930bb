"""What became of each file in a build, for its report."""

from __future__ import annotations

from typing import Any

from qa.building.folder import Contents
from qa.building.read_files import Reading
from qa.index.build_notes import Fate, FileReport
from qa.records import left_out_of


def fates(
    contents: Contents, before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]], reading: Reading
) -> list[FileReport]:
    """Every file's fate: present ones in the order of their paths, then those removed.

    Args:
        contents: What is in the folder.
        before: The documents that were served before the build, by source.
        after: Those served after it.
        reading: Why files were not read.
    """
    present = [FileReport(source, Fate.FAILED, reason) for source, reason in reading.failed.items()]
    for source, reason in reading.for_now.items():
        present.append(FileReport(source, Fate.FAILED, reason, for_now=True))
    for source, reason in reading.kept.items():
        present.append(FileReport(source, Fate.KEPT, reason, for_now=True))
    for source, entry in after.items():
        if source not in reading.kept:
            same = Fate.UNCHANGED if _lasting(before.get(source)) == _lasting(entry) else Fate.CHANGED
            present.append(FileReport(source, same if source in before else Fate.ADDED, _left_out(entry)))
    present = sorted((*present, *contents.skipped), key=lambda file: file.source)
    seen = {file.source for file in present}
    return [*present, *(FileReport(source, Fate.REMOVED) for source in before if source not in seen)]


def _lasting(entry: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a manifest says of a document, apart from whether it was only kept."""
    return entry and {name: value for name, value in entry.items() if name != "kept"}


def _left_out(entry: dict[str, Any]) -> str | None:
    """What of a document was not read, in words."""
    return "; ".join(left_out_of(entry)) or None


def first_reasons(missing: dict[str, str]) -> str:
    """Why no file could be read, in words: the first three reasons."""
    if not missing:
        return "Put documents there and build again."
    return " ".join(f"{source}: {reason}." for source, reason in list(missing.items())[:3])
