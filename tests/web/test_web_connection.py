"""Clients that are slow, broken or too many, over real sockets. The tests measure no time: they wait for events."""

from __future__ import annotations

import json
import select
import socket
import sys
from contextlib import ExitStack, contextmanager, suppress

import pytest
import samples_for_tests
from clocked import clocked
from fake_service import FakeService, make_document
from gate import Gate
from live_server import serving
from waiting import PATIENCE_S, until

import qa.web.limits.guard
from qa.records import BlockKind
from qa.settings import Settings
from qa.web.limits.connection import Connection

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
ASK = b"GET /api/ask?q=harbour HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
POST = b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"


class Crowded(Connection):
    most = 8
    linger_seconds = 60.0
    head_seconds = 60.0


class Narrow(Connection):
    most = 3
    head_bytes = 20_000


@pytest.fixture
def clock_server():
    """A server's address, and the clock of its connections."""
    with clocked(samples_for_tests.service()) as (address, clock):
        yield address, clock


@pytest.fixture
def narrow():
    with serving(samples_for_tests.service(), connection=Narrow) as address:
        yield address


@contextmanager
def connected(address, source="127.0.0.1"):
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S, source_address=(source, 0)) as connection:
        yield connection


def read(connection):
    """All bytes until the server closes the connection."""
    received = b""
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            return received
        if not piece:
            return received
        received += piece


def asked(connection):
    """Ask on a connection that stays open."""
    connection.sendall(GET)
    read_reply(connection, b'{"status":"ok"}')


def read_reply(connection, end):
    """The received bytes up to a delimiter; the connection stays open."""
    received = b""
    while not received.endswith(end):
        piece = connection.recv(65536)
        assert piece, received
        received += piece
    return received


def is_silent(connection):
    """Whether nothing was received, not even the connection's end."""
    return not select.select([connection], [], [], 0)[0]


def sent(address, *pieces):
    with connected(address) as connection:
        with suppress(ConnectionError):  # a refused client cannot always send the rest, but can read the reason
            for piece in pieces:
                connection.sendall(piece)
        return read(connection)


def error_of(reply):
    """Status and code of an error reply in the common form, which must be the only data."""
    head, _, body = reply.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert headers["content-type"] == "application/json"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"]
    assert headers["connection"] == "close"
    assert int(headers["content-length"]) == len(body)
    error = json.loads(body)["error"]
    assert set(error) == {"code", "message"}
    assert ("retry-after" in headers) == (" 503 " in status)
    return int(status.split()[1]), error["code"]


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # a client that speaks TLS
        b"GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost localhost\r\n\r\n",
        b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        POST.replace(b"Content-Length: 100", b"Transfer-Encoding: chunked") + b"zz\r\n",
        POST.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n") + b"0\r\n\r\n",
    ],
)
def test_what_is_not_http_is_told_so(address, request_bytes):
    assert error_of(sent(address, request_bytes)) == (400, "invalid_request")


@pytest.mark.parametrize("piece", [b"GET /healthz HTTP/1.1\r\nHost: loc", b"\r\n\r\n", b""])
def test_a_head_that_does_not_come_ends_the_connection(clock_server, piece):
    address, clock = clock_server
    with connected(address) as connection:
        connection.sendall(piece)
        clock.wait_until_made(1)
        clock.wait_until_heard(len(piece))
        clock.advance(Connection.head_seconds - 0.1)
        assert is_silent(connection)
        clock.advance(0.2)
        reply = read(connection)
    assert error_of(reply) == (408, "request_too_slow") if piece else reply == b""


def test_a_second_head_is_awaited_no_longer_than_the_first(clock_server):
    address, clock = clock_server
    with connected(address) as connection:
        asked(connection)
        clock.advance(1)
        connection.sendall(b"\r\n")
        clock.wait_until_heard(len(GET) + 2)
        clock.advance(Connection.head_seconds - 1.1)
        assert is_silent(connection)
        clock.advance(0.2)
        assert error_of(read(connection)) == (408, "request_too_slow")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /" + b"x" * 30_000,
        GET[:-2] + b"X: " + b"x" * 30_000,
        GET[:-2] + b"X: x\r\n" * 6_000,
        POST.replace(b"Content-Length: 100", b"Transfer-Encoding: chunked") + b"0\r\n" + b"X: x\r\n" * 60_000,
    ],
)
def test_a_head_without_end_is_cut_off(narrow, request_bytes):
    assert error_of(sent(narrow, request_bytes)) == (431, "head_too_large")


def test_a_body_that_does_not_come_ends_the_request_and_then_the_connection(clock_server, monkeypatch):
    monkeypatch.setattr(qa.web.limits.guard, "BODY_SECONDS", 0.01)
    address, clock = clock_server
    with connected(address) as connection:
        connection.sendall(POST + b'{"question"')
        reply = read_reply(connection, b"}}")
        assert reply.startswith(b"HTTP/1.1 408 ")
        assert b'"request_too_slow"' in reply
        clock.advance(Connection.head_seconds + 0.1)
        assert read(connection) == b""


def test_a_body_that_nobody_reads_does_not_keep_the_connection(clock_server):
    address, clock = clock_server
    with connected(address) as connection:
        connection.sendall(POST.replace(b"/api/ask", b"/api/nope") + b'{"question"')
        assert read_reply(connection, b"}}").startswith(b"HTTP/1.1 404 ")
        clock.advance(Connection.head_seconds + 0.1)
        assert read(connection) == b""


