"""Keeps a process running beside the server: starts it again when it ends or hangs, after a growing delay.

1. Start the process, with a pipe as its standard input, and wait for its end. What it prints is read at once and handed
   on, so that it never waits for the reader of the server's output.
2. If there is no heartbeat for too long, kill it.
3. Log how it ended, in one line, and wait: 1 s at first, twice as long each time, 60 s at most. After a process that
   ran for 60 s and did not hang, the delay is 1 s again.
4. Go on with 1.

Closing its standard input tells the process to end, so it also ends when this process is killed. It is in a process
group of its own: Ctrl-C in a terminal goes to the server alone, which then ends it.
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

from qa.text.exit_status import how_it_ended

STOP_WITHIN_S = 10.0  # what it does then is cut off
_LONGEST_LINE_BYTES = 64 << 10

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How soon a process is started again, and when it counts as hanging, in seconds.

    Attributes:
        first_delay_s: Before it is started again for the first time.
        longest_delay_s: The delay that is not exceeded.
        well_after_s: How long a process has to live for the next delay to be the first again.
        stalled_after_s: How long its heartbeat may stay away.
        starts_within_s: How long its first heartbeat may take.
        look_every_s: How often the heartbeat is looked at.
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
        heartbeat: Callable[[int], object] | None = None,
        pace: Pace = Pace(),
    ) -> None:
        """Nothing is started before the context is entered.

        Args:
            name: The process's name in the log.
            command: The program and its arguments.
            environment: Its environment variables, all of them.
            hand_on: Called with each line that it prints, from a thread of its own.
            heartbeat: Called with its process id: a value that changes as long as the process gets on, None before its
                first heartbeat. Without, it is never taken to hang.
            pace: When it is started again.
        """
        self._name = name
        self._command = list(command)
        self._environment = dict(environment)
        self._hand_on = hand_on
        self._heartbeat = heartbeat
        self._pace = pace
        self._stopping = threading.Event()
        self._starting = threading.Lock()  # no process is started once it is known which one to end
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
        self._thread.join(STOP_WITHIN_S)  # a process that waits for a drive without answer may not even end by SIGKILL

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
        reader.join(STOP_WITHIN_S)  # a process that it started may hold its output open
        return _End(f"it hung, {how_it_ended(status)}", well=False) if hung else _End(how_it_ended(status))

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout
        with process.stdout as output, suppress(OSError, ValueError):
            while line := output.readline(_LONGEST_LINE_BYTES):
                self._hand_on(line.decode("utf-8", "replace").removesuffix("\n") + "\n")

    def _hangs(self, process: subprocess.Popen[bytes], reader: threading.Thread) -> bool:
        """Wait until a process has ended or its heartbeat stays away; returns whether it hangs."""
        last, since = self._beat(process), time.monotonic()
        while True:
            reader.join(self._pace.look_every_s)  # its output ends with it, and this wakes no processor in between
            if process.poll() is not None:
                return False
            if not reader.is_alive():
                self._stopping.wait(self._pace.look_every_s)
            beat = self._beat(process)
            if beat != last:
                last, since = beat, time.monotonic()
            limit_s = self._pace.starts_within_s if beat is None else self._pace.stalled_after_s
            if time.monotonic() - since > limit_s and not self._stopping.is_set():
                return True

    def _beat(self, process: subprocess.Popen[bytes]) -> object:
        return self._heartbeat(process.pid) if self._heartbeat else None


@dataclass(frozen=True, slots=True)
class _End:
    """How a process ended; `well` says that it did not hang."""

    told: str
    well: bool = True


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and those that it has started; does nothing to one that has ended."""
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
