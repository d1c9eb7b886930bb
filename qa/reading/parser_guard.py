"""Limits a worker process: its own limits, and a watch that kills it at a time limit and records its memory."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

from qa.errors import UnreadableForNow

if sys.platform != "win32":
    import resource

_LOOK_EVERY_S = 0.02  # a process allocates some 20 MB between two checks, little compared with any limit


def peak_mb(process: int | str) -> int:
    """The peak address space of a process (an id, or "self"), in MB; 0 if it is not known."""
    try:
        status = Path(f"/proc/{process}/status").read_bytes()
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith(b"VmPeak:"):
            return int(line.split()[1]) >> 10
    return 0


def limited_to(memory_mb: int, seconds: int | None = None) -> int:
    """Limit this process to some memory and CPU time; it may then write no files either.

    Returns:
        The effective memory limit in MB, which may be lower if inherited.
    """
    if sys.platform == "win32":
        return memory_mb
    wanted = {resource.RLIMIT_AS: memory_mb << 20, resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CORE: 0}
    for what, most in (wanted if seconds is None else wanted | {resource.RLIMIT_CPU: seconds}).items():
        _, inherited = resource.getrlimit(what)
        limit = most if inherited == resource.RLIM_INFINITY else min(most, inherited)
        resource.setrlimit(what, (limit, limit))
    return resource.getrlimit(resource.RLIMIT_AS)[0] >> 20


class Guard:
    """Watches a worker while it reads: kills it at the time limit, and records its peak memory.

    `timed_out` and `peak_mb` (0 if not known) are valid after the context has ended.

    Raises:
        UnreadableForNow: on entering, if no thread can be started.
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
        except RuntimeError as error:  # Python raises this if the system refuses a thread
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
