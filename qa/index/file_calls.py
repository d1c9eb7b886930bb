"""Limits the wait for file system calls that may never return, such as on a network drive without its server.

Guarantees: the caller continues when a call has made no progress for some seconds. The call cannot be ended, so its
    thread keeps waiting. Until it returns, a call for the same path fails at once; a call for a neighbouring path gets
    only a short limit, or fails at once if several neighbours wait. So an unresponsive drive causes only short delays
    and uses a limited number of threads.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

LIMIT_S = 20.0  # without progress; a busy drive that spins up takes less
MOMENT_S = 1.0
_MOST_HUNG_BESIDE = 8
_MOST_HUNG = 64

T = TypeVar("T")
Headway = Callable[[], None]

_hung: dict[Path, threading.Thread] = {}
_lock = threading.Lock()
_own = threading.local()  # one idle helper thread for each calling thread

# Errors of a missing drive, not of a file.
_OF_A_DRIVE = frozenset(
    getattr(errno, name)
    for name in (
        "EIO EREMOTEIO ESTALE ETIMEDOUT EHOSTDOWN EHOSTUNREACH ENETDOWN ENETUNREACH ENOTCONN ECONNABORTED ECONNREFUSED"
        " ECONNRESET EPIPE"
    ).split()
    if hasattr(errno, name)
)


def says_nothing_of_the_file(error: OSError) -> bool:
    """Whether an error means that a drive failed or did not answer, so that a later try may succeed."""
    return error.errno in _OF_A_DRIVE


def within(path: Path, call: Callable[[Headway], T], limit_s: float | None = None) -> T:
    """The result of a call that opens, reads or lists a path.

    Args:
        path: The path of the call.
        call: Called with a function that it must call whenever it has made progress.
        limit_s: The longest time without progress, by default `LIMIT_S`; much shorter if calls for neighbouring paths
            hang.

    Raises:
        TimeoutError: it made no progress for this time, or an earlier call for the path still hangs.
        Exception: any error of the call.
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
            helper.calls.put(None)  # the thread ends if the call returns later
            raise _no_answer(limit_s)
        seen = asked.headway
    _own.helper = helper
    if asked.error:
        raise asked.error
    return asked.result


def given_up() -> frozenset[Path]:
    """The paths of abandoned calls that have not returned."""
    with _lock:
        for each in [each for each, thread in _hung.items() if not thread.is_alive()]:
            del _hung[each]
        return frozenset(_hung)


def limit_for(path: Path, limit_s: float) -> float:
    """The longest time without progress for a path: `limit_s`, or much less if neighbouring calls were abandoned.

    Raises:
        TimeoutError: an abandoned call for this path has not returned, or several neighbouring ones, or very many.
    """
    hung = given_up()
    beside = sum(path.is_relative_to(each) or path.parent == each.parent for each in hung)
    if path in hung or beside >= _MOST_HUNG_BESIDE or len(hung) >= _MOST_HUNG:
        raise _no_answer(0)
    return min(limit_s, MOMENT_S) if beside else limit_s


class Call(Generic[T]):
    """A call that one thread makes while another waits for its result."""

    def __init__(self, call: Callable[[Headway], T]) -> None:
        self._call = call
        self.done = threading.Event()
        self.headway = 0
        self.error: BaseException | None = None
        self.result: T

    def run(self) -> None:
        """Make the call, and store its result or error."""
        try:
            self.result = self._call(self._move)
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
            self.error = error
        self.done.set()

    def wait(self, limit_s: float) -> bool:
        """Wait until the call ends; return whether it has."""
        return self.done.wait(limit_s)

    def _move(self) -> None:
        self.headway += 1


class _Helper:
    """A thread that makes one call after another."""

    def __init__(self) -> None:
        self.calls: SimpleQueue[Call[Any] | None] = SimpleQueue()
        self.thread = threading.Thread(target=self._work, name="file calls", daemon=True)
        self.thread.start()

    def _work(self) -> None:
        while (call := self.calls.get()) is not None:
            call.run()
            del call  # otherwise its result would stay in memory until the next one


def close_later(descriptor: int) -> None:
    """Close an open file without waiting, since closing may also hang."""
    try:
        threading.Thread(target=os.close, args=(descriptor,), name="file to close", daemon=True).start()
    except RuntimeError:  # no thread can be started
        os.close(descriptor)


def _no_answer(limit_s: float) -> TimeoutError:
    told = f"its drive gave no answer for {limit_s:g} s" if limit_s else "its drive still gives no answer"
    return TimeoutError(errno.ETIMEDOUT, told)
