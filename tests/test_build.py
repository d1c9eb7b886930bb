from __future__ import annotations

import json
import os
import sqlite3
import sys
import tempfile
import unicodedata
from collections.abc import Callable
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from filelock import FileLock
from processes import FRESH
from waiting import PATIENCE_S
from workshop import TEXTS, Workshop, fates, reason

import qa.index.local.snapshot_writer
import qa.index.local.vectors.choice
from qa.building.build import build
from qa.building.reuse import JOURNAL
from qa.errors import BuildFailed, BuildRunning, UnreadableFile
from qa.index.build_notes import read_report
from qa.index.local.manifest import current_id
from qa.index.local.publish import roll_back
from qa.reading.parser_process import Parser
from qa.records import Filters
from qa.retrieval.search import search
from qa.settings import Settings
from qa.text.document_ids import document_id

NEW = "The Lighthouse\n\nThe lighthouse of Elden shows two white flashes every ten seconds."


@pytest.fixture
def shop(tmp_path):
    return Workshop(tmp_path)


@pytest.fixture
def nothing_is_read(monkeypatch):
    """From the call on, reading a file's content is an error."""

    def read(*_: object) -> None:
        raise AssertionError("a file is read")

    return lambda: monkeypatch.setattr(Parser, "read", read)


def manifest_of(shop: Workshop) -> dict:
    return json.loads((shop.folder() / "manifest.json").read_bytes())


def built_from_nothing(shop: Workshop, root) -> dict:
    """The manifest that a build of the same documents in a new index gives."""
    other = Workshop(root, {})
    other.settings = Settings(seeds_dir=shop.seeds, index_dir=other.index)
    other.build()
    return manifest_of(other)


def test_every_file_is_added_then_unchanged(shop):
    first = shop.build()
    assert first.published
    assert set(fates(first).values()) == {"added"}
    assert (first.documents, first.passages, first.encoded, first.reused) == (3, 3, 3, 0)
    encoded, stat = shop.encoder.encoded, (shop.index / "CURRENT").stat()
    second = shop.build()
    assert not second.published
    assert set(fates(second).values()) == {"unchanged"}
    assert (second.snapshot, second.encoded) == (first.snapshot, 0)
    assert (shop.index / "CURRENT").stat() == stat, "nothing is written when there is nothing to do"
    assert shop.encoder.encoded == encoded


def test_an_incremental_build_gives_the_bytes_of_one_from_nothing(shop, tmp_path):
    shop.build()
    shop.put("lighthouse.txt", NEW)
    shop.put("ferry.md", "# The Ferry\n\nThe ferry is laid up for the winter.")
    (shop.seeds / "mill.txt").unlink()
    report = shop.build()
    assert fates(report) == {
        "harbour.txt": "unchanged", "ferry.md": "changed", "lighthouse.txt": "added", "mill.txt": "removed",
    }  # fmt: skip
    assert (report.encoded, report.reused) == (2, 1)
    here, there = manifest_of(shop), built_from_nothing(shop, tmp_path / "nothing")
    assert here["files"] == there["files"]
    assert here["id"] == there["id"]


def test_fresh_builds_ignore_what_is_remembered_and_give_the_same(shop):
    first = shop.build()
    again = shop.build(fresh=True)
    assert (again.snapshot, again.encoded, again.published) == (first.snapshot, 3, False)


@pytest.mark.parametrize("name", ["quay.txt", "deep/er/quay.txt", "Quay 2.txt"])
def test_renaming_costs_nothing(shop, tmp_path, name, nothing_is_read, monkeypatch):
    shop.build()
    before = shop.encoder.encoded
    (shop.seeds / "deep/er").mkdir(parents=True)
    (shop.seeds / "harbour.txt").rename(shop.seeds / name)
    nothing_is_read()
    report = shop.build()
    assert fates(report)[name] == "added"
    assert fates(report)["harbour.txt"] == "removed"
    assert (report.encoded, shop.encoder.encoded) == (0, before)
    monkeypatch.undo()
    assert manifest_of(shop)["files"] == built_from_nothing(shop, tmp_path / "nothing")["files"]


def test_the_same_text_in_two_files_is_encoded_once(shop):
    shop.put("copy.txt", TEXTS["harbour.txt"])
    report = shop.build()
    assert (report.passages, report.encoded) == (4, 3)


