"""Runs blocking calls on a bounded thread pool with a bounded queue and a time limit.

Questions, calls on the documents' files, and drawing pages have separate pools (`qa.web.app`), so that a slow drive or
a complex page delays no question.

Guarantees: the event loop never blocks on an answer. The number of calls that run or wait is bounded; a call beyond it
    is refused at once. If a call takes too long, its client gets an error; if its client has disconnected, it does not
    start. A running call continues to its end and counts until then. No thread is used while a reply is sent.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import BoundedSemaphore
from typing import Protocol, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from qa.errors import Overloaded, TookTooLong

# One thread per core: a further one only moves an answer's data between the cores' caches. At least two, so that a long
# question does not delay all others.
THREADS = max(2, os.cpu_count() or 1)
FILE_THREADS = 16  # most of them wait for a disk
PICTURE_THREADS = 2  # one page is drawn at a time; the other thread returns pages drawn before
PICTURES_WAITING = 16

T = TypeVar("T")


class Gauge(Protocol):
    """A number that can be increased and decreased."""

    def inc(self) -> object:
        """Add one."""

    def dec(self) -> object:
        """Subtract one."""


class Workers:
    """A thread pool with a bounded queue."""

    def __init__(self, *, queue: int, seconds: float, threads: int = THREADS, gauge: Gauge | None = None) -> None:
        """Create the pool; threads start when needed.

        Args:
            queue: The maximum number of calls that run or wait.
            seconds: The time limit of a call, waiting included.
            threads: The number of threads.
            gauge: Set to the number of calls that run or wait.
        """
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="answers")
        self._places = BoundedSemaphore(queue)
        self._queue = queue
        self._seconds = seconds
        self._gauge = gauge

    async def do(self, call: Callable[[], T]) -> T:
        """The result of a blocking call that is one step of an upload; it takes no place in the queue."""
        return await asyncio.wrap_future(self._threads.submit(call))

    async def run(self, request: Request | None, call: Callable[[], T]) -> T:
        """The result of a blocking call.

        Args:
            request: The request of the waiting client; None if a disconnection cannot be detected.
            call: The function to call.

        Raises:
            Overloaded: the queue is full.
            TookTooLong: it was not done in time.
            ClientDisconnect: the client has disconnected.
        """
        if not self._places.acquire(blocking=False):
            raise Overloaded(f"{self._queue} requests are being worked on or waiting; try again in a moment.")
        work = self._threads.submit(copy_context().run, call)  # with the request's id, for the log
        if self._gauge:
            self._gauge.inc()
        work.add_done_callback(lambda _: self._leave())
        result = asyncio.wrap_future(work)
        gone = asyncio.create_task(hung_up(request.receive if request else _nothing))
        try:
            await asyncio.wait((result, gone), timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
            if result.done():
                return result.result()
            if gone.done():
                gone.result()
                raise ClientDisconnect
            raise TookTooLong(f"There was no answer within {self._seconds:g} seconds; try again in a moment.")
        finally:
            gone.cancel()
            work.cancel()  # directly: cancelling the result takes effect only in the next iteration of the event loop
            result.cancel()

    def _leave(self) -> None:
        self._places.release()
        if self._gauge:
            self._gauge.dec()


async def hung_up(receive: Receive) -> None:
    """Return when the client has disconnected. The body must have been read."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _nothing() -> Message:
    """Stands in for `hung_up` without a request: never returns."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets the event")
