from __future__ import annotations

import logging
import threading
from contextlib import closing, contextmanager
from typing import Any

import pytest
from waiting import until
from workshop import TEXTS, Workshop

import qa.index.local.current
from qa.answering.bounded_cache import BoundedCache
from qa.answering.service import Service
from qa.cli.open_service import open_service
from qa.errors import DamagedSnapshot, InvalidQuestion, NoIndex, QAError, UnknownDocument
from qa.index.local.current import CurrentIndex
from qa.index.local.index_folder import current_id, version_path
from qa.index.local.open_version import OpenVersion
from qa.index.local.rollback import roll_back
from qa.index.local.segment import Segment
from qa.records import Filters, Verdict

LOOK_EVERY_S = qa.index.local.current.LOOK_EVERY_S


@pytest.fixture
def shop(tmp_path):
    return Workshop(tmp_path)


@contextmanager
def serving(shop: Workshop):
    service = open_service(shop.settings, shop.encoder)
    try:
        yield service
    finally:
        service.close()


def flip(path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch):
    monkeypatch.setattr(qa.index.local.current, "LOOK_EVERY_S", 0.01)


@pytest.fixture
def looks_when_told(monkeypatch, _looks_often):
    """A service checks for a new snapshot only when it starts and when `refresh` is called."""
    monkeypatch.setattr(qa.index.local.current, "LOOK_EVERY_S", threading.TIMEOUT_MAX)


def test_answers_from_the_documents(shop):
    shop.build()
    with serving(shop) as service:
        answer = service.ask("who built the oldest pier", 2)
        assert answer.passages[0].citation.source == "harbour.txt"
        assert answer.snapshot == service.status().snapshot == current_id(shop.index)
        assert service.status().trouble is None
        assert [info.id for info in service.documents()] == ["ferry.md", "harbour", "mill"]
        with pytest.raises(InvalidQuestion):
            service.ask("\ud800")
        with pytest.raises(UnknownDocument):
            service.ask("pier", filters=Filters(document_ids=("nobody",)))


def test_a_question_asked_again_is_answered_from_memory_until_the_index_changes(shop, monkeypatch):
    shop.build()
    encoded = []
    encode = shop.encoder.encode_question
    monkeypatch.setattr(shop.encoder, "encode_question", lambda question: encoded.append(question) or encode(question))
    with serving(shop) as service:
        first = service.ask("who built the oldest pier", 2)
        assert service.ask(" who  built the oldest pier", 2).passages == first.passages
        assert encoded == ["who built the oldest pier"]
        service.ask("who built the oldest pier", 3)
        service.ask("who built the oldest pier", 2, Filters(document_ids=("mill",)))
        assert set(service.ask("who built the oldest pier", 2, explain=True).stages_ms) >= {"encoding", "evidence"}
        assert len(encoded) == 4, "another k, another filter and an explanation are computed anew"
        shop.put("harbour.txt", "The oldest pier was built by nobody.")
        shop.build()
        service.refresh()
        again = service.ask("who built the oldest pier", 2)
        assert again.passages[0].text == "The oldest pier was built by nobody."
        assert again.snapshot != first.snapshot


def test_a_cache_is_bounded_and_the_value_that_was_used_longest_ago_goes_first():
    kept: BoundedCache[int, str] = BoundedCache(10, len)
    for number in range(5):
        kept.keep(number, "ab")
    assert kept.get(0) == "ab"
    kept.keep(5, "c")
    assert [number for number in range(6) if kept.get(number) is None] == [1]
    kept.keep(5, "cd")
    assert [number for number in range(6) if kept.get(number) is None] == [1], "its earlier value no longer counts"
    kept.keep(6, "more than ten")
    assert [number for number in range(7) if kept.get(number)] == []


def test_original_is_served_only_as_it_was_indexed(shop):
    shop.build()
    with serving(shop) as service:
        original = service.original("mill")
        assert (original.name, original.read()) == ("mill.txt", (shop.seeds / "mill.txt").read_bytes())
        original.close()
        shop.put("mill.txt", "changed since")
        with pytest.raises(UnknownDocument, match="changed since"):
            service.original("mill")


def test_waits_for_a_first_index_and_takes_it_up(shop):
    with serving(shop) as service:
        for _ in range(2):
            with pytest.raises(NoIndex, match="qa build"):
                service.ready()
        shop.build()
        until(lambda: _ready(service))
        assert service.ask("who built the pier").passages


def _ready(service: Service) -> bool:
    try:
        service.ready()
    except QAError:
        return False
    return True


def test_takes_up_a_new_snapshot_by_itself(shop):
    assert LOOK_EVERY_S < 2, "as docs/reliability.md promises"
    shop.build()
    with serving(shop) as service:
        shop.put("lighthouse.txt", "The Lighthouse\n\nThe lighthouse flashes twice.")
        wanted = shop.build().snapshot
        until(lambda: service.status().snapshot == wanted)
        roll_back(shop.index)
        until(lambda: service.status().snapshot != wanted)


