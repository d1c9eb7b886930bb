"""An id for every request, in its reply and in each of its log lines.

The log lines of a request with a valid `traceparent` (W3C Trace Context, level 1) also have the trace's id.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

HEADER = b"x-request-id"

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
_FIRST_VERSION_CHARS = 55  # format of version 00, which has no further fields

_ids: ContextVar[Mapping[str, str]] = ContextVar("request_ids")


def new_id() -> str:
    """A new id: 16 random hexadecimal digits."""
    return secrets.token_hex(8)


def current_ids() -> Mapping[str, str]:
    """The ids of the current request: `request`, and `trace` if it has one; empty outside a request."""
    return _ids.get({})


def trace_of(traceparent: str) -> str | None:
    """The trace's id in a `traceparent` header, or None if the header is not valid."""
    match = _TRACEPARENT.fullmatch(traceparent)
    if not match or (traceparent.startswith("00") and len(traceparent) != _FIRST_VERSION_CHARS):
        return None
    return match[1]


@contextmanager
def identified(traceparent: str) -> Iterator[str]:
    """A context in which `current_ids` has a new id, which it yields, and the trace's id in a `traceparent` header."""
    request_id, trace = new_id(), trace_of(traceparent)
    token = _ids.set({"request": request_id, "trace": trace} if trace else {"request": request_id})
    try:
        yield request_id
    finally:
        _ids.reset(token)
