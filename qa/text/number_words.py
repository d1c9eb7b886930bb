"""Small numbers in words, in digits and in Roman numerals."""

from __future__ import annotations

from qa.text.units import NUMBER_WORDS
from qa.text.words import term

_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
          (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
_LARGEST_ROMAN = 3999
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def roman(number: int) -> str:
    """A positive number in Roman numerals, in lower case; in digits if it is too large."""
    if number > _LARGEST_ROMAN:
        return str(number)
    written = ""
    for size, letters in _ROMAN:
        times, number = divmod(number, size)
        written += letters * times
    return written


def ordinal(number: int) -> str:
    """An ordinal in digits: "3rd"."""
    return f"{number}{_ENDINGS.get(number % 10, 'th') if not 10 <= number % 100 <= 20 else 'th'}"


_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
_IN_DIGITS = (
    {term(word): f"#{number}" for word, number in NUMBER_WORDS.items() if word != "one"}  # a pronoun
    | {roman(number): f"#{number}" for number in range(2, 40) if len(roman(number)) > 1}  # single letters are words
    | {term(word): term(ordinal(number)) for number, word in enumerate(_ORDINALS, 1)}
)
_SPELLINGS = {its: frozenset(each for each in _IN_DIGITS if _IN_DIGITS[each] == its) for its in _IN_DIGITS.values()}


def other_spellings(index_term: str) -> frozenset[str]:
    """The index terms of a small number's or ordinal's other spellings: those of "9" are "nine" and "ix"."""
    digits = _IN_DIGITS.get(index_term, index_term)
    return (_SPELLINGS.get(digits, frozenset()) | {digits}) - {index_term}