def test_deleted_documents_are_gone(shop):
    shop.build()
    (shop.seeds / "mill.txt").unlink()
    shop.build()
    snapshot = shop.open()
    assert [info.id for info in snapshot.documents] == ["ferry.md", "harbour"]
    assert snapshot.bm25.frequency("mill") == 0
    assert snapshot.vectors.size == 2
    snapshot.close()


def test_an_interrupted_build_goes_on_where_it_was(shop, nothing_is_read):
    def stop(text: str) -> None:
        if "mill" in text:
            raise KeyboardInterrupt

    shop.encoder.seen = stop
    with pytest.raises(KeyboardInterrupt):
        shop.build()
    assert not (shop.index / "CURRENT").exists()
    assert not list((shop.index / "snapshots").iterdir()), "nothing is left behind"
    shop.encoder.seen = lambda _: None
    nothing_is_read()  # a second time
    report = shop.build()
    assert (report.encoded, report.reused, report.failed) == (1, 2, [])
    assert not (shop.index / JOURNAL).exists()


@pytest.mark.parametrize("damage", ["header", "every entry", "not a database"])
def test_a_damaged_journal_only_costs_time(shop, damage):
    shop.encoder.seen = lambda text: (_ for _ in ()).throw(KeyboardInterrupt) if "mill" in text else None
    with pytest.raises(KeyboardInterrupt):
        shop.build()
    journal = shop.index / JOURNAL
    if damage == "every entry":
        with sqlite3.connect(journal) as database:
            database.execute("UPDATE encoded SET vector = zeroblob(length(vector))")
            database.execute("UPDATE contents SET content = CAST(replace(content, 'harbour', 'garbour') AS BLOB)")
        database.close()
    else:
        data = journal.read_bytes()
        journal.write_bytes(b"x" * 100 + data[100:] if damage == "header" else b"nothing of the kind")
    shop.encoder.seen = lambda _: None
    report = shop.build()
    assert report.encoded == 3
    snapshot = shop.open()
    assert "harbour" in snapshot.document("harbour").text
    snapshot.close()


def test_one_bad_file_stops_no_other(shop):
    shop.put("empty.txt", b"")
    shop.put("blank.txt", " \n \n")
    shop.put("binary.txt", bytes(range(256)) * 20)
    shop.put("picture.txt", b"\x89PNG\r\n\x1a\n" + b"abc" * 99)
    shop.put("broken16.txt", b"\xff\xfea\x00b")
    report = shop.build()
    assert report.documents == 3
    assert {file.source: file.reason for file in report.failed} == {
        "binary.txt": "binary data, not text",
        "blank.txt": "holds no text",
        "broken16.txt": "marked as UTF-16-LE but broken at byte 2",
        "empty.txt": "is empty",
        "picture.txt": "holds a PNG picture, not what .txt stands for; give it its right name",
    }
    again = shop.build()
    assert not again.published
    assert again.failed == report.failed, "the unchanged report still names them"
    shop.put("lighthouse.txt", NEW)
    assert shop.build().failed == report.failed


def test_unknown_formats_are_skipped_with_the_remedy(shop):
    shop.put("old.doc", b"\xd0\xcf\x11\xe0")
    shop.put("README", "no suffix")
    shop.put(".hidden.txt", "not looked at")
    shop.put("~$lock.txt", "not looked at")
    shop.put("__MACOSX/notes.txt", "not looked at")
    report = shop.build()
    assert fates(report)["old.doc"] == fates(report)["README"] == "skipped"
    assert reason(report, "old.doc") == ".doc is not read; save it as .docx"
    assert not {".hidden.txt", "~$lock.txt", "__MACOSX/notes.txt"} & set(fates(report))
    assert report.failed == []
    assert not shop.build().published


