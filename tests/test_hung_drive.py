"""Drives in the documents' folder that do not answer: waiting calls, and a file system without a server."""

from __future__ import annotations

import ctypes
import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dead_drive import Drive
from waiting import PATIENCE_S, until
from workshop import Workshop, fates, reason

import qa.building.folder
import qa.index.file_calls
from qa.building.folder import look_into
from qa.building.watch import Watch
from qa.errors import BuildFailed
from qa.index.build_notes import BuildReport
from qa.index.file_calls import within


@pytest.fixture
def drive(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Drive]]:
    """Makes files and folders with certain names not answer until the drive is repaired."""
    drives: list[Drive] = []

    def hang(*names: str) -> Drive:
        def is_here(path: object = ".", *_: object) -> bool:
            return not isinstance(path, int) and Path(os.fsdecode(path)).name in names

        drive = Drive(monkeypatch)
        drive.give_up()
        for name in ("open", "scandir"):
            monkeypatch.setattr(os, name, drive.slow(getattr(os, name), is_here))
        drives.append(drive)
        return drive

    yield hang
    for each in drives:
        each.mend()


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def texts(shop: Workshop) -> set[str]:
    index = shop.open_index()
    try:
        return {info.source for info in index.documents}
    finally:
        index.close()


def test_a_call_that_waits_is_given_up_and_the_next_for_its_path_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qa.index.file_calls, "MOMENT_S", PATIENCE_S)
    answer = threading.Event()
    with pytest.raises(TimeoutError, match=r"gave no answer for 0\.01 s"):
        within(tmp_path, lambda _: answer.wait(), 0.01)
    with pytest.raises(TimeoutError, match="still gives no answer"):
        within(tmp_path, lambda _: None)
    assert within(tmp_path / "other", lambda _: 7) == 7
    answer.set()
    until(lambda: not qa.index.file_calls.given_up())
    assert within(tmp_path, lambda _: 8) == 8


