"""Raw requests, valid and invalid, as hypothesis strategies. `fuzzing.plan` defines the allowed results."""

from __future__ import annotations

import json
from itertools import count, pairwise

from hypothesis import strategies as st

from fuzzing.plan import MARK, Ending, Message, Plan
from fuzzing.wire import request

SMUGGLED = b"GET /api/documents/" + MARK + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
QUESTION = json.dumps({"question": "who is the harbour master"}).encode()
_LAST = request("GET", "/healthz", Connection="close")
_STORED = "{name}"  # in a target: a name that is unique in the run


_names = count()


def new_name() -> str:
    """A file name that is unique in this process; all have the same length."""
    return f"fuzzed-{next(_names):032}.txt"


# Parts of a message

_TARGETS = st.sampled_from(
    ["/healthz", "/readyz", "/", "/?q=harbour", "/docs", "/documents", "/documents/harbour", "/openapi.json",
     "/api/ask?q=who+is+the+harbour+master", "/api/ask", "/api/ask?q=", "/api/ask?q=%ff", "/api/ask?q=x&k=0",
     "/api/documents", "/api/documents/harbour", "/api/documents/nope", "/api/files/harbour.txt", "/api/files/nope",
     "/api/index", "/api/index/rebuild",
     "/documents/harbour/original", "/documents/harbour?quote=0-5-x",
     "/documents/harbour?quote=0-999999999-aaaaaaaaaaaa",
     "/static/style.css", "/static/..%2fapp.py", "/../../etc/passwd", "//localhost/healthz", "/%00", "/a%0d%0ab", "*",
     "http://localhost/healthz", "http://elsewhere.example/healthz", "localhost:80", "healthz", "/#x",
     "/?" + "a=b&" * 2000,
     "/" + "x" * 70_000, "/api/documents/" + "%2e" * 40, "/opensearch.xml", "/favicon.ico", "/nope\x7f", "/ü", "/a b"]
)  # fmt: skip
_METHODS = st.sampled_from(
    ["GET"] * 6 + ["POST"] * 4 + ["HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "BREW", "get", "PRI",
                                  "M-SEARCH", "G\0T", "", "GET " * 3]
)  # fmt: skip
_VERSIONS = st.sampled_from(
    ["HTTP/1.1"] * 12 + ["HTTP/1.0", "HTTP/2.0", "HTTP/9.9", "HTTP/0.9", "http/1.1", "HTTP/1.1 x", ""]
)
_HOSTS = st.sampled_from(
    ["Host: localhost"] * 12 + ["Host: 127.0.0.1:80", "host:localhost", "Host: elsewhere.example", "Host: ",
    "X-No: host",
     "Host: localhost\r\nHost: elsewhere.example", "Host: local host", "Host: [::1", "Host: \xff", "Host : localhost"]
)  # fmt: skip
_HARMLESS = st.sampled_from(
    ["Accept: text/html", "Accept: application/json", "Cookie: a=b; " * 20, "Range: bytes=0-3", "If-None-Match: *",
     "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "TE: trailers", "Accept-Encoding: gzip, br",
     "Connection: keep-alive", "Authorization: Basic x", "X-Empty:", "Keep-Alive: timeout=999",
     "X-HTTP-Method-Override: DELETE", "Proxy-Connection: keep-alive", "Forwarded: for=unknown", "Max-Forwards: 0"]
)  # fmt: skip
# An offer to change the protocol is ignored (RFC 9110, 7.8); it must not cause a body to be lost or answered.
_UPGRADES = st.sampled_from(
    ["Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
     "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13",
     "Connection: upgrade\r\nUpgrade: TLS/1.0, HTTP/2.0", "Upgrade: h2c",
     "Connection: keep-alive, Upgrade\r\nUpgrade: x"]
)  # fmt: skip
_BROKEN = st.sampled_from(
    ["X\0Y: z", "no colon at all", " folded: first", "X: a\r\n folded", "X: a\rb", "X: a\nY: b", ": no name", "X Y: z",
     "X: \0", "\xfcber: x", "X: " + "y" * 300_000, "Connection: close, Upgrade\r\nUpgrade: ,,,", "Expect: the worst"]
)  # fmt: skip


def _head(method: str, target: str, version: str, *lines: str) -> bytes:
    first = " ".join(part for part in (method, target, version) if part)
    return "\r\n".join([first, *(line for line in lines if line), "", ""]).encode("latin-1")


