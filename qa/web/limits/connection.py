"""One client's connection: uvicorn's HTTP/1.1 protocol with limits on what a slow or broken client can hold.

Guarantees:

- A request's head arrives whole within some seconds of the connection or of the reply before, and within some bytes.
- Only so many requests wait for the replies to those before them.
- A client that takes nothing of a reply for some seconds is dropped.
- Only so many connections are open, in all and for one address (`qa.web.limits.address_limits`).
- An offer to change the protocol is ignored, and the bytes of a body are never read as a request.
- What is refused here is told in the one shape of errors, with the security headers.

The time that a body takes is limited by the guard, and idle connections are closed by uvicorn.
"""

from __future__ import annotations

import os
from asyncio import BaseTransport, TimerHandle
from functools import lru_cache
from typing import Any, cast
from weakref import WeakKeyDictionary

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from starlette.exceptions import HTTPException
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from qa.errors import Overloaded
from qa.web.errors import as_json
from qa.web.limits import request_heads
from qa.web.limits.address_limits import OpenConnections, Proxies
from qa.web.limits.file_descriptors import connections_allowed
from qa.web.limits.guard import SECURITY_HEADERS
from qa.web.limits.unread_replies import CountedTransport

_proxies = lru_cache(maxsize=4)(Proxies)
_servers: WeakKeyDictionary[ServerState, OpenConnections] = WeakKeyDictionary()


class Connection(HttpToolsProtocol):
    """A connection as `uvicorn.Config(http=...)` takes it. Its limits are attributes of the class."""

    most: int | None = None  # connections of a server; None: as many as the process has descriptors for, up to 512
    head_seconds = 10.0
    head_bytes = 256 << 10  # the longest question that the settings allow, percent-encoded
    ahead = 32  # requests that wait for the reply to the one before
    send_seconds = 20.0  # for the client to take anything at all of a reply
    linger_seconds = 1.0  # for the client to read why it was refused, before the connection goes

    transport: CountedTransport  # type: ignore[assignment]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.address = ""
        self._refused = False
        self._in_head = False
        self._held_bytes = 0  # what came since a head was whole or a piece of a body was passed on
        self._taken_bytes = 0  # of replies, when it was last looked
        self._head_due: TimerHandle | None = None
        self._sent_due: TimerHandle | None = None
        self._places = _places(self.server_state, self.most)
        self._under_way: RequestResponseCycle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Take a client on, or tell it that there are too many."""
        super().connection_made(cast("Any", CountedTransport(cast("Any", transport))))
        # By default uvicorn takes the word of a proxy on this machine for who asks; for the places it must be named.
        proxies = _proxies(os.environ.get("FORWARDED_ALLOW_IPS", ""))
        self.address = proxies.address_of(self.client[0]) if self.client else ""
        if self._places.enter(self):
            self._await_head()
        else:
            self._places.refuse(self)
            self._refuse(Overloaded("As many clients are connected as may be; come back in a moment."))

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks, and tell the request under way, of which uvicorn tells the one that came last."""
        super().connection_lost(exc)
        if self._under_way and not self._under_way.response_complete:
            self._under_way.disconnected = True
            self._under_way.message_event.set()
        self._places.leave(self)
        _stop(self._head_due)
        _stop(self._sent_due)

    def close_for_another(self) -> None:
        """Close, since a newcomer needs the place; a client in the middle of a head is told."""
        told = self._refused or self.transport.is_closing()
        self._refused = True
        if self._held_bytes and not told:
            self.transport.write(self._raw(Overloaded("The request took too long while others waited; send it again.")))
        if told or self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def abort_now(self) -> None:
        """Close at once, whatever is unsent."""
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Read on, unless nothing more is wanted of this client."""
        if self._refused:
            return
        self._held_bytes += len(data)
        self._unset_keepalive_if_required()
        try:
            self._parse(data)
        except HttpParserError as error:
            told = error.__context__  # what was raised in the methods below
            self._refuse(told if isinstance(told, HTTPException) else HTTPException(400))
        if self._held_bytes > self.head_bytes:
            self._refuse(HTTPException(431))

    def _parse(self, data: bytes) -> None:
        """Feed the parser. It ends a request at a head that offers an upgrade, so it is given the head without that."""
        while data:
            try:
                self.parser.feed_data(data)
            except HttpParserUpgrade as found:
                method, version = self.parser.get_method(), self.parser.get_http_version()
                head = request_heads.again(method, self.url, version, self.headers)
                self.parser = _parser(self)
                data = head + data[found.args[0] :]
            else:
                return

    def on_message_begin(self) -> None:
        """Begin with a head."""
        super().on_message_begin()
        self._in_head = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header. What follows a body is none (RFC 9110, section 6.5.1)."""
        if self._in_head:
            super().on_header(name, value)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._under_way = cycle
        super()._start_asgi_task(cycle, app)

    def on_headers_complete(self) -> None:
        """Begin with the request."""
        self._in_head = False
        request_heads.check(self.parser.get_method(), self.parser.get_http_version(), self.headers)
        if self.parser.should_upgrade():
            return  # the head comes again
        if request_heads.size_bytes(self.url, self.headers) > self.head_bytes:  # its end came with its last piece
            raise HTTPException(431)
        self.url, query = request_heads.split(self.url, self.headers)
        super().on_headers_complete()
        self.scope["query_string"] = query  # uvicorn has seen the path alone, since httptools limits what it splits
        if len(self.pipeline) > self.ahead:
            raise HTTPException(400)
        self._held_bytes = 0
        _stop(self._head_due)
        self._places.busy(self)

    def on_body(self, body: bytes) -> None:
        """Pass a piece of the body on."""
        super().on_body(body)
        self._held_bytes = 0

    def on_message_complete(self) -> None:
        """Pass the body's end on."""
        if self.parser.should_upgrade():
            return
        super().on_message_complete()
        self._held_bytes = 0

    def on_response_complete(self) -> None:
        """Give the client some time to read the reply, and to ask again."""
        last = not self.pipeline
        super().on_response_complete()
        if last:
            self._await_head()
            self._places.idle(self)
        if self.transport.get_write_buffer_size():
            self._watch_reading()

    def pause_writing(self) -> None:
        """The client reads more slowly than is sent."""
        super().pause_writing()
        self._watch_reading()

    def _await_head(self) -> None:
        _stop(self._head_due)
        self._head_due = self.loop.call_later(self.head_seconds, self._give_up_reading)

    def _give_up_reading(self) -> None:
        if self._held_bytes:
            self._refuse(HTTPException(408))
        else:
            self.transport.close()

    def _watch_reading(self) -> None:
        if self._sent_due is None:
            self._taken_bytes = self.transport.taken_bytes
            self._sent_due = self.loop.call_later(self.send_seconds, self._look_at_reading)

    def _look_at_reading(self) -> None:
        self._sent_due = None
        if not self.transport.get_write_buffer_size():
            return
        if self.transport.taken_bytes == self._taken_bytes:
            self.transport.abort()
        else:
            self._watch_reading()

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


def _parser(connection: Connection) -> HttpRequestParser:
    parser = HttpRequestParser(connection)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's
    return parser


def _places(server: ServerState, most: int | None) -> OpenConnections:
    if server not in _servers:
        _servers[server] = OpenConnections(most or connections_allowed())
    return _servers[server]


def _stop(clock: TimerHandle | None) -> None:
    if clock:
        clock.cancel()
