"""One client's connection: uvicorn's HTTP/1.1 protocol with limits against slow or broken clients.

Guarantees, in addition to those on heads (`qa.web.limits.request_parsing`):

- A request's head must arrive within some seconds after the connection or the previous reply.
- A client that reads nothing of a reply for some seconds is disconnected.
- The number of connections is limited, in total and per address (`qa.web.limits.address_limits`).
- A request that is refused here gets the usual JSON error, with the security headers.

The guard limits the time for a body, and uvicorn closes idle connections.
"""

from __future__ import annotations

import os
from asyncio import BaseTransport, TimerHandle
from functools import lru_cache
from typing import Any, cast
from weakref import WeakKeyDictionary

from starlette.exceptions import HTTPException
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle
from uvicorn.server import ServerState

from qa.errors import Overloaded
from qa.web import request_ids
from qa.web.errors import as_json
from qa.web.limits.address_limits import OpenConnections, Proxies
from qa.web.limits.file_descriptors import connections_allowed
from qa.web.limits.guard import SECURITY_HEADERS
from qa.web.limits.request_parsing import BoundedRequests
from qa.web.limits.unread_replies import CountedTransport

_proxies = lru_cache(maxsize=4)(Proxies)
_servers: WeakKeyDictionary[ServerState, OpenConnections] = WeakKeyDictionary()


class Connection(BoundedRequests):
    """The protocol class for `uvicorn.Config(http=...)`. Its limits are attributes of the class."""

    most: int | None = None  # connections of a server; None: as many as the process has descriptors for, up to 512
    head_seconds = 10.0
    send_seconds = 20.0  # time for the client to read any byte of a reply
    linger_seconds = 1.0  # time for a refused client to read the error before the connection is closed

    transport: CountedTransport  # type: ignore[assignment]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.address = ""
        self._refused = False
        self._taken_bytes = 0  # bytes of replies that the client had read at the last check
        self._head_due: TimerHandle | None = None
        self._sent_due: TimerHandle | None = None
        self._places = _places(self.server_state, self.most)
        self._under_way: RequestResponseCycle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Accept a client, or refuse it if there are too many."""
        super().connection_made(cast("Any", CountedTransport(cast("Any", transport))))
        # By default uvicorn trusts a proxy on this machine for the client's address; the limit on connections exempts
        # only proxies that the operator has named.
        proxies = _proxies(os.environ.get("FORWARDED_ALLOW_IPS", ""))
        self.address = proxies.address_of(self.client[0]) if self.client else ""
        if self._places.enter(self):
            self._await_head()
        else:
            self._places.refuse(self)
            self._refuse(Overloaded("Too many clients are connected; try again in a moment."))

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timers and end the request that is being answered; uvicorn ends only the most recent request."""
        super().connection_lost(exc)
        if self._under_way and not self._under_way.response_complete:
            self._under_way.disconnected = True
            self._under_way.message_event.set()
        self._places.leave(self)
        _stop(self._head_due)
        _stop(self._sent_due)

    def close_for_another(self) -> None:
        """Close, since a new connection needs the place; a client that has sent part of a head gets an error."""
        told = self._refused or self.transport.is_closing()
        self._refused = True
        if self.held_bytes and not told:
            self.transport.write(
                self._refusal(Overloaded("The request took too long while others waited; send it again."))
            )
        if told or self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def abort_now(self) -> None:
        """Close at once without sending the rest."""
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Handle received bytes, unless the connection is being closed."""
        if self._refused:
            return
        self._unset_keepalive_if_required()
        try:
            self.parse(data)
        except HTTPException as error:
            self._refuse(error)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._under_way = cycle
        super()._start_asgi_task(cycle, app)

    def head_is_whole(self) -> None:
        """Mark the client as busy: its request's head has arrived."""
        _stop(self._head_due)
        self._places.busy(self)

    def on_response_complete(self) -> None:
        """Start the time limits for reading the reply and for the next request."""
        last = not self.pipeline
        super().on_response_complete()
        if last:
            self._await_head()
            self._places.idle(self)
        if self.transport.get_write_buffer_size():
            self._watch_reading()

    def pause_writing(self) -> None:
        """Start checking that the client reads, since it reads more slowly than the server sends."""
        super().pause_writing()
        self._watch_reading()

    def look_at_reading(self) -> None:
        """Disconnect the client if it has read nothing of its reply since the last check `send_seconds` ago."""
        if self._sent_due is None:
            return
        _stop(self._sent_due)
        self._sent_due = None
        if not self.transport.get_write_buffer_size():
            return
        if self.transport.taken_bytes == self._taken_bytes:
            self.transport.abort()
        else:
            self._watch_reading()

    def _await_head(self) -> None:
        _stop(self._head_due)
        self._head_due = self.loop.call_later(self.head_seconds, self._give_up_reading)

    def _give_up_reading(self) -> None:
        if self.held_bytes:
            self._refuse(HTTPException(408))
        else:
            self.transport.close()

    def _watch_reading(self) -> None:
        if self._sent_due is None:
            self._taken_bytes = self.transport.taken_bytes
            self._sent_due = self.loop.call_later(self.send_seconds, self.look_at_reading)

    def _refuse(self, error: Exception) -> None:
        """Read no more from this client; end the connection with an error, or after the reply that is being sent."""
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        under_way = self.cycle is not None and not self.cycle.response_complete
        if self.pipeline:  # the client could not match the error to a request
            self.transport.abort()
        elif under_way and not self.cycle.more_body:
            self.cycle.keep_alive = False
        else:
            if under_way:  # the malformed part is this request's body
                self.cycle.disconnected = True
                self.cycle.message_event.set()
            self.transport.write(self._refusal(error))
            self.transport.write_eof()
            self.loop.call_later(self.linger_seconds, self.transport.abort)

    def _refusal(self, error: Exception) -> bytes:
        """The complete reply to an error; the metrics count it."""
        if refused := self.app_state.get("refused"):
            refused(error)
        reply = as_json(error)
        own = [(request_ids.HEADER, request_ids.new_id().encode()), (b"connection", b"close")]
        headers = [*self.server_state.default_headers, *reply.raw_headers, *SECURITY_HEADERS, *own]
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        return STATUS_LINE[reply.status_code] + lines + b"\r\n" + bytes(reply.body)


def _places(server: ServerState, most: int | None) -> OpenConnections:
    if server not in _servers:
        _servers[server] = OpenConnections(most or connections_allowed())
    return _servers[server]


def _stop(clock: TimerHandle | None) -> None:
    if clock:
        clock.cancel()