@st.composite
def _chunked(draw: st.DrawFn, body: bytes) -> bytes:
    """A body in chunks, as the RFC allows them."""
    cuts = sorted({0, len(body), *draw(st.lists(st.integers(0, len(body)), max_size=4))})
    extension = draw(st.sampled_from(["", "", ";name=value", ';a="b"']))
    chunks = (f"{end - start:x}{extension}\r\n".encode() + body[start:end] + b"\r\n" for start, end in pairwise(cuts))
    return b"".join(chunks) + b"0\r\n" + draw(st.sampled_from([b"", b"", b"X-Trailer: x\r\n"])) + b"\r\n"


# Messages


@st.composite
def sound(draw: st.DrawFn, token: str) -> Message:
    """A request that any server must accept, with its body framed by the RFC, with or without an offer to upgrade."""
    bearer = f"Authorization: Bearer {token}"
    as_json = "Content-Type: application/json"
    method, target, extra, body, statuses = draw(
        st.sampled_from(
            [("GET", "/healthz", "", b"", {200}), ("HEAD", "/healthz", "", b"", {200}),
             ("GET", "/api/ask?q=who+is+the+harbour+master", "", b"", {200, 503}),
             ("POST", "/api/ask", as_json, QUESTION, {200, 503}), ("POST", "/api/ask", as_json, SMUGGLED, {400}),
             ("POST", "/api/ask", "", SMUGGLED, {415}), ("GET", "/healthz", "", SMUGGLED, {200}),
             ("GET", "/api/documents/nope", "", SMUGGLED, {404, 503}), ("DELETE", "/api/ask", as_json, SMUGGLED, {405}),
             ("PUT", f"/api/documents/{_STORED}", bearer, b"The harbour is deep. " + SMUGGLED, {202, 503}),
             ("PUT", f"/api/documents/{_STORED}", bearer, b"", {400}),
             ("PUT", f"/api/documents/{_STORED}", "Authorization: Bearer wrong", SMUGGLED, {401, 429}),
             ("POST", "/api/index/rebuild", "", b"", {401, 429})]
        )
    )  # fmt: skip
    name = new_name() if _STORED in target else ""
    upgrade = draw(st.sampled_from(["", "", ""]) | _UPGRADES)
    expects = draw(st.sampled_from(["", "", "", "Expect: 100-continue"])) if body else ""
    closing = draw(st.sampled_from(["", "", "", "", "Connection: close"])) if not upgrade else ""
    lines = [extra, upgrade, expects, closing, *draw(st.lists(_HARMLESS, max_size=3, unique=True))]
    lines = [line for line in lines if not (extra and line.startswith("Authorization: Basic"))]
    if body and draw(st.booleans()):
        framing, framed = "Transfer-Encoding: chunked", draw(_chunked(body))
    else:
        framing, framed = (f"Content-Length: {len(body)}" if body or method in ("POST", "PUT") else ""), body
    head = _head(method, target.replace(_STORED, name), "HTTP/1.1", "Host: localhost", *lines, framing)
    content = body if method == "PUT" and bearer == extra and body else None
    return Message(
        method, head + framed, closes=bool(closing), statuses=frozenset(statuses), content=content, name=name
    )


_LENGTHS = st.sampled_from(
    ["-1", "+5", "0x10", "5, 5", "5 5", "1e3", "9" * 40, "", "\xb2", "5;", "18446744073709551617"]
)
_CODINGS = st.sampled_from(
    [
        "identity",
        "gzip",
        "gzip, chunked",
        "xchunked",
        "chunked, identity",
        "chunked, chunked",
        "chunked;x=y",
        "",
    ]
)
_CHUNKS = st.sampled_from(
    [b"zz\r\nabc\r\n0\r\n\r\n", b"-1\r\n\r\n", b"0x5\r\nabcde\r\n0\r\n\r\n", b"3\r\nabcdef\r\n0\r\n\r\n",
    b"3\nabc\n0\n\n",
     b"5 \r\nabcde\r\n0\r\n\r\n", b"\r\n0\r\n\r\n", b"3\r\nabc0\r\n\r\n", b"0\r\nGET / HTTP/1.1\r\n\r\n"]
)  # fmt: skip
_UNFINISHED = st.sampled_from(
    [b"", b"5\r\nabc", b"ffffffff\r\nabc", b"ffffffffffffffff0\r\n", b"3\r\nabc\r\n", b"0\r\n"]
)


