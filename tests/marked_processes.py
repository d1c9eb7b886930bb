"""Finds processes by an environment variable, which their children inherit, also if a parent has ended.

Linux only.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

MARK = "TEST_PROCESSES"


def marked(mark: str) -> list[int]:
    """The ids of the other running processes with a mark."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            # Not through psutil: it stops at empty entries, which a process with a changed title has.
            variables = (folder / "environ").read_bytes().split(b"\0")
            if f"{MARK}={mark}".encode() in variables and int(folder.name) != os.getpid():
                found.append(int(folder.name))
    return found


def end_marked(mark: str) -> None:
    """Kill the other processes with a mark."""
    for process_id in marked(mark):
        with suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGKILL)
