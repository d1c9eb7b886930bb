"""Clients that ask for much data and read nothing. Their replies are counted in bytes; no time is measured."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from typing import Any

import pytest
from fake_service import FakeService, make_document
from live_server import serving
from raw_http import connect, exchange, parse, read, request
from waiting import PATIENCE_S, until

from qa.answering.originals import Original, Originals
from qa.records import BlockKind
from qa.web.limits import unread_replies as unread
from qa.web.limits.connection import Connection

FILE_BYTES = 60 << 20
TEXT_BYTES = 12 << 20
A_CONNECTION_BYTES = 2 * unread.PIECE_BYTES + 1024  # asyncio's buffer, one piece, and the head of a reply
ORIGINAL = request("GET /documents/long/original HTTP/1.1", "Connection: close")
DOCUMENT = request("GET /api/documents/long HTTP/1.1", "Connection: close")


class Watched(Connection):
    head_seconds = send_seconds = PATIENCE_S  # the tests themselves say when it is time to look at the reading
    every: list[Connection] = []  # noqa: RUF012 - emptied for each test
    lost = 0

    def connection_made(self, transport):
        super().connection_made(transport)
        self.every.append(self)

    def connection_lost(self, exc):
        super().connection_lost(exc)
        type(self).lost += 1


class FilesOnDisk(FakeService):
    """A document whose original is a file."""

    def original(self, document_id):
        self.document(document_id)
        return self.originals.open("long.txt", self.digest)


@pytest.fixture
def service(tmp_path):
    document = make_document("long", [(BlockKind.PARAGRAPH, "x" * TEXT_BYTES)])
    service = FilesOnDisk({"long": document})
    service.folder = tmp_path
    service.originals = Originals(
        tmp_path, most_bytes=1 << 20
    )  # one for all requests, as in production: a file is hashed once
    (tmp_path / "long.txt").write_bytes(b"x" * FILE_BYTES)
    service.digest = sha256(b"x" * FILE_BYTES).hexdigest()
    return service


@pytest.fixture
def address(service):
    Watched.every.clear()
    Watched.lost = 0
    with serving(service, connection=Watched) as address:
        yield address


def unsent_bytes():
    return sum(each.transport.get_write_buffer_size() for each in Watched.every)


@contextmanager
def clients_that_do_not_read(address, number, asked, stuck=None):
    """Clients of which so many do not read their replies, by default all; the others have received theirs."""
    stuck = number if stuck is None else stuck
    with ExitStack() as held:
        clients = [held.enter_context(connect(address)) for _ in range(number)]
        for client in clients:
            client.sendall(asked)
        # Until the system's buffers are full, a waiting connection may continue for a moment.
        until(lambda: sum(map(is_answered, Watched.every)) == number - stuck and waiting() == stuck)
        yield clients


def is_answered(connection):
    return connection.cycle is not None and connection.cycle.response_complete


def waiting():
    """The number of connections that wait until their client reads."""
    return sum(each.flow.write_paused and not is_answered(each) for each in Watched.every)


def test_forty_clients_that_do_not_read_a_large_file_hold_little(address):
    with clients_that_do_not_read(address, 40, ORIGINAL) as clients:
        assert unsent_bytes() <= 40 * A_CONNECTION_BYTES
        reply = parse(read(clients[7]))[0]  # clients that read get the whole reply
        assert reply.headers["content-length"] == str(FILE_BYTES)
        assert reply.body == b"x" * FILE_BYTES
        assert unsent_bytes() <= 39 * A_CONNECTION_BYTES


def test_large_replies_beyond_the_bound_are_refused_until_those_before_have_been_read(address):
    # A quarter of the bound is 16 MiB, so an address may hold one reply of 12.
    with clients_that_do_not_read(address, 40, DOCUMENT, stuck=1) as clients:
        assert unsent_bytes() <= 40 * A_CONNECTION_BYTES
        replies = [parse(read(client))[0] for client in clients]
        assert sorted(reply.status for reply in replies) == [200] + [503] * 39
        refused = next(reply for reply in replies if reply.status == 503)
        assert refused.error["code"] == "overloaded"
        assert refused.headers["retry-after"]
        assert refused.headers["x-content-type-options"] == "nosniff"
        whole = next(reply for reply in replies if reply.status == 200)
        assert len(whole.body) > TEXT_BYTES
    assert exchange(address, DOCUMENT)[0].status == 200


def test_only_so_many_files_are_on_their_way_to_one_address(service, monkeypatch):
    monkeypatch.setattr("qa.web.app.files_allowed", lambda: 32)  # eight for one address
    Watched.every.clear()
    with (
        serving(service, connection=Watched) as address,
        clients_that_do_not_read(address, 10, ORIGINAL, stuck=8) as clients,
    ):
        replies = [parse(read(client))[0] for client in clients]
        assert sorted(reply.status for reply in replies) == [200] * 8 + [503] * 2
        assert {reply.error["code"] for reply in replies if reply.status == 503} == {"overloaded"}
        assert exchange(address, ORIGINAL)[0].status == 200


def test_head_is_told_the_size_and_sends_nothing(address):
    with connect(address) as client:
        client.sendall(ORIGINAL.replace(b"GET", b"HEAD"))
        head, _, body = read(client).partition(b"\r\n\r\n")
    assert f"content-length: {FILE_BYTES}".encode() in head
    assert not body


def test_a_file_that_changes_while_it_is_sent_is_cut_off(address, service, caplog):
    with clients_that_do_not_read(address, 1, ORIGINAL) as [client]:
        with (service.folder / "long.txt").open("r+b") as file:
            file.seek(-1, 2)
            file.write(b"y")
        received = read(client)
    head, _, body = received.partition(b"\r\n\r\n")
    assert f"content-length: {FILE_BYTES}".encode() in head
    assert 0 < len(body) < FILE_BYTES
    assert "changed while it was read" in caplog.text
    assert "Traceback" not in caplog.text


class WatchedFile:
    """An open file that counts the bytes read, and records whether it was closed."""

    def __init__(self, file: Original) -> None:
        self.read_bytes = 0
        self.closed = False
        self._file = file

    def read(self) -> bytes:
        piece = self._file.read()
        self.read_bytes += len(piece)
        return piece

    def close(self) -> None:
        self._file.close()
        self.closed = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def watched_files(service) -> list[WatchedFile]:
    """The files that the service opens from now on."""
    opened: list[WatchedFile] = []
    original = service.original

    def watched(document_id):
        opened.append(WatchedFile(original(document_id)))
        return opened[-1]

    service.original = watched
    return opened


def test_files_are_closed_when_their_clients_have_gone(address, service):
    opened = watched_files(service)
    with clients_that_do_not_read(address, 3, ORIGINAL):
        assert not any(file.closed for file in opened)
    until(lambda: all(file.closed for file in opened))
    assert len(opened) == 3


def test_of_a_file_whose_client_has_gone_no_more_is_read_though_it_has_sent_another_request(address, service):
    opened = watched_files(service)
    two = ORIGINAL.replace(b"Connection: close\r\n", b"") + ORIGINAL
    with clients_that_do_not_read(address, 1, two):
        pass
    until(lambda: opened and opened[0].closed)
    assert opened[0].read_bytes < FILE_BYTES, "it was read to its end, for nobody"


def test_a_client_that_reads_slowly_is_kept_and_one_that_reads_nothing_is_dropped(address):
    with clients_that_do_not_read(address, 1, ORIGINAL) as [client]:
        [connection] = Watched.every

        def looked():
            """The call that the connection's clock makes when it is due."""

            async def look():
                connection.look_at_reading()

            asyncio.run_coroutine_threadsafe(look(), connection.loop).result(PATIENCE_S)

        for _ in range(5):
            before = connection.transport.taken_bytes
            while connection.transport.taken_bytes == before:
                assert client.recv(1 << 16)
            looked()
            assert not connection.transport.is_closing()
        while not connection.transport.is_closing():
            looked()
        until(lambda: Watched.lost == 1)
        assert len(read(client)) < FILE_BYTES
