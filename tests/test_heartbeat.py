"""A builder's heartbeat: with test clocks, and of a real process that hangs."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from waiting import until

from qa.building.heartbeat import Heartbeat
from qa.index.builder_lock import STALLED_AFTER_S, BuilderLock, builder_trouble, last_beat

ROOT = Path(__file__).parent.parent


class Clocks:
    """Processor time and clock, set by the test, and the number of heartbeats."""

    def __init__(self) -> None:
        self.cpu_s = self.now_s = 100.0
        self.beats = 0
        self.heart = Heartbeat(self.beat, lambda: self.cpu_s, lambda: self.now_s)
        self.heart.look()  # the first check finds a process that has just started
        self.beats = 0

    def beat(self) -> None:
        self.beats += 1

    def look(self, cpu_s: float = 0.0, passed_s: float = 1.0) -> int:
        """Check once, after some time and processor time; returns whether a heartbeat followed."""
        before = self.beats
        self.cpu_s += cpu_s
        self.now_s += passed_s
        self.heart.look()
        return self.beats - before


def test_it_beats_while_the_process_works_and_is_silent_while_it_waits() -> None:
    clocks = Clocks()
    assert [clocks.look(cpu_s) for cpu_s in (0.5, 0.5, 0.0, 0.0, 0.01, 0.0)] == [1, 1, 0, 0, 1, 0]


def test_little_work_adds_up_and_clocks_that_differ_a_little_do_not() -> None:
    clocks = Clocks()
    assert sum(clocks.look(0.0001) for _ in range(100)) == pytest.approx(10, abs=2)
    assert sum(clocks.look(difference) for _ in range(100) for difference in (0.0004, -0.0004)) == 0


def test_a_step_without_end_silences_it_until_the_next_step() -> None:
    clocks = Clocks()
    assert clocks.look(1.0, passed_s=3599) == 1
    assert clocks.look(1.0, passed_s=2) == 0
    clocks.heart.step()
    assert clocks.look(1.0) == 1


HANGING = """
import os, pathlib, sys
from qa.building.heartbeat import Heartbeat
from qa.index.builder_lock import BuilderLock
lock = BuilderLock(pathlib.Path(sys.argv[1]))
assert lock.hold()
beats = 0
def beat():
    global beats
    beats += 1
    lock.beat()
with Heartbeat(beat) as heart:
    while beats < 3:
        sum(range(1000))
    print("hangs", flush=True)
    os.read(0, 1)  # as a read from a drive that does not answer
    heart.look(); heart.look()
    silent = beats
    os.read(0, 1)
    heart.look()
    print(beats - silent, flush=True)
"""


def test_a_process_that_waits_for_an_answer_has_no_heartbeat(tmp_path: Path) -> None:
    """Two checks, and all of the process's own checks in between, find no work done."""
    command = [sys.executable, "-c", HANGING, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "hangs\n"
        beat = last_beat(tmp_path, process.pid)
        assert beat is not None
        assert last_beat(tmp_path, process.pid + 1) is None
        assert builder_trouble(tmp_path) is None
        process.stdin.write("x")
        process.stdin.flush()
        process.stdin.write("x")
        process.stdin.flush()
        assert process.stdout.readline() == "0\n"


def test_a_builder_whose_heart_has_not_beaten_for_a_while_is_told_of(tmp_path: Path) -> None:
    lock = BuilderLock(tmp_path)
    assert last_beat(tmp_path, os.getpid()) is None
    assert lock.hold()
    first = last_beat(tmp_path, os.getpid())
    assert first is not None
    file = tmp_path / "builder.lock"
    os.utime(file, (first, first - STALLED_AFTER_S + 30))
    assert builder_trouble(tmp_path) is None
    os.utime(file, (first, first - STALLED_AFTER_S - 30))
    assert "has made no progress for" in (builder_trouble(tmp_path) or "")
    lock.beat()
    assert builder_trouble(tmp_path) is None
    lock.release()
    assert "not running" in (builder_trouble(tmp_path) or "")


def test_one_that_has_no_lock_does_not_beat_for_another(tmp_path: Path) -> None:
    first, second = BuilderLock(tmp_path), BuilderLock(tmp_path)
    assert first.hold()
    assert not second.hold()
    os.utime(tmp_path / "builder.lock", (0, 0))
    second.beat()
    assert last_beat(tmp_path, os.getpid()) == 0
    first.release()
    first.beat()
    assert last_beat(tmp_path, os.getpid()) == 0


def test_the_thread_looks_by_itself_and_ends_with_the_context() -> None:
    beaten = threading.Event()
    with Heartbeat(beaten.set) as heart:
        heart.step()
        until(beaten.is_set)
    assert not [thread for thread in threading.enumerate() if thread.name == "heartbeat"]
