"""What a build does and did: every file's fate, and how far a running build is.

Both stand as JSON files in the index folder, for the server and for its operators.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from qa.durable import replace_file
from qa.index.typed_json import from_data
from qa.text.json_reading import parse_json

REPORT = "report.json"
PROGRESS = "progress.json"
REQUEST = "build.request"  # a file of this name asks a watching builder for a build

_STALE_AFTER_S = 60  # a note this old was left by a builder that died

_Record = TypeVar("_Record")


class Fate(StrEnum):
    """The outcome of a build for one file."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    SKIPPED = "skipped"
    KEPT = "kept"  # this build could not read it; what was read of the same bytes before is still served
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file's fate, with the reason where it is not in the index or was not read.

    `for_now` says that there was not enough time or memory, or no parser: the next build tries again though nothing
    changed.
    """

    source: str
    fate: Fate
    reason: str | None = None
    for_now: bool = False


@dataclass(slots=True)
class BuildReport:
    """What a build did.

    A report that was read back lacks the files that are simply unchanged, and has the number of all files by fate in
    `counts`. `published` says whether there is a new snapshot. If not, the current one is up to date, or `held_back`
    names the one that the documents would give but that was rolled back. `error` is why nothing was built.
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
    finished_at: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def failed(self) -> list[FileReport]:
        """The files that could not be read and are not in the index."""
        return [file for file in self.files if file.fate is Fate.FAILED]

    @property
    def kept(self) -> list[FileReport]:
        """The files that could not be read for now, and are in the index as they were read before."""
        return [file for file in self.files if file.fate is Fate.KEPT]


class Step(StrEnum):
    """What a build is doing."""

    READING = "reading"
    ENCODING = "encoding"
    WRITING = "writing"
    MERGING = "merging"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step is: bytes of files read, characters encoded, passages written or merged, of how many in all."""

    step: Step
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ProgressReport:
    """How far a running build is, and how fast it goes.

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


def read_report(index_dir: Path) -> BuildReport | None:
    """The last build's report; None when there is none, or none of this version of the program."""
    return _read(index_dir / REPORT, BuildReport)


def write_report(index_dir: Path, report: BuildReport) -> None:
    """Keep a build's report: `counts` of the files by fate, and of those the files that are not simply unchanged.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    notable = tuple(file for file in report.files if file.fate is not Fate.UNCHANGED or file.reason)
    counts = Counter(file.fate.value for file in report.files)
    content = json.dumps(asdict(replace(report, files=notable, counts=dict(counts))), indent=1, ensure_ascii=False)
    replace_file(index_dir / REPORT, content.encode("utf-8"))


def write_progress(index_dir: Path, report: ProgressReport) -> None:
    """Write how far a running build is, for `read_progress`; not flushed to the disk, since a crash ends the build.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    replace_file(index_dir / PROGRESS, json.dumps(asdict(report)).encode(), durable=False)


def remove_progress(index_dir: Path) -> None:
    """Remove what `write_progress` wrote, when the build ends.

    Raises:
        OSError: the disk cannot be written.
    """
    (index_dir / PROGRESS).unlink(missing_ok=True)


def read_progress(index_dir: Path) -> ProgressReport | None:
    """How far the running build is, as it last noted; None when none runs."""
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
