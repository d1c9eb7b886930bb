"""Watches a worker process: kills it at a time limit, and notes how much memory it used."""

from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path
from typing import Self

from qa.errors import UnreadableForNow

_LOOK_EVERY_S = 0.02  # a process takes some 20 MB more between two looks, little beside any limit


def peak_mb(process: int | str) -> int:
    """The most address space that a process (an id, or "self") ever had, in MB; 0 where that cannot be told."""
    try:
        status = Path(f"/proc/{process}/status").read_bytes()
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith(b"VmPeak:"):
            return int(line.split()[1]) >> 10
    return 0


class Guard:
    """Watches a worker while it reads: kills it when its time is up, and notes the most memory that it had.

    `timed_out` and `peak_mb` (0 where the system does not tell) hold when the context is left.

    Raises:
        UnreadableForNow: on entering, the system gives no further thread.
    """

    def __init__(self, process: subprocess.Popen[bytes], limit_s: float) -> None:
        self._process = process
        self._limit_s = limit_s
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.timed_out = False
        self.peak_mb = 0

    def __enter__(self) -> Self:
        self._until = time.monotonic() + self._limit_s
        try:
            self._thread.start()
        except RuntimeError as error:  # Python's only word for a thread that the system refuses
            raise UnreadableForNow(f"its parser could not be watched ({error})") from None
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._look()
        self.timed_out |= time.monotonic() >= self._until

    def _watch(self) -> None:
        while not self._done.wait(min(_LOOK_EVERY_S, max(0.0, self._until - time.monotonic()))):
            self._look()
            if time.monotonic() >= self._until:
                self.timed_out = True
                self._process.kill()
                return

    def _look(self) -> None:
        self.peak_mb = max(self.peak_mb, peak_mb(self._process.pid))
