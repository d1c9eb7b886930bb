from __future__ import annotations

import pytest

from qa.text.number_words import other_spelling


@pytest.mark.parametrize(
    ("index_term", "other"),
    [
        ("#9", "nine"),
        ("third", "3rd"),
        ("16th", "sixteenth"),
        ("nine", "#9"),
        ("#12", "twelv"),
        ("#40", "forti"),
        ("#21", None),
        ("one", None),
        ("pier", None),
    ],
)
def test_a_small_number_in_words_is_that_in_digits(index_term: str, other: str | None) -> None:
    assert other_spelling(index_term) == other