def test_swaps_under_load_without_a_failed_or_mixed_answer(shop, monkeypatch):
    """Every build writes a new number into every document; an answer from two snapshots would have two numbers."""
    opened, closed = [], []
    real_open, real_close = qa.index.local.current.open_version, OpenVersion.close
    monkeypatch.setattr(
        qa.index.local.current, "open_version", lambda *a, **o: (opened.append(real_open(*a, **o)), opened[-1])[1]
    )
    monkeypatch.setattr(OpenVersion, "close", lambda self: (closed.append(self), real_close(self))[1])

    def write(number: int) -> None:
        for name in ("one", "two", "three", "four"):
            shop.put(f"{name}.txt", f"Report {name}\n\nThe tide table of {name} shows edition {number:04d} here.")

    write(0)
    shop.build()
    troubles: list[object] = []
    answered: list[str] = []
    stop = threading.Event()

    def ask(service: Service) -> None:
        while not stop.is_set():
            try:
                answer = service.ask("which edition does the tide table show", 4)
                editions = {quote.text.split("edition ")[1][:4] for quote in answer.passages if "edition" in quote.text}
                if len(editions) != 1 or len(answer.passages) < 1:
                    troubles.append((answer.snapshot, editions))
                answered.append(answer.snapshot)
            except Exception as error:  # noqa: BLE001
                troubles.append(error)

    with serving(shop) as service:
        threads = [threading.Thread(target=ask, args=(service,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for number in range(1, 5):
            write(number)
            wanted = shop.build().snapshot
            until(lambda wanted=wanted: troubles or answered.count(wanted) >= 5)
        stop.set()
        for thread in threads:
            thread.join()
        served = service.status().snapshot
    assert troubles == []
    assert served == current_id(shop.index)
    assert len(opened) == 5
    assert set(opened) <= set(closed), "none is left open"


def test_a_snapshot_is_closed_after_its_last_reader(shop):
    shop.build()
    with closing(CurrentIndex.of_this_machine(shop.index, shop.encoder.fingerprint)) as source:
        with source.reading() as old:
            for name in TEXTS:
                shop.put(name, "The lighthouse flashes twice.")
            shop.build()
            source.refresh()
            with source.reading() as new:
                assert new.id != old.id
            assert "harbour" in old.document("harbour").text, "still open for who reads it"
        with pytest.raises(Exception, match="closed"):
            old.document("harbour")


@pytest.mark.parametrize("name", ["tokens.u8", "texts.sqlite", "vectors.f32", "segment.json", "version", "CURRENT"])
def test_at_the_start_falls_back_to_the_newest_whole_and_says_so(shop, caplog, name):
    first = shop.build().snapshot
    shop.put("lighthouse.txt", "The lighthouse flashes twice.")
    second = shop.build().snapshot
    version = shop.version()
    places = {"CURRENT": shop.index / name, "version": version_path(shop.index, version.name)}
    flip(places.get(name, shop.new_folder() / name))
    name = version.name if name == "version" else name
    before = sorted(path for path in shop.index.rglob("*"))
    with caplog.at_level(logging.ERROR), serving(shop) as service:
        status = service.status()
        assert status.snapshot == (second if name == "CURRENT" else first)
        assert service.ask("who built the pier").passages
        assert status.trouble
        assert name in status.trouble
        assert status.trouble.endswith(f"Snapshot {status.snapshot} serves instead.")
        assert name in caplog.text
        assert sorted(path for path in shop.index.rglob("*")) == before, "nothing is deleted"
        mended = shop.build()
        # With a damaged CURRENT the same snapshot served before.
        until(lambda: (service.status().snapshot, service.status().trouble) == (mended.snapshot, None))
        assert mended.snapshot == second


def test_a_missing_current_is_no_missing_index(shop, caplog):
    first = shop.build().snapshot
    shop.put("lighthouse.txt", "The lighthouse flashes twice.")
    second = shop.build().snapshot
    (shop.index / "CURRENT").unlink()
    with caplog.at_level(logging.ERROR), serving(shop) as service:
        service.ready()
        assert service.status().snapshot == second, "the newest whole one"
        assert "CURRENT is missing" in service.status().trouble
        assert "CURRENT is missing" in caplog.text
        mended = shop.build()
        assert mended.snapshot == second
        until(lambda: service.status().trouble is None)
        newest = shop.new_folder()
        (shop.index / "CURRENT").unlink()
        service.refresh()
        assert service.status().snapshot == second, "a running service keeps what it has"
        assert "CURRENT is missing" in service.status().trouble
        assert service.ask("who built the pier").passages
    flip(newest / "tokens.u8")
    with serving(shop) as service:
        assert service.status().snapshot == first


def test_without_current_what_was_rolled_back_does_not_come_back(shop):
    first = shop.build().snapshot
    shop.put("lighthouse.txt", "The lighthouse flashes twice.")
    second = shop.build().snapshot
    assert roll_back(shop.index) == first
    (shop.index / "CURRENT").unlink()
    with serving(shop) as service:
        assert service.status().snapshot == first
        report = shop.build()
        assert (report.snapshot, report.held_back, report.published) == (first, second, False)
        assert current_id(shop.index) == first
        service.refresh()
        assert service.status().snapshot == first
        assert service.status().trouble is None


@pytest.mark.parametrize("damaged", ["before the look", "after the look"])
def test_a_running_service_keeps_what_it_has(shop, looks_when_told, damaged):
    first = shop.build().snapshot
    with serving(shop) as service:
        shop.put("lighthouse.txt", "The lighthouse flashes twice.")
        second = shop.build().snapshot
        if damaged == "after the look":
            service.refresh()
        flip(shop.new_folder() / "tokens.u8")
        service.refresh()
        kept = service.status()
        if damaged == "after the look":
            assert (kept.snapshot, kept.trouble) == (second, None), "it was whole when it was opened"
        else:
            assert kept.snapshot == first
            assert "tokens.u8 is altered" in kept.trouble
        (shop.index / "CURRENT").write_text("garbage")
        service.refresh()
        assert service.ask("who built the pier").snapshot == kept.snapshot
        assert "does not name a snapshot" in service.status().trouble


def test_with_nothing_whole_the_reason_is_told_each_time(shop):
    shop.build()
    flip(shop.new_folder() / "tokens.u8")
    with serving(shop) as service:
        errors = []
        for _ in range(2):
            with pytest.raises(DamagedSnapshot, match=r"tokens\.u8 is altered") as caught:
                service.ask("who built the pier")
            errors.append(caught.value)
        assert errors[0] is not errors[1]
        shop.build()
        until(lambda: _ready(service))


def test_another_models_snapshot_is_refused(shop):
    shop.build()
    shop.encoder.fingerprint = "fake-2"
    with serving(shop) as service:
        with pytest.raises(QAError, match="fake-1, but fake-2 is in use"):
            service.ready()
        shop.build()
        until(lambda: _ready(service))


def test_a_look_that_fails_is_not_the_last(shop, monkeypatch):
    shop.build()
    real = CurrentIndex.refresh
    calls = []

    def fail_once(source: CurrentIndex) -> None:
        calls.append(1)
        if len(calls) == 2:  # the first check is made when it opens
            raise RuntimeError("unforeseen")
        real(source)

    monkeypatch.setattr(CurrentIndex, "refresh", fail_once)
    with serving(shop) as service:
        shop.put("lighthouse.txt", "The lighthouse flashes twice.")
        wanted = shop.build().snapshot
        until(lambda: service.status().snapshot == wanted)
        assert len(calls) > 2


def test_serves_on_through_a_failed_build(shop):
    before = shop.build().snapshot
    with serving(shop) as service:
        shop.seeds.rename(shop.seeds.with_name("elsewhere"))
        with pytest.raises(QAError):
            shop.build()
        assert service.ask("who built the pier").snapshot == before
        assert "There is no folder" in service.report().error


def test_an_emptied_index_answers_that_there_is_nothing_and_takes_documents_again(shop, looks_when_told):
    shop.build()
    with serving(shop) as service:
        for path in shop.seeds.iterdir():
            path.unlink()
        shop.build()
        service.refresh()
        answer = service.ask("who built the pier")
        assert (answer.passages, answer.verdict) == ((), Verdict.NONE)
        assert service.status().documents == 0
        shop.put("pier.txt", "The Pier\n\nThe pier was built by Mara Quill.")
        shop.build()
        service.refresh()
        assert service.ask("who built the pier").passages


def test_segments_that_the_next_version_shares_stay_open(shop, monkeypatch):
    shop.build()
    opened, closed = [], []

    class Served(Segment):
        """A segment that the service opens, not the builds."""

        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            opened.append(self.id)

        def close(self) -> None:
            super().close()
            closed.append(self.id)

    monkeypatch.setattr("qa.index.local.open_version.Segment", Served)
    with closing(CurrentIndex.of_this_machine(shop.index, shop.encoder.fingerprint)) as source:
        first = shop.segments()[0].name
        assert opened == [first]
        shop.put("lighthouse.txt", "The lighthouse flashes twice.")
        shop.build()
        second = shop.segments()[1].name
        source.refresh()
        assert (opened, closed) == ([first, second], [])
        with source.reading() as index:
            assert "harbour" in index.document("harbour").text
    assert sorted(closed) == sorted([first, second])


def test_readers_notice_nothing_of_a_merge_but_a_new_version(shop, looks_when_told):
    shop.build()
    (shop.seeds / "mill.txt").unlink()
    shop.build()
    with serving(shop) as service:
        before = service.ask("who built the pier", explain=True)
        assert shop.merge() == 1
        service.refresh()
        after = service.ask("who built the pier", explain=True)
        assert (after.snapshot, after.passages) == (before.snapshot, before.passages)
        assert service.status().trouble is None


def test_a_segment_that_was_repaired_under_its_old_name_is_opened_anew(shop, looks_when_told):
    shop.build()
    with serving(shop) as service:
        flip(shop.new_folder() / "tokens.u8")
        shop.build(repair=True)
        service.refresh()
        assert service.ask("who built the pier").passages
        assert service.status().trouble is None
    assert len(list((shop.index / "segments").glob("*.damaged-1"))) == 1
