"""The report of a build for the documents page."""

from __future__ import annotations

from dataclasses import dataclass

from qa.index.build_notes import BuildReport, Fate, FileReport

_ORDER = (Fate.FAILED, Fate.KEPT, Fate.SKIPPED, Fate.ADDED, Fate.CHANGED, Fate.REMOVED, Fate.UNCHANGED)
_NOTABLE = (Fate.FAILED, Fate.KEPT, Fate.SKIPPED)


@dataclass(frozen=True, slots=True)
class ShownReport:
    """`summary` has the number of files of each fate in words; `notable` has the files with a fate that users should
    see.

    `error` says why nothing was built.
    """

    finished_at: str
    seconds: str
    summary: str
    notable: tuple[FileReport, ...]
    others: tuple[FileReport, ...]
    error: str = ""


def shown_report(report: BuildReport | None) -> ShownReport | None:
    """The last build's report for the page; None if there is none."""
    if report is None:
        return None
    files = sorted(report.files, key=lambda file: (_ORDER.index(file.fate), file.source))
    return ShownReport(
        finished_at=report.finished_at,
        seconds=f"{report.seconds:.1f} s",
        summary=", ".join(f"{report.counts[fate]} {fate}" for fate in _ORDER if fate in report.counts),
        notable=tuple(file for file in files if file.fate in _NOTABLE),
        others=tuple(file for file in files if file.fate not in _NOTABLE),
        error=report.error or "",
    )
