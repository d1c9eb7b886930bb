"""Limits the wait for calls into a file system that may never return, as on a network drive without its server.

Guarantees: the caller continues when a call has made no progress for some seconds. Such a call cannot be ended, so its
thread waits on; until it returns, a call for the same path fails at once, and one for a path beside or below it may
take only a moment. So a drive that gives no answer delays nothing for long, and takes a limited number of threads.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

LIMIT_S = 20.0  # without headway; a busy drive that spins up takes less
MOMENT_S = 1.0
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
        limit_s: How long it may make none; without, `LIMIT_S`, or a moment beside what hangs already.

    Raises:
        TimeoutError: it has made no headway for so long, or is still waited for from an earlier time.
        Exception: what the call itself raises.
    """
    limit_s = min(limit_s or LIMIT_S, _limit_for(path))
    helper = getattr(_own, "helper", None) or _Helper()
    _own.helper = None
    asked = _Call(call)
    helper.calls.put(asked)
    seen = asked.headway
    while not asked.done.wait(limit_s):
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


class _Call(Generic[T]):
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

    def _move(self) -> None:
        self.headway += 1


class _Helper:
    """A thread that does one call after the other."""

    def __init__(self) -> None:
        self.calls: SimpleQueue[_Call[Any] | None] = SimpleQueue()
        self.thread = threading.Thread(target=self._work, name="file calls", daemon=True)
        self.thread.start()

    def _work(self) -> None:
        while (call := self.calls.get()) is not None:
            call.run()
            del call  # or its result would be held until the next one


def _limit_for(path: Path) -> float:
    with _lock:
        for each in [each for each, thread in _hung.items() if not thread.is_alive()]:
            del _hung[each]
        if path in _hung or len(_hung) >= _MOST_HUNG:
            raise _no_answer(0)
        beside = any(path.is_relative_to(each) or path.parent == each.parent for each in _hung)
    return MOMENT_S if beside else LIMIT_S


def _no_answer(limit_s: float) -> TimeoutError:
    told = f"its drive gave no answer for {limit_s:g} s" if limit_s else "its drive still gives no answer"
    return TimeoutError(errno.ETIMEDOUT, told)
