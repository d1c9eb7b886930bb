"""A drive that does not answer, for tests: calls wait until it is repaired, and are abandoned as soon as they wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from waiting import PATIENCE_S, until

import qa.index.file_calls


class Drive:
    """Wrapped calls wait on it. A waiting call is abandoned at once, any other call never is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waiting = threading.Semaphore(0)  # released by each call that starts to wait
        self.calls = 0
        self._mended = threading.Event()
        self._hanging: set[threading.Thread] = set()
        self._threads: dict[object, threading.Thread] = {}
        run = qa.index.file_calls.Call.run

        def noted(call: Any) -> None:
            self._threads[call] = threading.current_thread()
            try:
                run(call)
            finally:
                del self._threads[call]

        def wait(call: Any, limit_s: float) -> bool:
            until(lambda: call.done.is_set() or self._threads.get(call) in self._hanging)
            return call.done.is_set()

        monkeypatch.setattr(qa.index.file_calls.Call, "run", noted)
        self.give_up = lambda: monkeypatch.setattr(qa.index.file_calls.Call, "wait", wait)

    def slow(self, real: Callable, is_here: Callable[..., bool] = lambda *_: True) -> Callable:
        """Wrap a function so that it waits on this drive; `is_here` decides by its arguments whether it uses the
        drive."""

        def slow(*arguments: Any, **options: Any) -> Any:
            if is_here(*arguments) and not self._mended.is_set():
                self.calls += 1
                self._hanging.add(threading.current_thread())
                self.waiting.release()
                assert self._mended.wait(PATIENCE_S)
                self._hanging.discard(threading.current_thread())
            return real(*arguments, **options)

        return slow

    def mend(self) -> None:
        """Answer again, and wait until all abandoned calls have ended."""
        self._mended.set()
        until(lambda: not qa.index.file_calls.given_up())