def test_what_cannot_be_opened_is_named(shop):
    (shop.seeds / "nowhere.txt").symlink_to(shop.seeds / "gone.txt")
    shop.put("big.txt", "x" * 2_000_000)
    shop.settings = shop.settings.model_copy(update={"max_file_mb": 1})
    report = shop.build()
    assert reason(report, "nowhere.txt") == "is no regular file, or a link to nothing"
    assert "has 2 MB; at most 1 are read (QA_MAX_FILE_MB)" in reason(report, "big.txt")
    assert report.documents == 3


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are Unicode there")
def test_a_file_name_that_is_not_text_is_named(shop):
    Path(os.fsdecode(os.fsencode(shop.seeds) + b"/caf\xe9.txt")).write_text(NEW)
    report = shop.build()
    assert reason(report, "caf\ufffd.txt") == "its name is not valid UTF-8; rename it"
    assert read_report(shop.index)["documents"] == 3


def test_a_file_that_changes_under_the_reader_is_read_by_the_next_build(shop, monkeypatch):
    real = Parser.read

    def meddle(self, source, data):
        shop.put("mill.txt", TEXTS["mill.txt"] + " It burnt down.")
        return real(self, source, data)

    with monkeypatch.context() as patch:
        patch.setattr(Parser, "read", meddle)
        report = shop.build()
    assert reason(report, "mill.txt") == "was changed while the build ran; build again"
    assert fates(shop.build())["mill.txt"] == "added"


def test_names_composed_in_either_way_meet_their_sidecar(shop):
    composed, decomposed = (unicodedata.normalize(form, "café.txt") for form in ("NFC", "NFD"))
    assert composed != decomposed
    shop.put(decomposed, NEW)
    shop.put("sources.toml", f'["{composed}"]\ntitle = "The Café"\ndate = 2020-01-02\n')
    report = shop.build()
    assert fates(report)[decomposed] == "added"
    snapshot = shop.open()
    info = next(info for info in snapshot.documents if info.source == decomposed)
    assert (info.title, info.date, info.id) == ("The Café", "2020-01-02", document_id(composed))
    snapshot.close()


def test_a_new_title_changes_the_document_and_encodes_it_again(shop):
    shop.build()
    shop.put("sources.toml", '["mill.txt"]\ntitle = "The Old Mill"\n')
    report = shop.build()
    assert fates(report) == {"ferry.md": "unchanged", "harbour.txt": "unchanged", "mill.txt": "changed"}
    assert report.encoded == 1


def test_a_broken_sidecar_is_told_and_nothing_is_touched(shop):
    before = shop.build().snapshot
    shop.put("sources.toml", "[mill.txt\n")
    with pytest.raises(UnreadableFile, match=r"sources\.toml"):
        shop.build()
    assert current_id(shop.index) == before
    assert "sources.toml" in read_report(shop.index)["error"]


def test_an_empty_folder_and_no_folder_are_errors_that_keep_the_index(shop):
    before = shop.build().snapshot
    for path in shop.seeds.iterdir():
        path.unlink()
    with pytest.raises(BuildFailed, match="Put documents there"):
        shop.build()
    shop.seeds.rmdir()
    with pytest.raises(BuildFailed, match="There is no folder"):
        shop.build()
    assert current_id(shop.index) == before


def test_documents_of_one_name_keep_different_ids(shop):
    shop.put("ferry.txt", NEW)
    shop.build()
    snapshot = shop.open()
    assert [info.id for info in snapshot.documents] == ["ferry.md", "ferry", "harbour", "mill"]
    snapshot.close()


def test_no_names_stop_a_build_and_of_two_with_one_id_the_second_is_reported(shop):
    digest = sha256(b"report.md").hexdigest()[:8]
    for name in ("report.htm", "report.md", f"report-{digest}.txt"):
        shop.put(name, f"Words of {name}.")
    assert shop.build().failed == []
    capital = f"report-{sha256(b'Report.txt').hexdigest()[:8]}"
    shop.put("Report.txt", "With a capital.")
    shop.put(f"{capital}.txt", "With the digest of the other.")
    report = shop.build()
    assert reason(report, f"{capital}.txt") == f"would have the same id as Report.txt, {capital}; rename one of the two"
    assert fates(report)["Report.txt"] == "added"
    again = shop.build()
    assert not again.published
    assert again.encoded == 0
    assert fates(again)[f"{capital}.txt"] == "failed"
    (shop.seeds / "Report.txt").unlink()
    assert fates(shop.build())[f"{capital}.txt"] == "added", "nothing is held against the bytes"


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems know one spelling")
def test_two_spellings_of_one_name_are_one_document_and_the_second_is_told(shop):
    for form in ("NFC", "NFD"):
        shop.put(unicodedata.normalize(form, "café.txt"), f"Words in {form}.")
    failed = shop.build().failed
    assert [file.source for file in failed] == ["café.txt"], "the composed one comes second in the order of paths"
    assert "same id as cafe\u0301.txt" in failed[0].reason


