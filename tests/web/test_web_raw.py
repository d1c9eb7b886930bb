"""A table of raw requests with their expected replies, over a socket. Bytes of a body are never read as a request."""

from __future__ import annotations

import pytest
import samples_for_tests
from live_server import serving
from raw_http import AT_SENTINEL, BEARER, SENTINEL, Reply, chunked, exchange, request
from waiting import until

from qa.settings import Settings

ASK = b'{"question": "who runs the harbour"}'
BODY = b"The ferry crosses the strait."
# A body that is a request; if it were read as one, there would be one more reply.
SMUGGLED = request("DELETE /api/documents/kept.txt HTTP/1.1", BEARER) + request("GET /api/documents HTTP/1.1")
UPGRADE = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA")
OK, STORED, NEXT = 200, 202, AT_SENTINEL


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    seeds = tmp_path_factory.mktemp("raw") / "seeds"
    seeds.mkdir()
    (seeds / "kept.txt").write_text("kept")
    return seeds


@pytest.fixture(scope="module")
def address(folder):
    settings = Settings(
        admin_token=BEARER.rpartition("Bearer ")[2], seeds_dir=folder, index_dir=folder.parent / "index"
    )
    with serving(samples_for_tests.service(), settings) as url:
        yield url


def put(*headers, body=BODY, framing=None, version="1.1", token=BEARER):
    framing = (f"Content-Length: {len(body)}",) if framing is None else framing
    return request(f"PUT /api/documents/NAME HTTP/{version}", token, *headers, *framing, body=body)


def get(*headers, target="/healthz", version="1.1", host="localhost", method="GET", body=b""):
    return request(f"{method} {target} HTTP/{version}", *headers, host=host, body=body)


def post(*headers):
    return request(
        "POST /api/ask HTTP/1.1", "Content-Type: application/json", f"Content-Length: {len(ASK)}", *headers, body=ASK
    )


CHUNKED = ("Transfer-Encoding: chunked",)
IN_CHUNKS = chunked(BODY[:7], BODY[7:])

