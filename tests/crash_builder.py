"""A builder in a process that is killed: by itself at its n-th step, or from outside after it.

It builds and then merges, or builds alone, or merges alone, or rolls back and then prunes.

A step is a disk operation or an encoded text, so a build has the same steps on every machine.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from multiprocessing.connection import Connection
from pathlib import Path

from fakes import FakeEncoder, ParserHere

import qa.building.read_files
from qa.building.background_merge import merge
from qa.building.build import build
from qa.building.build_lock import build_lock
from qa.errors import UnknownSnapshot
from qa.index.local.prune import prune
from qa.index.local.rollback import roll_back
from qa.settings import Settings

KEPT = 2  # versions; the rest is pruned

_DISK = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree", "sqlite3.connect", "os.listdir")


class Kind(Enum):
    """Actions of a builder."""

    BUILD_AND_MERGE = "build and merge"
    BUILD = "build"
    MERGE = "merge"
    ROLL_BACK = "roll back"


def run(seeds: Path, index: Path, kind: Kind = Kind.BUILD_AND_MERGE, die_at: int | None = None) -> None:
    """Run the action; exits 0 at its end, or kills the process before step `die_at`, counted from 1."""
    _work(seeds, index, kind, lambda step: os.kill(os.getpid(), signal.SIGKILL) if step == die_at else None)


def tell(seeds: Path, index: Path, kind: Kind, steps: Connection) -> None:
    """Run the action, and write a byte to the pipe `steps` before each step."""
    _work(seeds, index, kind, lambda _: os.write(steps.fileno(), b"."))


def _work(seeds: Path, index: Path, kind: Kind, at_step: Callable[[int], object]) -> None:
    count = 0

    def step(event: str, _: object = None) -> None:
        nonlocal count
        if event in _DISK:
            count += 1
            at_step(count)

    qa.building.read_files.Parser = ParserHere  # starting a parser process would take most of the time
    encoder = FakeEncoder()
    encoder.seen = lambda _: step(_DISK[0])
    settings = Settings(seeds_dir=seeds, index_dir=index, keep_snapshots=KEPT)
    sys.addaudithook(step)
    if kind is Kind.ROLL_BACK:
        with build_lock(index), suppress(UnknownSnapshot):
            roll_back(index)
            prune(index, KEPT)
    if kind in (Kind.BUILD, Kind.BUILD_AND_MERGE):
        build(settings, encoder=encoder)
    if kind in (Kind.MERGE, Kind.BUILD_AND_MERGE):
        merge(settings)