@st.composite
def misframed(draw: st.DrawFn, token: str) -> Message:
    """A request whose head and body disagree on its end. Nothing in the body may be answered."""
    put = draw(st.booleans())
    name = new_name()
    method, target = ("PUT", f"/api/documents/{name}") if put else ("POST", "/api/ask")
    lines = ["Host: localhost", f"Authorization: Bearer {token}" if put else "Content-Type: application/json"]
    lines += draw(st.lists(_UPGRADES, max_size=1))
    desync = b"0\r\n\r\n" + SMUGGLED
    cases: list[st.SearchStrategy[tuple[list[str], bytes, bool]]] = [
        _LENGTHS.map(lambda text: ([f"Content-Length: {text}"], SMUGGLED, False)),
        _CODINGS.map(lambda text: ([f"Transfer-Encoding: {text}"], desync, False)),
        _CODINGS.map(lambda text: ([f"Transfer-Encoding: {text}", f"Content-Length: {len(desync)}"], desync, False)),
        st.just((["Transfer-Encoding: chunked", f"Content-Length: {len(desync)}"], desync, False)),
        st.just((["Transfer-Encoding : chunked", f"Content-Length: {len(desync)}"], desync, False)),
        st.just((["Transfer-Encoding:\r\n chunked", f"Content-Length: {len(desync)}"], desync, False)),
        st.just(([f"Content-Length: {len(SMUGGLED)}", "Content-Length: 3"], SMUGGLED, False)),
        st.just(([f"Content-Length: {len(SMUGGLED)}"] * 2, SMUGGLED, False)),
        st.just((["Content-Length: 5"], b"abcdeXYZZY\r\n\r\n", False)),
        _CHUNKS.map(lambda data: (["Transfer-Encoding: chunked"], data, False)),
        _UNFINISHED.map(lambda data: (["Transfer-Encoding: chunked"], data, True)),
        st.just(([f"Content-Length: {len(SMUGGLED) + 100_000}"], SMUGGLED, True)),
        st.just((["Content-Length: 10", "Expect: 100-continue"], b"", True)),
    ]
    framing, body, starves = draw(st.one_of(cases))
    version = draw(st.sampled_from(["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0"]))
    data = _head(method, target, version, *draw(st.permutations(lines + framing))) + body
    return Message(method, data, sound=False, starves=starves)


@st.composite
def odd(draw: st.DrawFn) -> Message:
    """A request of random parts, valid or not, without a body."""
    method, target = draw(_METHODS), draw(_TARGETS)
    lines = draw(st.lists(_HARMLESS | _UPGRADES | _BROKEN, max_size=4))
    many = draw(st.sampled_from([0] * 20 + [3000]))
    data = _head(method, target, draw(_VERSIONS), draw(_HOSTS), *lines, *["X-Many: x"] * many)
    if draw(st.integers(0, 9)) == 0:
        data = data.replace(b"\r\n", draw(st.sampled_from([b"\n", b"\r", b"\r\r\n"])))
    return Message(method, data, sound=False)


_NO_HTTP = st.binary(min_size=1, max_size=200) | st.sampled_from(
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\r\n" * 100,
    ]
)


def messages(token: str) -> st.SearchStrategy[Message]:
    """Any message."""
    noise = _NO_HTTP.map(lambda data: Message("", data, sound=False))
    return st.one_of(sound(token), sound(token), misframed(token), odd(), noise)


@st.composite
def plans(draw: st.DrawFn, token: str) -> Plan:
    """Plans of a client with this token for one connection."""
    written = [
        *draw(st.lists(messages(token), min_size=1, max_size=4)),
        Message("GET", _LAST, statuses=frozenset({200})),
    ]
    cuts = draw(st.lists(st.integers(0, 1 << 20), max_size=6))
    starves = any(message.starves for message in written)
    # If the server waits for missing bytes, waiting for its reply would take as long as the server's time limits.
    endings = [Ending.HALF_CLOSE, Ending.HANG_UP] if starves else [Ending.READ] * 8 + list(Ending)
    return Plan(tuple(written), tuple(cuts), draw(st.sampled_from(endings)))