def test_more_clients_than_may_be_are_told_so(narrow):
    with connected(narrow) as first, connected(narrow) as second, connected(narrow) as third:
        for each in (first, second, third):
            each.sendall(POST.replace(b"Length: 100", b"Length: 100\r\nExpect: 100-continue"))
            assert each.recv(1000).startswith(b"HTTP/1.1 100 ")  # by then the server waits for the body
        with connected(narrow) as fourth:
            assert error_of(read(fourth)) == (503, "overloaded")
    until(lambda: sent(narrow, LAST).startswith(b"HTTP/1.1 200"))


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: loc", b" 503 "),  # in the middle of a head
        (b"hello\r\n\r\n", b" 400 "),  # refused, with time to read the reason
        (GET, b" 200 "),  # idle between two requests
        (LAST, b" 200 "),  # closing
        (b"", b""),
    ],
)
def test_who_does_not_ask_makes_way_for_who_does(monkeypatch, caplog, first, told):
    monkeypatch.setattr("qa.web.limits.address_limits.GRACE_S", 0.0)
    with serving(samples_for_tests.service(), connection=Crowded) as address, ExitStack() as held:
        idle = [held.enter_context(connected(address)) for _ in range(12)]
        for each in idle:
            with suppress(OSError):
                each.sendall(first)
        for _ in range(20):
            assert sent(address, LAST).startswith(b"HTTP/1.1 200")
        replies = [read(each) for each in idle[:4]]
        assert all(told in reply or not reply for reply in replies)
    assert not caplog.records


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere this machine has one address of its own")
def test_one_address_cannot_keep_another_out(monkeypatch):
    monkeypatch.setattr("qa.web.limits.address_limits.GRACE_S", 60.0)  # no connection is closed for it

    class Shared(Crowded):
        most = 40

    with serving(samples_for_tests.service(), connection=Shared) as address, ExitStack() as held:
        for number in range(30):
            each = held.enter_context(connected(address))
            with suppress(OSError):
                each.sendall(POST)  # a body is awaited
            if number == 9:
                assert sent(address, LAST).startswith(b"HTTP/1.1 503"), "ten are a quarter"
        other = held.enter_context(connected(address, source="127.0.0.2"))
        other.sendall(LAST)
        assert read(other).startswith(b"HTTP/1.1 200")


def test_requests_one_after_the_other_and_in_small_pieces_are_answered(address):
    assert sent(address, GET + GET + LAST).count(b"HTTP/1.1 200 OK") == 3
    assert sent(address, *(bytes([byte]) for byte in GET + LAST)).count(b"HTTP/1.1 200 OK") == 2


def test_requests_far_ahead_of_their_replies_end_the_connection():
    gate = Gate()
    with serving(gate, Settings(answer_seconds=PATIENCE_S)) as address:
        # The first of them is answered when the gate opens, the others after it.
        requests = [ASK] + [GET] * (Connection.ahead - 1) + [LAST]
        with connected(address) as connection:
            connection.sendall(b"".join(requests))
            assert gate.begun.acquire(timeout=PATIENCE_S)
            requests.insert(1, GET)
            assert sent(address, b"".join(requests)) == b""
            gate.open()
            assert read(connection).count(b"HTTP/1.1 200 OK") == Connection.ahead + 1


def test_requests_that_come_while_others_wait_are_answered_in_their_turn():
    gate = Gate()
    with serving(gate, Settings(answer_seconds=PATIENCE_S)) as address, connected(address) as connection:
        connection.sendall(ASK + GET)
        assert gate.begun.acquire(timeout=PATIENCE_S)
        connection.sendall(GET * (Connection.ahead - 2) + LAST)
        gate.open()
        assert read(connection).count(b"HTTP/1.1 200 OK") == Connection.ahead + 1


def test_a_whole_request_is_answered_whatever_follows_it(address):
    reply = sent(address, GET + b"hello\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in reply
    assert reply.endswith(b'{"status":"ok"}')


@pytest.mark.parametrize("upgrade", [b"websocket", b"h2c"])
def test_other_protocols_are_not_taken_up(address, upgrade):
    request = LAST.replace(b"Connection: close", b"Connection: Upgrade, close\r\nUpgrade: " + upgrade)
    assert sent(address, request).startswith(b"HTTP/1.1 200 ")


def test_a_reply_that_nobody_reads_is_thrown_away():
    long_bytes = 30_000_000  # more than socket buffers hold
    document = make_document("long", [(BlockKind.PARAGRAPH, "x" * long_bytes)])
    with clocked(FakeService({"long": document})) as (address, clock), connected(address) as connection:
        connection.sendall(GET.replace(b"/healthz", b"/documents/long/original"))
        assert connection.recv(1000)
        until(lambda: clock.advance(Connection.send_seconds) or clock.lost)
        assert 0 < len(read(connection)) < long_bytes


def test_an_upload_that_breaks_off_is_nobodys_error(tmp_path, caplog):
    settings = Settings(admin_token="a-token-for-the-tests", seeds_dir=tmp_path / "seeds", index_dir=tmp_path / "index")
    head = b"PUT /api/documents/a.txt HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer a-token-for-the-tests\r\n"
    with serving(samples_for_tests.service(), settings) as address:
        with connected(address) as connection:
            connection.sendall(head + b"Content-Length: 1000\r\n\r\nabc")
            until(lambda: list(tmp_path.rglob(".upload*")))
        until(lambda: not list(tmp_path.rglob(".upload*")))
        assert sent(address, LAST).startswith(b"HTTP/1.1 200")
    assert not list(tmp_path.rglob("a.txt"))
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
