from __future__ import annotations

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
