"""Finds the numbers, dates and codes of a text, with index terms for each as a whole.

All notations of a quantity have the same terms:

- a number: its value, `#412600000` for "$412.6M", "412.6 million" and "412,600,000", and, where a unit follows, value
  and unit, `#0.5mg` for "0.5 mg" and "0.5mg", `#4.5%` for "4.5 %" and "4.5 per cent";
- a date: `@1931-03-14` for "14 March 1931", "March 14, 1964" and "1931-03-14", with its month `@1931-03`, its day in
  any year `@-03-14` and its year `#1931`; a date without a year or without a day has the terms of the known parts;
- a code, that is letters and digits in one piece, or numbers separated by full stops or slashes: `!e10.9`, `!kx2041d`;
  hyphens are ignored, and subscripts are plain digits: "CO₂" is "CO2", and "km²" is "km2".

An ambiguous quantity, such as "3/4/1931", has the terms of both readings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from qa.records import Span

WHOLE = "#@!"  # first characters of the index terms of numbers, dates and codes, but not of words
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


_MONTHS = "january february march april may june july august september october november december".split()
_MONTH_OF = {name[:3]: number for number, name in enumerate(_MONTHS, 1)}
_MONTH = "(?:" + "|".join(f"{name[:3]}(?:{name[3:]})?" if name[3:] else name for name in _MONTHS) + r"|sept)\.?"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_YEAR = r"(?:1[0-9]|20|21)\d\d"
_DATE = re.compile(
    rf"(?P<d1>{_DAY})(?:st|nd|rd|th)?(?: of)?[ \-]?\s?(?P<m1>{_MONTH})(?:,?[ \-]\s?(?P<y1>{_YEAR})|(?!-\w{{0,40}}\d))"
    rf"|(?P<m2>{_MONTH}) (?P<d2>{_DAY})(?:st|nd|rd|th)?(?!\d|[.,:]\d)(?:,? (?P<y2>{_YEAR}))?"
    rf"|(?P<m3>{_MONTH}),? (?:of )?(?P<y3>{_YEAR})"
    rf"|(?P<y4>{_YEAR})-(?P<m4>0[1-9]|1[0-2])(?:-(?P<d4>0[1-9]|[12]\d|3[01]))?(?![\w-])"
    rf"|(?P<a>{_DAY})(?P<sep>[./])(?P<b>{_DAY})(?P=sep)(?P<y5>{_YEAR})",
    re.IGNORECASE,
)

_SPACES = " \u00a0\u2009\u202f"
_NUMBER = (
    r"\d{1,3}(?:[,'’\u00a0\u2009\u202f]\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?"
    r"|\d+[.,]\d+|\d+"
)
_SCALES = {"thousand": 3, "million": 6, "mio": 6, "mn": 6, "mln": 6, "billion": 9, "bn": 9, "bln": 9, "trillion": 12}
_SHORT_SCALES = {"k": 3, "m": 6, "b": 9}
_UNITS = {
    "%": "%", "percent": "%", "per cent": "%", "pct": "%", "percentage points": "%", "‰": "‰",
    "mg": "mg", "milligram": "mg", "milligrams": "mg", "mcg": "mcg", "µg": "mcg", "μg": "mcg", "ug": "mcg",
    "g": "g", "gram": "g", "grams": "g", "kg": "kg", "kilogram": "kg", "kilograms": "kg", "lb": "lb", "lbs": "lb",
    "ml": "ml", "millilitre": "ml", "millilitres": "ml", "milliliter": "ml", "milliliters": "ml",
    "l": "l", "litre": "l", "litres": "l", "liter": "l", "liters": "l", "mm": "mm", "cm": "cm", "m": "m", "km": "km",
    "metre": "m", "metres": "m", "meter": "m", "meters": "m", "kilometre": "km", "kilometres": "km",
    "kilometer": "km", "kilometers": "km", "mile": "mi", "miles": "mi", "ft": "ft", "feet": "ft",
    "kw": "kw", "kwh": "kwh", "mw": "mw", "v": "v", "volt": "v", "volts": "v", "w": "w", "watt": "w", "watts": "w",
    "hz": "hz", "mhz": "mhz", "ghz": "ghz", "mb": "mb", "gb": "gb", "tb": "tb", "°c": "°c", "°f": "°f",
    "ppm": "ppm", "mmol": "mmol", "iu": "iu",
}  # fmt: skip
_LONGEST_FIRST = sorted((*_SCALES, *_UNITS), key=len, reverse=True)
_SCALE = "|".join(sorted(_SCALES, key=len, reverse=True))
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
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th|s)|\d+'?s", re.IGNORECASE)
_STARTS = re.compile(
    rf"(?<![^\W_])(?<![^\W_][.,'’])(?:[$€£¥][{_SPACES}]?)?(?=[\w./-]{{0,40}}?\d)|\b{_MONTH}(?=,? )", re.IGNORECASE
)
_COUNTED = re.compile(r"\d+(?:\.\d+)?-?[^\W\d_]{3,}")  # "352-bed" counts beds
_LONGEST_CODE = 40
_MAY = 5
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
    if not _DIGIT.search(text):
        return []
    found: list[Quantity] = []
    end = 0
    for start in _STARTS.finditer(text):
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
    date = _DATE.match(text, start)
    if date and not _goes_on(text, date.end()) and (readings := list(_dates(date))):
        return _quantity(start, date.end(), readings)
    amount = _AMOUNT.match(text, start)
    code = _CODE.match(text, start)
    if code and _is_code(code[0]) and (not amount or amount.end() < code.end()):
        whole = f"!{code[0].casefold().replace('-', '')}"
        return _quantity(start, code.end(), [(whole, *_numbers_in(code[0]))])
    return _quantity(start, amount.end(), list(_amounts(amount))) if amount else None


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


def _numbers_in(code: str) -> Iterator[str]:
    return (f"#{Decimal(piece)}" for piece in re.split(r"[-./]", code) if piece.isdecimal())


def _dates(date: re.Match[str]) -> Iterator[tuple[str, ...]]:
    """The terms of each reading of a date."""
    if date["sep"]:
        first, second = int(date["a"]), int(date["b"])
        orders = [(first, second)] if date["sep"] == "." else [(second, first), (first, second)]
        yield from (_date(date["y5"], month, day) for day, month in dict.fromkeys(orders) if month <= len(_MONTHS))
        return
    for number in "1234":
        named = date[f"m{number}"]
        if named:
            month = int(named) if named.isdecimal() else _MONTH_OF[named[:3].casefold()]
            day = int(date[f"d{number}"] or 0) if number != "3" else 0
            yield _date(date[f"y{number}"], month, day)


def _date(year: str | None, month: int, day: int) -> tuple[str, ...]:
    """The terms of a date whose year or day may be unknown."""
    found = []
    if year and day:
        found.append(f"@{year}-{month:02}-{day:02}")
    if day:
        found.append(f"@-{month:02}-{day:02}")
    if year:
        found += [f"@{year}-{month:02}", f"#{year}"]
    if month == _MAY and not year:
        found.append(f"#{day}")  # "may 5 people" has no date
    return tuple(found)


def _amounts(amount: re.Match[str]) -> Iterator[tuple[str, ...]]:
    """The terms of each reading of an amount."""
    unit = _UNITS.get((amount["unit"] or "").casefold(), "")
    value = _value(amount["number"])
    if amount["scale"]:
        value = value.scaleb(_SCALES[amount["scale"].casefold()])
    elif amount["short"]:
        short = amount["short"].casefold()
        yield _number(value.scaleb(_SHORT_SCALES[short]), unit)
        if amount["currency"] or short != "m":  # "5m" may be metres, unless it is money
            return
        unit = short
    elif not unit and not amount["currency"]:
        yield (f"#{value:f}",)  # as written: section 7.10 is not section 7.1
        return
    yield _number(value, unit)


def _number(value: Decimal, unit: str) -> tuple[str, ...]:
    plain = f"#{value.normalize():f}"
    return (plain + unit, plain) if unit else (plain,)


def _value(number: str) -> Decimal:
    """The value of a number; a comma before other than three digits is a decimal comma."""
    groups = re.split(r"[,'’\u00a0\u2009\u202f]", number)
    if number.count(".") > 1:
        plain = number.replace(".", "").replace(",", ".")
    elif len(groups) > 1 and all(len(group.partition(".")[0]) == 3 for group in groups[1:]):
        plain = "".join(groups)
    else:
        plain = number.replace(",", ".")
    return Decimal(plain)
