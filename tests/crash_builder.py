"""A builder to be killed, in a process of its own: by itself at its n-th step, or from outside after its n-th step.

A step is a touch of the disk or a text that is encoded, so a build has the same steps on every machine.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from fakes import FakeEncoder

from qa.building.build import build
from qa.settings import Settings

_DISK = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree", "sqlite3.connect", "os.listdir")


def run(seeds: Path, index: Path, die_at: int | None = None) -> None:
    """Build; exits 0 when it came to its end, and dies before step `die_at`, counted from 1."""
    _build(seeds, index, lambda step: os.kill(os.getpid(), signal.SIGKILL) if step == die_at else None)


def tell(seeds: Path, index: Path, steps: Connection) -> None:
    """Build, and write a byte to the pipe `steps` before each step."""
    _build(seeds, index, lambda _: os.write(steps.fileno(), b"."))


def _build(seeds: Path, index: Path, at_step: Callable[[int], object]) -> None:
    count = 0

    def step(event: str, _: object = None) -> None:
        nonlocal count
        if event in _DISK:
            count += 1
            at_step(count)

    encoder = FakeEncoder()
    encoder.seen = lambda _: step(_DISK[0])
    sys.addaudithook(step)
    build(Settings(seeds_dir=seeds, index_dir=index), encoder=encoder)
