"""Handles Ctrl-C where Python would print a traceback, or lose it because it interrupts a destructor."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def ended_by_ctrl_c() -> Iterator[None]:
    """A context in which Ctrl-C ends the process at once and without output; use it before any work begins.

    Does nothing if Ctrl-C is already ignored or handled by other code.
    """
    with _handled_by(signal.SIG_DFL):
        yield


class Stop(threading.Event):
    """An event that Ctrl-C also sets, within `set_by_ctrl_c`, even if the exception that it raises is lost."""

    def __init__(self) -> None:
        super().__init__()
        self._pressed = False

    @contextmanager
    def set_by_ctrl_c(self) -> Iterator[None]:
        """A context in which Ctrl-C sets this event.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed; at the end of the context, if the exception was lost before.
        """
        with _handled_by(self._interrupt):
            yield
        if self._pressed:
            raise KeyboardInterrupt

    def is_set(self) -> bool:
        """Whether it is set, or Ctrl-C was pressed."""
        return self._pressed or super().is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, at most `timeout` seconds; return whether it is, or Ctrl-C was pressed."""
        return super().wait(timeout) or self._pressed

    def _interrupt(self, *_: object) -> None:
        self._pressed = True  # without the event's lock, which the interrupted thread may hold
        raise KeyboardInterrupt


@contextmanager
def _handled_by(handler: Callable[..., None] | signal.Handlers) -> Iterator[None]:
    """A context with a handler of Ctrl-C, in the main thread, unless it is ignored or handled by other code."""
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not usual or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
