"""Tells whether a watching builder is at work for an index folder.

A builder holds an exclusive lock of the operating system on a file in that folder, which ends with its process, however
that ends. Others try for a shared lock: they get it only where no builder is, and never keep each other from it.

Where there are no such locks (Windows, some network file systems), a builder is taken to be there.
"""

from __future__ import annotations

import os
from pathlib import Path

from qa.index.file_lock import lock_now

BUILDER_LOCK = "builder.lock"

_MISSING = (
    "The builder beside this server is not running, so documents can be neither added nor removed nor built;"
    " it is started again by itself, and the server's log says why it ended."
)


class BuilderLock:
    """The lock of one builder. Not for use by several threads."""

    def __init__(self, index_dir: Path) -> None:
        self._path = index_dir / BUILDER_LOCK
        self._held: int | None = None

    def hold(self) -> bool:
        """Take the lock, or keep it; to be called again now and then, for another builder may have it or end.

        Returns:
            Whether this builder has the lock.

        Raises:
            OSError: the index folder cannot be made or written to.
        """
        if self._held is not None and _is_at(self._held, self._path):
            return True
        self.release()  # somebody deleted the file, and others would look at a new one
        self._path.parent.mkdir(parents=True, exist_ok=True)
        opened = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        if lock_now(opened):
            self._held = opened
        else:
            os.close(opened)
        return self._held is not None

    def release(self) -> None:
        """Let go of the lock, if it is held."""
        if self._held is not None:
            os.close(self._held)
            self._held = None


def builder_trouble(index_dir: Path) -> str | None:
    """What to tell users where no builder holds the lock of an index folder; None where one does."""
    try:
        opened = os.open(index_dir / BUILDER_LOCK, os.O_RDONLY)
    except OSError:
        return _MISSING
    try:
        return _MISSING if lock_now(opened, shared=True) else None
    finally:
        os.close(opened)  # and with it the lock


def _is_at(opened: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(opened), path.stat())
    except OSError:
        return False
