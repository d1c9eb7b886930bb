"""Small numbers in words and in digits."""

from __future__ import annotations

from qa.text.words import term

NUMBER_WORDS = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "dozen": 12}

_PRONOUN = "one"
_IN_DIGITS = {term(word): f"#{number}" for word, number in NUMBER_WORDS.items() if word != _PRONOUN}
_IN_WORDS = {number: word for word, number in reversed(_IN_DIGITS.items())}


def other_spelling(index_term: str) -> str | None:
    """The index term of a small number in digits for that in words, and the reverse; None for other terms."""
    return _IN_DIGITS.get(index_term) or _IN_WORDS.get(index_term)
