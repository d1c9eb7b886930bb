from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
import threading
import unicodedata
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from fakes import ParserHere
from filelock import FileLock
from processes import FRESH
from waiting import PATIENCE_S, until
from whole_index import contents, signals
from workshop import TEXTS, Workshop, fates, reason

import qa.building.build
import qa.building.build_versions
import qa.building.file_digests
import qa.building.read_files
import qa.building.upgrade
import qa.building.write_segments
from qa.building.background_merge import merge
from qa.building.build import build
from qa.building.journal import JOURNAL
from qa.errors import BuildFailed, BuildRunning, DamagedSnapshot, UnreadableFile
from qa.index.build_notes import read_report
from qa.index.local.arrays import SCALES, TOKENS
from qa.index.local.index_folder import current_id, current_name, current_version, rolled_back, segment_ids
from qa.index.local.rollback import roll_back
from qa.index.local.segment import Segment
from qa.index.local.version import FORMAT
from qa.reading.parser_process import Parser
from qa.settings import Settings
from qa.text.document_ids import document_id

NEW = "The Lighthouse\n\nThe lighthouse of Elden shows two white flashes every ten seconds."


@pytest.fixture
def shop(tmp_path):
    return Workshop(tmp_path)


@pytest.fixture
def nothing_is_read(monkeypatch):
    """After this call, reading a file's content is an error."""

    def read(*_: object) -> None:
        raise AssertionError("a file is read")

    return lambda: monkeypatch.setattr(Parser, "read", read)


def built_from_nothing(shop: Workshop, root: Path) -> Workshop:
    """The same documents, built in a new index."""
    other = Workshop(root, {})
    other.settings = Settings(seeds_dir=shop.seeds, index_dir=other.index)
    other.build()
    return other


def says_the_same(one: Workshop, other: Workshop) -> bool:
    """Whether two indexes have equal content and answers, bit for bit."""
    with closing(one.open_index()) as here, closing(other.open_index()) as there:
        return contents(here) == contents(there) and signals(here, one.encoder) == signals(there, other.encoder)


def documents(shop: Workshop) -> dict[str, str]:
    """The text of every document, by its id."""
    with closing(shop.open_index()) as index:
        return {info.id: index.document(info.id).text for info in index.documents}


def interrupt_at(words: str, shop: Workshop) -> None:
    """Build until a text with these words is encoded, and make every later build end there too."""

    def stop(text: str) -> None:
        if words in text:
            raise KeyboardInterrupt

    shop.encoder.seen = stop
    with pytest.raises(KeyboardInterrupt):
        shop.build()


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


def test_an_incremental_build_gives_what_one_from_nothing_gives(shop, tmp_path):
    shop.build()
    shop.put("lighthouse.txt", NEW)
    shop.put("ferry.md", "# The Ferry\n\nThe ferry is laid up for the winter.")
    (shop.seeds / "mill.txt").unlink()
    report = shop.build()
    assert fates(report) == {
        "harbour.txt": "unchanged", "ferry.md": "changed", "lighthouse.txt": "added", "mill.txt": "removed",
    }  # fmt: skip
    assert (report.encoded, report.reused) == (2, 1)
    assert len(shop.segments()) == 2
    assert says_the_same(shop, built_from_nothing(shop, tmp_path / "nothing"))


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
    assert says_the_same(shop, built_from_nothing(shop, tmp_path / "nothing"))


def test_the_same_text_in_two_files_is_encoded_once(shop):
    shop.put("copy.txt", TEXTS["harbour.txt"])
    report = shop.build()
    assert (report.passages, report.encoded) == (4, 3)


def test_deleted_documents_are_gone(shop):
    shop.build()
    (shop.seeds / "mill.txt").unlink()
    shop.build()
    with closing(shop.open_index()) as index:
        assert [info.id for info in index.documents] == ["ferry.md", "harbour"]
        assert list(index.frequencies(["mill", "pier"])) == [0, 1]
        assert index.size == 2


