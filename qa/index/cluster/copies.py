"""Copies segments from the index folder to a machine's disk, once for all hosts of the machine.

Guarantees: a copy is opened only after every byte was verified by its digest. A copy that is in no version any more is
removed, but not while a host of the machine has it open, since the host holds a lock on the version's file.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from qa.errors import DamagedSnapshot, QAError, ShortOfResources
from qa.index.file_lock import lock
from qa.index.local.index_folder import (
    SEGMENTS,
    UNFINISHED,
    VERIFIED,
    segment_ids,
    segment_path,
    version_names,
    version_path,
)
from qa.index.local.open_version import SegmentPool
from qa.index.local.segment import Segment
from qa.index.local.version_files import read_version

_LOCK = "copies.lock"


class CopiedSegments(SegmentPool):
    """A pool that opens copies of segments. Safe to call from several threads and processes."""

    def __init__(self, index_dir: Path, copies_dir: Path) -> None:
        """Set the folders; nothing is copied yet.

        Args:
            index_dir: The index folder, which all machines share.
            copies_dir: A folder on this machine's disk; it is created if missing.
        """
        super().__init__(copies_dir)
        self._shared, self._copies = index_dir, copies_dir

    def take(self, segment_id: str) -> Segment:
        """Open a segment's copy; make the copy first if it is missing or damaged.

        Raises:
            DamagedSnapshot, MismatchedSnapshot: as `SegmentPool.take`, also for the segment in the index folder.
            ShortOfResources: the copy cannot be written.
        """
        with self._locked():
            try:
                return super().take(segment_id)
            except DamagedSnapshot:
                self._copy(segment_id)
            return super().take(segment_id)

    def remove_unnamed(self) -> None:
        """Remove the copies that are in no version of the index folder; none while a version cannot be read."""
        with suppress(QAError), self._locked():
            versions = [read_version(version_path(self._shared, name)) for name in version_names(self._shared)]
            named = {entry.id for version in versions for entry in version.segments}
            for segment_id in set(segment_ids(self._copies)) - named if versions else ():
                shutil.rmtree(segment_path(self._copies, segment_id), ignore_errors=True)
                (self._copies / VERIFIED / f"{segment_id}.json").unlink(missing_ok=True)

    def _copy(self, segment_id: str) -> None:
        source, copy = segment_path(self._shared, segment_id), segment_path(self._copies, segment_id)
        unfinished = copy.with_name(f"{UNFINISHED}{segment_id}")
        for path in (unfinished, copy):  # that of a killed host, and the damaged copy
            shutil.rmtree(path, ignore_errors=True)
        if not source.is_dir():
            return  # `SegmentPool.take` reports what is missing
        try:
            unfinished.mkdir()
            for path in source.iterdir():
                shutil.copyfile(path, unfinished / path.name)
            unfinished.rename(copy)
        except OSError as error:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise _not_copied(self._copies, error) from None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            (self._copies / SEGMENTS).mkdir(parents=True, exist_ok=True)
            opened = os.open(self._copies / _LOCK, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise _not_copied(self._copies, error) from None
        try:
            lock(opened)
            yield
        finally:
            os.close(opened)


def _not_copied(copies_dir: Path, error: OSError) -> ShortOfResources:
    return ShortOfResources(f"Segments cannot be copied to {copies_dir} ({error.strerror}).")
