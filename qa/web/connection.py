"""One client's connection: uvicorn's, with limits on what a slow or broken client can hold.

Guarantees: a request's head arrives whole within some seconds of the connection or of the reply before, and within
some bytes; only so many requests wait for the replies to those before them; a reply that the client does not read is
thrown away; only so many connections are open; whatever is refused here is told in the one shape of errors, with the
security headers. The time that a body takes is limited by the guard, and idle connections are closed by uvicorn.
"""

from __future__ import annotations

from asyncio import BaseTransport, TimerHandle
from typing import Any

from starlette.exceptions import HTTPException
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from qa.errors import Overloaded
from qa.web.errors import as_json
from qa.web.guard import SECURITY_HEADERS


class Connection(HttpToolsProtocol):
    """A connection as `uvicorn.Config(http=...)` takes it. Its limits are attributes of the class."""

    most = 512  # with the files of an index, half of what a process may usually open
    head_seconds = 10.0
    head_bytes = 256 << 10  # the longest question that the settings allow, percent-encoded
    ahead = 32  # requests that wait for the reply to the one before
    send_seconds = 20.0
    slowest_bytes_a_second = 16 << 10  # a reply may take longer, the larger it is
    linger_seconds = 1.0  # for the client to read why it was refused, before the connection goes

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._refused = False
        self._held_bytes = 0  # what came since a head was whole or a piece of a body was passed on
        self._head_due: TimerHandle | None = None
        self._sent_due: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Take a client on, or tell it that there are too many."""
        super().connection_made(transport)  # type: ignore[arg-type]
        if len(self.connections) > self.most:
            self._refuse(Overloaded(f"{self.most} clients are connected; come back in a moment."))
        else:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks."""
        super().connection_lost(exc)
        _stop(self._head_due)
        _stop(self._sent_due)

    def data_received(self, data: bytes) -> None:
        """Read on, unless nothing more is wanted of this client."""
        if self._refused:
            return
        self._held_bytes += len(data)
        super().data_received(data)
        if self._held_bytes > self.head_bytes:
            self._refuse(HTTPException(431))

    def on_headers_complete(self) -> None:
        """Begin with the request."""
        super().on_headers_complete()
        if len(self.pipeline) > self.ahead:
            raise ValueError("too many requests ahead of their replies")  # the parser stops, and this becomes a refusal
        self._held_bytes = 0
        _stop(self._head_due)

    def on_body(self, body: bytes) -> None:
        """Pass a piece of the body on."""
        super().on_body(body)
        self._held_bytes = 0

    def on_message_complete(self) -> None:
        """Pass the body's end on."""
        super().on_message_complete()
        self._held_bytes = 0

    def on_response_complete(self) -> None:
        """Give the client some time to read the reply, and to ask again."""
        last = not self.pipeline
        super().on_response_complete()
        if last:
            self._await_head()
        _stop(self._sent_due)
        unsent_bytes = self.transport.get_write_buffer_size()
        if unsent_bytes:
            seconds = self.send_seconds + unsent_bytes / self.slowest_bytes_a_second
            self._sent_due = self.loop.call_later(seconds, self._give_up_sending)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words, in plain text
        """Answer what is not HTTP."""
        self._refuse(HTTPException(400, "not HTTP"))

    def _await_head(self) -> None:
        self._head_due = self.loop.call_later(self.head_seconds, self._give_up_reading)

    def _give_up_reading(self) -> None:
        if self._held_bytes:
            self._refuse(HTTPException(408))
        else:
            self.transport.close()

    def _give_up_sending(self) -> None:
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def _refuse(self, error: Exception) -> None:
        """Read no more of this client, and end the connection with an error, or with the answer that is under way."""
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        under_way = self.cycle is not None and not self.cycle.response_complete
        if self.pipeline:  # no reply could be told from those before it
            self.transport.abort()
        elif under_way and not self.cycle.more_body:
            self.cycle.keep_alive = False
        else:
            if under_way:  # its body is what is broken
                self.cycle.disconnected = True
                self.cycle.message_event.set()
            self.transport.write(self._raw(error))
            self.transport.write_eof()
            self.loop.call_later(self.linger_seconds, self.transport.abort)

    def _raw(self, error: Exception) -> bytes:
        reply = as_json(error)
        headers = [*self.server_state.default_headers, *reply.raw_headers, *SECURITY_HEADERS, (b"connection", b"close")]
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        return STATUS_LINE[reply.status_code] + lines + b"\r\n" + bytes(reply.body)


def _stop(clock: TimerHandle | None) -> None:
    if clock:
        clock.cancel()
