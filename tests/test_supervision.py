"""A supervised process of the server: real processes, which really end."""

from __future__ import annotations

import logging
import os
import re
import signal
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from waiting import until

from qa.cli.supervision import Pace, Supervised

# Writes its id, and ends when its input does, or at once with a given status.
PROGRAM = """
import os, sys
with open(sys.argv[1], "a") as notes:
    notes.write(f"{os.getpid()}\\n")
sys.exit(int(sys.argv[2])) if len(sys.argv) > 2 else sys.stdin.read()
"""


class Helper:
    """A supervised process that writes its id at each start."""

    def __init__(self, folder: Path) -> None:
        self.notes = folder / "notes"
        self.notes.touch()
        self.said: list[str] = []

    def supervised(self, *status: str, **pace: float) -> Supervised:
        command = [sys.executable, "-c", PROGRAM, str(self.notes), *status]
        return Supervised("helper", command, os.environ, self.said.append, lambda _: None, Pace(**pace))

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
    with Supervised("helper", [str(tmp_path / "nothing")], os.environ, print, lambda _: None, Pace(first_delay_s=0.01)):
        until(lambda: len(caplog.records) >= 2)
    assert "(it cannot be started: [Errno 2] No such file or directory" in caplog.text


def test_ctrl_c_in_the_terminal_is_the_servers_alone(helper: Helper) -> None:
    with helper.supervised():
        until(lambda: len(helper.ids()) == 1)
        assert os.getpgid(helper.ids()[0]) != os.getpgid(0)


TALKER = """
import sys
for number in range(20_000):
    print(f"line {number}", flush=number % 2 == 0, file=sys.stderr if number % 5 == 0 else sys.stdout)
sys.stdout.flush()
print("x" * 100_000 + "end", flush=True)
sys.stdin.read()
"""


def test_what_it_says_is_read_as_it_is_said_so_that_it_never_waits(caplog) -> None:
    said: list[str] = []
    with Supervised("talker", [sys.executable, "-c", TALKER], os.environ, said.append, lambda _: None):
        until(lambda: said and said[-1].endswith("end\n"))
    assert {f"line {number}\n" for number in range(20_000)} <= set(said)
    assert all(line.endswith("\n") for line in said)
    assert not caplog.records


# Writes its id, and gives a heartbeat (the time of a file) until a file with its id makes it hang.
HANGER = """
import os, sys, threading
folder = sys.argv[1]
with open(f"{folder}/notes", "a") as notes:
    notes.write(f"{os.getpid()}\\n")
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
while not os.path.exists(f"{folder}/hang-{os.getpid()}") and not ended.is_set():
    with open(f"{folder}/heart-{os.getpid()}", "a") as heart:
        heart.write(".")
    ended.wait(0.01)
threading.Event().wait() if not ended.is_set() else None
"""


def hanger(folder: Path, **pace: float) -> Supervised:
    def heartbeat(process_id: int) -> int | None:
        heart = folder / f"heart-{process_id}"
        return heart.stat().st_size if heart.exists() else None

    command = [sys.executable, "-c", HANGER, str(folder)]
    wanted = Pace(**{"first_delay_s": 0.01, "look_every_s": 0.01, **pace})
    return Supervised("hanger", command, os.environ, print, heartbeat, wanted)


@pytest.mark.parametrize("how", ["waits for good", "stopped"])
def test_a_process_that_hangs_is_ended_and_started_again(helper: Helper, caplog, how: str) -> None:
    with hanger(helper.notes.parent, stalled_after_s=1.0):
        until(lambda: list(helper.notes.parent.glob("heart-*")))
        first = helper.ids()[-1]
        if how == "stopped":
            with suppress(ProcessLookupError):  # on a very slow machine it may have hung already
                os.kill(first, signal.SIGSTOP)
        else:
            (helper.notes.parent / f"hang-{first}").touch()
        until(lambda: helper.ids()[-1] != first and not psutil.pid_exists(first))
    assert not any(map(psutil.pid_exists, helper.ids()))
    told = [record.getMessage() for record in caplog.records]
    assert told[:2] == [
        "The hanger has made no progress for 1 s and is ended",
        "The hanger ended (it hung, SIGKILL); it is started again in 0.01 s",
    ]


def test_what_hangs_again_and_again_is_started_ever_more_seldom(helper: Helper, caplog) -> None:
    with hanger(helper.notes.parent, stalled_after_s=0.0, well_after_s=0, longest_delay_s=0.04):
        until(lambda: len(caplog.records) >= 8)
    delays = [record.getMessage().rpartition(" in ")[2] for record in caplog.records[1:8:2]]
    assert delays == ["0.01 s", "0.02 s", "0.04 s", "0.04 s"]


def test_what_never_has_a_heartbeat_is_ended_after_its_time_to_start(caplog) -> None:
    command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    pace = Pace(first_delay_s=3600, look_every_s=0.01, starts_within_s=0.1)
    with Supervised("helper", command, os.environ, print, lambda _: None, pace):
        until(lambda: len(caplog.records) == 2)
    assert "(it hung, SIGKILL)" in caplog.records[1].getMessage()


def test_a_process_that_was_stopped_does_not_keep_the_server_from_ending(helper: Helper, monkeypatch) -> None:
    monkeypatch.setattr("qa.cli.supervision.STOP_WITHIN_S", 0.1)
    with helper.supervised():
        until(lambda: len(helper.ids()) == 1)
        os.kill(helper.ids()[0], signal.SIGSTOP)
    until(lambda: not psutil.pid_exists(helper.ids()[0]))
