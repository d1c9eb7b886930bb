"""Distinguishes a shortage of this process (file descriptors, memory) from damage of the index."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from qa.errors import ShortOfResources

SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)


def raise_if_short(error: BaseException, what: str, database: Path | None = None) -> None:
    """Raise `ShortOfResources` if an error is due to a shortage and not to the opened file.

    Args:
        error: The error from opening or reading.
        what: The name of the opened thing in messages.
        database: The SQLite file that was opened, if one was.

    Raises:
        ShortOfResources: the error is a shortage.
    """
    if isinstance(error, OSError) and error.errno in SHORTAGES:
        reason = error.strerror
    elif isinstance(error, sqlite3.OperationalError) and database and _cannot_be_opened(error, database):
        reason = "too many open files"  # SQLite gives no reason why an existing file cannot be opened
    else:
        return
    raise ShortOfResources(
        f"{what} cannot be opened for now ({reason}). Let this process open more files, as with `ulimit -n 4096`."
    ) from None


def _cannot_be_opened(error: sqlite3.OperationalError, database: Path) -> bool:
    return error.sqlite_errorcode == sqlite3.SQLITE_CANTOPEN and database.is_file()
