"""The lock that shows servers whether a builder is running, between real processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qa.index.builder_lock import BUILDER_LOCK, BuilderLock, builder_trouble

ROOT = Path(__file__).parent.parent
HOLDER = """
import sys, pathlib, qa.index.builder_lock
print(qa.index.builder_lock.BuilderLock(pathlib.Path(sys.argv[1])).hold(), flush=True)
sys.stdin.read()
"""


@contextmanager
def holder(index_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has acquired the lock, or tried to."""
    command = [sys.executable, "-c", HOLDER, str(index_dir)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "index"


def test_a_builder_is_there_until_its_process_is_killed(index: Path) -> None:
    assert "not running" in (builder_trouble(index) or ""), "there is not even a folder"
    with holder(index) as process:
        assert process.stdout.readline() == "True\n"
        assert builder_trouble(index) is None
        process.kill()
        process.wait()
        assert "not running" in (builder_trouble(index) or "")


def test_the_file_alone_is_no_builder(index: Path) -> None:
    index.mkdir()
    (index / BUILDER_LOCK).touch()
    assert builder_trouble(index)


def test_who_looks_never_keeps_another_from_looking_nor_a_builder_for_good(index: Path) -> None:
    lock = BuilderLock(index)
    assert lock.hold()
    lock.release()
    with (index / BUILDER_LOCK).open() as looking:
        fcntl = pytest.importorskip("fcntl")
        fcntl.flock(looking, fcntl.LOCK_SH)
        assert builder_trouble(index), "another's look is not taken for a builder"
        assert not lock.hold()
    assert lock.hold(), "the next try gets it"
    lock.release()


def test_a_second_builder_takes_the_first_ones_place(index: Path) -> None:
    second = BuilderLock(index)
    with holder(index) as first:
        assert first.stdout.readline() == "True\n"
        assert not second.hold()
        first.kill()
        first.wait()
        assert second.hold()
        assert second.hold(), "and keeps it"
        assert builder_trouble(index) is None
    second.release()
    assert builder_trouble(index)


def test_a_deleted_index_folder_is_locked_anew(index: Path) -> None:
    lock = BuilderLock(index)
    assert lock.hold()
    (index / BUILDER_LOCK).unlink()
    index.rmdir()
    assert builder_trouble(index)
    assert lock.hold()
    assert builder_trouble(index) is None
    lock.release()
