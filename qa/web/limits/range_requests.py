"""Decides whether a request gets a whole file, one range of its bytes, or 304 because the file has not changed.

Follows RFC 9110, sections 13.1 (preconditions), 13.2.2 (their order) and 14.2 (Range). A Range header with several
ranges, or one that cannot be parsed, is ignored, as the RFC allows, and the whole file is sent. Replies have no
Last-Modified, so conditions with a date do not apply: If-Range with a date sends the whole file, the others are
ignored.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

_ONE_RANGE = re.compile(r"bytes=[ \t]*(\d*)-(\d*)[ \t]*", re.ASCII | re.IGNORECASE)
_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_LONGEST_NUMBER = 19  # digits; no file has more bytes


def check_match(headers: Headers, etag: str) -> None:
    """Refuse a request whose If-Match does not include the present version of a file.

    Args:
        headers: The headers of the request.
        etag: The file's strong entity tag, in quotes.

    Raises:
        HTTPException: 412, If-Match has only other versions.
    """
    if "if-match" in headers and not _names(headers, "if-match", etag, weakly=False):
        raise HTTPException(412)


def check_change(headers: Headers, etag: str | None) -> None:
    """Refuse a change to a file whose present version does not meet the request's conditions.

    Args:
        headers: The headers of the request.
        etag: The file's entity tag; None if the file does not exist.

    Raises:
        HTTPException: 412, If-Match does not include this version, or If-None-Match includes it.
    """
    if etag is not None:
        check_match(headers, etag)
        if is_known(headers, etag):
            raise HTTPException(412)
    elif "if-match" in headers:
        raise HTTPException(412)


def is_known(headers: Headers, etag: str) -> bool:
    """Whether If-None-Match includes this version, so the client already has it."""
    return _names(headers, "if-none-match", etag, weakly=True)


def wanted_range(headers: Headers, etag: str, size_bytes: int) -> range | None:
    """The range of bytes that a GET request asks for, with an exclusive `stop`; None for the whole file.

    Raises:
        HTTPException: 416, the file has none of these bytes.
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
    """Whether the entity tags of a condition include this one, or are `*`."""
    listed = ", ".join(headers.getlist(condition))
    tags = _TAG.findall(listed)
    return listed.strip() == "*" or any(tag == etag and (weakly or not weak) for weak, tag in tags)


def _number(digits: str) -> int:
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= _LONGEST_NUMBER else 10**_LONGEST_NUMBER
