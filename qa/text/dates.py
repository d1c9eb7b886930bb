"""Reads dates in common notations as ISO 8601. An ambiguous text gives none."""

from __future__ import annotations

import re
from datetime import date

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janvier enero", "february feb februar février fevrier febrero",
            "march mar märz maerz mars marzo", "april apr avril abril", "may mai mayo", "june jun juni juin junio",
            "july jul juli juillet julio", "august aug août aout agosto", "september sep sept septembre septiembre",
            "october oct oktober okt octobre octubre", "november nov novembre noviembre",
            "december dec dezember dez décembre decembre diciembre",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_TIME = r"(?:[T ,]+(?:at )?\d{1,2}(?::|h)\d{2}.{0,30})?"
_ISO = re.compile(rf"(\d{{4}})(?:-(\d{{1,2}})(?:-(\d{{1,2}}))?)?{_TIME}", re.ASCII)
_SLASHED = re.compile(rf"(\d{{4}})[/.](\d{{1,2}})[/.](\d{{1,2}}){_TIME}", re.ASCII)
_COMPACT = re.compile(r"(?:D:)?(\d{4})(\d{2})(\d{2})(?:\d{4,6}.{0,10}|T.{0,12})?", re.ASCII)
_NAMED = r"(?P<month>[^\W\d_]{3,10})\.?"
_DAY_FIRST = re.compile(
    rf"(?:\w{{2,10}}\.?,? )?(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.|er)?(?: of| de)?"
    rf"[ -]{_NAMED},?(?: de)?[ -](?P<year>\d{{4}})" + _TIME
)
_MONTH_FIRST = re.compile(
    rf"(?:\w{{3,10}}\.?, )?{_NAMED} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}})" + _TIME
)
_MONTH = re.compile(rf"{_NAMED},? (?P<year>\d{{4}})")
_EAST_ASIAN = re.compile(
    r"(?:(\d{4})|(令和|平成|昭和|大正|明治)(\d{1,2}|元)) ?[年년]"
    rf"(?: ?(\d{{1,2}}) ?[月월](?: ?(\d{{1,2}}) ?[日일號号])?)?{_TIME}"
)
_YEAR_BEFORE_ERA = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867}
_NUMBERS = re.compile(rf"(\d{{1,2}})([./-])(\d{{1,2}})\2(\d{{4}}){_TIME}", re.ASCII)


def read_date(text: str) -> str | None:
    """The ISO 8601 date of a text (a year, a year and month, or a day); None if it has none.

    It reads "2024-03-05" with or without a time, "2024/3/5", "20240305", "March 5, 2024", "5. März 2024", "Mar 2024",
    "5.3.2024", "2024年3月5日", "令和6年3月5日" and "25/3/2024", but not "5/3/2024", which may be in May or in March.
    """
    text = " ".join(text.split())
    for form in (_ISO, _SLASHED, _COMPACT):
        if match := form.fullmatch(text):
            return _date(*match.groups()[:3])
    for form in (_DAY_FIRST, _MONTH_FIRST, _MONTH):
        if match := form.fullmatch(text):
            month = _MONTHS.get(match["month"].lower())
            return _date(match["year"], month, match.groupdict().get("day")) if month else None
    if match := _EAST_ASIAN.fullmatch(text):
        year, era, of_era = match.groups()[:3]
        year = year or str(_YEAR_BEFORE_ERA[era] + (1 if of_era == "元" else int(of_era)))
        return _date(year, *match.groups()[3:])
    return _numbers(text)


def _numbers(text: str) -> str | None:
    """A date of three numbers, the year last: with full stops the day comes first, else the order must be clear."""
    match = _NUMBERS.fullmatch(text)
    if not match:
        return None
    first, second = int(match[1]), int(match[3])
    if match[2] == "." or first > 12 or first == second:
        return _date(match[4], match[3], match[1])
    return _date(match[4], match[1], match[3]) if second > 12 else None


def _date(year: str, month: str | int | None, day: str | None) -> str | None:
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    return "-".join([year, *(f"{int(part):02}" for part in (month, day) if part)])
