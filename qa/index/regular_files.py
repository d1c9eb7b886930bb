"""Reads and hashes regular files below a folder; it opens nothing else and never waits for a pipe or a device.

No symbolic link between the folder and the file is followed, even one created meanwhile: each folder is opened relative
to the previous one, not by its path. The wait for an unresponsive drive is limited (`qa.index.file_calls`).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path

from qa.index.file_calls import Headway, within

_CHUNK_BYTES = 1 << 20
_STEP_BY_STEP = os.open in os.supports_dir_fd  # not on Windows, where creating links needs a special right


def read_regular(folder: Path, path: Path, most_bytes: int) -> bytes:
    """Read a file.

    Args:
        folder: The folder above the file; may be a link itself.
        path: The file, below the folder or below the folder's link target.
        most_bytes: The size limit.

    Returns:
        Its bytes; for a larger file, one byte more than the limit.

    Raises:
        OSError: it cannot be read, is no longer a regular file, or a link is in its path.
    """

    def read(headway: Headway) -> bytes:
        with _opened(folder, path) as descriptor:
            return b"".join(_chunks(descriptor, most_bytes + 1, headway))

    return within(path, read)


def digest_regular(folder: Path, path: Path, most_bytes: int) -> tuple[str, int, os.stat_result]:
    """A file's SHA-256, size and status; no digest of a file above the size limit.

    Args:
        folder: As for `read_regular`.
        path: The file.
        most_bytes: The size limit.

    Raises:
        OSError: as for `read_regular`.
    """
    return within(path, partial(_digest, folder, path, most_bytes))


def _digest(folder: Path, path: Path, most_bytes: int, headway: Headway) -> tuple[str, int, os.stat_result]:
    digest = sha256()
    with _opened(folder, path) as descriptor:
        status = os.fstat(descriptor)
        size = status.st_size
        if size <= most_bytes:
            size = 0  # count the bytes read: a file may grow, or report a wrong size
            for chunk in _chunks(descriptor, most_bytes + 1, headway):
                digest.update(chunk)
                size += len(chunk)
    return digest.hexdigest(), size, status


@contextmanager
def _opened(folder: Path, path: Path) -> Iterator[int]:
    """A descriptor of a regular file below a folder.

    Raises:
        OSError: it cannot be opened, is not a regular file, or a link is in its path.
    """
    # Opening a pipe would wait, and some devices act when opened; the flags do not affect regular files.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = _open_below(folder, path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        yield descriptor
    finally:
        os.close(descriptor)


def _open_below(folder: Path, path: Path, flags: int) -> int:
    if not _STEP_BY_STEP:
        return os.open(path, flags)
    top = folder if path.is_relative_to(folder) else folder.resolve()
    *parts, name = path.relative_to(top).parts
    entering = os.O_DIRECTORY | getattr(os, "O_PATH", os.O_RDONLY)  # without O_PATH the folder must be readable
    place = os.open(top, entering)
    try:
        for part in parts:
            below = os.open(part, entering | os.O_NOFOLLOW, dir_fd=place)
            os.close(place)
            place = below
        return os.open(name, flags, dir_fd=place)
    finally:
        os.close(place)


def _chunks(descriptor: int, most_bytes: int, headway: Headway) -> Iterator[bytes]:
    left = most_bytes
    while left > 0 and (chunk := os.read(descriptor, min(left, _CHUNK_BYTES))):
        headway()
        yield chunk
        left -= len(chunk)
