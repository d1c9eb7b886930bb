"""Finds the numbers, dates and codes of a text, with index terms for each as a whole.

All notations of a quantity have the same terms:

- a number: its value, `#412600000` for "$412.6M", "412.6 million" and "412,600,000", and, where a unit follows, value
  and unit, `#0.5mg` for "0.5 mg" and "0.5mg", `#4.5%` for "4.5 %" and "4.5 per cent";
- a date: `@1931-03-14` for "14 March 1931", "March 14, 1964" and "1931-03-14", with its month `@1931-03`, its day in
  any year `@-03-14` and its year `#1931`; a date without a year or without a day has the terms of the known parts;
- a time of day: `@17:00` for "5 pm", "5:00 p.m." and "17:00";
- a code, that is letters and digits in one piece, or numbers separated by full stops or slashes: `!e10.9`, `!kx2041d`;
  hyphens are ignored, and so is the blank in "KX 2041"; subscripts are plain digits: "CO₂" is "CO2", "km²" "km2".

An ambiguous quantity, such as "3/4/1931" or "3:30", has the terms of both readings. A sign of a currency also has the
term of its name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from qa.records import Span
from qa.text.dates_and_times import DATE, MONTH, TIME, date_terms, time_terms
from qa.text.units import CURRENCIES, NUMBER_WORDS, SCALES, SHORT_SCALES, UNIT_LETTERS, UNITS

WHOLE = "#@!"  # first characters of the index terms of numbers, dates and codes, but not of words
CODE = "!"  # first character of the term of a code
WITHOUT_YEAR = "@-"  # first characters of the term of a day in any year


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number, date or code.

    Attributes:
        place: Its place in the text.
        whole: The index term for the whole; one for each reading.
        parts: Further terms for finding it, such as the year of a date.
    """

    place: Span
    whole: tuple[str, ...]
    parts: tuple[str, ...] = ()


_SPACES = " \u00a0\u2009\u202f"
_NUMBER = (
    r"\d{1,3}(?: \d{3})* \d00(?!\d)|\d{1,3}(?:[,'’\u00a0\u2009\u202f]\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?"
    r"|\d+[.,]\d+|\d+"
)
_LONGEST_FIRST = sorted((*SCALES, *UNITS), key=len, reverse=True)
_SCALE = "|".join(sorted(SCALES, key=len, reverse=True))
_IN_A_CODE = r"-\w{0,40}\d"  # the part after the letters of a code, such as L-00-A
_AFTER = "|".join(re.escape(each) for each in _LONGEST_FIRST)
_AMOUNT = re.compile(
    rf"(?P<currency>[$€£¥][{_SPACES}]?)?(?P<number>{_NUMBER})"
    rf"(?:(?P<short>[kmb])(?![\w%])|[{_SPACES}\-]?(?P<scale>{_SCALE})(?!\w|{_IN_A_CODE}))?"
    rf"(?:[{_SPACES}\-]?(?P<unit>{_AFTER})(?![\w%]|{_IN_A_CODE}))?(?![^\W_]|-?[^\W\d_]{{1,2}}(?!\w))",
    re.IGNORECASE,
)
# In one piece: a letter and a digit, or three numbers.
_CODE = re.compile(r"[^\W_]+(?:[-./][^\W_]+)*")
_IS_CODE = re.compile(r"(?=.*\d)(?=.*[^\W\d]).+|\d+(?:[-./]\d+){2,}")
_VERSION = re.compile(r"v(\d+(?:\.\d+)+)")
_NUMBER_AND_LETTER = re.compile(rf"(\d+(?:\.\d+)?)([{''.join(UNIT_LETTERS)}])")
_OF_MONEY = re.compile(r" ?(?:dollar|euro|pound|usd|eur|gbp)s?\b", re.IGNORECASE)
_RANGE = re.compile(r" ?[-–] ?| (?:to|or|and) ")
_CODE_LETTERS = re.compile(r"(?<![\w-])([A-Z]{1,4}) ")  # "KX 2041" is the code KX-2041
_ENDS_A_CODE = re.compile(r"\d+[A-Z]?")
_CODE_LETTERS_BEFORE = 6  # characters: the letters, a blank, and the character before
_NUMBER_WORD = "|".join(sorted(NUMBER_WORDS, key=len, reverse=True))
_WORDED = re.compile(
    rf"(?:(?P<tens>[a-z]{{3,4}}ty)[ -])?(?P<ones>{_NUMBER_WORD})[ -]"
    rf"(?:(?P<scale>{_SCALE})(?!\w| (?:and )?(?:{_NUMBER_WORD})\b)|(?P<share>per ?cent)(?!\w))",
    re.IGNORECASE,
)
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th|s)|\d+'?s", re.IGNORECASE)
_START = rf"(?<![^\W_])(?<![^\W_][.,'’])(?:[$€£¥][{_SPACES}]?)?(?=[\w./-]{{0,40}}?\d)|\b{MONTH}(?=,? )"
_STARTS = re.compile(_START, re.IGNORECASE)
_STARTS_OR_WORDS = re.compile(rf"{_START}|\b(?:{_NUMBER_WORD})(?=[ -])", re.IGNORECASE)
_COUNTED = re.compile(r"\d+(?:\.\d+)?-?[^\W\d_]{3,}")  # "352-bed" counts beds
_LONGEST_CODE = 40
_MONTH_TERM = re.compile(r"@\d{4}-\d\d")
_COMMON_NUMBER = re.compile(r"#(?:\d\d?|1[5-9]\d\d|20\d\d)")
_DIGIT = re.compile(r"\d")
_SMALL = re.compile("[²³₀-₉]")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_POWER = re.compile(r"(?<![^\W_])([^\W\d_]{1,2})([²³])(?![^\W_])")  # behind a longer word it is a footnote's mark


