"""A build's report as the documents page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_ORDER = ("failed", "kept", "skipped", "added", "changed", "removed", "unchanged")
_NOTABLE = ("failed", "kept", "skipped")


@dataclass(frozen=True, slots=True)
class FileFate:
    """What the build did with one file, and why."""

    source: str
    fate: str
    reason: str


@dataclass(frozen=True, slots=True)
class BuildReport:
    """`summary` counts the fates in words; `notable` are the files that need a person's eye.

    `error` is why nothing was built.
    """

    finished_at: str
    seconds: str
    summary: str
    notable: tuple[FileFate, ...]
    others: tuple[FileFate, ...]
    error: str = ""


def report_of(raw: Mapping[str, object] | None) -> BuildReport | None:
    """Read the report that a build left behind."""
    if raw is None:
        return None
    files = [_fate(entry) for entry in _entries(raw.get("files"))]
    files.sort(key=lambda file: (_rank(file.fate), file.source))
    counts = _counts(raw.get("counts"))
    seconds = raw.get("seconds")
    return BuildReport(
        finished_at=str(raw.get("finished_at") or ""),
        seconds=f"{seconds:.1f} s" if isinstance(seconds, int | float) else "",
        summary=", ".join(f"{count} {fate}" for fate, count in sorted(counts.items(), key=lambda c: _rank(c[0]))),
        notable=tuple(file for file in files if file.fate in _NOTABLE),
        others=tuple(file for file in files if file.fate not in _NOTABLE),
        error=str(raw.get("error") or ""),
    )


def _counts(counts: object) -> dict[str, int]:
    found = counts.items() if isinstance(counts, Mapping) else ()
    return {str(fate): count for fate, count in found if isinstance(count, int)}


def _entries(files: object) -> list[Mapping[str, object]]:
    return [entry for entry in files if isinstance(entry, Mapping)] if isinstance(files, list | tuple) else []


def _fate(entry: Mapping[str, object]) -> FileFate:
    return FileFate(str(entry.get("source", "")), str(entry.get("fate", "")), str(entry.get("reason") or ""))


def _rank(fate: str) -> int:
    return _ORDER.index(fate) if fate in _ORDER else len(_ORDER)
