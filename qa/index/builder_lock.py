"""Finds whether a watching builder runs for an index folder, and whether it makes progress.

A builder holds an exclusive lock of the operating system on a file in that folder. The lock always ends with the
builder's process. Other processes try a shared lock: they get it only if there is no builder, and shared locks do not
exclude each other. The file's modification time is the builder's heartbeat: it is set every few seconds while the
builder makes progress (`qa.building.heartbeat`). The file contains the builder's process id.

Without such locks (Windows, some network file systems), a builder counts as running while its heartbeat is recent.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock

from qa.index.file_lock import in_place, lock_now

BUILDER_LOCK = "builder.lock"
STALLED_AFTER_S = 60.0  # without a heartbeat; a builder sets one every few seconds

_MISSING = (
    "The builder beside this server is not running, so documents can be neither added nor removed nor built;"
    " it is started again by itself, and the server's log says why it ended."
)
_STALLED = (
    "The builder beside this server has made no progress for {seconds:.0f} s, so documents can be neither added nor"
    " removed nor built; it is ended and started again by itself. A drive that does not answer may be the cause."
)


class BuilderLock:
    """The lock of one builder. Safe to use from several threads."""

    def __init__(self, index_dir: Path) -> None:
        self._path = index_dir / BUILDER_LOCK
        self._held: int | None = None
        self._using = Lock()

    def hold(self) -> bool:
        """Take or keep the lock; call it regularly, since another builder may hold it and end.

        Returns:
            Whether this builder has the lock.

        Raises:
            OSError: the index folder cannot be made or written to.
        """
        with self._using:
            if self._held is not None and in_place(self._held, self._path):
                return True
            self._release()  # the file was deleted; other processes would open a new one
            self._path.parent.mkdir(parents=True, exist_ok=True)
            opened = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            if lock_now(opened):
                self._held = opened
                with suppress(OSError):  # a full disk; then only the id is missing
                    os.ftruncate(opened, 0)
                    os.write(opened, b"%d\n" % os.getpid())
                self._beat()
            else:
                os.close(opened)
            return self._held is not None

    def beat(self) -> None:
        """Set the heartbeat, if this builder has the lock."""
        with self._using:
            self._beat()

    def release(self) -> None:
        """Release the lock, if it is held."""
        with self._using:
            self._release()

    def _beat(self) -> None:
        if self._held is not None:
            now = time.time()
            with suppress(OSError):
                os.utime(self._held if os.utime in os.supports_fd else self._path, (now, now))

    def _release(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None


def builder_trouble(index_dir: Path) -> str | None:
    """A message for users if no builder holds the lock of an index folder or makes progress; else None."""
    try:
        opened = os.open(index_dir / BUILDER_LOCK, os.O_RDONLY)
    except OSError:
        return _MISSING
    try:
        if lock_now(opened, shared=True):
            return _MISSING
        silent_s = time.time() - os.fstat(opened).st_mtime
        return _STALLED.format(seconds=silent_s) if silent_s > STALLED_AFTER_S else None
    finally:
        os.close(opened)  # which releases the lock


def last_beat(index_dir: Path, process_id: int) -> float | None:
    """The time of a builder's last heartbeat, in seconds since the epoch; None if the process does not hold the lock.

    Args:
        index_dir: The index folder.
        process_id: The builder's process.
    """
    path = index_dir / BUILDER_LOCK
    try:
        return path.stat().st_mtime if path.read_bytes() == b"%d\n" % process_id else None
    except OSError:
        return None
