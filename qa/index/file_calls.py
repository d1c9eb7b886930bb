"""Limits the wait for calls into a file system that may never return, as on a network drive without its server.

Guarantees: the caller continues when a call has made no progress for some seconds. Such a call cannot be ended, so its
thread waits on; until it returns, a call for the same path fails at once, and one for a path beside or below it may
take only a moment, or fails at once where several of its neighbours wait. So a drive that gives no answer delays
nothing for long, and takes a limited number of threads.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

LIMIT_S = 20.0  # without headway; a busy drive that spins up takes less
MOMENT_S = 1.0
_MOST_HUNG_BESIDE = 8
_MOST_HUNG = 64

T = TypeVar("T")
Headway = Callable[[], None]

_hung: dict[Path, threading.Thread] = {}
_lock = threading.Lock()
_own = threading.local()  # an idle helper of each calling thread

# What the system says of a drive that is gone, rather than of a file.
_OF_A_DRIVE = frozenset(
    getattr(errno, name)
    for name in (
        "EIO EREMOTEIO ESTALE ETIMEDOUT EHOSTDOWN EHOSTUNREACH ENETDOWN ENETUNREACH ENOTCONN ECONNABORTED ECONNREFUSED"
        " ECONNRESET EPIPE"
    ).split()
    if hasattr(errno, name)
)


def says_nothing_of_the_file(error: OSError) -> bool:
    """Whether a drive failed or did not answer: the file itself may be right, and the next try may succeed."""
    return error.errno in _OF_A_DRIVE


def within(path: Path, call: Callable[[Headway], T], limit_s: float | None = None) -> T:
    """The result of a call that opens, reads or lists a path.

    Args:
        path: What it is about.
        call: Is given a function to call whenever it has made some headway.
        limit_s: How long it may make none, by default `LIMIT_S`; beside what hangs already only a moment.

    Raises:
        TimeoutError: it has made no headway for so long, or is still waited for from an earlier time.
        Exception: what the call itself raises.
    """
    limit_s = limit_for(path, limit_s or LIMIT_S)
    helper = getattr(_own, "helper", None) or _Helper()
    _own.helper = None
    asked = Call(call)
    helper.calls.put(asked)
    seen = asked.headway
    while not asked.wait(limit_s):
        if asked.headway == seen:
            with _lock:
                _hung[path] = helper.thread
            helper.calls.put(None)  # it ends when the call returns after all
            raise _no_answer(limit_s)
        seen = asked.headway
    _own.helper = helper
    if asked.error:
        raise asked.error
    return asked.result


def given_up() -> frozenset[Path]:
    """The paths of the calls that were given up and have not returned."""
    with _lock:
        for each in [each for each, thread in _hung.items() if not thread.is_alive()]:
            del _hung[each]
        return frozenset(_hung)


def limit_for(path: Path, limit_s: float) -> float:
    """How long a call for a path may make no headway: `limit_s`, or only a moment if calls beside it were given up.

    Raises:
        TimeoutError: a call for this path was given up and has not returned, or several beside it, or very many.
    """
    hung = given_up()
    beside = sum(path.is_relative_to(each) or path.parent == each.parent for each in hung)
    if path in hung or beside >= _MOST_HUNG_BESIDE or len(hung) >= _MOST_HUNG:
        raise _no_answer(0)
    return min(limit_s, MOMENT_S) if beside else limit_s


class Call(Generic[T]):
    """A call that a thread makes for another, which waits for its result."""

    def __init__(self, call: Callable[[Headway], T]) -> None:
        self._call = call
        self.done = threading.Event()
        self.headway = 0
        self.error: BaseException | None = None
        self.result: T

    def run(self) -> None:
        """Make the call, and keep its result or its error."""
        try:
            self.result = self._call(self._move)
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
            self.error = error
        self.done.set()

    def wait(self, limit_s: float) -> bool:
        """Whether it has ended, or does within some seconds."""
        return self.done.wait(limit_s)

    def _move(self) -> None:
        self.headway += 1


class _Helper:
    """A thread that does one call after the other."""

    def __init__(self) -> None:
        self.calls: SimpleQueue[Call[Any] | None] = SimpleQueue()
        self.thread = threading.Thread(target=self._work, name="file calls", daemon=True)
        self.thread.start()

    def _work(self) -> None:
        while (call := self.calls.get()) is not None:
            call.run()
            del call  # or its result would be held until the next one


def close_later(descriptor: int) -> None:
    """Close an open file without waiting for it: closing, too, may not return."""
    try:
        threading.Thread(target=os.close, args=(descriptor,), name="file to close", daemon=True).start()
    except RuntimeError:  # no thread can be started
        os.close(descriptor)


def _no_answer(limit_s: float) -> TimeoutError:
    told = f"its drive gave no answer for {limit_s:g} s" if limit_s else "its drive still gives no answer"
    return TimeoutError(errno.ETIMEDOUT, told)