def with_plain_digits(text: str) -> str:
    """A text of the same length in which the small digits of formulas and units ("CO₂", "km²") are plain digits."""
    if not _SMALL.search(text):
        return text
    return _POWER.sub(lambda power: power[1] + str(unicodedata.digit(power[2])), text.translate(_SUBSCRIPTS))


def quantities(text: str) -> list[Quantity]:
    """The numbers, dates and codes of a text, in order; none overlaps another."""
    text = with_plain_digits(text)
    folded = text.casefold()  # looked through first, because it takes less time than the regular expression
    worded = "illion" in folded or "thousand" in folded or "per cent" in folded or "percent" in folded
    if not worded and not _DIGIT.search(text):
        return []
    found: list[Quantity] = []
    end = 0
    for start in (_STARTS_OR_WORDS if worded else _STARTS).finditer(text):
        if start.start() < end:
            continue
        quantity = _at(text, start.start())
        if quantity:
            found.append(quantity)
            end = quantity.place.end
    return found


def is_precise(index_term: str) -> bool:
    """Whether a term is of a code, a whole date, or a number other than a year or one of two digits."""
    if index_term[0] not in WHOLE or index_term.startswith("@-") or _MONTH_TERM.fullmatch(index_term):
        return False
    return not _COMMON_NUMBER.fullmatch(index_term)


def _at(text: str, start: int) -> Quantity | None:
    """The quantity that begins at a place where a word begins."""
    date = DATE.match(text, start)
    if date and not _goes_on(text, date.end()) and (readings := list(date_terms(date))):
        return _quantity(start, date.end(), readings)
    time = TIME.match(text, start)
    if time and not text[time.end() : time.end() + 1].isalnum():
        return _quantity(start, time.end(), list(time_terms(time)))
    if worded := _WORDED.match(text, start):
        return _quantity(start, worded.end(), [_in_words(worded)])
    amount = _AMOUNT.match(text, start)
    code = _CODE.match(text, start)
    last = _last_of_range(text, amount) if amount else None
    if code and _is_code(code[0]) and (not amount or (last or amount).end() < code.end()):
        return _quantity(start, code.end(), _codes(code[0], _after_letters(text, code)))
    if not amount:
        return None
    further = _number(_scaled(amount["number"], last["scale"]), _unit(last)) if last else ()
    first, *others = _amounts(amount)
    return _quantity(start, amount.end(), [(*first, *further, *_after_letters(text, amount)), *others])


def _quantity(start: int, end: int, readings: Sequence[tuple[str, ...]]) -> Quantity:
    whole = tuple(dict.fromkeys(reading[0] for reading in readings))
    parts = dict.fromkeys(each for reading in readings for each in reading[1:])
    return Quantity(Span(start, end), whole, tuple(each for each in parts if each not in whole))


