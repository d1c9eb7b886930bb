"""Decides which part of a file a request gets: all of it, one range of its bytes, or nothing since it has not changed.

Follows RFC 9110, sections 13.1 (preconditions), 13.2.2 (their order) and 14.2 (Range). One range is answered; a Range
header that names several, or cannot be read, is ignored, as the RFC allows, and the whole file is sent. There is no
Last-Modified, so conditions that name a date are not met by it: If-Range sends the whole, the others are ignored.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

_ONE_RANGE = re.compile(r"bytes=[ \t]*(\d*)-(\d*)[ \t]*", re.ASCII | re.IGNORECASE)
_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_LONGEST_NUMBER = 19  # digits; no file has more bytes


def check_match(headers: Headers, etag: str) -> None:
    """Refuse a request for another version of a file than there is.

    Args:
        headers: The request's.
        etag: The file's entity tag, a strong one, in its quotes.

    Raises:
        HTTPException: 412, If-Match names other versions only.
    """
    if "if-match" in headers and not _names(headers, "if-match", etag, weakly=False):
        raise HTTPException(412)


def check_change(headers: Headers, etag: str | None) -> None:
    """Refuse a change to a file that is not in the state that a request has it.

    Args:
        headers: The request's.
        etag: The file's entity tag; None where there is no such file.

    Raises:
        HTTPException: 412, If-Match names other versions only, or If-None-Match this one.
    """
    if etag is not None:
        check_match(headers, etag)
        if is_known(headers, etag):
            raise HTTPException(412)
    elif "if-match" in headers:
        raise HTTPException(412)


def is_known(headers: Headers, etag: str) -> bool:
    """Whether a request says, in If-None-Match, that the client has this version already."""
    return _names(headers, "if-none-match", etag, weakly=True)


def wanted_range(headers: Headers, etag: str, size_bytes: int) -> range | None:
    """The bytes that a request to GET wants, from a first to one before `stop`; None where it wants all of them.

    Raises:
        HTTPException: 416, the file has none of those bytes.
    """
    given = headers.getlist("range")
    found = _ONE_RANGE.fullmatch(given[0]) if len(given) == 1 else None
    if not found or not any(found.groups()):
        return None
    condition = headers.getlist("if-range")
    if condition and condition != [etag]:
        return None
    first, last = found.groups()
    if first and last and _number(last) < _number(first):
        return None
    start = _number(first) if first else max(0, size_bytes - _number(last))
    stop = min(size_bytes, _number(last) + 1) if first and last else size_bytes
    if start >= stop:
        raise HTTPException(416, headers={"content-range": f"bytes */{size_bytes}"})
    return range(start, stop)


def _names(headers: Headers, condition: str, etag: str, *, weakly: bool) -> bool:
    """Whether the entity tags that a condition lists name this one, or any."""
    listed = ", ".join(headers.getlist(condition))
    tags = _TAG.findall(listed)
    return listed.strip() == "*" or any(tag == etag and (weakly or not weak) for weak, tag in tags)


def _number(digits: str) -> int:
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= _LONGEST_NUMBER else 10**_LONGEST_NUMBER
