"""Checks every reply against the contract, on the received bytes.

A reply that violates it raises `Outside`. The statuses and codes of errors are those of the service's own tables, so an
unknown status or code is a fault.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from qa.errors import QAError
from qa.web.errors import HTTP_ERRORS, status_of

BUSY = frozenset({"overloaded", "took_too_long", "too_many_requests"})
SECURITY = frozenset({
    "content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy",
    "cross-origin-opener-policy", "cross-origin-resource-policy", "permissions-policy", "cache-control",
})  # fmt: skip
_DONE = frozenset({200, 202, 204, 304, 307, 308})
_BODILESS = frozenset({204, 304})
_HEAD_END = b"\r\n\r\n"
_NEXT_REPLY = b"HTTP/1.1 "


class Outside(Exception):
    """A reply that the contract does not allow, or a missing reply."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One complete reply."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def closes(self) -> bool:
        """Whether the server announces that the connection ends with this reply."""
        return self.headers.get("connection") == "close"

    def json(self) -> Any:
        """The body, which must be JSON."""
        expect(self.headers.get("content-type") == "application/json", "not JSON")
        return json.loads(self.body)

    def code(self) -> str:
        """The code of an error in JSON, else an empty string."""
        told = self.status >= 400 and self.headers.get("content-type") == "application/json" and self.body
        return str(self.json()["error"]["code"]) if told else ""


def expect(so: bool, what: str) -> None:
    """Raise Outside unless the condition holds."""
    if not so:
        raise Outside(what)


@cache
def codes() -> dict[int, frozenset[str]]:
    """The allowed error codes of each status; 500 is not among them, since no request may cause an internal error."""
    found: dict[int, set[str]] = {status: {code} for status, (code, _) in HTTP_ERRORS.items()}
    for cause in _tree(QAError):
        found.setdefault(status_of(cause("words")), set()).add(cause.code)
    return {status: frozenset(known) for status, known in found.items() if status != 500}


def _tree(cause: type[QAError]) -> Iterator[type[QAError]]:
    yield cause
    for narrower in cause.__subclasses__():
        yield from _tree(narrower)


def parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    """Parse the status and headers of a reply's head, names in lower case.

    Raises:
        Outside: it is not a head of HTTP/1.1, or repeats a header.
    """
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status = rest[:3]
    expect(version == "HTTP/1.1" and status.isdigit(), f"not a reply: {first[:60]!r}")
    pairs = [(name.lower(), value.strip()) for name, mark, value in (line.partition(":") for line in lines) if mark]
    expect(len(pairs) == len(lines), "a header line without a colon")
    expect(len(dict(pairs)) == len(pairs), f"a header twice among {sorted(name for name, _ in pairs)}")
    return int(status), dict(pairs)


def split_replies(received: bytes, methods: Collection[str]) -> tuple[list[Reply], bytes]:
    """The replies in the received bytes of a connection, without interim ones.

    Args:
        received: All bytes until the connection ended.
        methods: The requests' methods; if HEAD is among them, a reply may have no body.

    Returns:
        The complete replies, and the remaining bytes: the beginning of a truncated reply.
    """
    replies: list[Reply] = []
    while received:
        head, mark, rest = received.partition(_HEAD_END)
        if not mark:
            expect(_NEXT_REPLY.startswith(received[: len(_NEXT_REPLY)]), "bytes that are not a reply")
            break
        status, headers = parse_head(head)
        if status == 100:
            received = rest
            continue
        expect(status in _BODILESS or "content-length" in headers, f"{status} without a Content-Length")
        length = 0 if status in _BODILESS else int(headers["content-length"])
        if "HEAD" in methods and (not rest or rest.startswith(_NEXT_REPLY)):
            length = 0
        if len(rest) < length:
            break
        replies.append(Reply(status, headers, rest[:length]))
        received = rest[length:]
    return replies, received


def hold_promises(reply: Reply) -> None:
    """Check a reply against the rules for all replies.

    Raises:
        Outside: the reply breaks a rule.
    """
    expect(reply.status in _DONE or reply.status in codes(), f"status {reply.status} {reply.body[:80]!r}")
    missing = SECURITY - set(reply.headers)
    expect(not missing, f"without {', '.join(sorted(missing))}")
    expect(not any(name.startswith("access-control-") for name in reply.headers), "a CORS header")
    expect("server" not in reply.headers, "a Server header")
    for statuses, name in (({401}, "www-authenticate"), ({204, 405}, "allow")):
        expect((name in reply.headers) == (reply.status in statuses), f"{reply.status}, and {name}")
    if reply.status in (429, 503):
        expect(int(reply.headers.get("retry-after", "0")) > 0, f"{reply.status} without Retry-After")
    if reply.status >= 400 and reply.body:
        _hold_error(reply)


def _hold_error(reply: Reply) -> None:
    if reply.headers["content-type"].startswith("text/html"):
        expect(reply.body.rstrip().endswith(b"</html>"), "a page of an error, cut short")
        return
    error = reply.json()
    expect(set(error) == {"error"} and set(error["error"]) == {"code", "message"}, "not the shape of errors")
    told = error["error"]
    expect(all(isinstance(part, str) and part for part in told.values()), "an error without words")
    expect("\n" not in told["message"], "an error of several lines")
    expect(told["code"] in codes()[reply.status], f"{reply.status} {told['code']}")


def hold(reply: Reply, status: int, code: str = "") -> bool:
    """Compare a reply with the expected one. False: the server reports that it is busy, which is allowed."""
    hold_promises(reply)
    given, busy = reply.code(), reply.status in (429, 503)
    if given:
        known = given in BUSY if busy else given == (code or given)
        expect(known, f"{reply.status} {given}, not {code or 'an answer'}")
    expect(busy or reply.status == status, f"status {reply.status}, not {status}")
    return not busy
