"""A file as the body of a reply: read in pieces as the client takes them, so that none is ever held whole.

Guarantees: the file is closed when the reply has ended, however that was; where the file changes meanwhile, the
connection is cut before the last piece, so that no client takes the body for whole; only so many are open at once.
"""

from __future__ import annotations

import asyncio
import logging
from urllib.parse import quote as percent_encode

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from qa.answering.originals import Original
from qa.errors import Overloaded, UnknownDocument
from qa.web.limits.address_limits import Quota, address_of
from qa.web.limits.guard import ASKED_HEAD
from qa.web.limits.workers import hung_up

log = logging.getLogger("qa.web")


class FileReply(Response):
    """Sends an open file, to be saved under its name, and closes it. `quota` counts the files on their way."""

    def __init__(self, file: Original, quota: Quota) -> None:
        plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in file.name)
        full = percent_encode(file.name, safe="", errors="replace")
        super().__init__(
            headers={
                "content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{full}",
                "content-length": str(file.size_bytes),
            },
            media_type="application/octet-stream",
        )
        self._file = file
        self._quota = quota

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file.

        Raises:
            Overloaded: as many files are on their way as may be; nothing has been sent.
        """
        address = address_of(scope)
        try:
            if not self._quota.has_room(address):
                raise Overloaded("As many files are being sent as may be; come back in a moment.")
            self._quota.take(address)
            try:
                await self._send(scope, receive, send)
            finally:
                self._quota.give(address)
        finally:
            self._file.close()

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if scope.get(ASKED_HEAD):
            await send({"type": "http.response.body", "body": b""})
            return
        gone = asyncio.create_task(hung_up(receive))
        try:
            left_bytes = self._file.size_bytes
            while not gone.done():
                piece = await asyncio.to_thread(self._file.read)
                left_bytes -= len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": left_bytes > 0})
                if left_bytes <= 0:
                    return
        except UnknownDocument as error:
            log.warning("%s The reply was cut off.", error)
        finally:
            gone.cancel()
