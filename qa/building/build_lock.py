"""The lock that allows one builder at a time in an index folder; a build can ask a merge to release it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from qa.errors import BuildRunning
from qa.index.build_notes import Step, read_progress
from qa.index.local.index_folder import LOCK

WAITING = "build.waiting"  # a file with this name asks a merge to stop

_PATIENCE_S = 60.0  # a merge checks for waiting builds every few milliseconds, but a disk may be slow


@contextmanager
def build_lock(index_dir: Path) -> Iterator[None]:
    """Hold the lock for a build; if a merge has it, ask the merge to stop, and wait.

    Raises:
        BuildRunning: another build is running.
    """
    lock = FileLock(index_dir / LOCK)
    try:
        lock.acquire(timeout=_PATIENCE_S if _asked_a_merge_to_stop(lock, index_dir) else 0)
    except Timeout:
        raise BuildRunning(f"Another build is running in {index_dir}; wait for it to end.") from None
    try:
        yield
    finally:
        lock.release()


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
