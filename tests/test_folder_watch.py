"""Changes in the documents' folder are found by notifications, and by listing without notifications."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path

import pytest
from waiting import until

import qa.building.folder_watch
import qa.index.file_calls
from qa.building.folder_watch import FileStates, FolderWatch


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "seeds" / "below").mkdir(parents=True)
    (tmp_path / "seeds" / "mill.txt").write_text("A mill.")
    return tmp_path / "seeds"


@pytest.fixture
def watched(folder: Path) -> Iterator[FolderWatch]:
    watch = FolderWatch(folder)
    yield watch
    watch.close()


@pytest.fixture
def only_notified(monkeypatch: pytest.MonkeyPatch, watched: FolderWatch) -> None:
    """Files are listed only after a notification."""
    monkeypatch.setattr(qa.building.folder_watch, "LIST_EVERY_S", inf)
    monkeypatch.setattr(qa.building.folder_watch, "LIST_ALONE_EVERY_S", inf)
    settle(watched)


@pytest.fixture
def without_notifications(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_paths: str, **_options: object) -> Iterator[set]:
        raise OSError(errno.ENOSPC, "OS file watch limit reached")
        yield set()

    monkeypatch.setattr(qa.building.folder_watch, "watch", refused)


def settle(watched: FolderWatch) -> None:
    """List until notifications come from all folders."""
    watched.states()
    watched.states()


def seen(watched: FolderWatch, change: Callable[[], object]) -> FileStates:
    """The state after a change, once it is seen."""
    before = watched.states()
    change()
    until(lambda: watched.states() != before)
    return watched.states()


@pytest.mark.usefixtures("only_notified")
def test_files_that_are_added_changed_and_removed_are_seen(folder: Path, watched: FolderWatch) -> None:
    new = folder / "below" / "new.txt"
    assert str(new) in seen(watched, lambda: new.write_text("New."))
    assert seen(watched, lambda: new.write_text("Newer."))[str(new)][1] == len("Newer.")
    assert list(seen(watched, new.unlink)) == [str(folder / "mill.txt")]


@pytest.mark.parametrize("name", [".upload-0123456789abcdef", ".mill.txt.swp", "~$mill.docx"])
def test_files_that_no_build_reads_are_not_seen(folder: Path, watched: FolderWatch, name: str) -> None:
    before = watched.states()
    (folder / name).write_text("Hidden.")
    assert watched.states(listed=True) is before


def test_without_a_change_the_state_is_the_same_object(watched: FolderWatch) -> None:
    before = watched.states()
    assert before
    assert watched.states(listed=True) is before


@pytest.mark.usefixtures("only_notified")
def test_what_is_in_a_new_folder_is_seen(folder: Path, watched: FolderWatch) -> None:
    deep = folder / "one" / "two"
    deep.mkdir(parents=True)
    first = deep / "first.txt"
    first.write_text("First.")
    until(lambda: str(first) in watched.states())
    settle(watched)
    assert seen(watched, lambda: first.write_text("Second."))[str(first)][1] == len("Second.")


@pytest.mark.usefixtures("only_notified")
def test_a_folder_that_takes_the_name_of_another_is_watched(folder: Path, watched: FolderWatch) -> None:
    other = folder.parent / "other"
    other.mkdir()
    (other / "a.txt").write_text("A.")

    def replace() -> None:
        (folder / "below").rmdir()
        other.rename(folder / "below")

    assert str(folder / "below" / "a.txt") in seen(watched, replace)
    settle(watched)
    b = folder / "below" / "b.txt"
    assert str(b) in seen(watched, lambda: b.write_text("B."))
    shutil.rmtree(folder / "below")
    (folder / "below").mkdir()
    until(lambda: str(b) not in watched.states())
    settle(watched)
    assert str(b) in seen(watched, lambda: b.write_text("B."))


@pytest.mark.usefixtures("only_notified")
def test_a_name_that_is_not_valid_utf_8_ends_no_notifications(folder: Path, watched: FolderWatch) -> None:
    def put() -> None:
        with open(os.fsencode(folder) + b"/\xff.txt", "wb"):  # noqa: PTH123 - a name in bytes
            pass

    try:
        assert len(seen(watched, put)) == 2
    except OSError:
        pytest.skip("this file system takes valid names alone")
    settle(watched)
    assert len(seen(watched, lambda: (folder / "new.txt").write_text("New."))) == 3


def test_no_link_and_no_hidden_folder_is_watched(
    folder: Path, watched: FolderWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = folder.parent / "outside"
    (outside / "deep").mkdir(parents=True)
    (folder / "link").symlink_to(outside)
    (folder / ".hidden").mkdir()
    asked: list[tuple[set[str], object]] = []

    def watch(*paths: str, **options: object) -> Iterator[set]:
        asked.append((set(paths), options["recursive"]))
        yield set()

    monkeypatch.setattr(qa.building.folder_watch, "watch", watch)
    watched.states()
    assert asked == [({str(folder), str(folder / "below")}, False)]


def test_what_no_notification_tells_of_is_seen(
    folder: Path, watched: FolderWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a network drive, where the system reports only this machine's changes."""

    def silent(*_paths: str, **_options: object) -> Iterator[set]:
        while True:
            yield set()

    monkeypatch.setattr(qa.building.folder_watch, "watch", silent)
    monkeypatch.setattr(qa.building.folder_watch, "LIST_EVERY_S", 0.01)
    settle(watched)
    assert len(seen(watched, lambda: (folder / "new.txt").write_text("New."))) == 2


@pytest.mark.usefixtures("without_notifications")
def test_without_notifications_the_folder_is_listed(
    folder: Path, watched: FolderWatch, caplog: pytest.LogCaptureFixture
) -> None:
    settle(watched)
    assert len(seen(watched, lambda: (folder / "new.txt").write_text("New."))) == 2
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(told) == 1, "it is told once"
    assert "OS file watch limit reached" in told[0]


@pytest.mark.usefixtures("only_notified")
def test_the_caller_can_have_the_files_listed(folder: Path, watched: FolderWatch) -> None:
    watched.close()
    (folder / "new.txt").write_text("New.")
    assert len(watched.states()) == 1
    assert len(watched.states(listed=True)) == 2


def test_a_folder_that_is_not_there_yet_is_watched_once_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    watched = FolderWatch(folder)
    try:
        assert watched.states() == {}
        folder.mkdir()
        assert len(seen(watched, lambda: (folder / "new.txt").write_text("New."))) == 1
    finally:
        watched.close()


@pytest.fixture
def drive(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A drive that does not answer until the event is set."""
    monkeypatch.setattr(qa.index.file_calls, "LIMIT_S", 0.2)
    answers = threading.Event()
    answers.set()
    walk = os.walk

    def slow(*arguments: object) -> Iterator[tuple]:
        answers.wait()
        yield from walk(*arguments)

    monkeypatch.setattr(qa.building.folder_watch.os, "walk", slow)
    yield answers
    answers.set()


def test_while_a_drive_gives_no_answer_notifications_of_others_count(
    folder: Path, watched: FolderWatch, drive: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qa.building.folder_watch, "LIST_EVERY_S", 0.01)
    settle(watched)
    assert str(folder / "mill.txt") in seen(watched, drive.clear), "it does not count as removed"
    monkeypatch.setattr(qa.building.folder_watch, "LIST_EVERY_S", inf)
    watched.states()
    seen(watched, lambda: (folder / "new.txt").write_text("New."))
    monkeypatch.setattr(qa.building.folder_watch, "LIST_EVERY_S", 0.01)
    watched.states(listed=True)
    drive.set()
    until(lambda: str(folder / "new.txt") in watched.states())
