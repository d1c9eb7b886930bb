"""The operating system's lock on an open file, which ends with the process that holds it, however that ends.

There are none on Windows and on some network file systems.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_HELD = (errno.EWOULDBLOCK, errno.EACCES)  # what flock answers where another has the lock


def lock_now(opened: int, *, shared: bool = False) -> bool:
    """Try to lock an open file, without waiting; it is unlocked when it is closed.

    Returns:
        Whether it is locked. Where there are no locks, True for an exclusive one and False for a shared one.
    """
    if sys.platform == "win32":
        return not shared
    try:
        fcntl.flock(opened, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _HELD and not shared
    return True


def lock(opened: int) -> None:
    """Lock an open file or folder, once no other process has the lock; does nothing where there are no locks."""
    if sys.platform != "win32":
        with suppress(OSError):
            fcntl.flock(opened, fcntl.LOCK_EX)


def in_place(opened: int, path: Path) -> bool:
    """Whether the path still leads to the file that is open."""
    try:
        return os.path.samestat(os.fstat(opened), path.stat())
    except OSError:
        return False
