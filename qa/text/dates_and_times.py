"""Index terms of the dates and times of day in a text; an ambiguous one has those of each reading."""

from __future__ import annotations

import re
from collections.abc import Iterator

_MONTHS = "january february march april may june july august september october november december".split()
_MONTH_OF = {name[:3]: number for number, name in enumerate(_MONTHS, 1)}
MONTH = "(?:" + "|".join(f"{name[:3]}(?:{name[3:]})?" if name[3:] else name for name in _MONTHS) + r"|sept)\.?"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_YEAR = r"(?:1[0-9]|20|21)\d\d"
_LATEST_SHORT_YEAR = 49  # 3/5/49 is in 2049, 3/5/50 in 1950
DATE = re.compile(
    rf"(?P<d1>{_DAY})(?:st|nd|rd|th)?(?: of)?[ \-]?\s?(?P<m1>{MONTH})(?:,?[ \-]\s?(?P<y1>{_YEAR})|(?!-\w{{0,40}}\d))"
    rf"|(?P<m2>{MONTH}) (?P<d2>{_DAY})(?:st|nd|rd|th)?(?!\d|[.,:]\d)(?:,? (?P<y2>{_YEAR}))?"
    rf"|(?P<m3>{MONTH}),? (?:of )?(?P<y3>{_YEAR})"
    rf"|(?P<y4>{_YEAR})-(?P<m4>0[1-9]|1[0-2])(?:-(?P<d4>0[1-9]|[12]\d|3[01]))?(?![\w-])"
    rf"|(?P<y6>{_YEAR})/(?P<m6>0?[1-9]|1[0-2])/(?P<d6>{_DAY})"
    rf"|(?P<a>{_DAY})(?P<sep>[./-])(?P<b>{_DAY})(?P=sep)(?P<y5>{_YEAR}|(?<=/)\d\d)",
    re.IGNORECASE,
)
_HALF = r" ?(?P<half{}>[ap])(?:m|\.m\.?)(?!\w)"
TIME = re.compile(
    r"(?P<hour>2[0-3]|[01]?\d)"
    rf"(?::(?P<minute1>[0-5]\d)(?::[0-5]\d)?(?:{_HALF.format(1)})?|(?:\.(?P<minute2>[0-5]\d))?{_HALF.format(2)})",
    re.IGNORECASE,
)
_NOON = 12
_MAY = 5


def date_terms(date: re.Match[str]) -> Iterator[tuple[str, ...]]:
    """The terms of each reading of a date."""
    if date["sep"]:
        first, second = int(date["a"]), int(date["b"])
        orders = [(first, second)] if date["sep"] == "." else [(second, first), (first, second)]
        year = date["y5"]
        if len(year) == len("19"):
            year = f"{19 if int(year) > _LATEST_SHORT_YEAR else 20}{year}"
        yield from (_date(year, month, day) for day, month in dict.fromkeys(orders) if month <= len(_MONTHS))
        return
    for number in "12346":
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


def time_terms(time: re.Match[str]) -> Iterator[tuple[str, ...]]:
    """The terms of each reading of a time; one up to 12 o'clock may be in the morning or not."""
    hour, minute = int(time["hour"]), time["minute1"] or time["minute2"] or "00"
    half = (time["half1"] or time["half2"] or "").casefold()
    if hour > _NOON or (time["hour"][0] == "0" and not half):
        hours = [hour]
    else:
        hours = [hour % _NOON + _NOON * (each == "p") for each in half or "ap"]
    return ((f"@{each:02}:{minute}", f"#{int(time['hour'])}") for each in hours)
