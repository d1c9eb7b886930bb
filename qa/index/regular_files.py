"""Reads and digests regular files below a folder; opens nothing else, and never waits for a pipe or a device.

No part of the way from the folder to the file is followed if it is a link, also if one is put there while the
file is looked for: each part is opened in the one before, not by its path. A drive that does not answer is waited for
only so long (`qa.index.file_calls`).
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
_STEP_BY_STEP = os.open in os.supports_dir_fd  # not on Windows, where making links wants a right that few have


def read_regular(folder: Path, path: Path, most_bytes: int) -> bytes:
    """Read a file.

    Args:
        folder: The folder below which it is; may be a link itself.
        path: The file, below the folder or below what that leads to.
        most_bytes: The largest file that is read.

    Returns:
        Its bytes; of a larger file, one more than asked for.

    Raises:
        OSError: it cannot be read, or is no regular file any more, or a link stands on the way.
    """

    def read(headway: Headway) -> bytes:
        with _opened(folder, path) as descriptor:
            return b"".join(_chunks(descriptor, most_bytes + 1, headway))

    return within(path, read)


def digest_regular(folder: Path, path: Path, most_bytes: int) -> tuple[str, int, os.stat_result]:
    """A file's SHA-256, its size and its status; of a larger file than is read, no digest of its bytes.

    Args:
        folder: As for `read_regular`.
        path: The file.
        most_bytes: The largest file that is read.

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
            size = 0  # what is read counts: a file may grow, or say too little of itself
            for chunk in _chunks(descriptor, most_bytes + 1, headway):
                digest.update(chunk)
                size += len(chunk)
    return digest.hexdigest(), size, status


@contextmanager
def _opened(folder: Path, path: Path) -> Iterator[int]:
    """A descriptor of a regular file below a folder.

    Raises:
        OSError: it cannot be opened, or is no regular file, or a link stands on the way.
    """
    # A pipe would be waited for, and some devices act when opened; for a regular file the flags change nothing.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = _open_below(folder, path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        yield descriptor
    finally:
        os.close(descriptor)


def _open_below(folder: Path, path: Path, flags: int) -> int:
    if not _STEP_BY_STEP:
        return os.open(path, flags)
    top = folder if path.is_relative_to(folder) else folder.resolve()
    *parts, name = path.relative_to(top).parts
    entering = os.O_DIRECTORY | getattr(os, "O_PATH", os.O_RDONLY)  # without O_PATH it must be listable
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
