"""An index of segments: its results depend only on its documents, not on their segments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA
from segment_work import CONFIGURATION, ENCODER, Item, corpora, document_of, items_of, opened, temporary, write_segment

from qa.errors import DamagedSnapshot, UnknownDocument
from qa.index.contract import Abbreviation
from qa.index.local.abbreviations import Entry
from qa.index.local.arrays import ABBREVIATION_KEYS
from qa.index.local.local_index import LocalIndex
from qa.index.local.merge import merge_segments
from qa.index.local.segment import Segment
from qa.index.local.segment_writer import SegmentWriter
from qa.index.local.texts import Texts
from qa.index.local.version_files import SEGMENT, read_segment
from qa.index.local.word_forms import WordForms
from qa.index.typed_json import canonical
from qa.records import Document, Filters, PassageKind
from qa.text.spelling import correct
from qa.text.words import terms

QUESTIONS = ("the harbour piers", "mill mills rye café", "salt of the strait 1871", "zeppelin")
FILTERS = (None, Filters(publishers=("Mill Books",)), Filters(date_from="2021", date_to="2022-12-31"))
TEXTS = {
    "a.txt": "The harbour has piers. The salt is white.\n\nQuill built the Mill mill.",
    "b.txt": "Rye and rye and rye.",
    "c.txt": "",
    "d.txt": "The ferry crosses the strait.\n\nNo dog of the harbour.",
}


def same(left: object, right: object) -> None:
    """Two records are equal, arrays by dtype and bit by bit."""
    assert type(left) is type(right)
    for field in fields(left):
        one, other = getattr(left, field.name), getattr(right, field.name)
        assert (one.dtype, one.shape) == (other.dtype, other.shape), field.name
        assert one.tobytes() == other.tobytes(), field.name


def same_index(left: LocalIndex, right: LocalIndex) -> None:
    """Two indexes return the same in everything."""
    assert (left.id, left.size, left.documents) == (right.id, right.size, right.documents)
    rows = np.arange(left.size)
    assert left.passages(rows) == right.passages(rows)
    for info in left.documents:
        assert left.document(info.id) == right.document(info.id)
    for word in ("harbor", "mills", "salty", "pierce"):
        assert left.forms_near(word, 2) == right.forms_near(word, 2)
    for question in QUESTIONS:
        encoding = ENCODER.encode_question(question)
        asked = tuple(dict.fromkeys(terms(question)))
        assert left.frequencies(asked) == right.frequencies(asked)
        assert left.held(asked, rows).tolist() == right.held(asked, rows).tolist()
        assert [left.together(each, asked) for each in asked] == [right.together(each, asked) for each in asked]
        for filters in FILTERS:
            for count in (1, 3, 100):
                found = left.candidates(encoding.vector, asked, count, filters)
                same(found, right.candidates(encoding.vector, asked, count, filters))
        chosen = np.random.default_rng(0).permutation(rows)
        same(left.compare(encoding.tokens, chosen), right.compare(encoding.tokens, chosen))
        same(left.similarities(encoding.tokens, chosen), right.similarities(encoding.tokens, chosen))


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def split(texts: Mapping[str, str], choices: Sequence[int]) -> list[dict[str, str]]:
    parts: list[dict[str, str]] = [{} for _ in range(3)]
    for number, (source, text) in enumerate(texts.items()):
        parts[choices[number]][source] = text
    return parts


ABBREVIATED = {
    "a.txt": "The Harbour Pilot Fund (HPF) pays. The Mill Rye Trust and the Main Road Team met.",
    "b.txt": "The Mill Rye Trust sells salt; MRT is known. The Harbour Police Force (HPF) came.",
    "c.txt": "The Main Road Team rests. The Main Road Team works.",
}


def test_abbreviations_count_live_documents_only() -> None:
    keys = ("hpf", "mrt", "harbour pilot fund")
    with temporary() as root:
        with opened([write_segment(root, ABBREVIATED)]) as whole:
            found = whole.abbreviations(keys)
        folders = [write_segment(root, {source: text}) for source, text in ABBREVIATED.items()]
        with opened(folders) as parts, opened(folders, {1: {"b.txt"}}) as fewer:
            for key in keys:  # results of only one may be cached
                assert parts.abbreviations([key]) == whole.abbreviations([key])
                fewer.abbreviations([key])
            split_up = parts.abbreviations(keys)
            left = fewer.abbreviations(keys)
            assert (parts.abbreviations(keys), parts.abbreviations(["", "zz"])) == (split_up, [])
    assert found == split_up
    assert found == [
        Abbreviation("HPF", "Harbour Pilot Fund", defined=True, count=1, used=2),
        Abbreviation("HPF", "Harbour Police Force", defined=True, count=1, used=2),
        Abbreviation("mrt", "main road team", defined=False, count=3, used=1),
        Abbreviation("mrt", "mill rye trust", defined=False, count=2, used=1),
    ]
    assert left == [
        Abbreviation("HPF", "Harbour Pilot Fund", defined=True, count=1, used=1),
        Abbreviation("mrt", "main road team", defined=False, count=3, used=0),
        Abbreviation("mrt", "mill rye trust", defined=False, count=1, used=0),
    ]


def test_a_name_that_only_a_title_has_is_not_corrected_and_is_a_correction(tmp_path: Path) -> None:
    texts = {"tamberg": "The pump is rinsed daily.", "b.txt": "Tamburg adapters do not fit."}
    with opened([write_segment(tmp_path, texts)]) as index:
        assert index.document(index.documents[1].id).title == "Of tamberg"
        assert correct("the Tamberg pump", index, lambda _: False) == "the Tamberg pump"
        assert correct("a tambergg", index, lambda _: False) == "a tamberg"
        assert correct("a tamburg", index, lambda _: False) == "a tamburg"


_short_words = st.text("abcé", min_size=1, max_size=8)


@given(st.lists(_short_words, min_size=1, max_size=30, unique=True).map(sorted), _short_words, st.integers(1, 2))
def test_a_sketch_leaves_out_no_word_that_is_near(written: list[str], word: str, edits: int) -> None:
    texts, none = [form.encode() for form in written], np.empty(0, np.int32)
    bounds = np.cumsum([0, *map(len, texts)])
    forms = WordForms(np.frombuffer(b"".join(texts), np.uint8), bounds, none, none, np.zeros(1, np.int64))
    expected = [(place, form) for place, form in enumerate(written) if OSA.distance(word, form) <= edits]
    assert sorted(forms.near(word, edits)) == expected


def test_only_words_that_may_be_near_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened([write_segment(tmp_path, {"a.txt": "salty salmon"})]) as index:
        index.forms_near("salt", 2)  # reads all words once
        read: list[str] = []
        look_up = WordForms.forms
        monkeypatch.setattr(WordForms, "forms", lambda *of: read.extend(look_up(*of)) or look_up(*of))
        assert [form.folded for form in index.forms_near("salt", 2)] == ["salty"]
    assert read == ["salty"]  # "salmon" has two letters more, so four other letters are too many


def test_forms_that_no_document_has_are_not_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened([write_segment(tmp_path, {source: text}) for source, text in ABBREVIATED.items()]) as parts:
        asked: list[str] = []
        look_up = Texts.abbreviations

        def counted(self: Texts, keys: Sequence[str], removed: Sequence[int]) -> Iterator[Entry]:
            asked.extend(keys)
            return look_up(self, keys, removed)

        monkeypatch.setattr(Texts, "abbreviations", counted)
        assert parts.abbreviations(["mill", "zz", "harbour police", "q"]) == []
        assert asked == []
        assert len(parts.abbreviations(["zz", "hpf"])) == 2
        assert asked == ["hpf", "hpf"]  # the third segment does not have it


def test_a_segment_without_the_hashes_of_its_abbreviations_is_searched(tmp_path: Path) -> None:
    folder = write_segment(tmp_path, ABBREVIATED)
    with opened([folder]) as index:
        expected = index.abbreviations(["mrt", "zz", "harbour pilot fund"])
    record = read_segment(folder)
    arrays = {name: each for name, each in record.arrays.items() if name != ABBREVIATION_KEYS}
    files = {name: each for name, each in record.files.items() if name != ABBREVIATION_KEYS}
    earlier = replace(record, arrays=arrays, files=files)
    (folder / ABBREVIATION_KEYS).unlink()
    (folder / SEGMENT).write_bytes(canonical(earlier))
    with opened([folder.rename(folder.with_name(earlier.id))]) as index:
        assert len(expected) == 3
        assert index.abbreviations(["mrt", "zz", "harbour pilot fund"]) == expected


places = st.lists(st.integers(0, 2), min_size=8, max_size=8)


@given(corpora, places)
@settings(max_examples=40, deadline=None)
def test_any_split_into_segments_gives_the_same(texts: dict[str, str], choices: list[int]) -> None:
    with temporary() as root:
        folders = [write_segment(root, part) for part in split(texts, choices) if part]
        with opened([write_segment(root, texts)] if texts else []) as whole, opened(folders) as parts:
            same_index(whole, parts)


@given(corpora, places, st.sets(st.integers(0, 7)), st.sets(st.integers(0, 7)))
@settings(max_examples=40, deadline=None)
def test_removed_and_changed_documents_leave_nothing_behind(
    texts: dict[str, str], choices: list[int], removed: set[int], changed: set[int]
) -> None:
    sources = list(texts)
    gone = {sources[number] for number in removed if number < len(sources)}
    renewed = {sources[number] for number in changed if number < len(sources)} - gone
    after = {
        source: f"{text}\n\nNow of salt." if source in renewed else text
        for source, text in texts.items()
        if source not in gone
    }
    with temporary() as root:
        parts = [part for part in split(texts, choices) if part]
        folders = [write_segment(root, part) for part in parts]
        left_out = {number: (gone | renewed) & set(part) for number, part in enumerate(parts)}
        if renewed:
            folders.append(write_segment(root, {source: after[source] for source in renewed}))
        with opened([write_segment(root, after)] if after else []) as whole, opened(folders, left_out) as grown:
            same_index(whole, grown)


@given(corpora.filter(bool), places, st.sets(st.integers(0, 7)))
@settings(max_examples=40, deadline=None)
def test_a_merged_segment_is_byte_for_byte_one_written_at_once(
    texts: dict[str, str], choices: list[int], removed: set[int]
) -> None:
    gone = {source for number, source in enumerate(texts) if number in removed}
    with temporary() as root:
        segments = [Segment.open(write_segment(root, part)) for part in split(texts, choices) if part]
        parts = [(each, [row for row, info in enumerate(each.documents) if info.source in gone]) for each in segments]
        record = merge_segments(root / "merged", parts)
        for segment in segments:
            segment.close()
        at_once = write_segment(root, {source: text for source, text in texts.items() if source not in gone})
        assert record.id == at_once.name
        assert bytes_of(root / "merged") == bytes_of(at_once)


def test_an_index_without_documents_finds_nothing(tmp_path: Path) -> None:
    with opened([]) as index:
        encoding = ENCODER.encode_question("harbour")
        found = index.candidates(encoding.vector, ("harbour",), 100)
        assert (index.size, len(index.documents), len(found.rows), len(found.dense)) == (0, 0, 0, 0)
        assert index.frequencies(("harbour",)) == [0]
        assert index.compare(encoding.tokens, np.empty(0, np.int64)).passages.shape == (2, 0)
        assert (index.passages([]), index.forms_near("harbour", 2)) == ([], [])


def test_rows_follow_the_paths_of_documents(tmp_path: Path) -> None:
    folders = [
        write_segment(tmp_path, {name: TEXTS[name] for name in names}) for names in (("b.txt", "d.txt"), ("a.txt",))
    ]
    with opened(folders) as index:
        assert [info.source for info in index.documents] == ["a.txt", "b.txt", "d.txt"]
        assert [each.document_id for each in index.passages(range(index.size))] == ["a", "a", "b", "d", "d"]
        with pytest.raises(IndexError):
            index.passages([index.size])


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    folder = write_segment(tmp_path, TEXTS)
    segment = Segment.open(folder)
    row = 0
    for number, source in enumerate(sorted(TEXTS)):
        document = document_of(source, TEXTS[source])
        assert segment.document(number) == document
        own, text, blocks, passages = segment.parsed(number)
        assert (own, text, blocks) == ({"title": document.title}, document.text, document.blocks)
        items = list(items_of(document))
        assert passages == tuple(passage for passage, _, _ in items)
        assert segment.documents[number].passages == len(items)
        for passage, key, vectors in items:
            assert segment.passage(row) == passage
            assert segment.row_of_key(key) == row
            for field in fields(vectors):
                one, other = getattr(vectors, field.name), getattr(segment.passage_vectors(row), field.name)
                assert (one.dtype, one.tolist()) == (other.dtype, other.tolist()), field.name
            row += 1
    assert (segment.size, segment.row_of_key(b"unknown")) == (row, None)
    segment.close()


def test_what_a_build_notes_of_a_document_is_kept(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path / "segment", CONFIGURATION)
    writer.add(document_of("a.txt", "One."), {"note": "Two pages were pictures."}, [], sidecar="ab12", kept=True)
    writer.add(document_of("b.txt", "One."), {}, [])
    record = writer.finish()
    segment = Segment((tmp_path / "segment").rename(tmp_path / record.id), record)
    one, other = segment.stored
    assert (one.sidecar, one.kept, one.note) == ("ab12", True, "Two pages were pictures.")
    assert (other.sidecar, other.kept, other.note) == ("", False, None)
    segment.close()


def test_a_digest_tells_all_that_is_shown_of_a_document(tmp_path: Path) -> None:
    document = document_of("a.txt", "One pier. Two piers.")
    items = list(items_of(document))
    (passage, key, vectors), *_ = items

    def digest(changed: Document, own: dict[str, str], *changed_items: Item) -> str:
        with temporary() as root:
            writer = SegmentWriter(root / "segment", CONFIGURATION)
            writer.add(changed, own, changed_items)
            segment = Segment(root / "segment", writer.finish())
            segment.close()
            return segment.stored[0].digest

    same_again = [digest(document, {}, *items) for _ in range(2)]
    others = [
        digest(replace(document, title="Other"), {}, *items),
        digest(replace(document, date="1999"), {}, *items),
        digest(replace(document, sha256="0"), {}, *items),
        digest(replace(document, text=document.text + " "), {}, *items),
        digest(document, {"title": "Own"}, *items),
        digest(document, {}),
        digest(document, {}, (passage, b"other", vectors)),
        digest(document, {}, (replace(passage, headings=("Piers",)), key, vectors)),
    ]
    assert same_again[0] == same_again[1]
    assert len({same_again[0], *others}) == 1 + len(others)


def test_signals_are_those_of_each_passage_by_itself(tmp_path: Path) -> None:
    """Each score calculated by the rule from the stored vectors, one passage at a time."""
    encoding = ENCODER.encode_question("the mill of the harbour")
    vectors = [item for source in sorted(TEXTS) for item in items_of(document_of(source, TEXTS[source]))]
    with opened([write_segment(tmp_path, TEXTS)]) as index:
        found = index.candidates(encoding.vector, ("harbour", "mill"), 100)
        assert found.rows.tolist() == list(range(index.size))
        for row, (passage, _, stored) in enumerate(vectors):
            dense = np.einsum("nd,d->n", stored.vector[np.newaxis], encoding.vector)
            assert found.dense[row] == dense[0]
            sentences = stored.sentence_levels * stored.sentence_scales[:, np.newaxis]
            assert found.sentence[row] == pytest.approx((sentences @ encoding.vector).max(), abs=0.01)
            assert found.boilerplate[row] == (passage.kind is PassageKind.BOILERPLATE)
        held = [float(score) for score in found.bm25 if score > 0]
        assert found.bm25_rows.tolist() == np.argsort(-found.bm25, kind="stable")[: len(held)].tolist()
        assert found.dense_rows.tolist() == np.argsort(-found.dense, kind="stable").tolist()


def test_a_comparison_is_the_same_alone_and_in_company(tmp_path: Path) -> None:
    encoding = ENCODER.encode_question("salt of the harbour")
    with opened([write_segment(tmp_path, TEXTS)]) as index:
        together = index.compare(encoding.tokens, np.arange(index.size))
        for row in range(index.size):
            alone = index.compare(encoding.tokens, np.array([row]))
            assert alone.passages[:, 0].tolist() == together.passages[:, row].tolist()
            assert alone.outside[:, 0].tolist() == together.outside[:, row].tolist()
            inside = slice(*together.bounds[row : row + 2])
            assert alone.sentences.tolist() == together.sentences[:, inside].tolist()
            assert alone.numbers.tolist() == together.numbers[inside].tolist()


def test_explanations_point_into_the_text(tmp_path: Path) -> None:
    with opened([write_segment(tmp_path, TEXTS)]) as index:
        encoding = ENCODER.encode_question("harbour")
        rows = np.array([3, 0])
        found = index.similarities(encoding.tokens, rows)
        for passage, bounds in zip(index.passages(rows), pairwise(found.bounds.tolist()), strict=True):
            inside = slice(*bounds)
            for (start, end), number, cosine in zip(
                found.spans[inside].tolist(), found.sentences[inside].tolist(), found.matrix[1, inside], strict=True
            ):
                assert (start < 0) == (number < 0)
                if start >= 0:
                    sentence = passage.sentences[number]
                    assert sentence.start <= start < end <= sentence.end
                    assert (passage.text[start:end].lower() == "harbour") == (cosine > 0.99)


def test_a_filter_must_name_documents_that_are_there(tmp_path: Path) -> None:
    with opened([write_segment(tmp_path, TEXTS)]) as index:
        vector = ENCODER.encode_question("harbour").vector
        found = index.candidates(vector, ("harbour",), 100, Filters(document_ids=("d", "b")))
        assert {each.document_id for each in index.passages(found.rows)} == {"b", "d"}
        with pytest.raises(UnknownDocument):
            index.candidates(vector, ("harbour",), 100, Filters(document_ids=("nowhere",)))
        with pytest.raises(UnknownDocument):
            index.document("nowhere")


@pytest.mark.parametrize("name", ["texts.sqlite", "vectors.f32", "posting_rows.i32", "segment.json"])
def test_a_segment_without_a_file_is_refused_by_name(name: str, tmp_path: Path) -> None:
    folder = write_segment(tmp_path, TEXTS)
    (folder / name).unlink()
    with pytest.raises(DamagedSnapshot, match=folder.name):
        Segment.open(folder)


def test_documents_out_of_order_are_refused(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path / "segment", CONFIGURATION)
    writer.add(document_of("b.txt", ""), {}, [])
    with pytest.raises(ValueError, match=r"a\.txt"):
        writer.add(document_of("a.txt", ""), {}, [])
    writer.abandon()
    assert not (tmp_path / "segment").exists()


def test_a_passage_that_is_not_its_text_is_refused(tmp_path: Path) -> None:
    document = document_of("b.txt", "One pier. Two piers.")
    other = document_of("b.txt", "One mill. Two mills.")
    writer = SegmentWriter(tmp_path / "segment", CONFIGURATION)
    with pytest.raises(ValueError, match="is not its text"):
        writer.add(document, {}, items_of(other))
    writer.abandon()


def test_a_merge_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    segment = Segment.open(write_segment(tmp_path, TEXTS))

    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        merge_segments(tmp_path / "merged", [(segment, [])], stop)
    segment.close()
    assert not (tmp_path / "merged").exists()


def test_two_live_documents_of_one_path_are_refused(tmp_path: Path) -> None:
    folders = [write_segment(tmp_path, {"a.txt": text}) for text in ("One.", "Two.")]
    with pytest.raises(ValueError, match="one path"), opened(folders):
        pass
    with opened(folders, {0: {"a.txt"}}) as index:
        assert [each.text for each in index.passages([0])] == ["Two."]
