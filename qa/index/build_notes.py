"""The report of the last build, with every file's fate, and the progress of a running build.

Both are JSON files in the index folder, for the server and for operators.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from qa.durable import replace_file
from qa.index.typed_json import from_data
from qa.text.json_reading import parse_json

REPORT = "report.json"
PROGRESS = "progress.json"
REQUEST = "build.request"  # a file with this name asks a watching builder for a build

_STALE_AFTER_S = 60  # an older file was left by a builder that ended early

_Record = TypeVar("_Record")


class Fate(StrEnum):
    """The result of a build for one file."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    SKIPPED = "skipped"
    KEPT = "kept"  # this build could not read it; the earlier reading of the same bytes is still served
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file's fate, with the reason if it is not in the index or was not read.

    `for_now` says that time, memory or a parser was lacking: the next build tries again even if the file has not
    changed.
    """

    source: str
    fate: Fate
    reason: str | None = None
    for_now: bool = False


@dataclass(slots=True)
class BuildReport:
    """The report of a build.

    A stored report lists only files that are not unchanged; `counts` has the number of all files by fate. `published`
    says whether there is a new snapshot. If not, the current one is up to date, or `held_back` is the id of the
    documents' snapshot, which was rolled back. `error` says why nothing was built. A build has seen every change
    made before its `started_at`, a time as of `now`.
    """

    snapshot: str = ""
    published: bool = False
    held_back: str | None = None
    error: str | None = None
    files: tuple[FileReport, ...] = ()
    documents: int = 0
    passages: int = 0
    encoded: int = 0
    reused: int = 0
    seconds: float = 0.0
    started_at: str = ""
    finished_at: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def failed(self) -> list[FileReport]:
        """The files that could not be read and are not in the index."""
        return [file for file in self.files if file.fate is Fate.FAILED]

    @property
    def kept(self) -> list[FileReport]:
        """The files that could not be read this time; the index keeps their earlier reading."""
        return [file for file in self.files if file.fate is Fate.KEPT]


class Step(StrEnum):
    """A step of a build."""

    READING = "reading"
    ENCODING = "encoding"
    WRITING = "writing"
    MERGING = "merging"


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a step: bytes read, characters encoded, or passages written or merged, and the total."""

    step: Step
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ProgressReport:
    """The progress and speed of a running build.

    `done` and `total` count in `unit`; `per_second` and `seconds_left` are None until they can be estimated. `process`
    is the builder's process id.
    """

    step: Step
    done: int
    total: int
    unit: str
    per_second: float | None
    seconds_left: float | None
    process: int


def now() -> str:
    """The time in ISO 8601, in UTC, with microseconds; such times are in order as texts."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def read_report(index_dir: Path) -> BuildReport | None:
    """The last build's report; None if there is none, or if another version of the program wrote it."""
    return _read(index_dir / REPORT, BuildReport)


def write_report(index_dir: Path, report: BuildReport) -> None:
    """Store a build's report, with the number of files by fate and the files that are not unchanged.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    notable = tuple(file for file in report.files if file.fate is not Fate.UNCHANGED or file.reason)
    counts = Counter(file.fate.value for file in report.files)
    content = json.dumps(asdict(replace(report, files=notable, counts=dict(counts))), indent=1, ensure_ascii=False)
    replace_file(index_dir / REPORT, content.encode("utf-8"))


def write_progress(index_dir: Path, report: ProgressReport) -> None:
    """Write the progress for `read_progress`; it is not flushed to disk, since a crash ends the build.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    replace_file(index_dir / PROGRESS, json.dumps(asdict(report)).encode(), durable=False)


def remove_progress(index_dir: Path) -> None:
    """Remove the progress file at the end of a build.

    Raises:
        OSError: the disk cannot be written.
    """
    (index_dir / PROGRESS).unlink(missing_ok=True)


def read_progress(index_dir: Path) -> ProgressReport | None:
    """The last written progress of the running build; None if none runs."""
    path = index_dir / PROGRESS
    try:
        stale = abs(time.time() - path.stat().st_mtime) > _STALE_AFTER_S
    except OSError:
        return None
    return None if stale else _read(path, ProgressReport)


def _read(path: Path, record: type[_Record]) -> _Record | None:
    try:
        return from_data(record, parse_json(path.read_bytes()))
    except (OSError, ValueError):
        return None
