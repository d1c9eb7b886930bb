"""Dates, times, numbers and codes in words for readers."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from qa.web.document_list import Sort

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip

UNDATED = "undated"
DOCUMENT_ORDERS: dict[Sort, str] = {
    "source": "path",
    "title": "title",
    "-date": "newest first",
    "date": "oldest first",
    "-size": "longest first",
    "size": "shortest first",
}

_DATE = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(\d{2}))?)?", re.ASCII)


def day(date: str | None) -> str:
    """A complete or partial ISO 8601 date in words: "18 April 2022", "April 2022", "2022"."""
    if not date:
        return UNDATED
    match = _DATE.fullmatch(date)
    if not match:
        return date
    year, month, of_month = match.groups()
    words = [str(int(of_month)) if of_month else "", MONTHS[int(month) - 1] if month else "", year]
    return " ".join(filter(None, words))


def moment(instant: str) -> str:
    """An ISO 8601 time in words, in UTC; any other text unchanged."""
    try:
        when = datetime.fromisoformat(instant)
    except ValueError:
        return instant
    if when.tzinfo:
        when = when.astimezone(UTC)
    return f"{day(when.date().isoformat())}, {when:%H:%M} UTC"