def test_an_interrupted_build_goes_on_where_it_was(shop, nothing_is_read):
    interrupt_at("mill", shop)
    assert not (shop.index / "CURRENT").exists()
    assert not list((shop.index / "segments").iterdir()), "nothing is left behind"
    shop.encoder.seen = lambda _: None
    nothing_is_read()  # a second time
    report = shop.build()
    assert (report.encoded, report.reused, report.failed) == (1, 2, [])
    assert not (shop.index / JOURNAL).exists()


@pytest.mark.parametrize("damage", ["header", "every entry", "not a database"])
def test_a_damaged_journal_only_costs_time(shop, damage):
    interrupt_at("mill", shop)
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
    told = []
    report = shop.build(on_progress=told.append)
    assert report.encoded == 3
    assert "harbour" in documents(shop)["harbour"]
    assert all(each.done <= each.total for each in told)


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
    assert reason(report, "nowhere.txt") == "is not a regular file, or a link to nothing"
    assert "has 2 MB; at most 1 are read (QA_MAX_FILE_MB)" in reason(report, "big.txt")
    assert report.documents == 3


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are Unicode there")
def test_a_file_name_that_is_not_text_is_named(shop):
    Path(os.fsdecode(os.fsencode(shop.seeds) + b"/caf\xe9.txt")).write_text(NEW)
    report = shop.build()
    assert reason(report, "caf\ufffd.txt") == "its name is not valid UTF-8; rename it"
    assert read_report(shop.index).documents == 3


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
    with closing(shop.open_index()) as index:
        info = next(info for info in index.documents if info.source == decomposed)
    assert (info.title, info.date, info.id) == ("The Café", "2020-01-02", document_id(composed))


def test_a_new_title_changes_the_document_and_encodes_it_again(shop):
    shop.build()
    shop.put("sources.toml", '["mill.txt"]\ntitle = "The Old Mill"\n')
    report = shop.build()
    assert fates(report) == {"ferry.md": "unchanged", "harbour.txt": "unchanged", "mill.txt": "changed"}
    assert report.encoded == 1


def test_a_new_name_of_the_site_makes_a_version_and_reads_and_encodes_nothing(shop, nothing_is_read):
    shop.build()
    before = current_version(shop.index)
    shop.put("sources.toml", '[site]\nname = "Elden Wharf"')
    nothing_is_read()
    report = shop.build()
    version = current_version(shop.index)
    assert (report.published, report.encoded) == (True, 0)
    assert (before.subject, version.subject) == ("", "Elden Wharf")
    assert version.segments == before.segments
    assert version.id != before.id
    assert not shop.build().published


def test_a_broken_sidecar_is_told_and_nothing_is_touched(shop):
    before = shop.build().snapshot
    shop.put("sources.toml", "[mill.txt\n")
    with pytest.raises(UnreadableFile, match=r"sources\.toml"):
        shop.build()
    assert current_id(shop.index) == before
    assert "sources.toml" in read_report(shop.index).error


def test_no_folder_is_an_error_that_keeps_the_index(shop):
    before = shop.build().snapshot
    shop.seeds.rename(shop.seeds.with_name("elsewhere"))
    with pytest.raises(BuildFailed, match="There is no folder"):
        shop.build()
    assert current_id(shop.index) == before


def test_an_index_may_end_up_empty_and_grow_again(shop, tmp_path):
    shop.build()
    for path in shop.seeds.iterdir():
        path.unlink()
    emptied = shop.build()
    assert (emptied.published, emptied.documents, emptied.passages) == (True, 0, 0)
    assert set(fates(emptied).values()) == {"removed"}
    assert shop.segments() == []
    assert emptied.snapshot == built_from_nothing(shop, tmp_path / "nothing").version().id
    assert not shop.build().published
    with closing(shop.open_index()) as index:
        assert (index.size, list(index.documents)) == (0, [])
        assert index.candidates(shop.encoder.encode_question("pier").vector, ["pier"], 5).rows.tolist() == []
    shop.put("mill.txt", TEXTS["mill.txt"])
    assert fates(shop.build()) == {"mill.txt": "added"}


