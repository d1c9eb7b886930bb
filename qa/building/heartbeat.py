"""A builder's heartbeat: sets the time of the builder's lock file while the builder makes progress.

A builder makes progress if its process uses the processor, and its current step has not exceeded the limit for a step.
The first condition detects a call that does not return (an unresponsive drive, a full pipe) and a stopped process; the
second detects an endless loop. The readers of the lock decide after which time without a heartbeat a builder counts as
hung (`qa.index.builder_lock`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from math import inf
from typing import Self

_LOOK_EVERY_S = 1.0
_CPU_S = 0.001  # well above the difference of two clocks that are read in turn
_LONGEST_STEP_S = 3600.0  # an index of millions of passages is written in one step


class Heartbeat:
    """A context in which a thread checks every second whether this process makes progress, and if so calls `beat`."""

    def __init__(
        self,
        beat: Callable[[], None],
        cpu_s: Callable[[], float] | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start no checks yet; entering the context does.

        Args:
            beat: Called if the process has made progress since the last check.
            cpu_s: The processor time of the process without that of the calling thread, in seconds.
            now_s: A clock, in seconds.
        """
        self._beat = beat
        self._cpu_s = cpu_s or _cpu_of_others_s
        self._now_s = now_s
        self._used_s = -inf  # at the last beat
        self._step_since_s = now_s()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def step(self) -> None:
        """Record that one step of the work has ended and the next begins."""
        self._step_since_s = self._now_s()

    def look(self) -> None:
        """Call `beat` if the process has used the processor since the last beat and its step is within the limit."""
        used_s = self._cpu_s()
        if used_s - self._used_s >= _CPU_S and self._now_s() - self._step_since_s < _LONGEST_STEP_S:
            self._used_s = used_s
            self._beat()

    def _watch(self) -> None:
        while not self._done.wait(_LOOK_EVERY_S):
            self.look()


def _cpu_of_others_s() -> float:
    return time.process_time() - time.thread_time()
