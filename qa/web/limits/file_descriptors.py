"""Divides the process's file descriptors among connections, files and the index, and limits log lines about a shortage.

Guarantees: of the descriptors that are free when the first client connects, half are for connections and a quarter for
    files that are sent; the rest allows opening a new index. If there are still too few, new clients wait in the
    kernel's queue, and the log has one line a minute about it.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from contextlib import suppress

if sys.platform != "win32":
    import resource

_MOST_CONNECTIONS = 512
_MOST_FILES = 256
_WANTED = 4096  # more than this process ever uses
_LEAST = 4
_LINE_EVERY_S = 60.0
_MOST_BACKLOG = 512


def raise_limit() -> None:
    """Raise this process's limit on open files to the system's limit, up to a bound."""
    if sys.platform == "win32":
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # macOS has a further limit that it does not report
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def connections_allowed() -> int:
    """The maximum number of open connections."""
    return _part(2, _MOST_CONNECTIONS)


def files_allowed() -> int:
    """The maximum number of files that are sent to clients at the same time."""
    return _part(4, _MOST_FILES)


def backlog() -> int:
    """The maximum number of refused clients that are still closing; also the length of the kernel's queue."""
    return _part(8, _MOST_BACKLOG)


def _part(of: int, most: int) -> int:
    return max(_LEAST, min(most, _free() // of))


def _free() -> int:
    if sys.platform == "win32":
        return _WANTED
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _WANTED
    return soft - _open()


def _open() -> int:
    try:
        return len(os.listdir("/dev/fd"))  # noqa: PTH208 - names alone, without a look at each
    except OSError:
        return 32


class ShortageFilter(logging.Filter):
    """A filter for asyncio's logger: turns its traceback for each client without a descriptor into a line a minute."""

    def __init__(self) -> None:
        super().__init__()
        self._next = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write a record."""
        if not record.getMessage().startswith("socket.accept() out of system resource"):
            return True
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + _LINE_EVERY_S
        record.msg, record.args = "No file descriptor is free; new clients wait. Raise the limit (ulimit -n).", ()
        record.exc_info = record.exc_text = None
        return True
