"""One connection to a server: write pieces, read to the end, and return the received bytes."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from fuzzing.contract import Outside, Reply, expect, hold_promises, split_replies

HOST = "127.0.0.1"
PATIENCE_S = 60  # for a server that should answer or close the connection; not a requirement


@dataclass(frozen=True, slots=True)
class Received:
    """All bytes received on a connection. `reset`: the server ended it with a reset, which may lose bytes."""

    data: bytes
    reset: bool


def request(method: str, target: str, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of a valid request; a keyword `If_Match` means the header If-Match."""
    named = {"Host": "localhost"} | {name.replace("_", "-"): value for name, value in headers.items()}
    if body or method in ("POST", "PUT"):
        named["Content-Length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + body


def converse(
    port: int,
    pieces: Iterable[bytes],
    *,
    half_close: bool = False,
    read: bool = True,
    sent: Callable[[socket.socket, bytes], None] = lambda *_: None,
) -> Received:
    """Send pieces on a new connection and read until the server ends it.

    Args:
        port: The server's port on this machine.
        pieces: The pieces, each sent separately.
        half_close: Whether to close the sending side after the last piece.
        read: Whether to read; else the connection is closed after the last piece.
        sent: Called after each sent piece.

    Raises:
        Outside: the server neither answered nor closed the connection.
    """
    received, reset = bytearray(), False
    with socket.create_connection((HOST, port), timeout=PATIENCE_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(BrokenPipeError, ConnectionResetError):  # refused early; the reply can still be read
            for piece in pieces:
                connection.sendall(piece)
                sent(connection, piece)
        with suppress(OSError):  # the server may have closed it already
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        try:
            while read and (piece := connection.recv(1 << 16)):
                received += piece
        except ConnectionResetError:
            reset = True
        except TimeoutError:
            raise Outside(
                f"neither a reply nor an end within {PATIENCE_S} s, after {bytes(received[-80:])!r}"
            ) from None
    return Received(bytes(received), reset)


def ask(port: int, method: str, target: str, body: bytes = b"", **headers: str) -> Reply:
    """Send one valid request on a separate connection, and check its reply against the contract.

    Raises:
        Outside: there is no complete reply, more than one, or one that the contract does not allow.
    """
    received = converse(port, [request(method, target, body, Connection="close", **headers)])
    replies, rest = split_replies(received.data, [method])
    expect(len(replies) == 1 and not rest, f"{len(replies)} replies and {rest[:60]!r} to {method} {target}")
    hold_promises(replies[0])
    return replies[0]
