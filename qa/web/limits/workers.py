"""What the application takes on: a few threads for all that blocks, a bounded queue before them, a limit on time.

What answers and what touches the documents' files have threads of their own (`qa.web.app`), so that a drive that is
slow or does not answer holds up no question.

Guarantees: the event loop never blocks on an answer; at most so many calls run or wait, and one more is refused at
once; whoever waits too long is told so; a call that nobody waits for any more does not begin. A call that has begun
goes on to its end, and keeps its place until then. Sending a reply is the server's, and holds no thread.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from qa.errors import Overloaded, TookTooLong

# The network and the products run without the interpreter's lock: a thread for each core, and one that holds the lock.
THREADS = (os.cpu_count() or 1) + 1
FILE_THREADS = 16  # most wait for a disk

T = TypeVar("T")


class Workers:
    """The threads of one application and the queue before them."""

    def __init__(self, *, queue: int, seconds: float, threads: int = THREADS) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="answers")
        self._places = BoundedSemaphore(queue)
        self._queue = queue
        self._seconds = seconds

    async def do(self, call: Callable[[], T]) -> T:
        """The result of a call that may block: a step of a request that has its place already, whose body may come."""
        return await asyncio.wrap_future(self._threads.submit(call))

    async def run(self, request: Request, call: Callable[[], T]) -> T:
        """The result of a call that may block.

        Raises:
            Overloaded: every place is taken.
            TookTooLong: it was not done in time.
            ClientDisconnect: who asked has gone.
        """
        if not self._places.acquire(blocking=False):
            raise Overloaded(f"{self._queue} requests are being worked on or waiting; come back in a moment.")
        work = self._threads.submit(call)
        work.add_done_callback(lambda _: self._places.release())
        result = asyncio.wrap_future(work)
        gone = asyncio.create_task(hung_up(request.receive))
        try:
            await asyncio.wait((result, gone), timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
            if result.done():
                return result.result()
            if gone.done():
                gone.result()
                raise ClientDisconnect
            raise TookTooLong(f"There was no answer within {self._seconds:g} seconds; come back in a moment.")
        finally:
            gone.cancel()
            work.cancel()  # at once: cancelling the result gets there only a turn of the loop later
            result.cancel()


async def hung_up(receive: Receive) -> None:
    """Return when the client has hung up. The body must have been read."""
    while (await receive())["type"] != "http.disconnect":
        pass
