"""Finds processes by an environment variable, which those that they start inherit, also where a parent has ended.

Linux only.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

MARK = "TEST_PROCESSES"


def marked(mark: str) -> list[int]:
    """The ids of the other processes with a mark that live."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            # Read as it is: a process that has changed its title leaves empty entries, at which psutil stops.
            variables = (folder / "environ").read_bytes().split(b"\0")
            if f"{MARK}={mark}".encode() in variables and int(folder.name) != os.getpid():
                found.append(int(folder.name))
    return found


def end_marked(mark: str) -> None:
    """Kill the other processes with a mark."""
    for process_id in marked(mark):
        with suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGKILL)
