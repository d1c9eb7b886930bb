"""Bounds the bytes of replies that clients have not read, and counts the bytes that they have read.

Guarantees: a reply goes to the transport in pieces, each after most of the previous one has been sent, so a connection
    holds few unsent bytes. Replies larger than a piece are counted. Above a limit over all connections, the next one
    raises `Overloaded`, so clients that do not read cannot fill the memory. Files do not count: they are read in pieces
    as they are sent (`qa.web.limits.file_reply`).
"""

from __future__ import annotations

from asyncio import Transport
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.errors import Overloaded
from qa.web.limits.address_limits import Quota, address_of

PIECE_BYTES = 64 << 10  # asyncio's transports pause the writer above this size
MOST_BYTES = 64 << 20  # bytes of replies being sent, in one process


class CountedTransport:
    """A transport that counts the bytes it has sent."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._written_bytes = 0

    def write(self, data: bytes) -> None:
        """Send or buffer bytes."""
        self._written_bytes += len(data)
        self._transport.write(data)

    @property
    def taken_bytes(self) -> int:
        """The number of bytes that the client, or the system's socket buffer, has accepted."""
        return self._written_bytes - self._transport.get_write_buffer_size()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class LargeReplies:
    """ASGI middleware that limits unread replies."""

    def __init__(self, app: ASGIApp, *, quota: Quota) -> None:
        self._app = app
        self._quota = quota

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the application's reply in pieces.

        Raises:
            Overloaded: too many bytes are being sent already; nothing has been sent.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        refused = False

        async def send_in_pieces(message: Message) -> None:
            nonlocal start, refused
            if message["type"] == "http.response.start":
                start = message
                return
            body = message.get("body", b"")
            if start and len(body) > PIECE_BYTES and not self._quota.has_room(address_of(scope), len(body)):
                refused = True
            if refused:
                return
            if start:
                started, start = start, None
                await send(started)
            await self._send(message, body, scope, send)

        await self._app(scope, receive, send_in_pieces)
        if refused:
            raise Overloaded(
                "Replies that clients have not read yet fill the memory set aside for them; try again in a moment."
            )

    async def _send(self, message: Message, body: bytes, scope: Scope, send: Send) -> None:
        if len(body) <= PIECE_BYTES:
            await send(message)
            return
        address = address_of(scope)
        self._quota.take(address, len(body))
        try:
            for offset in range(0, len(body), PIECE_BYTES):
                last = offset + PIECE_BYTES >= len(body) and not message.get("more_body", False)
                piece = body[offset : offset + PIECE_BYTES]
                await send({"type": "http.response.body", "body": piece, "more_body": not last})
        finally:
            self._quota.give(address, len(body))
