from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import closing
from math import ceil
from pathlib import Path

import pytest
from filelock import FileLock
from waiting import PATIENCE_S, until
from workshop import Workshop, fates

import qa.building.folder_watch
import qa.building.watch
from qa.building.folder_watch import FolderWatch
from qa.building.watch import LONGEST_WAIT_S, LOOK_EVERY_S, SETTLED_AFTER_S, Watch
from qa.errors import BuildFailed, ModelUnavailable
from qa.index.build_notes import REQUEST, BuildReport, Step, read_report
from qa.index.builder_lock import builder_trouble
from qa.web.api.uploads import Inbox

HERE = Path(__file__).parent


@pytest.fixture
def shop(tmp_path):
    return Workshop(tmp_path)


@pytest.fixture
def watching(shop, monkeypatch):
    """The reports of a watch in a separate thread."""
    monkeypatch.setattr(qa.building.watch, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(qa.building.watch, "SETTLED_AFTER_S", 0.03)
    reports: list = []
    stop = threading.Event()
    thread = threading.Thread(target=Watch(shop.settings, reports.append, encoder=shop.encoder).run, args=(stop,))
    thread.start()
    yield reports
    stop.set()
    thread.join()


class Steps(threading.Event):
    """Replaces the pauses between two checks: each runs a step of the test, and advances the clock.

    As `qa.building.watch.time` it is also the clock. The watch ends after the last step.
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
    """Runs a watch together with the steps of a test, which get its reports."""

    def watch(steps) -> None:
        reports: list = []
        stop = Steps(steps(reports))
        monkeypatch.setattr(qa.building.watch, "time", stop)
        monkeypatch.setattr(qa.building.folder_watch, "LIST_EVERY_S", 0)  # no step waits for a notification
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
    with closing(shop.open_index()) as index:
        assert "Line 11." in index.document("slow").text


def test_a_file_that_does_not_stop_growing_does_not_keep_others_waiting(shop, watch):
    def steps(reports):
        shop.put("new.txt", "New words.")
        with (shop.seeds / "log.txt").open("w") as file:
            for _ in range(ceil(2.5 * LONGEST_WAIT_S / LOOK_EVERY_S)):
                file.write("Another line.\n")
                file.flush()
                yield
        assert len(reports) == 3, "at the beginning, and once a minute"
        assert fates(reports[1])["new.txt"] == "added"

    watch(steps)


def test_an_upload_that_is_still_being_sent_does_not_keep_others_waiting(shop, watch):
    def steps(reports):
        shop.put("new.txt", "New words.")
        with (shop.seeds / ".upload-0123456789abcdef").open("w") as file:
            while len(reports) == 1:
                file.write("More of it.\n")
                file.flush()
                assert file.tell() < 1000
                yield

    watch(steps)


# A build that has become pointless ends


def at_each_step(monkeypatch, call) -> None:
    """Make builds call a function whenever they report progress."""
    build = qa.building.watch.build

    def called(settings, on_progress, **options):
        return build(settings, lambda progress: (call(progress), on_progress(progress)), **options)

    monkeypatch.setattr(qa.building.watch, "build", called)


def test_a_build_is_abandoned_if_a_file_that_it_reads_is_removed(shop, builds, monkeypatch):
    monkeypatch.setattr(qa.building.watch, "LOOK_WHILE_BUILDING_S", 0)
    monkeypatch.setattr(qa.building.folder_watch, "LIST_EVERY_S", 0)
    stop, reports = threading.Event(), []

    def remove(progress):
        if progress.step is Step.ENCODING:
            (shop.seeds / "mill.txt").unlink(missing_ok=True)

    def told(report):
        reports.append(report)
        stop.set()

    at_each_step(monkeypatch, remove)
    Watch(shop.settings, told, shop.encoder).run(stop)
    assert builds.begun == 2
    (report,) = reports
    assert fates(report) == {"harbour.txt": "added", "ferry.md": "added"}
    assert report.documents == 2


def test_removals_without_end_do_not_prevent_every_build(shop, builds, monkeypatch):
    reports = []

    def until_built():
        while not reports:
            yield

    stop = Steps(until_built())
    monkeypatch.setattr(qa.building.watch, "time", stop)
    monkeypatch.setattr(qa.building.folder_watch, "LIST_EVERY_S", 0)
    for number in range(60):
        shop.put(f"{number:02}.txt", f"Words {number}.")
    left = [shop.seeds / f"{number:02}.txt" for number in range(60)]

    def remove(_progress):
        stop.now_s += 1
        if left:
            left.pop().unlink()

    at_each_step(monkeypatch, remove)
    Watch(shop.settings, reports.append, shop.encoder).run(stop)
    assert reports[0].published
    assert builds.begun <= 8, "not one for each removed file"


def test_a_watch_that_is_to_stop_abandons_its_build(shop, monkeypatch):
    stop, reports = threading.Event(), []
    at_each_step(monkeypatch, lambda _: stop.set())
    Watch(shop.settings, reports.append, shop.encoder).run(stop)
    assert reports == []
    assert read_report(shop.index) is None


def test_builds_when_asked_though_nothing_changed(shop, watching):
    until(lambda: len(watching) == 1)
    asked_at = Inbox(shop.settings).ask_for_build()
    until(lambda: len(watching) == 2)
    assert not watching[1].published
    stored = read_report(shop.index)
    assert watching[0].started_at < asked_at <= watching[1].started_at == stored.started_at
    assert not (shop.index / REQUEST).exists()


def test_a_build_that_fails_is_not_the_last(shop, watching, caplog):
    until(lambda: len(watching) == 1)
    sidecar = shop.put("sources.toml", "[broken")
    until(lambda: "sources.toml" in caplog.text)
    sidecar.unlink()
    shop.put("new.txt", "New words.")
    until(lambda: any("new.txt" in fates(report) for report in watching))


# The builder continues after any fault


UNFORESEEN = [
    MemoryError(),
    RecursionError("maximum recursion depth exceeded"),
    ValueError("a\nline"),
    OSError(24, "x"),
]


class Builds:
    """Wraps `build`: counts the builds, and makes given ones fail."""

    def __init__(self, monkeypatch) -> None:
        self.begun = 0
        self.error: Exception | None = None
        self._build = qa.building.watch.build
        monkeypatch.setattr(qa.building.watch, "build", self)

    def __call__(self, *arguments, **options):
        self.begun += 1
        if self.error:
            raise self.error
        return self._build(*arguments, **options)


@pytest.fixture
def builds(monkeypatch) -> Builds:
    return Builds(monkeypatch)


@pytest.fixture
def looks(monkeypatch) -> list:
    """Grows with every check of the folder."""
    found: list = []
    states = FolderWatch.states
    monkeypatch.setattr(FolderWatch, "states", lambda *args, **options: found.append(None) or states(*args, **options))
    return found


@pytest.mark.parametrize("error", UNFORESEEN, ids=lambda error: type(error).__name__)
def test_an_unforeseen_error_is_told_in_one_line_and_the_next_build_comes(
    shop, builds, watching, caplog, monkeypatch, error
):
    monkeypatch.setattr(qa.building.watch, "FIRST_PAUSE_S", 0.01)
    until(lambda: len(watching) == 1)
    builds.error = error
    shop.put("new.txt", "New words.")
    until(lambda: "The build failed" in caplog.text)
    builds.error = None
    until(lambda: len(watching) == 2)
    assert fates(watching[1])["new.txt"] == "added"
    lines = [record.getMessage() for record in caplog.records if "The build failed" in record.getMessage()]
    assert all(type(error).__name__ in line and "\n" not in line for line in lines)


@pytest.mark.parametrize("error", [BuildFailed("x", for_now=True), ModelUnavailable("x")], ids=["shortage", "model"])
def test_a_shortage_is_tried_again_though_no_document_changes(shop, builds, watching, monkeypatch, error):
    monkeypatch.setattr(qa.building.watch, "FIRST_PAUSE_S", 0.01)
    until(lambda: len(watching) == 1)
    builds.error = error
    put_at_once(shop, "new.txt", "New words.")
    until(lambda: builds.begun >= 4)
    builds.error = None
    until(lambda: len(watching) == 2)


def test_a_verdict_waits_for_a_change(shop, builds, looks, watching, monkeypatch):
    monkeypatch.setattr(qa.building.watch, "FIRST_PAUSE_S", 0.01)
    until(lambda: len(watching) == 1)
    builds.error = BuildFailed("No file could be indexed.")
    put_at_once(shop, "new.txt", "New words.")
    until(lambda: builds.begun == 2)
    seen = len(looks)
    until(lambda: len(looks) > seen + 20)
    assert builds.begun == 2


@pytest.mark.parametrize("error", [MemoryError(), OSError(28, "No space left on device")], ids=["memory", "disk"])
def test_a_build_without_memory_or_disk_fails_for_now(shop, monkeypatch, error):
    def fail(*_arguments):
        raise error

    monkeypatch.setattr("qa.building.build.look_into", fail)
    with pytest.raises(BuildFailed) as caught:
        shop.build()
    assert caught.value.for_now


def put_at_once(shop, name: str, text: str) -> None:
    """A document that is written atomically."""
    whole = shop.index.parent / name
    whole.write_text(text)
    whole.replace(shop.seeds / name)


def test_what_fails_again_and_again_is_not_tried_without_pause(shop, builds, looks, watching, caplog, monkeypatch):
    monkeypatch.setattr(qa.building.watch, "FIRST_PAUSE_S", 3600)
    monkeypatch.setattr(qa.building.watch, "LONGEST_PAUSE_S", 3600)
    until(lambda: len(watching) == 1)
    builds.error = MemoryError()
    put_at_once(shop, "new.txt", "New words.")
    until(lambda: builds.begun == 2)
    seen = len(looks)
    until(lambda: len(looks) > seen + 20)
    assert builds.begun == 2, "the pause is kept"
    (shop.index / REQUEST).touch()
    until(lambda: builds.begun == 3)
    put_at_once(shop, "new.txt", "Newer words.")
    until(lambda: builds.begun == 4)
    builds.error = None
    put_at_once(shop, "new.txt", "Newest words.")
    until(lambda: len(watching) == 2)
    assert [record for record in caplog.records if "next try in 3600 s" in record.getMessage()]


def test_the_pause_doubles_up_to_its_longest(shop, builds, watching, caplog, monkeypatch):
    monkeypatch.setattr(qa.building.watch, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(qa.building.watch, "LONGEST_PAUSE_S", 0.04)
    until(lambda: len(watching) == 1)
    builds.error = MemoryError()
    shop.put("new.txt", "New words.")
    until(lambda: len([record for record in caplog.records if record.levelname == "ERROR"]) >= 4)
    pauses = [record.args[2] for record in caplog.records if record.levelname == "ERROR"]
    assert pauses[:4] == [0.01, 0.02, 0.04, 0.04]


def test_a_report_that_cannot_be_shown_is_no_reason_to_stop_or_to_build_again(shop, monkeypatch, looks, caplog):
    monkeypatch.setattr(qa.building.watch, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(qa.building.watch, "SETTLED_AFTER_S", 0.05)
    told = []

    def show(report):
        told.append(report)
        "文".encode("latin-1")

    stop = threading.Event()
    thread = threading.Thread(target=Watch(shop.settings, show, encoder=shop.encoder).run, args=(stop,))
    thread.start()
    try:
        until(lambda: "cannot be shown" in caplog.text)
        seen = len(looks)
        until(lambda: len(looks) > seen + 20)
        assert len(told) == 1
        shop.put("new.txt", "New words.")
        until(lambda: len(told) == 2)
    finally:
        stop.set()
        thread.join()


def test_a_folder_that_cannot_be_looked_at_is_told_once_in_a_while(shop, watching, caplog, monkeypatch):
    until(lambda: len(watching) == 1)
    tried = []
    states = FolderWatch.states

    def broken(*_arguments, **_options):
        tried.append(None)
        raise MemoryError

    monkeypatch.setattr(FolderWatch, "states", broken)
    monkeypatch.setattr(qa.building.watch, "FIRST_PAUSE_S", 3600)
    monkeypatch.setattr(qa.building.watch, "LONGEST_PAUSE_S", 3600)
    until(lambda: len(tried) > 20)
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1
    monkeypatch.setattr(FolderWatch, "states", states)
    shop.put("new.txt", "New words.")
    until(lambda: len(watching) == 2)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), "There is too little memory to build."),
        (OSError(28, "No space left on device", "/srv/index/journal"), "No space left on device"),
    ],
)
def test_the_report_tells_of_an_unforeseen_error(shop, watching, monkeypatch, error, told):
    until(lambda: len(watching) == 1)

    def fail(*_arguments):
        raise error

    monkeypatch.setattr("qa.building.build.look_into", fail)
    shop.put("new.txt", "New words.")
    until(lambda: last_report(shop).error == told)


def test_a_builder_is_there_while_it_watches(shop, monkeypatch):
    monkeypatch.setattr(qa.building.watch, "LOOK_EVERY_S", 0.01)
    stop = threading.Event()
    thread = threading.Thread(target=Watch(shop.settings, lambda _: None, encoder=shop.encoder).run, args=(stop,))
    assert builder_trouble(shop.index)
    thread.start()
    until(lambda: builder_trouble(shop.index) is None)
    stop.set()
    thread.join()
    assert builder_trouble(shop.index)


@pytest.mark.model
def test_a_real_builder_outlives_a_name_that_it_cannot_print_and_ends_in_good_order(shop, tmp_path):
    shop.put("文.txt", "")  # fails, so its name is printed, which standard output cannot encode
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (HERE / "quick_builders", HERE.parent))),
        "PYTHONIOENCODING": "latin-1:strict",
        "QA_SEEDS_DIR": str(shop.seeds),
        "QA_INDEX_DIR": str(shop.index),
    }
    command = [sys.executable, "-m", "qa", "watch", "--beside-server"]
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  a shell may have it ignored
        ) as process,
    ):
        try:
            until(lambda: "文.txt" in built_files(shop))
            shop.put("new.txt", "New words.")
            until(lambda: "new.txt" in built_files(shop))
            process.send_signal(signal.SIGINT)  # with open standard input
            process.wait(PATIENCE_S)
        finally:
            process.kill()
    told = (tmp_path / "log").read_text(encoding="latin-1")
    assert process.returncode == 130, told
    assert "Fatal" not in told


def built_files(shop) -> list[str]:
    return [file.source for file in last_report(shop).files]


def last_report(shop) -> BuildReport:
    return read_report(shop.index) or BuildReport()


def test_another_builder_is_waited_for(shop, watch, monkeypatch):
    tried = []
    build = qa.building.watch.build
    monkeypatch.setattr(
        qa.building.watch, "build", lambda *args, **options: (tried.append(1), build(*args, **options))[1]
    )

    def steps(reports):
        with FileLock(shop.index / "build.lock"):
            shop.put("new.txt", "New words.")
            while len(tried) < 4:
                yield
            assert len(reports) == 1
        while len(reports) == 1:
            yield

    watch(steps)
