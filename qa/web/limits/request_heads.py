"""Checks the heads of requests after parsing, and splits their targets.

Guarantees, by RFC 9112 and RFC 9110: a request is refused if two parsers could disagree about where it ends. The parser
(llhttp) refuses most such requests, and `check` the others. An `Upgrade` is ignored (RFC 9110, section 7.8): `again`
returns the same head without it. For a target in absolute form, its authority replaces the Host header.
"""

from __future__ import annotations

import httptools
from starlette.exceptions import HTTPException

Headers = list[tuple[bytes, bytes]]

LONGEST_PATH_BYTES = (1 << 16) - 1  # limit of httptools.parse_url; the query may be longer


def check(method: bytes, version: str, headers: Headers) -> None:
    """Refuse well-formed heads that must not be answered.

    Raises:
        HTTPException: 400 for CONNECT, for versions other than 1.0 and 1.1, and for a Transfer-Encoding in HTTP/1.0;
            501 for a Transfer-Encoding other than chunked, since its body would be misread.
    """
    if method == b"CONNECT" or version not in ("1.0", "1.1"):
        raise HTTPException(400)
    codings = [value.strip().lower() for name, value in headers if name == b"transfer-encoding"]
    if codings and version == "1.0":
        raise HTTPException(400)
    if codings not in ([], [b"chunked"]):
        raise HTTPException(501)


def size_bytes(target: bytes, headers: Headers) -> int:
    """The size of a head without its method and version."""
    return len(target) + sum(len(name) + len(value) + 4 for name, value in headers)


def again(method: bytes, target: bytes, version: str, headers: Headers) -> bytes:
    """The bytes of a parsed head without its Upgrade headers."""
    lines = [b"%b %b HTTP/%b" % (method, target, version.encode())]
    lines += [b"%b: %b" % header for header in headers if header[0] != b"upgrade"]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def split(target: bytes, headers: Headers) -> tuple[bytes, bytes]:
    """Split a request's target into path and query; for an absolute form, set Host in `headers` to its authority.

    Raises:
        HTTPException: 431, the path is too long; 400, the target is not on this server.
    """
    target, _, query = target.partition(b"#")[0].partition(b"?")
    if len(target) > LONGEST_PATH_BYTES:
        raise HTTPException(431)
    if not target.startswith(b"/"):
        url = httptools.parse_url(target)
        if (url.schema or b"").lower() not in (b"http", b"https") or url.userinfo:
            raise HTTPException(400)
        authority, slash, path = target.partition(b"://")[2].partition(b"/")
        target = b"/" + path if slash else b"/"
        hosts = [number for number, (name, _) in enumerate(headers) if name == b"host"]
        if len(hosts) == 1:  # the guard refuses a request without one, or with several
            headers[hosts[0]] = (b"host", authority)
    return target, query
