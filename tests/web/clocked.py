"""Connections whose clock moves only when a test moves it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fake_service import FakeService
from live_server import serving
from waiting import PATIENCE_S, until

from qa.web.limits.connection import Connection


class _Timer:
    def __init__(self, due_s: float, call: Callable[[], object]) -> None:
        self.due_s = due_s
        self.call = call
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class _Loop:
    """An event loop with another clock."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        self._loop = loop
        self._clock = clock
        clock.loop = loop

    def call_later(self, delay_s: float, call: Callable[..., object], *arguments: Any) -> _Timer:
        timer = _Timer(self._clock.now_s + delay_s, lambda: call(*arguments))
        self._clock.timers.append(timer)
        return timer

    def time(self) -> float:
        return self._clock.now_s

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)


class Clock:
    """The time of a server's connections, and the events on them."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.timers: list[_Timer] = []
        self.loop: asyncio.AbstractEventLoop | None = None
        self.heard_bytes = 0
        self.made = 0
        self.lost = 0

    def advance(self, seconds: float) -> None:
        """Advance the time, and return when all calls due by then have run, in order."""
        done = threading.Event()
        self.loop.call_soon_threadsafe(self._move, self.now_s + seconds, done)
        assert done.wait(PATIENCE_S)

    def settle(self) -> None:
        """Return after more iterations of the server's loop than a message between two of its tasks needs."""
        done = threading.Event()

        def turn(left: int) -> None:
            self.loop.call_soon(turn, left - 1) if left else done.set()

        self.loop.call_soon_threadsafe(turn, 50)
        assert done.wait(PATIENCE_S)

    def wait_until_made(self, count: int) -> None:
        """Wait until so many clients in total have connected."""
        until(lambda: self.made >= count)

    def wait_until_heard(self, count: int) -> None:
        """Wait until so many bytes in total have been received."""
        until(lambda: self.heard_bytes >= count)

    def wait_until_lost(self, count: int) -> None:
        """Wait until so many connections in total have ended."""
        until(lambda: self.lost >= count)

    def _move(self, to_s: float, done: threading.Event) -> None:
        try:
            while due := [timer for timer in self.timers if timer.due_s <= to_s and not timer.cancelled]:
                first = min(due, key=lambda timer: timer.due_s)
                self.timers.remove(first)
                self.now_s = first.due_s
                first.call()
            self.now_s = to_s
        finally:
            done.set()


@contextmanager
def clocked(
    service: FakeService, connection: type[Connection] = Connection, **options: Any
) -> Iterator[tuple[str, Clock]]:
    """A server like that of `serving`; yields its address and its connections' clock."""
    clock = Clock()

    class Clocked(connection):
        def __init__(self, *arguments, **named):
            super().__init__(*arguments, **{**named, "_loop": _Loop(asyncio.get_running_loop(), clock)})

        def connection_made(self, transport):
            super().connection_made(transport)
            clock.made += 1

        def data_received(self, data):
            super().data_received(data)
            clock.heard_bytes += len(data)

        def connection_lost(self, exc):
            super().connection_lost(exc)
            clock.lost += 1

    with serving(service, connection=Clocked, **options) as address:
        yield address, clock
