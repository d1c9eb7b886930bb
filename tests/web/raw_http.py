"""Requests as bytes, and the replies to them, over a socket."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from typing import NamedTuple

from waiting import PATIENCE_S

TOKEN = "a-token-that-only-these-tests-know"
BEARER = f"Authorization: Bearer {TOKEN}"

# Follows every request of a table: a reply to it shows that the server found the end of the previous request.
SENTINEL = b"GET /api/sentinel HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
AT_SENTINEL = 404


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> dict[str, str]:
        return json.loads(self.body)["error"]


def request(first_line: str, *headers: str, body: bytes = b"", host: str | None = "localhost") -> bytes:
    lines = [first_line, *([f"Host: {host}"] if host is not None else []), *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def chunked(*pieces: bytes, trailers: bytes = b"") -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n" + trailers + b"\r\n"


def connect(address: str) -> socket.socket:
    host, port = address.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=PATIENCE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def exchange(address: str, *pieces: bytes) -> list[Reply]:
    """Every reply until the server closes the connection."""
    with connect(address) as connection:
        with suppress(OSError):  # refused before the last piece
            for piece in pieces:
                connection.sendall(piece)
        return parse(read(connection))


def read(connection: socket.socket) -> bytes:
    received = bytearray()
    with suppress(ConnectionResetError):
        while piece := connection.recv(1 << 20):
            received += piece
    return bytes(received)


def parse(received: bytes) -> list[Reply]:
    """Split bytes into replies; each states the length of its body, and nothing is between them."""
    replies = []
    while received:
        head, end, rest = received.partition(b"\r\n\r\n")
        assert end, received
        first, *lines = head.decode("latin-1").split("\r\n")
        version, status, _ = first.split(" ", 2)
        assert version == "HTTP/1.1"
        fields = [line.split(": ", 1) for line in lines]
        headers = {name.lower(): value for name, value in fields}
        length = int(headers["content-length"]) if int(status) >= 200 else 0
        assert len(rest) >= length, received
        replies.append(Reply(int(status), headers, rest[:length]))
        received = rest[length:]
    return replies
