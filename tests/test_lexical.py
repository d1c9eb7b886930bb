from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest

from qa.text.words import STOP_WORDS, term, terms, words


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
        ("$30M in 2014-15", ["#30000000", "dollar", "#2014", "#15"]),
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


def test_terms_of_long_words_are_not_kept() -> None:
    tracemalloc.start()
    try:
        for number in range(100):
            assert term(f"{'x' * 100_000}{number}")
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_000_000


def test_the_terms_of_threads_are_those_of_one() -> None:
    words_of_all = [f"running{'s' * (number % 3)} {number} connections" for number in range(200)] * 4
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(terms, words_of_all)) == [terms(each) for each in words_of_all]
