"""Lists the result of a build for each file, for the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qa.building.read_files import Reading
from qa.building.stored_segments import Place
from qa.index.build_notes import Fate, FileReport
from qa.records import left_out_of


def fates(
    skipped: Iterable[FileReport],
    before: Mapping[str, Place],
    after: Mapping[str, Place],
    reading: Reading,
) -> list[FileReport]:
    """Every file's fate: first the present files in the order of their paths, then the removed ones.

    Args:
        skipped: Files in the folder that are not read.
        before: The documents that were served before the build, by source.
        after: The documents that are served after it.
        reading: Why files were not read.
    """
    present = [FileReport(source, Fate.FAILED, reason) for source, reason in reading.failed.items()]
    for source, reason in reading.for_now.items():
        present.append(FileReport(source, Fate.FAILED, reason, for_now=True))
    for source, reason in reading.kept.items():
        present.append(FileReport(source, Fate.KEPT, reason, for_now=True))
    for source, place in after.items():
        if source not in reading.kept:
            left_out = "; ".join(left_out_of({"note": place.stored.note or ""})) or None
            present.append(FileReport(source, _fate(before.get(source), place), left_out))
    present = sorted((*present, *skipped), key=lambda file: file.source)
    seen = {file.source for file in present}
    return [*present, *(FileReport(source, Fate.REMOVED) for source in sorted(before) if source not in seen)]


def _fate(before: Place | None, after: Place) -> Fate:
    if before is None:
        return Fate.ADDED
    old, new = before.stored, after.stored
    same = (old.info, old.sha256, old.note) == (new.info, new.sha256, new.note)
    return Fate.UNCHANGED if same else Fate.CHANGED


def first_reasons(missing: Mapping[str, str]) -> str:
    """The first three reasons why files could not be read."""
    return " ".join(f"{source}: {reason}." for source, reason in list(missing.items())[:3])
