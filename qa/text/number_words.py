"""Small numbers in words and in digits."""

from __future__ import annotations

from qa.text.units import NUMBER_WORDS
from qa.text.words import term

_PRONOUN = "one"
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}
_IN_DIGITS = {term(word): f"#{number}" for word, number in NUMBER_WORDS.items() if word != _PRONOUN} | {
    term(word): term(f"{number}{_ENDINGS.get(number, 'th')}") for number, word in enumerate(_ORDINALS, 1)
}
_IN_WORDS = {number: word for word, number in reversed(_IN_DIGITS.items())}


def other_spelling(index_term: str) -> str | None:
    """The index term of a small number or ordinal in digits for that in words, and the reverse; else None."""
    return _IN_DIGITS.get(index_term) or _IN_WORDS.get(index_term)