def test_where_no_file_can_be_read_nothing_of_the_old_is_served(shop):
    shop.build()
    for path in shop.seeds.iterdir():
        path.write_bytes(b"")
    report = shop.build()
    assert (report.published, report.documents, len(report.failed)) == (True, 0, 3)
    assert documents(shop) == {}


def test_documents_of_one_name_keep_different_ids(shop):
    shop.put("ferry.txt", NEW)
    shop.build()
    assert list(documents(shop)) == ["ferry.md", "ferry", "harbour", "mill"]


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
    shop.open_index().close()


_BUILT, _TOLD = 10, 11


def _build_or_be_told(shop: Workshop, together, told) -> None:
    """Build; the builder that starts to encode waits until the three others were refused."""
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
    monkeypatch.setattr(qa.building.build_versions, "datetime", Yesterday)
    second = shop.build().snapshot
    assert shop.version().built_at.startswith("1999")
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
        shop.open_index().close()


def _told_by(act: Callable[..., str], *arguments: object) -> str:
    """The result of a function, or the error that it raises, in a separate process."""
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
    """The kernel refuses to let a file grow beyond a limit, so every writer in turn gets an error."""
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
        shop.open_index().close()
    assert ends[-1] == "built"
    assert len(ends) >= 6, "several writers were told"
    shop.put("mill.txt", "The Mill\n\nThe mill is closed.")
    assert shop.build().published
    assert not list((shop.index / "segments").glob(".*")), "the next build sweeps up"


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


# Segments


def opened_by(act: Callable[[], object]) -> set[str]:
    """The names of the files that an action opens in this process."""
    found: set[str] = set()
    active = True

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if active and event in ("open", "sqlite3.connect"):
            found.add(Path(str(arguments[0])).name)

    sys.addaudithook(note)
    act()
    active = False
    return found


def test_a_build_with_nothing_to_do_opens_no_array_and_no_unchanged_file(shop, monkeypatch):
    monkeypatch.setattr(qa.building.file_digests, "SETTLED_S", 0)
    shop.build()
    shop.put("lighthouse.txt", NEW)
    shop.build()
    arrays = {path.name for folder in shop.segments() for path in folder.iterdir()} - {"segment.json", "texts.sqlite"}
    sources = {path.name for path in shop.seeds.iterdir()}
    opened = opened_by(lambda: (shop.build(), shop.merge()))
    assert not opened & (arrays | sources)
    shop.put("mill.txt", "The Mill\n\nThe mill is closed.")
    assert opened_by(shop.build) & sources == {"mill.txt"}


def test_a_file_that_was_touched_is_digested_again_and_changes_nothing(shop, monkeypatch):
    monkeypatch.setattr(qa.building.file_digests, "SETTLED_S", 0)
    shop.build()
    (shop.seeds / "mill.txt").touch()
    found: list[bool] = []
    assert "mill.txt" in opened_by(lambda: found.append(shop.build().published))
    assert found == [False]
    assert "mill.txt" not in opened_by(shop.build)


def test_what_is_remembered_of_files_may_be_lost_or_broken(shop):
    shop.put("empty.txt", b"")
    first = shop.build()
    for content in (b"", b"no database", None):
        path = shop.index / "files.sqlite"
        path.unlink() if content is None else path.write_bytes(content)
        again = shop.build()
        assert (again.published, fates(again)) == (False, {**fates(first), **dict.fromkeys(TEXTS, "unchanged")})


def bytes_written_by(shop: Workshop) -> int:
    """The sizes of the index files that a build and a merge create or replace, and the growth of other files."""

    def state() -> dict[Path, tuple[int, int]]:
        found = [path for path in shop.index.rglob("*") if path.is_file()]
        return {path: (path.stat().st_ino, path.stat().st_size) for path in found}

    before = state()
    shop.build()
    shop.merge()
    return sum(
        size - (before[path][1] if path in before and before[path][0] == inode else 0)
        for path, (inode, size) in state().items()
    )


