"""Converts exceptions of parsers to reasons in plain words: a fault of the file, or a temporary failure.

The text of a library's exception is never shown as a reason, since it describes the library and not the file. It is
returned separately, as a detail for the log.
"""

from __future__ import annotations

import errno
import re
from typing import Any

from qa.errors import UnreadableFile
from qa.reading.parser_guard import peak_mb

_LONGEST_DETAIL_CHARS = 300
_SHORTAGES = (errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EAGAIN)
_OF_MEMORY = re.compile(r"memory|alloc", re.IGNORECASE)  # in messages of C libraries if memory is refused
_FAILED = "its parser failed on it, so it is broken or unusual; open and save it again"


def failure(error: Exception, allowed_mb: int) -> dict[str, Any]:
    """Why a file was not read, as a worker's reply.

    Args:
        error: The exception of its parser.
        allowed_mb: The memory that this process may take.

    Returns:
        `error` for a fault of the file; `exhausted` or `for_now` if memory or another resource was lacking. With
        `detail` for an exception of a library.
    """
    refused = _OF_MEMORY.search(str(error)) and 2 * peak_mb("self") >= allowed_mb
    if isinstance(error, MemoryError) or refused:
        return {"exhausted": True}
    if isinstance(error, UnreadableFile) and error.__context__ is None:
        return {"error": str(error)}
    cause = error.__context__ if isinstance(error, UnreadableFile) else error
    detail = {"detail": " ".join(f"{type(cause).__name__}: {cause}".split())[:_LONGEST_DETAIL_CHARS]}
    if isinstance(error, RecursionError):
        return {"error": "is nested too deeply to read"} | detail
    if isinstance(error, ImportError):
        return {"for_now": "its parser cannot be loaded; install the requirements again"} | detail
    if isinstance(error, OSError) and error.errno in _SHORTAGES:
        return {"for_now": f"its parser could not work ({error.strerror})"} | detail
    return {"error": str(error) if isinstance(error, UnreadableFile) else _FAILED} | detail
