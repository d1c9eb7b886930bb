"""Reads and digests regular files; opens nothing else, and never waits for a pipe or a device.

The wait for a drive that gives no answer is limited (`qa.index.file_calls`).
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


def read_regular(path: Path, most_bytes: int) -> bytes:
    """Read a file that `qa.building.folder` listed.

    Returns:
        Its bytes; of a larger file, one more than asked for.

    Raises:
        OSError: it cannot be read, or is no regular file any more.
    """

    def read(headway: Headway) -> bytes:
        with _opened(path) as descriptor:
            return b"".join(_chunks(descriptor, most_bytes + 1, headway))

    return within(path, read)


def digest_regular(path: Path, most_bytes: int) -> tuple[str, int, os.stat_result]:
    """A file's SHA-256, its size and its status; of a larger file than is read, no digest of its bytes.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    return within(path, partial(_digest, path, most_bytes))


def _digest(path: Path, most_bytes: int, headway: Headway) -> tuple[str, int, os.stat_result]:
    digest = sha256()
    with _opened(path) as descriptor:
        status = os.fstat(descriptor)
        size = status.st_size
        if size <= most_bytes:
            size = 0  # what is read counts: a file may grow, or say too little of itself
            for chunk in _chunks(descriptor, most_bytes + 1, headway):
                digest.update(chunk)
                size += len(chunk)
    return digest.hexdigest(), size, status


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """A descriptor of a regular file.

    Raises:
        OSError: it cannot be opened, or is no regular file.
    """
    # A pipe would be waited for, and some devices act when opened; for a regular file the flags change nothing.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        yield descriptor
    finally:
        os.close(descriptor)


def _chunks(descriptor: int, most_bytes: int, headway: Headway) -> Iterator[bytes]:
    left = most_bytes
    while left > 0 and (chunk := os.read(descriptor, min(left, _CHUNK_BYTES))):
        headway()
        yield chunk
        left -= len(chunk)
