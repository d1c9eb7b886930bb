"""Opening a version: it is intact or refused, held while it is read, and released afterwards."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workshop import Workshop

import qa.index.local.open_version
from qa.building.progress import ProgressNote
from qa.errors import DamagedSnapshot, MismatchedSnapshot
from qa.index.build_notes import (
    PROGRESS,
    REPORT,
    BuildReport,
    Fate,
    FileReport,
    Progress,
    ProgressReport,
    Step,
    read_progress,
    read_report,
    write_report,
)
from qa.index.local.index_folder import current_name, version_path
from qa.index.local.open_version import newest_whole, open_index, open_version
from qa.index.local.prune import prune
from qa.index.local.rollback import roll_back

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    shop = Workshop(tmp_path_factory.mktemp("shop"))
    shop.build()
    return shop


@pytest.fixture
def shop(tmp_path):
    return Workshop(tmp_path)


def three(shop: Workshop) -> list[str]:
    """The names of three versions, oldest first."""
    names = []
    for number in range(3):
        shop.put("mill.txt", f"The Mill\n\nThe mill was repainted {number} times.")
        shop.build()
        names.append(shop.version().name)
    return names


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


def test_a_flipped_byte_in_any_file_is_found_and_named(built):
    (folder,) = built.segments()
    names = sorted(path.name for path in folder.iterdir())
    assert {"segment.json", "texts.sqlite", "vectors.f32", "tokens.u8", "term_hashes.u64"} < set(names)
    for name in names:
        path = folder / name
        size = path.stat().st_size
        for at in {0, size // 2, size - 1} if size else ():
            flip(path, at)
            with pytest.raises(DamagedSnapshot, match=path.name):
                built.open_index()
            flip(path, at)
        whole = path.read_bytes()
        for trouble in (whole[:-1], whole + b"\0", None):
            path.unlink() if trouble is None else path.write_bytes(trouble)
            with pytest.raises(DamagedSnapshot, match=path.name):
                built.open_index()
            path.write_bytes(whole)
    built.open_index().close()


def test_a_copied_index_is_compared_once_and_opens(built, tmp_path):
    shutil.copytree(built.index, tmp_path / "index")
    open_index(tmp_path / "index").close()
    (segment,) = built.segments()
    flip(tmp_path / "index" / "segments" / segment.name / "tokens.u8", 2)
    with pytest.raises(DamagedSnapshot, match=r"tokens\.u8 is altered"):
        open_index(tmp_path / "index")


def test_an_index_that_may_not_be_written_to_opens(built, tmp_path):
    shutil.copytree(built.index, tmp_path / "index", ignore=shutil.ignore_patterns("verified"))
    (tmp_path / "index" / "verified").write_text("in the way")
    open_index(tmp_path / "index").close()


def test_other_models_and_analysers_are_told_apart_from_damage(built, monkeypatch):
    with pytest.raises(MismatchedSnapshot, match="model weights fake-1, but other is in use"):
        open_index(built.index, weights="other")
    monkeypatch.setattr(qa.index.local.open_version, "ANALYSER_VERSION", 99)
    with pytest.raises(MismatchedSnapshot, match="analyser version 4, but 99 is in use"):
        open_index(built.index)


def test_a_version_that_is_not_there_is_refused(shop):
    with pytest.raises(DamagedSnapshot, match="Snapshot 000001-0000000000000000 cannot be read"):
        open_version(shop.index, "000001-0000000000000000")


def test_a_current_that_changes_while_it_is_opened_is_looked_at_again(shop, monkeypatch):
    three(shop)
    real = qa.index.local.open_version.hold

    def pruned_first(path):
        monkeypatch.setattr(qa.index.local.open_version, "hold", real)
        shop.put("mill.txt", "The Mill\n\nThe mill is closed.")
        shop.build()
        path.unlink()
        return real(path)

    monkeypatch.setattr(qa.index.local.open_version, "hold", pruned_first)
    with closing(open_index(shop.index)) as index:
        assert index.name == current_name(shop.index)


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b"{}",
        b"3",
        b'{"files": 3}',
        b'{"files": [1, {}], "seconds": "?"}',
        b"\xff",
        b"",
    ],
)
def test_a_report_and_a_note_of_progress_that_are_not_as_they_are_written_are_none(tmp_path, content):
    for name, read in ((REPORT, read_report), (PROGRESS, read_progress)):
        (tmp_path / name).write_bytes(content)
        assert read(tmp_path) is None


def test_a_report_is_read_as_it_was_written_without_the_files_that_are_unchanged(tmp_path):
    files = (
        FileReport("kept.txt", Fate.KEPT, "its parser was killed", for_now=True),
        FileReport("mill.txt", Fate.UNCHANGED),
        FileReport("new.txt", Fate.ADDED),
    )
    report = BuildReport("5f0c", published=True, files=files, documents=3, passages=7, encoded=2, reused=5, seconds=2.0)
    write_report(tmp_path, report)
    counts = {"kept": 1, "unchanged": 1, "added": 1}
    assert read_report(tmp_path) == replace(report, files=(files[0], files[2]), counts=counts)


def test_progress_is_read_as_it_was_noted(tmp_path):
    note = ProgressNote(tmp_path, lambda _: None)
    note(Progress(Step.ENCODING, 10, 40))
    assert read_progress(tmp_path) == ProgressReport(Step.ENCODING, 10, 40, "characters", None, None, os.getpid())
    note.close()
    assert read_progress(tmp_path) is None


def test_newest_whole_prefers_current_then_the_newest(shop):
    first, second, third = three(shop)
    folders = [shop.new_folder()]
    assert newest(shop) == third
    flip(folders[0] / "tokens.u8", 0)
    assert newest(shop) == second
    roll_back(shop.index, first.partition("-")[2])
    assert newest(shop) == current_name(shop.index)
    for path in (shop.index / "versions").iterdir():
        path.write_bytes(b"")
    assert newest(shop) is None


def newest(shop: Workshop) -> str | None:
    found = newest_whole(shop.index, lambda name: open_version(shop.index, name))
    if found:
        found.close()
    return found and found.name


@pytest.mark.skipif(sys.platform == "win32", reason="open files cannot be removed there")
def test_a_version_that_another_process_reads_stays_whole(shop):
    first, second, third = three(shop)
    code = (
        "import sys; from pathlib import Path; from qa.index.local.open_version import open_version\n"
        "index = open_version(Path(sys.argv[1]), sys.argv[2]); print('open', flush=True); sys.stdin.read()\n"
        "print(index.document('mill').text)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(shop.index), first],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as holder:
        assert holder.stdout.readline() == "open\n"
        assert prune(shop.index, 1) == [second]
        open_version(shop.index, first).close()
        said, _ = holder.communicate("")
    assert "repainted 0 times" in said
    assert prune(shop.index, 1) == [first]
    assert third == current_name(shop.index)


def test_a_reader_that_failed_to_open_holds_nothing(shop):
    first, *_ = three(shop)
    with pytest.raises(MismatchedSnapshot):
        open_version(shop.index, first, weights="other")
    flip(version_path(shop.index, first), 20)
    with pytest.raises(DamagedSnapshot):
        open_version(shop.index, first)
    flip(version_path(shop.index, first), 20)
    assert first in prune(shop.index, 2)


@settings(max_examples=15)
@given(st.lists(st.text(max_size=300), min_size=1, max_size=3))
def test_any_text_reads_back_at_its_offsets(tmp_path_factory, texts):
    shop = Workshop(tmp_path_factory.mktemp("shop"), {"sure.txt": "Something sure is here."})
    for number, text in enumerate(texts):
        shop.put(f"{number}.txt", text.encode("utf-8", "surrogatepass"))
    shop.build()
    with closing(shop.open_index()) as index:
        for passage in index.passages(range(index.size)):
            document = index.document(passage.document_id)
            assert document.text[passage.start : passage.end] == passage.text
            for span in passage.sentences:
                assert passage.text[span.start : span.end].strip()


def test_a_closed_version_holds_no_file_even_before_garbage_is_collected(built):
    def opened() -> list[str]:
        return [file.path for file in psutil.Process().open_files() if str(built.index) in file.path]

    gc.collect()
    gc.disable()
    try:
        index = built.open_index()
        index.passages([0])
        index.frequencies(["mill"])
        assert opened()
        index.close()
        del index
        assert opened() == []
    finally:
        gc.enable()
