"""Parses the requests of one connection with limits on their heads.

Guarantees:

- The size of a head is limited, and heads that must not be answered are refused (`qa.web.limits.request_heads`).
- The number of pipelined requests that wait is limited.
- An offer to change the protocol is ignored, and the bytes of a body are never read as a request.
"""

from __future__ import annotations

from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from starlette.exceptions import HTTPException
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from qa.web.limits import request_heads


class BoundedRequests(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 protocol with limits on heads; the limits are attributes of the class."""

    head_bytes = 256 << 10  # the longest allowed question, percent-encoded
    ahead = 32  # pipelined requests that wait for earlier replies

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.held_bytes = 0  # bytes received since the last complete head or piece of a body
        self._in_head = False

    def head_is_whole(self) -> None:
        """Called when a request's head has arrived and was accepted."""

    def parse(self, data: bytes) -> None:
        """Parse bytes from the client.

        Raises:
            HTTPException: the request is refused.
        """
        self.held_bytes += len(data)
        try:
            self._feed(data)
        except HttpParserError as error:
            told = error.__context__  # an error raised in the callbacks below
            raise told if isinstance(told, HTTPException) else HTTPException(400) from None
        if self.held_bytes > self.head_bytes:
            raise HTTPException(431)

    def _feed(self, data: bytes) -> None:
        """Feed the parser. It ends a request at a head with an upgrade offer, so it gets the head without the offer."""
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
        """Start a head."""
        super().on_message_begin()
        self._in_head = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Store a header; trailers after a body are ignored (RFC 9110, section 6.5.1)."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the request."""
        self._in_head = False
        request_heads.check(self.parser.get_method(), self.parser.get_http_version(), self.headers)
        if self.parser.should_upgrade():
            return  # the head is parsed a second time
        if request_heads.size_bytes(self.url, self.headers) > self.head_bytes:  # reported with its last piece
            raise HTTPException(431)
        self.url, query = request_heads.split(self.url, self.headers)
        super().on_headers_complete()
        self.scope["query_string"] = query  # uvicorn parsed only the path, to stay below httptools' limit
        if len(self.pipeline) > self.ahead:
            raise HTTPException(400)
        self.held_bytes = 0
        self.head_is_whole()

    def on_body(self, body: bytes) -> None:
        """Pass on a piece of the body."""
        super().on_body(body)
        self.held_bytes = 0

    def on_message_complete(self) -> None:
        """Pass on the end of the body."""
        if self.parser.should_upgrade():
            return
        super().on_message_complete()
        self.held_bytes = 0


def _parser(protocol: BoundedRequests) -> HttpRequestParser:
    parser = HttpRequestParser(protocol)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as in uvicorn
    return parser
