"""The lock that allows one builder at a time in an index folder; a build can ask a merge to release it.

What changes an index holds the lock, so it also turns the errors of a full or write-protected disk into those of a
build.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from qa.errors import BuildFailed, BuildRunning
from qa.index.build_notes import Step, read_progress
from qa.index.local.index_folder import LOCK

NO_MEMORY = "There is too little memory to build."
WAITING = "build.waiting"  # a file with this name asks a merge to stop

_PATIENCE_S = 60.0  # a merge checks for waiting builds every few milliseconds, but a disk may be slow


@contextmanager
def build_lock(index_dir: Path) -> Iterator[None]:
    """Hold the lock for a build, in a folder that is made if missing; if a merge has it, ask it to stop, and wait.

    Raises:
        BuildRunning: another build is running.
        BuildFailed: there is too little memory, or the disk is full or read-only; also while the lock is held.
    """
    lock = FileLock(index_dir / LOCK)
    try:
        index_dir.mkdir(parents=True, exist_ok=True)
        with lock.acquire(timeout=_PATIENCE_S if _asked_a_merge_to_stop(lock, index_dir) else 0):
            yield
    except Timeout:
        raise BuildRunning(f"Another build is running in {index_dir}; wait for it to end.") from None
    except MemoryError:
        raise BuildFailed(f"{NO_MEMORY} Nothing was changed; free some and build again.", for_now=True) from None
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or error
        raise BuildFailed(
            f"The index in {index_dir} cannot be written ({why}); check the disk, or set QA_INDEX_DIR.", for_now=True
        ) from error


@contextmanager
def merge_lock(index_dir: Path) -> Iterator[bool]:
    """Hold the lock for a merge if it is free; yield whether it was."""
    lock = FileLock(index_dir / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        (index_dir / WAITING).unlink(missing_ok=True)
        yield True
    finally:
        (index_dir / WAITING).unlink(missing_ok=True)
        lock.release()


def is_awaited(index_dir: Path) -> bool:
    """Whether a build waits for the lock of a merge."""
    return (index_dir / WAITING).exists()


def _asked_a_merge_to_stop(lock: FileLock, index_dir: Path) -> bool:
    try:
        with lock.acquire(timeout=0):
            return False
    except Timeout:
        progress = read_progress(index_dir)
        merging = progress is not None and progress.step is Step.MERGING
        if merging:
            (index_dir / WAITING).touch()
        return merging
