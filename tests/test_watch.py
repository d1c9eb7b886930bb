from __future__ import annotations

import threading
import time

import pytest
from filelock import FileLock
from workshop import Workshop, fates

import qa.watch
from qa.report import REQUEST
from qa.watch import Watch


@pytest.fixture
def shop(tmp_path):
    return Workshop(tmp_path)


@pytest.fixture
def watching(shop, monkeypatch):
    monkeypatch.setattr(qa.watch, "LOOK_EVERY_S", 0.03)
    monkeypatch.setattr(qa.watch, "SETTLED_AFTER_S", 0.15)
    reports: list = []
    stop = threading.Event()
    thread = threading.Thread(target=Watch(shop.settings, reports.append, encoder=shop.encoder).run, args=(stop,))
    thread.start()
    yield reports
    stop.set()
    thread.join()


def until(condition, within_s: float = 10.0) -> None:
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < within_s
        time.sleep(0.01)


def test_builds_at_once_and_after_every_change(shop, watching):
    until(lambda: len(watching) == 1)
    shop.put("new.txt", "New words.")
    until(lambda: len(watching) == 2)
    assert fates(watching[1])["new.txt"] == "added"
    (shop.seeds / "mill.txt").unlink()
    until(lambda: len(watching) == 3)
    assert fates(watching[2])["mill.txt"] == "removed"


def test_waits_until_files_settle(shop, watching):
    until(lambda: len(watching) == 1)
    with (shop.seeds / "slow.txt").open("w") as file:
        for number in range(12):
            file.write(f"Line {number}.\n")
            file.flush()
            time.sleep(0.05)
        assert len(watching) == 1, "a file that grows is left alone"
    until(lambda: len(watching) == 2)
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


def test_another_builder_is_waited_for(shop, watching):
    until(lambda: len(watching) == 1)
    with FileLock(shop.index / "build.lock"):
        shop.put("new.txt", "New words.")
        time.sleep(0.5)
        assert len(watching) == 1
    until(lambda: len(watching) == 2)