def test_a_folder_in_the_sidecars_place_is_no_sidecar_and_stops_no_build(shop, caplog):
    shop.put("sources.toml/x.txt", "Words below.")
    report = shop.build()
    assert fates(report)["sources.toml/x.txt"] == "added"
    assert "sources.toml is a folder, not a sidecar" in caplog.text


def test_only_one_builder_at_a_time(shop):
    shop.build()
    with FileLock(shop.index / "build.lock"), pytest.raises(BuildRunning):
        build(shop.settings, encoder=shop.encoder)
    assert not shop.build().published


def test_of_builders_at_once_one_builds_and_the_others_are_told(shop):
    together, told = FRESH.Barrier(4), FRESH.Semaphore(0)
    ends = [FRESH.Process(target=_build_or_be_told, args=(shop, together, told)) for _ in range(4)]
    for end in ends:
        end.start()
    for end in ends:
        end.join(PATIENCE_S)
    assert sorted(end.exitcode for end in ends) == [_BUILT, _TOLD, _TOLD, _TOLD]
    shop.open().close()


_BUILT, _TOLD = 10, 11


def _build_or_be_told(shop: Workshop, together, told) -> None:
    """Build; whoever gets to encode something waits there until the three others have been told."""
    waiting_for = [1, 2, 3]

    def seen(_: str) -> None:
        while waiting_for:
            waiting_for.pop()
            assert told.acquire(timeout=PATIENCE_S)

    shop.encoder.seen = seen
    together.wait(PATIENCE_S)
    try:
        shop.build()
    except BuildRunning:
        told.release()
        sys.exit(_TOLD)
    sys.exit(_BUILT)


def test_the_clock_may_go_backwards(shop, monkeypatch):
    class Yesterday:
        @staticmethod
        def now(zone):
            from datetime import datetime

            return datetime(1999, 1, 1, tzinfo=zone)

    first = shop.build().snapshot
    shop.put("lighthouse.txt", NEW)
    monkeypatch.setattr(qa.index.local.snapshot_writer, "datetime", Yesterday)
    second = shop.build().snapshot
    assert manifest_of(shop)["built_at"].startswith("1999")
    assert current_id(shop.index) == second
    assert roll_back(shop.index) == first, "which is older is told by sequence, not by the clock"


