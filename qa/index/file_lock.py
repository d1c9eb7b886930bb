"""The operating system's lock on an open file, which always ends with the process that holds it.

Windows and some network file systems have no such locks.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_HELD = (errno.EWOULDBLOCK, errno.EACCES)  # errors of flock if another process has the lock


def lock_now(opened: int, *, shared: bool = False) -> bool:
    """Try to lock an open file without waiting; closing it unlocks it.

    Returns:
        Whether it is locked. Without support for locks, True for an exclusive lock and False for a shared one.
    """
    if sys.platform == "win32":
        return not shared
    try:
        fcntl.flock(opened, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _HELD and not shared
    return True


def lock(opened: int, *, shared: bool = False) -> None:
    """Wait for the lock on an open file or folder; do nothing if locks are not supported."""
    if sys.platform != "win32":
        with suppress(OSError):
            fcntl.flock(opened, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)


def in_place(opened: int, path: Path) -> bool:
    """Whether a path still refers to an open file."""
    try:
        return os.path.samestat(os.fstat(opened), path.stat())
    except OSError:
        return False
