"""BM25 over segments, its postings, and the packed places of tokens."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import bm25s
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from segment_work import ENCODER, document_of, items_of, opened, temporary, write_segment

import qa.index.local.postings
from qa.index.local import token_spans
from qa.index.local.bm25 import Statistics
from qa.index.local.merge import merge_segments
from qa.index.local.postings import ABSENT, TermKeys
from qa.index.local.segment import Segment
from qa.records import Document
from qa.text.words import terms

WORDS = ("pier", "rye", "mill", "café", "the", "1871", "strait")  # "the" is not a term
corpora = st.lists(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join), min_size=1, max_size=12)


def scores(folders: Sequence[Path], query: Sequence[str], removed: dict[int, set[str]] | None = None) -> list[float]:
    with opened(folders, removed) as index:
        found = index.candidates(ENCODER.encode_question("x").vector, query, max(index.size, 1))
        assert found.rows.tolist() == list(range(index.size))
        return found.bm25.tolist()


def one_passage_each(corpus: Sequence[str]) -> dict[str, str]:
    """A document of one passage for each text, with a word that is not a term."""
    return {f"{number:03}.txt": f"The {text}" for number, text in enumerate(corpus)}


def test_scores_worked_out_by_hand(tmp_path: Path) -> None:
    texts = one_passage_each(["pier pier rye", "rye", "", "mill strait rye pier"])
    # Lengths 3, 1, 1 (no term at all) and 4, so the mean is 9 / 4; "pier" is in 2 of 4 passages.
    idf = math.log(1 + (4 - 2 + 0.5) / (2 + 0.5))
    expected = [
        idf * 2 / (2 + 1.5 * (0.25 + 0.75 * 3 / 2.25)),
        0,
        0,
        idf * 1 / (1 + 1.5 * (0.25 + 0.75 * 4 / 2.25)),
    ]
    assert scores([write_segment(tmp_path, texts)], ["pier"]) == pytest.approx(expected, rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(corpora, st.lists(st.sampled_from([*WORDS, "zeppelin"]), min_size=1, max_size=5, unique=True), st.integers(1, 3))
def test_scores_are_those_of_bm25s_bit_for_bit(corpus: list[str], words: list[str], parts: int) -> None:
    query = terms(" ".join(words))
    tokens = [terms(text) or [""] for text in corpus]
    vocabulary: dict[str, int] = {}
    ids = [[vocabulary.setdefault(each, len(vocabulary)) for each in text] for text in tokens]
    index = bm25s.BM25(k1=1.5, b=0.75, method="lucene")
    index.index((ids, vocabulary), show_progress=False)
    known = [vocabulary[each] for each in query if each in vocabulary]
    expected = index.get_scores_from_ids(known).tolist() if known else [0.0] * len(corpus)
    texts = list(one_passage_each(corpus).items())
    with temporary() as root:
        folders = [write_segment(root, dict(texts[number::parts])) for number in range(parts) if texts[number::parts]]
        assert scores(folders, query) == expected


@settings(max_examples=25, deadline=None)
@given(corpora, st.sets(st.integers(0, 11)))
def test_frequencies_are_counted_over_the_texts_that_are_live(corpus: list[str], removed: set[int]) -> None:
    texts = one_passage_each(corpus)
    gone = {source for number, source in enumerate(texts) if number in removed}
    live = [set(terms(text)) for source, text in texts.items() if source not in gone]
    asked = [*terms(" ".join(WORDS)), "zeppelin", ""]
    with temporary() as root, opened([write_segment(root, texts)], {0: gone}) as index:
        assert index.frequencies(asked) == [sum(each in held for held in live) for each in asked]


def test_statistics_are_sums() -> None:
    total = Statistics.total([Statistics(3, 10), Statistics(1, 6)])
    assert (total, total.mean_length) == (Statistics(4, 16), 4.0)


@settings(max_examples=25, deadline=None)
@given(corpora, st.sampled_from([1, 4, 1 << 20]), st.integers(1, 3))
def test_postings_merged_in_blocks_are_those_written_at_once(corpus: list[str], block: int, parts: int) -> None:
    texts = list(one_passage_each(corpus).items())
    with temporary() as root, pytest.MonkeyPatch.context() as patch:
        patch.setattr(qa.index.local.postings, "BLOCK", block)
        folders = [write_segment(root, dict(texts[number::parts])) for number in range(parts) if texts[number::parts]]
        segments = [Segment.open(folder) for folder in folders]
        record = merge_segments(root / "merged", [(segment, []) for segment in segments])
        for segment in segments:
            segment.close()
        assert record.id == write_segment(root, dict(texts)).name


def test_terms_of_one_hash_are_told_apart(tmp_path: Path) -> None:
    segment = Segment.open(write_segment(tmp_path, one_passage_each(["pier", "rye rye", "mill"])))
    keys = TermKeys.of(["pier", "rye", "mill", "zeppelin"])
    postings = segment.postings
    places = postings.places(keys)
    assert sorted(places) == [ABSENT, 0, 1, 2]
    assert [postings.text(place) for place in places[:3]] == [b"pier", b"rye", b"mill"]
    # As if all terms had one hash: they are then sorted by text, and only the text distinguishes them.
    one_hash = np.zeros(4, np.uint64)
    same = type(postings)(
        one_hash[:3], postings.texts, postings.text_bounds, postings.bounds, postings.rows, postings.counts
    )
    assert same.places(TermKeys(one_hash, keys.texts)) == places
    segment.close()


spans = st.lists(
    st.one_of(
        st.just((-1, -1)),
        st.tuples(st.integers(0, 2000), st.integers(0, 300)).map(lambda each: (each[0], each[0] + each[1])),
    ),
    max_size=12,
)


@given(spans, st.booleans())
def test_places_of_tokens_come_back_as_they_were(pairs: list[tuple[int, int]], ordered: bool) -> None:
    array = np.array(sorted(pairs) if ordered else pairs, np.int32).reshape(-1, 2)
    found = token_spans.unpack(token_spans.pack(array), len(array))
    assert (found.dtype, found.tolist()) == (np.int32, array.tolist())


def test_places_in_order_take_two_bytes_each() -> None:
    array = np.array([(-1, -1), (0, 3), (4, 9), (9, 9), (264, 518), (-1, -1)], np.int32)
    assert len(token_spans.pack(array)) == 2 * len(array)
    wide = np.array([(0, 3), (259, 260)], np.int32)  # 256 apart
    assert len(token_spans.pack(wide)) == 8 * len(wide)


def test_a_document_of_many_passages_is_taken_as_a_stream(tmp_path: Path) -> None:
    """A passage is requested only after the previous one was written."""
    document = document_of("a.txt", "\n\n".join(f"Pier {number}." for number in range(5)))
    folder, asked = tmp_path / ".unfinished-test", []

    def watched(of: Document) -> Iterator[object]:
        for item in items_of(of):
            asked.append((folder / "vectors.f32").exists())
            yield item

    assert write_segment(tmp_path, {"a.txt": document.text}, watched).is_dir()
    assert asked == [True] * 5