@pytest.mark.skipif(sys.platform == "win32", reason="folders are not read-only there")
def test_a_read_only_index_is_one_line_and_no_harm(tmp_path):
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        shop = Workshop(root / "shop")
        before = shop.build().snapshot
        shop.put("lighthouse.txt", NEW)
        for path in (shop.index, *shop.index.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        root.chmod(0o755)
        (root / "shop").chmod(0o755)
        told = _told_by(_build_as_nobody, shop)
        for path in (shop.index, *shop.index.rglob("*")):
            path.chmod(0o755)
        assert told.startswith("BuildFailed: ")
        assert "cannot be written" in told
        assert current_id(shop.index) == before
        shop.open().close()


def _told_by(act: Callable[..., str], *arguments: object) -> str:
    """What a function returns, or the error that it raises, in a process of its own."""
    answer, tell = FRESH.Pipe(duplex=False)
    process = FRESH.Process(target=_tell, args=(tell, act, *arguments))
    process.start()
    tell.close()
    try:
        assert answer.poll(PATIENCE_S)
        return answer.recv()
    finally:
        process.kill()
        process.join(PATIENCE_S)
        answer.close()


def _tell(tell: Connection, act: Callable[..., str], *arguments: object) -> None:
    try:
        tell.send(act(*arguments))
    except BaseException as error:  # noqa: BLE001
        tell.send(f"{type(error).__name__}: {error}")


def _build_as_nobody(shop: Workshop) -> str:
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    shop.build()
    return "built"


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on file sizes there")
def test_a_full_disk_stops_any_write_without_harm(tmp_path):
    """The kernel refuses to let a file grow beyond a limit, which tells every writer in turn that there is no room."""
    shop = Workshop(tmp_path)
    before = shop.build().snapshot
    shop.put("lighthouse.txt", NEW + " It is white." * 400)
    ends = []
    for limit in (0, 10, 300, 1500, 4000, 9000, 20_000, 40_000, 90_000):
        ends.append(_told_by(_build_within, shop, limit))
        if ends[-1] == "built":
            break
        assert ends[-1].startswith("BuildFailed: "), ends
        assert "cannot be written" in ends[-1], ends
        assert current_id(shop.index) == before
        shop.open().close()
    assert ends[-1] == "built"
    assert len(ends) >= 6, "several writers were told"
    shop.put("mill.txt", "The Mill\n\nThe mill is closed.")
    assert shop.build().published
    assert not list((shop.index / "snapshots").glob(".*")), "the next build sweeps up"


def _build_within(shop: Workshop, limit: int) -> str:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    shop.build()
    return "built"


def test_progress_runs_from_nothing_to_all_of_each_step(shop):
    steps: dict[str, list[tuple[int, int]]] = {}
    build(shop.settings, lambda p: steps.setdefault(p.step, []).append((p.done, p.total)), encoder=shop.encoder)
    assert list(steps) == ["reading", "encoding", "writing"]
    for seen in steps.values():
        done = [each for each, _ in seen]
        assert done == sorted(done)
        assert len({total for _, total in seen}) == 1
        assert seen[-1][0] == seen[-1][1] > 0


def test_a_rollback_holds_until_something_changes(shop):
    first = shop.build().snapshot
    shop.put("lighthouse.txt", NEW)
    second = shop.build().snapshot
    assert roll_back(shop.index) == first
    for fresh in (False, True):
        report = shop.build(fresh=fresh)
        assert (report.published, report.held_back, report.snapshot) == (False, second, first)
        assert current_id(shop.index) == first
    shop.put("lighthouse.txt", NEW + " It was repainted.")
    third = shop.build()
    assert third.published
    assert third.held_back is None
    assert current_id(shop.index) == third.snapshot not in (first, second)
    (shop.seeds / "lighthouse.txt").write_text(NEW)
    assert shop.build().snapshot == second, "the mark ends with the next publication"


def test_a_rollback_can_be_taken_back(shop):
    first = shop.build().snapshot
    shop.put("lighthouse.txt", NEW)
    second = shop.build().snapshot
    roll_back(shop.index)
    assert roll_back(shop.index, second) == second
    report = shop.build()
    assert (report.held_back, report.snapshot) == (None, second)
    assert first != second


# Larger indexes, which are quantised


@pytest.fixture
def large(shop, monkeypatch):
    """A workshop of 150 passages, where more than 100 are many."""
    monkeypatch.setattr(qa.index.local.snapshot_writer, "EXACT_UP_TO", 100)
    for number in range(150):
        shop.put(
            f"note{number}.txt", f"Note {number}\n\nWord{number} stands by word{number // 2} and word{number // 7}."
        )
    return shop


def test_a_large_index_is_quantised_and_rebuilt_to_the_same_bytes(large, tmp_path):
    large.build()
    large.put("lighthouse.txt", NEW)
    report = large.build()
    assert (report.encoded, report.reused) == (1, 153)
    manifest = manifest_of(large)
    assert manifest["vectors"]["kind"] == "quantised"
    assert manifest["vectors"]["recall"] >= 0.98
    assert manifest["files"] == built_from_nothing(large, tmp_path / "nothing")["files"]


def test_a_large_index_answers_with_filters_and_without(large):
    large.build()
    index = large.open_index()
    for filters in (None, Filters(document_ids=("note77", "note78", "mill"))):
        ranking = search(index, large.encoder, "word77 stands by word38", filters)
        assert ranking.hits(1)[0].passage.document_id == "note77"
    assert len(ranking.rows) == 3
    index.close()


def test_an_index_that_stays_exact_is_told(large, monkeypatch, caplog):
    monkeypatch.setattr(qa.index.local.vectors.choice, "RECALL_GOAL", 1.1)
    large.build()
    assert "recall" in caplog.text
    assert manifest_of(large)["vectors"]["kind"] == "exact"
    assert manifest_of(large)["vectors"]["lists"] > 0
