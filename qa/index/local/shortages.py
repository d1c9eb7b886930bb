"""Tells a shortage of this process (no file may be opened any more, no memory) from damage of the index."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from qa.errors import ShortOfResources

SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)


def raise_if_short(error: BaseException, what: str, database: Path | None = None) -> None:
    """Raise a shortage as one, since it says nothing of what was opened.

    Args:
        error: Why something could not be opened or read.
        what: Its name in messages.
        database: The SQLite file that was opened, if one was.

    Raises:
        ShortOfResources: the error is a shortage.
    """
    if isinstance(error, OSError) and error.errno in SHORTAGES:
        reason = error.strerror
    elif isinstance(error, sqlite3.OperationalError) and database and _cannot_be_opened(error, database):
        reason = "too many open files"  # SQLite does not tell why a file that is there cannot be opened
    else:
        return
    raise ShortOfResources(
        f"{what} cannot be opened for now ({reason}). Let this process open more files, as with `ulimit -n 4096`."
    ) from None


def _cannot_be_opened(error: sqlite3.OperationalError, database: Path) -> bool:
    return error.sqlite_errorcode == sqlite3.SQLITE_CANTOPEN and database.is_file()
