from __future__ import annotations

import math
from pathlib import Path

import bm25s
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qa.index.local.bm25
from qa.index.local.bm25 import BM25, write_bm25
from qa.text.words import STOP_WORDS, term, terms, words

PASSAGES = [
    "The Permanente Medical Groups are self-governed.",
    "Members pay a premium; the health plan pays the medical groups.",
    "Hospitals, hospitals, hospitals!",
    "Nothing of the kind.",
    "the of and",  # stop words only: no term at all
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> BM25:
    folder = tmp_path_factory.mktemp("bm25")
    write_bm25(PASSAGES, folder)
    return BM25.open(folder)


def oracle(query: list[str], corpus: list[list[str]]) -> list[float]:
    """BM25 as Robertson & Zaragoza 2009 have it, in Lucene's variant, term by term and passage by passage.

    A passage without terms counts as one term long, as it does in the index.
    """
    k1, b = 1.5, 0.75
    lengths = [max(1, len(each)) for each in corpus]
    average = sum(lengths) / len(lengths)
    scores = []
    for passage, length in zip(corpus, lengths, strict=True):
        score = 0.0
        for each in query:
            holding = sum(each in other for other in corpus)
            idf = math.log(1 + (len(corpus) - holding + 0.5) / (holding + 0.5))
            frequency = passage.count(each)
            score += idf * frequency / (frequency + k1 * (1 - b + b * length / average))
        scores.append(score)
    return scores


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Kaiser's hospitals", ["kaiser", "hospit"]),
        ("Kaiser’s HOSPITAL", ["kaiser", "hospit"]),
        ("members' records", ["member", "record"]),
        ("A.F.L. and AFL", ["afl", "afl"]),
        ("café Café CAFE\u0301", ["cafe", "cafe", "cafe"]),
        ("self-governed", ["self", "govern"]),
        ("AT&T", ["at&t"]),
        ("$30M in 2014-15", ["#30000000", "#2014", "#15"]),
        ("8.6 million", ["#8600000", "million"]),
        ("U.S. health care", ["us", "health", "care"]),
        ("who is the COO of it?", ["coo"]),
        ("not without a permit", ["not", "without", "permit"]),  # negations carry meaning
        ("snake_case", ["snake", "case"]),
        ("😀 …", []),
        ("", []),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_words_are_spans_of_the_text() -> None:
    text = "Dr. Batra's $30M—U.S. plan"
    assert [text[s.start : s.end] for s in words(text)] == ["Dr", "Batra's", "30M", "U.S", "plan"]


def test_no_stop_word_is_a_term() -> None:
    assert [word for word in STOP_WORDS if term(word) or term(word.upper())] == []


def test_one_term_by_hand(index: BM25) -> None:
    # "hospit" stands 3 times in a passage of 3 terms, and in 1 of 5 passages. The passages have 5, 6, 3, 2 and 1 terms
    # (self governed permanente medical groups; members pay premium health plan pays medical groups is 8).
    lengths = [len(terms(text)) or 1 for text in PASSAGES]
    assert lengths == [5, 8, 3, 2, 1]
    average = (5 + 8 + 3 + 2 + 1) / 5
    idf = math.log(1 + (5 - 1 + 0.5) / (1 + 0.5))
    expected = idf * 3 / (3 + 1.5 * (1 - 0.75 + 0.75 * 3 / average))
    np.testing.assert_allclose(index.scores(["hospit"]), [0, 0, expected, 0, 0], rtol=1e-5)


def test_scores_add_up_over_terms(index: BM25) -> None:
    both = index.scores(["medic", "premium"])
    np.testing.assert_allclose(both, index.scores(["medic"]) + index.scores(["premium"]), rtol=1e-5)
    assert both[1] > both[0] > 0


@pytest.mark.parametrize("query", [[], ["dragon"], [""]])
def test_terms_that_no_passage_holds_score_nothing(index: BM25, query: list[str]) -> None:
    scores = index.scores(query)
    assert scores.shape == (5,)
    assert scores.dtype == np.float32
    assert not scores[:4].any()


def test_frequency_counts_passages_not_occurrences(index: BM25) -> None:
    found = {each: index.frequency(each) for each in ("hospit", "medic", "group", "dragon")}
    assert found == {"hospit": 1, "medic": 2, "group": 2, "dragon": 0}


def test_the_index_knows_its_size(index: BM25) -> None:
    assert index.size == len(PASSAGES)


vocabulary = "premium member hospital clinic doctor nurse plan union slide budget".split()
texts = st.lists(st.lists(st.sampled_from(vocabulary), max_size=12).map(" ".join), min_size=1, max_size=8)


@settings(max_examples=25)
@given(corpus=texts, query=st.lists(st.sampled_from([*vocabulary, "dragon"]), unique=True, max_size=4))
def test_scores_are_those_of_the_formula(
    tmp_path_factory: pytest.TempPathFactory, corpus: list[str], query: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("bm25")
    write_bm25(corpus, folder)
    index = BM25.open(folder)
    query_terms = [term(word) for word in query]
    expected = oracle(query_terms, [terms(text) for text in corpus])
    np.testing.assert_allclose(index.scores(query_terms), expected, rtol=1e-4, atol=1e-6)
    assert [index.frequency(each) for each in query_terms] == [
        sum(each in terms(text) for text in corpus) for each in query_terms
    ]


@settings(max_examples=25)
@given(corpus=texts, block=st.sampled_from([3, 7, 1 << 20]))
def test_the_files_are_those_that_bm25s_writes(
    tmp_path_factory: pytest.TempPathFactory, corpus: list[str], block: int
) -> None:
    ours, theirs = tmp_path_factory.mktemp("ours"), tmp_path_factory.mktemp("theirs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(qa.index.local.bm25, "_BLOCK", block)
        write_bm25(corpus, ours)
    vocabulary = {"": 0}
    ids = [[vocabulary.setdefault(each, len(vocabulary)) for each in terms(text)] or [0] for text in corpus]
    index = bm25s.BM25(k1=1.5, b=0.75, method="lucene")
    index.index((ids, vocabulary), show_progress=False)
    index.save(theirs, show_progress=False)
    for path in theirs.iterdir():
        assert (ours / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_same_texts_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_bm25(iter(PASSAGES), tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