def of_passages(root: Path, count: int) -> Workshop:
    """A workshop with so many passages, ten in each document."""
    shop = Workshop(root, {})
    shop.encoder.dimension = 8
    for number in range(count // 10):
        paragraphs = [
            f"# Pier {number}-{place}\n\nWord{number % 97} stands by word{place} at pier {number}."
            for place in range(10)
        ]
        shop.put(f"note{number:05}.md", "\n\n".join(paragraphs))
    return shop


def test_what_one_addition_writes_does_not_grow_with_the_index(tmp_path, monkeypatch):
    monkeypatch.setattr(qa.building.file_digests, "SETTLED_S", 0)
    monkeypatch.setattr(qa.building.read_files, "Parser", ParserHere)
    written = []
    for count in (1000, 10_000):
        shop = of_passages(tmp_path / str(count), count)
        assert shop.build().passages == count
        shop.put("lighthouse.txt", NEW)
        written.append(bytes_written_by(shop))
    assert written[1] <= 1.1 * written[0], written


def test_four_small_segments_become_one_with_the_same_content(shop, tmp_path):
    shop.build()
    for number in range(3):
        shop.put(f"note{number}.txt", f"Note {number}\n\nA note on pier {number}.")
        shop.build()
    assert len(shop.segments()) == 4
    before = shop.version()
    assert shop.merge() == 1
    merged = shop.version()
    assert len(merged.segments) == 1
    assert (merged.id, merged.counts, merged.sequence) == (before.id, before.counts, before.sequence + 1)
    other = built_from_nothing(shop, tmp_path / "nothing")
    assert [path.name for path in shop.segments()] == [path.name for path in other.segments()], "byte for byte"
    assert shop.merge() == 0
    assert not shop.build().published


def test_a_segment_of_which_much_was_removed_is_written_anew(shop):
    shop.build()
    (shop.seeds / "mill.txt").unlink()
    shop.build()
    assert shop.version().segments[0].removed == (2,)
    assert shop.merge() == 1
    assert shop.version().segments[0].removed == ()
    assert list(documents(shop)) == ["ferry.md", "harbour"]


def test_a_merge_stops_for_a_build_and_leaves_nothing(shop):
    shop.build()
    (shop.seeds / "mill.txt").unlink()
    shop.build()
    before = shop.version()
    asked = []
    assert merge(shop.settings, lambda: len(asked) == 3 or asked.append(1)) == 0
    assert len(asked) == 3
    assert shop.version() == before
    assert not list((shop.index / "segments").glob(".*"))
    assert set(segment_ids(shop.index)) == {entry.id for entry in before.segments}
    assert shop.merge() == 1


def test_a_build_asks_a_merge_to_stop_and_waits_for_it(shop):
    shop.build()
    (shop.seeds / "mill.txt").unlink()
    shop.build()
    built, asked = [], []
    merging = threading.Event()

    def build_meanwhile() -> None:
        assert merging.wait(PATIENCE_S)
        built.append(shop.build())

    thread = threading.Thread(target=build_meanwhile)
    thread.start()

    def wanted() -> bool:
        asked.append(1)
        if len(asked) > 1:  # once it has recorded that it merges
            merging.set()
            until((shop.index / "build.waiting").exists)
        return False

    assert merge(shop.settings, wanted) == 0
    thread.join(PATIENCE_S)
    assert len(built) == 1
    assert not (shop.index / "build.waiting").exists()


def test_a_merge_beside_a_build_does_nothing(shop):
    shop.build()
    (shop.seeds / "mill.txt").unlink()
    shop.build()
    (shop.index / "progress.json").write_text("{}")
    with FileLock(shop.index / "build.lock"):
        assert shop.merge() == 0
    assert (shop.index / "progress.json").read_text() == "{}", "it is the build's"


def test_a_merge_copies_no_damage(shop, caplog):
    shop.build()
    (shop.seeds / "mill.txt").unlink()
    shop.build()
    path = shop.segments()[0] / "vectors.f32"
    status = path.stat()
    rot(path)
    assert path.stat().st_mtime_ns == status.st_mtime_ns
    assert shop.merge() == 0
    assert "vectors.f32 is altered" in caplog.text


def rot(path: Path) -> None:
    """Change a byte and restore the modification time."""
    status = path.stat()
    data = bytearray(path.read_bytes())
    data[3] ^= 4
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_an_old_state_of_a_document_is_taken_again_from_where_it_lies(shop, nothing_is_read):
    first = shop.build().snapshot
    shop.put("mill.txt", "The Mill\n\nThe mill is closed.")
    shop.build()
    shop.put("mill.txt", TEXTS["mill.txt"])
    nothing_is_read()
    report = shop.build()
    assert (report.snapshot, report.encoded, fates(report)["mill.txt"]) == (first, 0, "changed")
    assert len(shop.segments()) == 1


def test_a_long_build_goes_on_from_the_segments_that_it_has_finished(shop, monkeypatch, nothing_is_read):
    monkeypatch.setattr(qa.building.write_segments, "PASSAGES_AT_ONCE", 1)
    interrupt_at("mill", shop)
    kept = segment_ids(shop.index)
    assert len(kept) == 1
    shop.encoder.seen = lambda _: None
    nothing_is_read()  # a second time
    (shop.index / JOURNAL).stat()
    report = shop.build()
    assert (report.encoded, report.reused) == (1, 2)
    assert kept[0] in [entry.id for entry in shop.version().segments]
    assert list(documents(shop)) == ["ferry.md", "harbour", "mill"]


def test_a_segment_that_was_noted_and_did_not_get_its_place_is_no_damage(shop, monkeypatch, caplog):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(qa.building.write_segments, "install_segment", stop)
        with pytest.raises(KeyboardInterrupt):
            shop.build()
    assert shop.build().reused == 3
    assert caplog.messages == []


def test_finished_segments_that_are_not_needed_any_more_are_removed(shop, monkeypatch):
    monkeypatch.setattr(qa.building.write_segments, "PASSAGES_AT_ONCE", 1)
    shop.build()
    for number in range(3):
        shop.put(f"note{number}.txt", f"Note {number}\n\nA note on pier {number}.")
    interrupt_at("pier 2", shop)
    named = {entry.id for entry in shop.version().segments}
    assert len(set(segment_ids(shop.index)) - named) == 1
    for number in range(3):
        (shop.seeds / f"note{number}.txt").unlink()
    assert not shop.build().published
    assert set(segment_ids(shop.index)) == named
    assert not (shop.index / JOURNAL).exists()


def test_another_analyser_writes_all_documents_anew_and_encodes_none(shop, monkeypatch, nothing_is_read):
    first = shop.build()
    monkeypatch.setattr(qa.building.upgrade, "ANALYSER_VERSION", 99)
    nothing_is_read()
    report = shop.build()
    assert (report.published, report.encoded, set(fates(report).values())) == (True, 0, {"unchanged"})
    assert report.snapshot != first.snapshot
    assert len(shop.segments()) == 1


def test_another_model_encodes_all_passages_and_reads_no_file(shop, nothing_is_read):
    shop.build()
    shop.encoder.fingerprint = "fake-2"
    nothing_is_read()
    report = shop.build()
    assert (report.published, report.encoded) == (True, 3)


def test_another_form_of_tokens_encodes_all_passages_and_mixes_with_no_other(shop, tmp_path, nothing_is_read):
    first = shop.build()
    before = shop.segments()
    shop.settings = shop.settings.model_copy(update={"token_bits": 2})
    nothing_is_read()
    report = shop.build()
    assert (report.encoded, report.passages, report.snapshot != first.snapshot) == (3, 3, True)
    assert not set(shop.segments()) & set(before)
    assert {Segment.open(folder).record.configuration.token_bits for folder in shop.segments()} == {2}
    assert shop.build().published is False
    shop.settings = shop.settings.model_copy(update={"token_bits": 4})
    assert shop.build().snapshot == first.snapshot


@pytest.mark.parametrize("bits", [4, 2])
def test_tokens_take_their_bits_in_the_segment_and_in_the_journal(shop, bits):
    shop.settings = shop.settings.model_copy(update={"token_bits": bits})
    interrupt_at("mill", shop)
    with closing(sqlite3.connect(shop.index / JOURNAL)) as journal:
        rows = journal.execute("SELECT length(tokens), length(scales) FROM encoded").fetchall()
    a_token = shop.encoder.dimension * bits // 8
    assert len(rows) == 2
    assert all(size == scales // 4 * a_token for size, scales in rows)
    shop.encoder.seen = lambda _: None
    shop.build()
    (folder,) = shop.segments()
    assert (folder / TOKENS).stat().st_size == (folder / SCALES).stat().st_size // 4 * a_token


def test_the_format_before_is_told_in_one_line_and_built_anew(shop, caplog):
    (shop.index / "snapshots" / "0123456789abcdef").mkdir(parents=True)
    (shop.index / "CURRENT").write_text("0123456789abcdef\n")
    report = shop.build()
    assert (report.published, report.encoded) == (True, 3)
    (told,) = caplog.messages
    assert told == (
        f"The index in {shop.index} is of format 5, but {FORMAT} is in use. All documents are read and encoded anew."
    )
    assert not (shop.index / "snapshots").exists()


# Damage


def test_damage_that_a_build_notices_is_mended_from_the_documents(shop, caplog):
    first = shop.build().snapshot
    shop.put("lighthouse.txt", NEW)
    second = shop.build().snapshot
    path = shop.segments()[0] / "tokens.u8"
    data = bytearray(path.read_bytes())
    data[3] ^= 4
    path.write_bytes(data)
    report = shop.build()
    assert (report.snapshot, report.published, report.encoded) == (second, True, 3)
    assert "tokens.u8 is altered" in caplog.text
    assert "It holds ferry.md, harbour.txt, mill.txt." in caplog.text
    shop.open_index().close()
    (aside,) = (shop.index / "segments").glob("*.damaged-*")
    assert (aside / "tokens.u8").read_bytes() == data
    assert roll_back(shop.index) == first, "the segment that was made anew is whole in it too"


def test_every_byte_is_compared_when_asked_and_repaired_when_asked(shop, tmp_path):
    shop.build()
    shop.put("lighthouse.txt", NEW)
    second = shop.build()
    assert not shop.build(verify=True).published
    path = shop.segments()[1] / "vectors.f32"
    rot(path)
    with pytest.raises(DamagedSnapshot, match=r"vectors.f32 is altered.*It holds lighthouse.txt."):
        shop.build(verify=True)
    assert read_report(shop.index).error.startswith("Segment ")
    report = shop.build(repair=True)
    assert (report.snapshot, report.published, report.encoded) == (second.snapshot, True, 1)
    assert says_the_same(shop, built_from_nothing(shop, tmp_path / "nothing"))
    assert not shop.build(verify=True).published


def test_a_lost_segment_is_mended_by_the_next_build(shop):
    shop.build()
    shop.put("lighthouse.txt", NEW)
    shop.build()
    shutil.rmtree(shop.segments()[0])
    assert shop.build().encoded == 3
    assert len(documents(shop)) == 4


def test_after_a_rollback_documents_of_the_refused_version_are_not_read_again(shop, nothing_is_read):
    shop.build()
    shop.put("lighthouse.txt", NEW)
    second = shop.build().snapshot
    name = roll_back(shop.index) and current_name(shop.index)
    nothing_is_read()
    report = shop.build()
    assert (report.held_back, report.encoded, current_name(shop.index)) == (second, 0, name)
    assert rolled_back(shop.index) == [second]
