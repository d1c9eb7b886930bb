"""Finds processes by an environment variable, which those that they start inherit, also where a parent has ended."""

from __future__ import annotations

import os
from contextlib import suppress

import psutil

MARK = "TEST_PROCESSES"


def marked(mark: str) -> list[psutil.Process]:
    """The other processes with a mark that live."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            ended = process.status() == psutil.STATUS_ZOMBIE
            if process.pid != os.getpid() and not ended and process.environ().get(MARK) == mark:
                found.append(process)
    return found


def end_marked(mark: str) -> None:
    """Kill the other processes with a mark."""
    for process in marked(mark):
        with suppress(psutil.Error):
            process.kill()
