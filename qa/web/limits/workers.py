"""Runs blocking calls on a bounded thread pool with a bounded queue and a time limit.

Questions, calls on the documents' files, and drawing pages have pools of their own (`qa.web.app`), so that a slow drive
or a page that is hard to draw delays no question.

Guarantees: the event loop never blocks on an answer. The number of calls that run or wait is bounded, and one more is
refused at once. A call that takes too long ends with an error for its client; one whose client has gone does not begin.
A call that has begun continues to its end, and counts until then. No thread is held while a reply is sent.
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

# One for each core: a further one would only move an answer's data between the cores' caches. Two at least, so that a
# long question does not hold up all others.
THREADS = max(2, os.cpu_count() or 1)
FILE_THREADS = 16  # most wait for a disk
PICTURE_THREADS = 2  # one page is drawn at a time, and one more thread finds those that were drawn before
PICTURES_WAITING = 16

T = TypeVar("T")


class Gauge(Protocol):
    """A number that goes up and down."""

    def inc(self) -> object:
        """Add one."""

    def dec(self) -> object:
        """Take one away."""


class Workers:
    """The threads of one application and the queue before them."""

    def __init__(self, *, queue: int, seconds: float, threads: int = THREADS, gauge: Gauge | None = None) -> None:
        """Start no thread before one is needed.

        Args:
            queue: How many calls may run or wait.
            seconds: How long a call may take, its wait included.
            threads: How many calls run at once.
            gauge: Kept at the number of calls that run or wait.
        """
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="answers")
        self._places = BoundedSemaphore(queue)
        self._queue = queue
        self._seconds = seconds
        self._gauge = gauge

    async def do(self, call: Callable[[], T]) -> T:
        """The result of a call that may block: a step of a request that has its place already, whose body may come."""
        return await asyncio.wrap_future(self._threads.submit(call))

    async def run(self, request: Request | None, call: Callable[[], T]) -> T:
        """The result of a call that may block.

        Args:
            request: Of the client that waits; None if it cannot be known whether the client hangs up.
            call: What to call.

        Raises:
            Overloaded: every place is taken.
            TookTooLong: it was not done in time.
            ClientDisconnect: who asked has gone.
        """
        if not self._places.acquire(blocking=False):
            raise Overloaded(f"{self._queue} requests are being worked on or waiting; come back in a moment.")
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
            raise TookTooLong(f"There was no answer within {self._seconds:g} seconds; come back in a moment.")
        finally:
            gone.cancel()
            work.cancel()  # at once: cancelling the result takes effect only in the next iteration of the event loop
            result.cancel()

    def _leave(self) -> None:
        self._places.release()
        if self._gauge:
            self._gauge.dec()


async def hung_up(receive: Receive) -> None:
    """Return when the client has hung up. The body must have been read."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _nothing() -> Message:
    """The disconnection of a caller that is not known: this never returns."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets the event")