# name: (request, statuses of all replies, what is stored under the request's name)
CASES = {
    "put": (put(), [STORED, NEXT], BODY),
    "put in chunks": (put(framing=CHUNKED, body=IN_CHUNKS), [STORED, NEXT], BODY),
    "put that offers http2": (put(*UPGRADE), [STORED, NEXT], BODY),
    "put in chunks that offers http2": (put(*UPGRADE, framing=CHUNKED, body=IN_CHUNKS), [STORED, NEXT], BODY),
    "put that offers a websocket": (
        put("Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
        [STORED, NEXT],
        BODY,
    ),
    "put that offers much": (
        put("uPGRADE: h2c, foo/2", "CONNECTION: uPGRADE", "Upgrade: bar", "Connection: Upgrade"),
        [STORED, NEXT],
        BODY,
    ),
    "put that offers after its length": (
        put("Upgrade: h2c", "Connection: upgrade", framing=()).replace(
            b"\r\nUpgrade", b"\r\nContent-Length: %d\r\nUpgrade" % len(BODY)
        )
        + BODY[len(BODY) :],
        [STORED, NEXT],
        BODY,
    ),
    "an upgrade without the connection header": (put("Upgrade: h2c"), [STORED, NEXT], BODY),
    "a body that is a request": (put(body=SMUGGLED), [STORED, NEXT], SMUGGLED),
    "a body that is a request, with an upgrade": (put(*UPGRADE, body=SMUGGLED), [STORED, NEXT], SMUGGLED),
    "a body that is a request, in chunks, with an upgrade": (
        put(*UPGRADE, framing=CHUNKED, body=chunked(SMUGGLED)),
        [STORED, NEXT],
        SMUGGLED,
    ),
    "a body of GET that is a request": (
        get(f"Content-Length: {len(SMUGGLED)}", body=SMUGGLED),
        [OK, NEXT],
        None,
    ),
    "a body of GET that is a request, with an upgrade": (
        get(f"Content-Length: {len(SMUGGLED)}", "Connection: Upgrade", "Upgrade: websocket", body=SMUGGLED),
        [OK, NEXT],
        None,
    ),
    "a body for a route without one": (
        get(f"Content-Length: {len(SMUGGLED)}", *UPGRADE, method="POST", target="/api/nope", body=SMUGGLED),
        [415, NEXT],
        None,
    ),
    "an upgrade without a body": (get(*UPGRADE), [OK, NEXT], None),
    "an upgrade with an empty body": (get(*UPGRADE, "Content-Length: 0"), [OK, NEXT], None),
    "three upgrades in a row": (get(*UPGRADE) * 3, [OK, OK, OK, NEXT], None),
    "an upgrade by HTTP/1.0": (get(*UPGRADE, version="1.0"), [OK], None),
    "a question that offers http2": (post(*UPGRADE), [OK, NEXT], None),
    "a question after an upload": (put() + post(), [STORED, OK, NEXT], BODY),
    "upload without a token": (put(*UPGRADE, token="X: y", body=SMUGGLED), [401, NEXT], None),
    "connect": (get(method="CONNECT", target="localhost:80"), [400], None),
    "connect with a body": (
        get(f"Content-Length: {len(SMUGGLED)}", method="CONNECT", target="localhost:80", body=SMUGGLED),
        [400],
        None,
    ),
    "both framings": (put(*CHUNKED, body=chunked(BODY)), [400], None),
    "both framings, the other way": (
        put(framing=(*CHUNKED, f"Content-Length: {len(BODY)}"), body=chunked(BODY)),
        [400],
        None,
    ),
    "both framings and an upgrade": (put(*UPGRADE, *CHUNKED, body=chunked(BODY)), [400], None),
    "two lengths": (put("Content-Length: 5"), [400], None),
    "two equal lengths": (put(f"Content-Length: {len(BODY)}"), [400], None),
    "two lengths in one": (put(framing=("Content-Length: 5, 5",)), [400], None),
    "a negative length": (put(framing=("Content-Length: -1",)), [400], None),
    "a signed length": (put(framing=(f"Content-Length: +{len(BODY)}",)), [400], None),
    "a length in hexadecimal": (put(framing=("Content-Length: 0x1d",)), [400], None),
    "a length without digits": (put(framing=("Content-Length: ",)), [400], None),
    "a length that no number holds": (put(framing=("Content-Length: 99999999999999999999999",)), [400], None),
    "a length beyond the limit": (put(framing=("Content-Length: 999999999999",), body=b""), [413], None),
    "a space before the colon": (put(framing=(f"Content-Length : {len(BODY)}",)), [400], None),
    "identity": (put(framing=("Transfer-Encoding: identity",)), [501], None),
    "gzip": (put(framing=("Transfer-Encoding: gzip, chunked",), body=IN_CHUNKS), [501], None),
    "gzip and an upgrade": (put(*UPGRADE, framing=("Transfer-Encoding: gzip, chunked",), body=IN_CHUNKS), [501], None),
    "gzip in two headers": (
        put(framing=("Transfer-Encoding: gzip", "Transfer-Encoding: chunked"), body=IN_CHUNKS),
        [501],
        None,
    ),
    "chunked in the middle": (put(framing=("Transfer-Encoding: chunked, gzip",), body=IN_CHUNKS), [400], None),
    "chunked twice": (put(framing=("Transfer-Encoding: chunked, chunked",), body=IN_CHUNKS), [400], None),
    "not quite chunked": (put(framing=("Transfer-Encoding: xchunked",), body=IN_CHUNKS), [501], None),
    "chunked in capitals": (put(framing=("Transfer-Encoding: CHUNKED",), body=IN_CHUNKS), [STORED, NEXT], BODY),
    "chunked after a tab": (put(framing=("Transfer-Encoding:\tchunked",), body=IN_CHUNKS), [STORED, NEXT], BODY),
    "chunked after a vertical tab": (put(framing=("Transfer-Encoding: \x0bchunked",), body=IN_CHUNKS), [400], None),
    "chunked by HTTP/1.0": (put(framing=CHUNKED, body=IN_CHUNKS, version="1.0"), [400], None),
    "a chunk with an extension": (
        put(framing=CHUNKED, body=b"1d;name=value\r\n" + BODY + b"\r\n0\r\n\r\n"),
        [STORED, NEXT],
        BODY,
    ),
    "a chunk of no size": (put(framing=CHUNKED, body=b"\r\n" + IN_CHUNKS), [400], None),
    "a chunk of a prefixed size": (put(framing=CHUNKED, body=b"0x1d\r\n" + BODY + b"\r\n0\r\n\r\n"), [400], None),
    "a chunk of a signed size": (put(framing=CHUNKED, body=b"-1\r\n" + BODY + b"\r\n0\r\n\r\n"), [400], None),
    "a chunk of a size that no number holds": (put(framing=CHUNKED, body=b"f" * 17 + b"\r\n" + BODY), [400], None),
    "a chunk longer than its size": (put(framing=CHUNKED, body=b"5\r\n" + BODY + b"\r\n0\r\n\r\n"), [400], None),
    "a chunk after a bare line feed": (put(framing=CHUNKED, body=b"1d\n" + BODY + b"\r\n0\r\n\r\n"), [400], None),
    "trailers": (
        put(framing=CHUNKED, body=chunked(BODY, trailers=b"X-Sum: 1\r\nHost: attacker.example\r\n")),
        [STORED, NEXT],
        BODY,
    ),
    "a trailer that is a token": (
        put(framing=CHUNKED, token="X: y", body=chunked(BODY, trailers=BEARER.encode() + b"\r\n")),
        [401, NEXT],
        None,
    ),
    "a trailer that is a length": (
        put(framing=CHUNKED, body=chunked(BODY, trailers=b"Content-Length: 5\r\n")),
        [400],
        None,
    ),
    "expect": (put("Expect: 100-continue"), [100, STORED, NEXT], BODY),
    "expect with an upgrade": (put("Expect: 100-continue", *UPGRADE), [100, STORED, NEXT], BODY),
    "expect without a token": (put("Expect: 100-continue", token="X: y", body=SMUGGLED), [401, NEXT], None),
    "bare line feeds": (get().replace(b"\r\n", b"\n"), [400], None),
    "a bare line feed in a head": (get("X: y").replace(b"y\r\n", b"y\n"), [400], None),
    "a bare carriage return": (get("X: y\rContent-Length: 5"), [400], None),
    "a folded header": (get("X: y\r\n folded"), [400], None),
    "a folded framing": (put(framing=("Transfer-Encoding:\r\n chunked",), body=IN_CHUNKS), [400], None),
    "a NUL": (get("X: a\x00b"), [400], None),
    "a header without a name": (get(": y"), [400], None),
    "a header without a colon": (get("X"), [400], None),
    "a header that starts with a space": (get(" X: y"), [400], None),
    "HTTP/1.0": (get(version="1.0"), [OK], None),
    "HTTP/1.0 that would stay": (get("Connection: keep-alive", version="1.0"), [OK], None),
    "HTTP/0.9": (b"GET /healthz\r\n\r\n", [400], None),
    "HTTP/0.9 by name": (get(version="0.9"), [400], None),
    "HTTP/2.0": (get(version="2.0"), [400], None),
    "HTTP/2's preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400], None),
    "a version of two digits": (get(version="1.10"), [400], None),
    "a method in small letters": (get(method="get"), [400], None),
    "an unknown method": (get(method="FROBNICATE"), [400], None),
    "a tab after the method": (get().replace(b"GET ", b"GET\t"), [400], None),
    "an address with a space": (get(target="/a b"), [400], None),
    "no host": (get(host=None), [400, NEXT], None),
    "two hosts": (get("Host: localhost"), [400, NEXT], None),
    "another host": (get(host="attacker.example"), [421, NEXT], None),
    "an absolute address": (get(target="http://localhost/healthz"), [OK, NEXT], None),
    "an absolute address without a path": (get(target="http://localhost"), [OK, NEXT], None),
    "an absolute address without a path, with a query": (get(target="http://localhost?q=x"), [OK, NEXT], None),
    "an absolute address elsewhere": (get(target="http://attacker.example/healthz"), [421, NEXT], None),
    "an absolute address here, a host elsewhere": (
        get(target="http://localhost/healthz", host="attacker.example"),
        [OK, NEXT],
        None,
    ),
    "an absolute address with a name in it": (get(target="http://localhost@attacker.example/healthz"), [400], None),
    "an absolute address of another kind": (get(target="ftp://localhost/healthz"), [400], None),
    "an address that is a star": (get(target="*", method="OPTIONS"), [400], None),
    "an address with a fragment": (get(target="/healthz#there?q=x"), [OK, NEXT], None),
    "a long query": (get(target="/api/ask?q=" + "x" * 100_000), [400, NEXT], None),
    "a long path": (get(target="/" + "x" * 70_000), [431], None),
    "a long head": (get("X: " + "x" * 300_000), [431], None),
    "empty lines before a request": (b"\r\n\r\n" + get(), [OK, NEXT], None),
    "what follows a last request": (get("Connection: close") + get(), [OK], None),
}
LONG = {"a long query", "a long path", "a long head"}


@pytest.mark.parametrize("delivery", ["whole", "byte by byte", "body apart"])
@pytest.mark.parametrize("case", CASES)
def test_each_request_gets_what_the_table_says(address, folder, case, delivery):
    raw, statuses, stored = CASES[case]
    path = folder / f"{list(CASES).index(case)}-{delivery.replace(' ', '-')}.txt"
    raw = raw.replace(b"NAME", path.name.encode())
    if delivery == "whole":
        pieces = [raw + SENTINEL]
    elif delivery == "body apart":
        head, end, body = raw.partition(b"\r\n\r\n")
        pieces = [head + end, body, SENTINEL]
    else:
        pieces = [bytes([byte]) for byte in raw] + [SENTINEL] if case not in LONG else [raw, SENTINEL]
    replies = exchange(address, *pieces)
    assert [reply.status for reply in replies] == statuses, replies
    for reply in replies:
        check_shape(reply)
    assert (path.read_bytes() if path.exists() else None) == stored
    assert (folder / "kept.txt").read_text() == "kept"
    until(lambda: not list(folder.rglob(".*")))  # a refused partial upload is removed


def check_shape(reply: Reply):
    if reply.status == 100:
        return
    assert reply.headers["x-content-type-options"] == "nosniff"
    if reply.status >= 400:
        assert set(reply.error) == {"code", "message"}
        assert reply.headers["content-type"] == "application/json"


def test_the_longest_question_that_may_be_set_can_be_asked_by_get():
    chars = 20_000
    question = "%F0%9F%98%80" * (chars - 8) + "%20harbour"  # 4 bytes of UTF-8 each, percent-encoded
    settings = Settings(max_question_chars=chars)
    with serving(samples_for_tests.service(chars), settings) as url:
        replies = exchange(url, get(target=f"/api/ask?q={question}") + SENTINEL)
        assert [reply.status for reply in replies] == [OK, NEXT]
        assert len(question) > 3 * 65_535


def test_a_long_upgrade_and_many_of_them_are_no_more_work_than_other_requests(address):
    many = get(*UPGRADE) * 31
    assert [reply.status for reply in exchange(address, many + SENTINEL)] == [OK] * 31 + [NEXT]
    long = get(*UPGRADE, target="/api/ask?q=" + "x" * 100_000)
    assert [reply.status for reply in exchange(address, long + SENTINEL)] == [400, NEXT]


def test_a_request_may_come_apart_at_any_byte(address, folder):
    path = folder / "apart.txt"
    raw = CASES["put in chunks that offers http2"][0].replace(b"NAME", path.name.encode())
    for place in range(1, len(raw)):
        path.unlink(missing_ok=True)
        replies = exchange(address, raw[:place], raw[place:] + SENTINEL)
        assert [reply.status for reply in replies] == [STORED, NEXT], place
        assert path.read_bytes() == BODY
