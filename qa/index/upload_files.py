"""Temporary files of uploads: created and renamed by a server, and removed if the server was killed.

A server holds the operating system's lock on the file that it writes; the lock ends with its process. `sweep_uploads`
removes files without a lock, however new, and keeps locked ones.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from qa.index.file_calls import Headway, within
from qa.index.file_lock import lock_now

if sys.platform != "win32":
    import fcntl

_NAME = re.compile(r"\.upload-[0-9a-f]{16}")


def open_upload(folder: Path) -> BinaryIO:
    """A new, locked file in a folder of documents, which builds ignore; its path is the file's `name`.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    while True:
        file = (folder / f".upload-{secrets.token_hex(8)}").open("xb")
        if lock_now(file.fileno()) and Path(file.name).exists():
            return file
        file.close()  # removed by `sweep_uploads` between opening and locking


def put_in_place(file: BinaryIO, path: Path) -> None:
    """Rename a complete upload to its final path in one step, and close it; it stays locked until then.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    if sys.platform == "win32":
        file.close()  # Windows cannot rename an open file
    Path(file.name).replace(path)
    file.close()


def abandon(file: BinaryIO) -> None:
    """Remove an upload that has not been renamed."""
    Path(file.name).unlink(missing_ok=True)


def sweep_uploads(seeds_dir: Path) -> None:
    """Remove the temporary files of interrupted uploads in the folder of documents and its subfolders.

    If a drive does not answer, a later call removes the remaining ones.
    """
    with suppress(TimeoutError):
        within(seeds_dir / ".sweep", partial(_sweep_all, seeds_dir))


def _sweep_all(seeds_dir: Path, headway: Headway) -> None:
    for place, _, names in os.walk(seeds_dir):
        headway()
        for name in names:
            if _NAME.fullmatch(name):
                with suppress(OSError):  # already removed, in use, or in a read-only folder
                    _sweep(Path(place, name))


def _sweep(path: Path) -> None:
    if sys.platform == "win32":
        path.unlink()  # Windows refuses this while the file is open
        return
    if not stat.S_ISREG(path.lstat().st_mode):
        return
    opened = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    finally:
        os.close(opened)
