"""The files in a build's report for the documents page."""

from __future__ import annotations

from dataclasses import dataclass

from qa.index.build_notes import BuildReport, Fate, FileReport

_NOTABLE = (Fate.FAILED, Fate.KEPT, Fate.SKIPPED)
_ORDER = (*_NOTABLE, Fate.ADDED, Fate.CHANGED, Fate.REMOVED, Fate.UNCHANGED)


@dataclass(frozen=True, slots=True)
class ShownFiles:
    """`summary` has the number of files of each fate in words; `notable` has the files with a fate that users should
    see.
    """

    summary: str
    notable: tuple[FileReport, ...]
    others: tuple[FileReport, ...]


def shown_files(report: BuildReport) -> ShownFiles:
    """The files of a report, those that users should see first."""
    files = sorted(report.files, key=lambda file: (_ORDER.index(file.fate), file.source))
    return ShownFiles(
        summary=", ".join(f"{report.counts[fate]} {fate}" for fate in _ORDER if fate in report.counts),
        notable=tuple(file for file in files if file.fate in _NOTABLE),
        others=tuple(file for file in files if file.fate not in _NOTABLE),
    )
