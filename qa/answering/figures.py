"""The figures of a kind in a sentence, and whether two of them are the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qa.records import Span
from qa.text.quantities import Quantity, quantities
from qa.text.units import NUMBER_WORDS
from qa.text.words import words

_COUNTED_UNITS = ("h", "min")  # units that "how many" may ask for
_SAME = 0.02  # relative difference of two figures that counts as rounding
ANY_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_NUMBER = r"(?:\d[\d.,]{0,20}|" + "|".join(NUMBER_WORDS) + ")"
_UNIT = r"(?: ?[^\W\d]{1,10}| ?%)?"  # the first number may have one too
_RANGE_BEFORE = re.compile(
    rf"(?<!\w){_NUMBER}{_UNIT}(?: ?[-–] ?| (?:to|or) )$|\bbetween .{{1,30}} and $", re.IGNORECASE
)
_RANGE_BEHIND = re.compile(rf"{_UNIT}(?: ?[-–] ?| (?:to|or) )[$€£¥]?{_NUMBER}(?!\w)", re.IGNORECASE)
_LONGEST_RANGE = 48  # characters before its last number


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, year or date, with its value, its unit and its place in the sentence."""

    value: str
    number: float | None
    unit: str
    place: Span
    days: tuple[str, ...] = ()  # the ISO 8601 forms of a date's or a year's readings


def figures(sentence: str, kind: str) -> Iterator[Figure]:
    """The figures of a kind in a sentence."""
    found = quantities(sentence)
    for quantity in found:
        figure = _figure(sentence, quantity)
        is_year = figure.unit == "date"
        of_kind = (kind == "year") == is_year and (kind != "share" or figure.unit == "%")
        if of_kind and figure.number is not None and (kind != "count" or figure.unit in {"", *_COUNTED_UNITS}):
            yield figure
    if kind in {"count", "amount"}:
        for place in words(sentence):
            word = sentence[place.start : place.end]
            if word.casefold() in NUMBER_WORDS and not any(
                each.place.start <= place.start < each.place.end for each in found
            ):
                yield Figure(word, float(NUMBER_WORDS[word.casefold()]), "", place)


def _figure(sentence: str, quantity: Quantity) -> Figure:
    text = sentence[quantity.place.start : quantity.place.end]
    whole = quantity.whole[0]
    if ANY_YEAR.fullmatch(text):
        return Figure(text, float(text), "date", quantity.place, (text,))
    if whole[0] == "@":
        days = tuple(each[1:] for each in quantity.whole)
        dated = days[0][0] != "-" and ":" not in days[0]  # neither a day without a year nor a time
        return Figure(text, float(days[0][:4]) if dated else None, "date", quantity.place, days)
    match = re.match(r"#(-?\d+(?:\.\d+)?)(.*)", whole)
    if not match:
        return Figure(text, None, "code", quantity.place)
    currency = text[0] if text[0] in "$€£¥" else ""
    return Figure(text, float(match[1]), match[2] or currency, quantity.place)


def of_a_range(sentence: str, figure: Figure) -> bool:
    """Whether a figure is one end of a range, such as "5 to 10", which is no single value."""
    before, behind = sentence[: figure.place.start], sentence[figure.place.end :]
    return bool(_RANGE_BEFORE.search(before[-_LONGEST_RANGE:]) or _RANGE_BEHIND.match(behind))


def alike(one: Figure, other: Figure) -> bool:
    """Whether two figures differ by no more than rounding; a date is the same as its month or its year."""
    if one.number is None or other.number is None:
        return True
    if one.days and other.days:
        return any(first.startswith(second) or second.startswith(first) for first in one.days for second in other.days)
    return abs(one.number - other.number) <= _SAME * max(abs(one.number), abs(other.number))
