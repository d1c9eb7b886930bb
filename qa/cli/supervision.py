"""Keeps a process running beside the server: starts it again when it ends, after a growing delay.

1. Start the process, with a pipe as its standard input, and wait for its end.
2. Log how it ended, in one line, and wait: 1 s at first, twice as long each time, 60 s at most. A process that lived
   for 60 s was well, so the next delay is 1 s again.
3. Go on with 1.

The process is told to end by closing its standard input, so it also ends when this process is killed. It gets a process
group of its own: Ctrl-C in a terminal goes to the server alone, which then tells it.
"""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from qa.text.exit_status import how_it_ended

_FIRST_DELAY_S = 1.0
_LONGEST_DELAY_S = 60.0
_WELL_AFTER_S = 60.0
_STOP_WITHIN_S = 10.0  # what it does then is cut off

log = logging.getLogger(__name__)


class Supervised:
    """A context for as long as which a process is kept running."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        first_delay_s: float = _FIRST_DELAY_S,
        longest_delay_s: float = _LONGEST_DELAY_S,
        well_after_s: float = _WELL_AFTER_S,
    ) -> None:
        """Nothing is started before the context is entered.

        Args:
            name: The process's name in the log.
            command: The program and its arguments.
            environment: Its environment variables, all of them.
            first_delay_s: Before it is started again for the first time.
            longest_delay_s: The delay that is not exceeded.
            well_after_s: How long a process has to live for the next delay to be the first again.
        """
        self._name = name
        self._command = list(command)
        self._environment = dict(environment)
        self._first_delay_s = first_delay_s
        self._longest_delay_s = longest_delay_s
        self._well_after_s = well_after_s
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
            self._thread.join(_STOP_WITHIN_S)
            process.kill()  # does nothing to one that has ended
        self._thread.join()

    def _keep_running(self) -> None:
        delay_s = self._first_delay_s
        while not self._stopping.is_set():
            started = time.monotonic()
            how = self._run()
            if self._stopping.is_set():
                return
            if time.monotonic() - started >= self._well_after_s:
                delay_s = self._first_delay_s
            log.error("The %s ended (%s); it is started again in %g s", self._name, how, delay_s)
            self._stopping.wait(delay_s)
            delay_s = min(2 * delay_s, self._longest_delay_s)

    def _run(self) -> str:
        """Run the process to its end; returns how it ended."""
        with self._starting:
            if self._stopping.is_set():
                return "not started"
            try:
                self._process = process = subprocess.Popen(
                    self._command, stdin=subprocess.PIPE, env=self._environment, process_group=0
                )
            except (OSError, MemoryError, subprocess.SubprocessError) as error:
                return f"it cannot be started: {error}"
        status = process.wait()
        _close_input(process)
        return how_it_ended(status)


def _close_input(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        if process.stdin:
            process.stdin.close()
