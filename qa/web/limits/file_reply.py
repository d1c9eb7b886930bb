"""Sends a file as the body of a reply, in pieces as the client reads them, so memory is bounded.

A client may request a range of bytes, to continue a download, or the file only if it has changed
(`qa.web.limits.range_requests`). The entity tag is the file's SHA-256.

Guarantees: the file is always closed when the reply ends. If the file changes while it is sent, the connection is
    closed before the last piece, so that no client takes the body for complete. The number of open files is limited.
"""

from __future__ import annotations

import asyncio
import logging
from urllib.parse import quote as percent_encode

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from qa.answering.originals import Original
from qa.errors import Overloaded, UnknownDocument, UnreadableForNow
from qa.web.limits.address_limits import Quota, address_of
from qa.web.limits.guard import ASKED_HEAD
from qa.web.limits.range_requests import check_match, is_known, wanted_range
from qa.web.limits.workers import Workers, hung_up

log = logging.getLogger("qa.web")


class FileReply(Response):
    """Sends an open file, or the requested range of it, as a download under its name, and closes it.

    `quota` counts the files being sent; `workers` read them.

    Raises:
        HTTPException: 412 or 416, by the request's conditions.
    """

    def __init__(self, file: Original, quota: Quota, workers: Workers, request: Request) -> None:
        etag = f'"{file.sha256}"'
        headers = {"etag": etag, "accept-ranges": "bytes"}
        check_match(request.headers, etag)
        if is_known(request.headers, etag):
            status, self._left_bytes = 304, 0
        else:
            asked_head = request.scope.get(ASKED_HEAD)  # ranges are defined only for GET
            part = None if asked_head else wanted_range(request.headers, etag, file.size_bytes)
            status, length = (206, len(part)) if part else (200, file.size_bytes)
            headers |= {"content-disposition": _to_be_saved(file.name), "content-length": str(length)}
            if part:
                headers["content-range"] = f"bytes {part.start}-{part.stop - 1}/{file.size_bytes}"
                file.take(part)
            self._left_bytes = 0 if asked_head else length
        super().__init__(status_code=status, headers=headers, media_type="application/octet-stream")
        self._file = file
        self._quota = quota
        self._workers = workers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file.

        Raises:
            Overloaded: the maximum number of files is being sent; nothing has been sent.
        """
        address = address_of(scope)
        try:
            if not self._quota.has_room(address):
                raise Overloaded("Too many files are being sent at once; try again in a moment.")
            self._quota.take(address)
            try:
                await self._send(receive, send)
            finally:
                self._quota.give(address)
        finally:
            self._file.close()

    async def _send(self, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        left_bytes = self._left_bytes
        if not left_bytes:
            await send({"type": "http.response.body", "body": b""})
            return
        gone = asyncio.create_task(hung_up(receive))
        try:
            while not gone.done():
                piece = await self._workers.do(self._file.read)
                left_bytes -= len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": left_bytes > 0})
                if left_bytes <= 0:
                    return
        except (UnknownDocument, UnreadableForNow) as error:
            log.warning("%s The reply was cut off.", error)
        finally:
            gone.cancel()


def _to_be_saved(name: str) -> str:
    """The Content-Disposition of a file (RFC 6266)."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)
    full = percent_encode(name, safe="", errors="replace")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{full}"
