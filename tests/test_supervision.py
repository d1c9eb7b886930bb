"""A process kept running beside the server: real processes, which really die."""

from __future__ import annotations

import logging
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from qa.cli.supervision import Supervised

PATIENCE_S = 60
# Notes its id, and ends when its input does, or at once with the status given.
PROGRAM = """
import os, sys
with open(sys.argv[1], "a") as notes:
    notes.write(f"{os.getpid()}\\n")
sys.exit(int(sys.argv[2])) if len(sys.argv) > 2 else sys.stdin.read()
"""


def until(condition: Callable[[], bool]) -> None:
    guard = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < guard
        time.sleep(0.01)


class Helper:
    """A supervised process that notes its id each time it is started."""

    def __init__(self, folder: Path) -> None:
        self.notes = folder / "notes"
        self.notes.touch()

    def supervised(self, *status: str, **options: float) -> Supervised:
        return Supervised("helper", [sys.executable, "-c", PROGRAM, str(self.notes), *status], os.environ, **options)

    def ids(self) -> list[int]:
        return [int(line) for line in self.notes.read_text().split("\n")[:-1]]


@pytest.fixture
def helper(tmp_path: Path) -> Helper:
    return Helper(tmp_path)


def test_a_killed_process_is_started_again_and_the_log_says_so(helper: Helper, caplog) -> None:
    with helper.supervised(first_delay_s=0.01):
        for times in (1, 2, 3):
            until(lambda times=times: len(helper.ids()) == times)
            os.kill(helper.ids()[-1], signal.SIGKILL)
        until(lambda: len(helper.ids()) == 4)
        assert psutil.pid_exists(helper.ids()[-1])
    assert not any(map(psutil.pid_exists, helper.ids())), "the last one ended with the context"
    assert [(record.levelno, re.sub(r"[\d.]+ s$", "N s", record.getMessage())) for record in caplog.records] == [
        (logging.ERROR, "The helper ended (SIGKILL); it is started again in N s")
    ] * 3


def test_the_delay_grows_to_its_longest(helper: Helper, caplog) -> None:
    with helper.supervised("7", first_delay_s=0.01, longest_delay_s=0.04, well_after_s=3600):
        until(lambda: len(caplog.records) >= 4)
    assert [record.getMessage().partition("ended ")[2] for record in caplog.records[:4]] == [
        f"(exit status 7); it is started again in {delay} s" for delay in ("0.01", "0.02", "0.04", "0.04")
    ]


def test_after_a_good_while_the_delay_is_the_first_again(helper: Helper, caplog) -> None:
    with helper.supervised("7", first_delay_s=0.01, longest_delay_s=3600, well_after_s=0):
        until(lambda: len(caplog.records) >= 3)
    assert {record.getMessage().rpartition(" in ")[2] for record in caplog.records} == {"0.01 s"}


def test_a_long_delay_does_not_keep_the_server_from_ending(helper: Helper, caplog) -> None:
    with helper.supervised("7", first_delay_s=3600):
        until(lambda: len(caplog.records) == 1)
    assert len(helper.ids()) == 1


def test_a_program_that_is_not_there_is_tried_again(tmp_path: Path, caplog) -> None:
    with Supervised("helper", [str(tmp_path / "nothing")], os.environ, first_delay_s=0.01):
        until(lambda: len(caplog.records) >= 2)
    assert "(it cannot be started: [Errno 2] No such file or directory" in caplog.text


def test_ctrl_c_in_the_terminal_is_the_servers_alone(helper: Helper) -> None:
    with helper.supervised():
        until(lambda: len(helper.ids()) == 1)
        assert os.getpgid(helper.ids()[0]) != os.getpgid(0)
