from __future__ import annotations

import threading
import time
from collections.abc import Generator
from math import ceil

import pytest
from filelock import FileLock
from waiting import until
from workshop import Workshop, fates

import qa.watch
from qa.report import REQUEST
from qa.watch import LOOK_EVERY_S, SETTLED_AFTER_S, Watch


@pytest.fixture
def shop(tmp_path):
    return Workshop(tmp_path)


@pytest.fixture
def watching(shop, monkeypatch):
    """What a watch in a thread of its own has reported."""
    monkeypatch.setattr(qa.watch, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(qa.watch, "SETTLED_AFTER_S", 0.03)
    reports: list = []
    stop = threading.Event()
    thread = threading.Thread(target=Watch(shop.settings, reports.append, encoder=shop.encoder).run, args=(stop,))
    thread.start()
    yield reports
    stop.set()
    thread.join()


class Steps(threading.Event):
    """Takes the place of the pauses between two looks: each does a step of the test, and moves the clock on.

    As `qa.watch.time` it is the clock as well. The watch ends after the last step.
    """

    def __init__(self, steps: Generator[None]) -> None:
        super().__init__()
        self.now_s = 1000.0
        self._steps = steps

    def wait(self, timeout: float | None = None) -> bool:
        self.now_s += timeout
        assert self.now_s < 1_000_000, "what the steps wait for does not come"
        return next(self._steps, self) is self

    def monotonic(self) -> float:
        return self.now_s

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)


@pytest.fixture
def watch(shop, monkeypatch):
    """Runs a watch together with the steps of a test, which are given what it has reported."""

    def watch(steps) -> None:
        reports: list = []
        stop = Steps(steps(reports))
        monkeypatch.setattr(qa.watch, "time", stop)
        Watch(shop.settings, reports.append, encoder=shop.encoder).run(stop)

    return watch


def test_builds_at_once_and_after_every_change(shop, watching):
    until(lambda: len(watching) == 1)
    shop.put("new.txt", "New words.")
    until(lambda: len(watching) == 2)
    assert fates(watching[1])["new.txt"] == "added"
    (shop.seeds / "mill.txt").unlink()
    until(lambda: len(watching) == 3)
    assert fates(watching[2])["mill.txt"] == "removed"


def test_waits_until_files_settle(shop, watch):
    def steps(reports):
        assert len(reports) == 1, "the first build waits for nothing"
        with (shop.seeds / "slow.txt").open("w") as file:
            for number in range(12):
                file.write(f"Line {number}.\n")
                file.flush()
                yield
                assert len(reports) == 1, "a file that grows is left alone"
        for _ in range(ceil(SETTLED_AFTER_S / LOOK_EVERY_S)):
            assert len(reports) == 1, "and for a while longer"
            yield
        assert len(reports) == 2
        assert fates(reports[1])["slow.txt"] == "added"
        yield
        assert len(reports) == 2, "nothing has changed since"

    watch(steps)
    snapshot = shop.open()
    assert "Line 11." in snapshot.document("slow").text
    snapshot.close()


def test_builds_when_asked_though_nothing_changed(shop, watching):
    until(lambda: len(watching) == 1)
    (shop.index / REQUEST).touch()
    until(lambda: len(watching) == 2)
    assert not watching[1].published
    assert not (shop.index / REQUEST).exists()


def test_a_build_that_fails_is_not_the_last(shop, watching, caplog):
    until(lambda: len(watching) == 1)
    sidecar = shop.put("sources.toml", "[broken")
    until(lambda: "sources.toml" in caplog.text)
    sidecar.unlink()
    shop.put("new.txt", "New words.")
    until(lambda: any("new.txt" in fates(report) for report in watching))


def test_another_builder_is_waited_for(shop, watch, monkeypatch):
    tried = []
    build = qa.watch.build
    monkeypatch.setattr(qa.watch, "build", lambda *args, **options: (tried.append(1), build(*args, **options))[1])

    def steps(reports):
        with FileLock(shop.index / "build.lock"):
            shop.put("new.txt", "New words.")
            while len(tried) < 4:
                yield
            assert len(reports) == 1
        while len(reports) == 1:
            yield

    watch(steps)
