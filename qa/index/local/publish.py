"""Adds a segment to the index, and makes a version current.

Replacing CURRENT is the only step that changes the version that serves; a builder may be killed before or after any
step. The caller must hold the build lock.

1. Write the segment to an unreferenced folder, and flush it to disk (`qa.index.local.segment_writer`).
2. Rename the folder to the segment's id, flush the parent folder, reopen the files and compare every byte.
3. Write the version's file under a temporary name, flush it, rename it, flush its folder.
4. Replace CURRENT: the commit.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from qa.durable import flush, replace_file
from qa.errors import QAError
from qa.index.local.index_folder import CURRENT, SEGMENTS, aside, segment_path, version_path
from qa.index.local.verify import verify_segment
from qa.index.local.version import SegmentRecord, Version
from qa.index.local.version_files import version_bytes


def install_segment(index_dir: Path, folder: Path, record: SegmentRecord) -> None:
    """Move a finished segment to the folder of segments, unless it is already there.

    Args:
        index_dir: The index folder.
        folder: The flushed folder of the segment, on the same file system; it no longer exists afterwards.
        record: The content of its `segment.json`.

    Raises:
        DamagedSnapshot: the files on the disk differ from what was written.
    """
    target = segment_path(index_dir, record.id)
    if _is_whole(index_dir, record.id):
        shutil.rmtree(folder, ignore_errors=True)
        return
    if target.exists():
        target.rename(aside(target))
    folder.rename(target)
    flush(index_dir / SEGMENTS)
    verify_segment(index_dir, record.id, every_byte=True)


def publish(index_dir: Path, version: Version) -> None:
    """Make a version current.

    Raises:
        DamagedSnapshot: a segment is missing or altered; CURRENT is unchanged.
    """
    for entry in version.segments:
        verify_segment(index_dir, entry.id)
    path = version_path(index_dir, version.name)
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True)
        flush(index_dir)
    replace_file(path, version_bytes(version))
    point_current(index_dir, version.name)


def point_current(index_dir: Path, name: str) -> None:
    """Replace CURRENT: the commit."""
    replace_file(index_dir / CURRENT, f"{name}\n".encode("ascii"))


def _is_whole(index_dir: Path, segment_id: str) -> bool:
    try:
        verify_segment(index_dir, segment_id, every_byte=True)
    except QAError:
        return False
    return True
