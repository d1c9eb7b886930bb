"""Keeps a process running beside the server: starts it again when it ends or hangs, after a growing delay.

1. Start the process, with a pipe as its standard input, and wait for its end. Its output is read at once and passed on,
   so that it never waits for the reader of the server's output.
2. Kill it if its heartbeat stops for too long.
3. Log how it ended, in one line, and wait: 1 s at first, twice as long each time, 60 s at most. After a process that
   ran for 60 s and did not hang, the delay is 1 s again.
4. Repeat from 1.

The process ends when its standard input is closed, so it also ends when this process is killed. It is in a separate
process group: Ctrl-C in a terminal reaches only the server, which then ends it.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from qa.text.child_processes import how_it_ended

STOP_WITHIN_S = 10.0  # then it is killed
_LONGEST_LINE_BYTES = 64 << 10

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How soon a process is started again, and when it is considered hung, in seconds.

    Attributes:
        first_delay_s: The delay before the first restart.
        longest_delay_s: The longest delay.
        well_after_s: After a run of at least this length, the next delay is `first_delay_s` again.
        stalled_after_s: The longest time without a heartbeat.
        starts_within_s: The longest time until the first heartbeat.
        look_every_s: The interval between checks of the heartbeat.
    """

    first_delay_s: float = 1.0
    longest_delay_s: float = 60.0
    well_after_s: float = 60.0
    stalled_after_s: float = 60.0
    starts_within_s: float = 600.0
    look_every_s: float = 1.0


class Supervised:
    """A context in which a process is kept running."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        hand_on: Callable[[str], object],
        heartbeat: Callable[[int], object],
        pace: Pace = Pace(),
    ) -> None:
        """Start nothing yet; entering the context starts the process.

        Args:
            name: The process's name in the log.
            command: The program and its arguments.
            environment: Its environment variables, all of them.
            hand_on: Called with each line that it prints, from a separate thread.
            heartbeat: Called with its process id: a value that changes while the process makes progress, None before
                its first heartbeat.
            pace: The delays and time limits.
        """
        self._name = name
        self._command = list(command)
        self._environment = dict(environment)
        self._hand_on = hand_on
        self._heartbeat = heartbeat
        self._pace = pace
        self._stopping = threading.Event()
        self._starting = threading.Lock()  # no process is started after the one to end has been determined
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep_running, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        with self._starting:
            process = self._process
        if process:
            _close_input(process)
            self._thread.join(STOP_WITHIN_S)
            _kill(process)
        self._thread.join(STOP_WITHIN_S)  # a process that waits for an unresponsive drive may not end even by SIGKILL

    def _keep_running(self) -> None:
        delay_s = self._pace.first_delay_s
        while not self._stopping.is_set():
            started = time.monotonic()
            how = self._run()
            if self._stopping.is_set():
                return
            if how.well and time.monotonic() - started >= self._pace.well_after_s:
                delay_s = self._pace.first_delay_s
            log.error("The %s ended (%s); it is started again in %g s", self._name, how.told, delay_s)
            self._stopping.wait(delay_s)
            delay_s = min(2 * delay_s, self._pace.longest_delay_s)

    def _run(self) -> _End:
        """Run the process to its end; returns how it ended."""
        with self._starting:
            if self._stopping.is_set():
                return _End("not started")
            try:
                self._process = process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    env=self._environment,
                    process_group=0,
                )
            except (OSError, MemoryError, subprocess.SubprocessError) as error:
                return _End(f"it cannot be started: {error}")
        reader = threading.Thread(target=self._read, args=(process,), name=f"output of the {self._name}", daemon=True)
        reader.start()
        hung = self._hangs(process, reader)
        if hung:
            log.error("The %s has made no progress for %g s and is ended", self._name, self._pace.stalled_after_s)
            _kill(process)
        status = process.wait()
        _close_input(process)
        reader.join(STOP_WITHIN_S)  # a child of the process may keep its output open
        return _End(f"it hung, {how_it_ended(status)}", well=False) if hung else _End(how_it_ended(status))

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout
        with process.stdout as output, suppress(OSError, ValueError):
            while line := output.readline(_LONGEST_LINE_BYTES):
                self._hand_on(line.decode("utf-8", "replace").removesuffix("\n") + "\n")

    def _hangs(self, process: subprocess.Popen[bytes], reader: threading.Thread) -> bool:
        """Wait until a process has ended or its heartbeat has stopped; return whether it hangs."""
        last, since = self._heartbeat(process.pid), time.monotonic()
        while True:
            reader.join(self._pace.look_every_s)  # its output ends when it ends, so no polling is needed in between
            if process.poll() is not None:
                return False
            if not reader.is_alive():
                self._stopping.wait(self._pace.look_every_s)
            beat = self._heartbeat(process.pid)
            if beat != last:
                last, since = beat, time.monotonic()
            limit_s = self._pace.starts_within_s if beat is None else self._pace.stalled_after_s
            if time.monotonic() - since > limit_s and not self._stopping.is_set():
                return True


@dataclass(frozen=True, slots=True)
class _End:
    """How a process ended; `well` is false if it was killed because it hung."""

    told: str
    well: bool = True


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its children; do nothing if it has ended."""
    if process.poll() is None:
        with suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()


def _close_input(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        if process.stdin:
            process.stdin.close()