def test_a_call_that_makes_headway_may_take_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It makes progress within each time limit after which it would be abandoned."""
    looked, moved = threading.Semaphore(0), threading.Semaphore(0)
    steps = 5

    def slowly(headway: Callable[[], None]) -> str:
        for _ in range(steps):
            assert looked.acquire(timeout=PATIENCE_S)
            headway()
            moved.release()
        return "done"

    left = iter(range(steps))

    def wait(call, limit_s: float) -> bool:
        if next(left, None) is None:
            return call.done.wait(PATIENCE_S)
        looked.release()
        assert moved.acquire(timeout=PATIENCE_S)
        return False

    monkeypatch.setattr(qa.index.file_calls.Call, "wait", wait)
    assert within(tmp_path, slowly, 1.0) == "done"


def test_what_a_call_raises_is_raised(tmp_path: Path) -> None:
    for error in (OSError(5, "bad"), KeyError("x"), KeyboardInterrupt()):

        def fail(_: object, error: BaseException = error) -> None:
            raise error

        with pytest.raises(type(error)):
            within(tmp_path, fail)
    assert within(tmp_path, lambda _: threading.current_thread().name) == "file calls"


def test_a_new_file_that_gives_no_answer_is_named_and_the_others_go_in(shop: Workshop, drive) -> None:
    shop.put("far.txt", "From afar.")
    hung = drive("far.txt")
    report = shop.build()
    assert fates(report) == {"far.txt": "failed", "ferry.md": "added", "harbour.txt": "added", "mill.txt": "added"}
    assert "cannot be opened (its drive gave no answer for 20 s); for now" in reason(report, "far.txt")
    assert [file.source for file in report.files if file.for_now] == ["far.txt"]
    again = shop.build()
    assert "still gives no answer" in reason(again, "far.txt")
    assert (again.published, hung.calls) == (False, 1), "no further thread waits for it"
    hung.mend()
    assert fates(shop.build())["far.txt"] == "added"


def test_what_was_served_of_it_goes_on_being_served(shop: Workshop, drive) -> None:
    first = shop.build()
    hung = drive("mill.txt")
    shop.put("new.txt", "New words.")
    report = shop.build()
    assert fates(report) == {
        "ferry.md": "unchanged",
        "harbour.txt": "unchanged",
        "mill.txt": "kept",
        "new.txt": "added",
    }
    assert "served as it was read before" in reason(report, "mill.txt")
    assert texts(shop) == {"ferry.md", "harbour.txt", "mill.txt", "new.txt"}
    hung.mend()
    (shop.seeds / "new.txt").unlink()
    assert shop.build().snapshot == first.snapshot


def test_a_folder_that_gives_no_answer_keeps_its_documents(shop: Workshop, drive) -> None:
    shop.put("drive/deep/far.txt", "From afar.")
    shop.put("drive/near.txt", "From near.")
    first = shop.build()
    hung = drive("drive")
    report = shop.build()
    assert fates(report) == {
        "drive": "failed", "drive/deep/far.txt": "kept", "drive/near.txt": "kept",
        "ferry.md": "unchanged", "harbour.txt": "unchanged", "mill.txt": "unchanged",
    }  # fmt: skip
    assert "this folder cannot be listed (its drive gave no answer for " in reason(report, "drive")
    assert "drive/deep/far.txt" in texts(shop)
    again = shop.build()
    assert (again.published, fates(again)) == (False, fates(report))
    hung.mend()
    assert shop.build().snapshot == first.snapshot


def test_a_sidecar_that_gives_no_answer_is_no_reason_to_forget_what_it_says(shop: Workshop, drive) -> None:
    shop.put("sources.toml", '["mill.txt"]\ntitle = "The mill"')
    first = shop.build()
    hung = drive("sources.toml")
    shop.put("new.txt", "New words.")
    with pytest.raises(BuildFailed, match=r"sources\.toml cannot be read for now \(its drive gave no answer") as told:
        shop.build()
    assert told.value.for_now
    hung.mend()
    (shop.seeds / "new.txt").unlink()
    assert shop.build().snapshot == first.snapshot


@pytest.mark.parametrize("name", ["EIO", "ESTALE", "ENOTCONN", "ETIMEDOUT", "EHOSTDOWN"])
def test_a_drive_that_is_gone_is_no_verdict_on_its_documents(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    shop.put("drive/far.txt", "From afar.")
    shop.build()
    real = os.scandir

    def gone(path):
        if Path(path).name == "drive":
            raise OSError(getattr(errno, name), os.strerror(getattr(errno, name)))
        return real(path)

    monkeypatch.setattr(qa.building.folder.os, "scandir", gone)
    report = shop.build()
    assert fates(report)["drive/far.txt"] == "kept"
    assert "drive/far.txt" in texts(shop)


def test_a_watching_builder_names_it_and_takes_up_what_is_asked_for(shop: Workshop, drive, monkeypatch) -> None:
    monkeypatch.setattr("qa.building.watch.LOOK_EVERY_S", 0.01)
    monkeypatch.setattr("qa.building.watch.SETTLED_AFTER_S", 0.02)
    shop.put("drive/far.txt", "From afar.")
    hung = drive("drive")
    reports: list[BuildReport] = []
    stop = threading.Event()
    thread = threading.Thread(target=Watch(shop.settings, reports.append, encoder=shop.encoder).run, args=(stop,))
    thread.start()
    try:
        until(lambda: reports)
        assert fates(reports[0])["drive"] == "failed"
        shop.put("new.txt", "New words.")
        (shop.index / "build.request").touch()
        until(lambda: any("new.txt" in fates(report) for report in reports))
        hung.mend()
        until(lambda: any(fates(report).get("drive/far.txt") == "added" for report in reports))
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def dead_mount(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file system in the folder whose server has never answered: each call on it waits."""
    place = shop.seeds / "drive"
    place.mkdir()
    limit_for = qa.index.file_calls.limit_for

    def soon(path: Path, limit_s: float) -> float:
        """Calls that do not use the drive are never abandoned."""
        limit_for(path, limit_s)
        return 0.1 if path == place or path.name.startswith(".") else PATIENCE_S

    monkeypatch.setattr(qa.index.file_calls, "limit_for", soon)
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        server = os.open("/dev/fuse", os.O_RDWR)
    except OSError:
        pytest.skip("no FUSE here")
    options = f"fd={server},rootmode=40000,user_id=0,group_id=0".encode()
    if libc.mount(b"fuse", os.fsencode(place), b"fuse", 0, options):
        os.close(server)
        pytest.skip("no right to mount here")
    yield place
    os.close(server)  # now every call on it fails
    libc.umount2(os.fsencode(place), 2)


def test_a_mounted_file_system_that_is_dead_is_named(shop: Workshop, dead_mount: Path) -> None:
    contents = look_into(shop.seeds, 1 << 20)
    assert {file.source: file.trouble for file in contents.files if file.trouble} == {
        "drive": "this folder cannot be listed (its drive gave no answer for 0.1 s)"
    }
    assert fates(shop.build()) == {"drive": "failed", "ferry.md": "added", "harbour.txt": "added", "mill.txt": "added"}
