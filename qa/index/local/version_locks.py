"""Shared locks on version files, which keep versions in use from being pruned.

A lock ends with the process that holds it. On Windows no locks are used, since an open file cannot be removed.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

from qa.errors import DamagedSnapshot
from qa.index.file_lock import lock
from qa.index.local.shortages import raise_if_short

if sys.platform != "win32":
    import fcntl


def hold(path: Path) -> int:
    """Take a shared lock on a version's file.

    Returns:
        The open file, for `qa.index.file_lock.in_place`; closing it releases the lock.

    Raises:
        DamagedSnapshot: the file does not exist, or was just removed or replaced.
    """
    try:
        held = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise_if_short(error, f"Snapshot {path.stem}")
        raise DamagedSnapshot(f"Snapshot {path.stem} cannot be read ({error.strerror}). Run `qa build`.") from None
    try:
        lock(held, shared=True)  # waits while a builder checks whether it may remove the file
        if not os.path.samestat(os.fstat(held), path.stat()):
            raise FileNotFoundError(errno.ENOENT, "it was replaced")
    except OSError as error:
        os.close(held)
        raise DamagedSnapshot(f"Snapshot {path.stem} cannot be held ({error.strerror}). Try again.") from None
    return held


def without_readers(path: Path, act: Callable[[], object]) -> bool:
    """Call a function on a version's file, such as removing it, if no process holds it.

    Returns:
        Whether it was done.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    try:
        held = os.open(path, os.O_RDONLY)
        try:
            # Locked during the call, so that no reader opens the version.
            if sys.platform != "win32":
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                act()
        finally:
            os.close(held)
        if sys.platform == "win32":
            act()  # Windows refuses this while the file is open
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EROFS):
            raise
        return False
    return True
