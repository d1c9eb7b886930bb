"""Compares a segment's files with their digests, and stores the result with the files' size, times and inode.

A file with the same size, times and inode as at its last comparison is not read again. A bit that changes on the disk
without a write is found only if every byte is compared.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from qa.durable import flush, replace_file
from qa.errors import DamagedSnapshot
from qa.index.local.index_folder import VERIFIED, segment_path
from qa.index.local.shortages import raise_if_short
from qa.index.local.version import FileRecord, SegmentRecord
from qa.index.local.version_files import read_segment
from qa.index.typed_json import canonical, from_data
from qa.text.json_reading import parse_json

_AT_ONCE = 2  # files compared at the same time
_WRITING = threading.Lock()  # threads of one process would write to the same temporary file


@dataclass(frozen=True, slots=True)
class Verified:
    """For each file of a segment, its size, mtime, ctime and inode when it was last compared with its digest."""

    files: Mapping[str, tuple[int, ...]]


def verify_segment(index_dir: Path, segment_id: str, *, every_byte: bool = False) -> SegmentRecord:
    """Check that a segment exists and every file is unchanged.

    Args:
        index_dir: The index folder.
        segment_id: The segment's id.
        every_byte: Whether to read also files unchanged since their last comparison.

    Raises:
        DamagedSnapshot: a file differs; the message names the segment and every such file.
        MismatchedSnapshot: the segment is of another format.
        ShortOfResources: it cannot be read at present.
    """
    folder = segment_path(index_dir, segment_id)
    record = read_segment(folder)
    before = _remembered(index_dir, segment_id)
    stale = [name for name in record.files if every_byte or not _untouched(folder / name, before.get(name))]
    if not stale:
        return record
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(lambda name: _compared(folder / name, record.files[name]), stale))
    troubles = [each for each in found if isinstance(each, str)]
    if troubles:
        raise DamagedSnapshot(f"Segment {segment_id}: {'; '.join(troubles)}. Run `qa build --repair`.")
    now = {name: stat for name, stat in zip(stale, found, strict=True) if not isinstance(stat, str)}
    if any(before.get(name) != stat for name, stat in now.items()):
        _remember(index_dir, segment_id, before, now)
    return record


def _untouched(path: Path, before: tuple[int, ...] | None) -> bool:
    try:
        return before is not None and _stat(path.stat()) == before
    except OSError:
        return False


def _compared(path: Path, expected: FileRecord) -> tuple[int, ...] | str:
    """The status of a valid file, or a message about its fault."""
    try:
        with path.open("rb") as file:
            stat = os.fstat(file.fileno())  # taken before reading, so that a change during it is noticed later
            if stat.st_size != expected.bytes:
                return f"{path.name} has {stat.st_size} bytes instead of {expected.bytes}"
            if file_digest(file, "sha256").hexdigest() != expected.sha256:
                return f"{path.name} is altered"
            return _stat(stat)
    except OSError as error:
        raise_if_short(error, f"Segment {path.parent.name}")
        return f"{path.name} cannot be read ({error.strerror})"


def _stat(found: os.stat_result) -> tuple[int, ...]:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _remembered(index_dir: Path, segment_id: str) -> Mapping[str, tuple[int, ...]]:
    try:
        return from_data(Verified, parse_json((index_dir / VERIFIED / f"{segment_id}.json").read_bytes())).files
    except (OSError, ValueError):
        return {}


def _remember(
    index_dir: Path, segment_id: str, before: Mapping[str, tuple[int, ...]], now: Mapping[str, tuple[int, ...]]
) -> None:
    """Store the status of valid files, after flushing them, if this process may write there."""
    path = index_dir / VERIFIED / f"{segment_id}.json"
    folder = segment_path(index_dir, segment_id)
    with suppress(OSError), _WRITING:
        for name in now:
            flush(folder / name)  # otherwise a power failure could damage files that were compared only in memory
        path.parent.mkdir(exist_ok=True)
        replace_file(path, canonical(Verified({**before, **now})))
