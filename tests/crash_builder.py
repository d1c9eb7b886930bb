"""A builder to be killed: in a process of its own, by a timer outside or by itself at its n-th touch of the disk."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from fakes import FakeEncoder

from qa.build import build
from qa.settings import Settings

_DISK = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree", "sqlite3.connect", "os.listdir")


def run(seeds: Path, index: Path, die_at: int | None = None) -> None:
    """Build; exits 0 when it came to its end."""
    touched = 0

    def die(event: str, _: object) -> None:
        nonlocal touched
        touched += event in _DISK
        if event in _DISK and touched == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    if die_at is not None:
        sys.addaudithook(die)
    build(Settings(seeds_dir=seeds, index_dir=index), encoder=FakeEncoder(delay_s=0.0005))


def touches(seeds: Path, index: Path, counted) -> None:
    """Build, and tell how often the disk was touched."""
    count = 0

    def tell(event: str, _: object) -> None:
        nonlocal count
        count += event in _DISK

    sys.addaudithook(tell)
    build(Settings(seeds_dir=seeds, index_dir=index), encoder=FakeEncoder(delay_s=0.0005))
    counted.put(count)