def _goes_on(text: str, end: int) -> bool:
    """Whether a word continues at a place, so that the text before it is only a part of the word."""
    return end < len(text) and (text[end].isalnum() or bool(re.match(r"[-/]\w", text[end : end + 2])))


def _is_code(piece: str) -> bool:
    return (
        len(piece) <= _LONGEST_CODE
        and bool(_IS_CODE.fullmatch(piece))
        and not _ORDINAL.fullmatch(piece)
        and not _COUNTED.fullmatch(piece)
    )


def _last_of_range(text: str, first: re.Match[str]) -> re.Match[str] | None:
    """The last amount of a range, whose unit or scale also holds for the first one, which has none."""
    joining = None if first["unit"] or first["scale"] or first["short"] else _RANGE.match(text, first.end())
    last = _AMOUNT.match(text, joining.end()) if joining else None
    return last if last and (last["unit"] or last["scale"]) else None


def _after_letters(text: str, piece: re.Match[str]) -> tuple[str, ...]:
    """The term of the code that a number and the capitals before it make."""
    before = text[max(0, piece.start() - _CODE_LETTERS_BEFORE) : piece.start()]
    letters = _CODE_LETTERS.search(before) if _ENDS_A_CODE.fullmatch(piece[0]) else None
    return (f"!{letters[1]}{piece[0]}".casefold(),) if letters else ()


def _codes(piece: str, spaced: Sequence[str]) -> list[tuple[str, ...]]:
    """The terms of each reading of a code."""
    plain = piece.casefold().replace("-", "")
    found: list[tuple[str, ...]] = [(f"!{plain}", *_numbers_in(piece), *spaced)]
    if version := _VERSION.fullmatch(plain):
        found.append((f"{'!' if version[1].count('.') > 1 else '#'}{version[1]}",))
    if measured := _NUMBER_AND_LETTER.fullmatch(plain):
        found.append(_number(Decimal(measured[1]), UNIT_LETTERS[measured[2]]))
    return found


def _numbers_in(code: str) -> Iterator[str]:
    return (f"#{Decimal(piece)}" for piece in re.split(r"[-./]", code) if piece.isdecimal())


def _in_words(worded: re.Match[str]) -> tuple[str, ...]:
    """The terms of a number in words with a scale, or in per cent."""
    words = (worded["tens"], worded["ones"])
    number = sum(NUMBER_WORDS.get(word.casefold(), 0) for word in words if word)
    return _number(_scaled(str(number), worded["scale"]), "%" if worded["share"] else "")


def _unit(amount: re.Match[str]) -> str:
    return UNITS.get((amount["unit"] or "").casefold(), "")


def _scaled(number: str, scale: str | None) -> Decimal:
    return _value(number).scaleb(SCALES[scale.casefold()] if scale else 0)


def _amounts(amount: re.Match[str]) -> Iterator[tuple[str, ...]]:
    """The terms of each reading of an amount."""
    unit, value = _unit(amount), _scaled(amount["number"], amount["scale"])
    named = (CURRENCIES[amount["currency"][0]],) if amount["currency"] else ()
    if amount["short"]:
        short = amount["short"].casefold()
        yield (*_number(value.scaleb(SHORT_SCALES[short]), unit), *named)
        if amount["currency"] or short != "m":  # "5m" may be metres, unless it is money
            return
        unit = short
    elif (
        not unit and not amount["scale"] and not amount["currency"] and not _OF_MONEY.match(amount.string, amount.end())
    ):
        yield (f"#{value:f}",)  # as written: section 7.10 is not section 7.1
        return
    yield (*_number(value, unit), *named)


def _number(value: Decimal, unit: str) -> tuple[str, ...]:
    plain = f"#{value.normalize():f}"
    return (plain + unit, plain) if unit else (plain,)


def _value(number: str) -> Decimal:
    """The value of a number; a comma before other than three digits is a decimal comma."""
    groups = re.split(r"[,'’ \u00a0\u2009\u202f]", number)
    if number.count(".") > 1:
        plain = number.replace(".", "").replace(",", ".")
    elif len(groups) > 1 and all(len(group.partition(".")[0]) == 3 for group in groups[1:]):
        plain = "".join(groups)
    else:
        plain = number.replace(",", ".")
    return Decimal(plain)
