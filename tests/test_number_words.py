from __future__ import annotations

import pytest

from qa.text.number_words import ordinal, other_spellings, roman


@pytest.mark.parametrize(
    ("index_term", "others"),
    [
        ("#9", "nine ix"),
        ("nine", "#9 ix"),
        ("xviii", "#18 eighteen"),
        ("#12", "twelv dozen xii"),
        ("third", "3rd"),
        ("16th", "sixteenth"),
        ("#40", "forti"),
        ("#5", "five"),  # "v" is no number
        ("#21", "xxi"),
        ("one", ""),
        ("pier", ""),
        ("mix", ""),
    ],
)
def test_a_small_number_is_the_same_in_words_digits_and_roman_numerals(index_term: str, others: str) -> None:
    assert other_spellings(index_term) == frozenset(others.split())


def test_roman_numerals_and_ordinals_by_hand() -> None:
    assert [roman(number) for number in (4, 9, 39, 1994, 4000)] == ["iv", "ix", "xxxix", "mcmxciv", "4000"]
    assert [ordinal(number) for number in (1, 12, 22, 113)] == ["1st", "12th", "22nd", "113th"]
