"""Checks a question and its parameters, and cleans the question's text."""

from __future__ import annotations

import re
from datetime import date

from qa.errors import InvalidQuestion, InvalidRequest, QuestionTooLong
from qa.records import Filters
from qa.text.safe_text import compose

MAX_RESULTS = 50

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def as_answered(question: str) -> str:
    """The question as shown in its answer: NFC-composed, on one line."""
    return " ".join(_CONTROL.sub(" ", compose(question)).split())


def checked(question: str, k: int, filters: Filters, longest: int) -> str:
    """Check a question; return it NFC-composed, on one line.

    Args:
        question: The question as sent.
        k: The number of passages to return.
        filters: Which documents may answer.
        longest: The maximum number of characters.

    Raises:
        InvalidQuestion: it is empty or not text.
        QuestionTooLong: it has too many characters.
        InvalidRequest: `k` is out of range, or as `check_dates`.
    """
    if any("\ud800" <= char <= "\udfff" for char in question):
        raise InvalidQuestion("The question is not valid Unicode; it holds half a character.")
    stripped = as_answered(question)
    if not any(char.isalnum() for char in stripped):
        raise InvalidQuestion("The question is empty or contains no word; ask in words.")
    if len(question) > longest:  # length as sent, as in the API's description
        raise QuestionTooLong(f"The question has {len(question)} characters; at most {longest} are read.")
    if not 1 <= k <= MAX_RESULTS:
        raise InvalidRequest(f"k is {k}; ask for 1 to {MAX_RESULTS} passages.")
    check_dates(filters)
    return stripped


def check_dates(filters: Filters) -> None:
    """Check the range of dates in some filters.

    Raises:
        InvalidRequest: a date is not a day of the calendar, or the range ends before it starts.
    """
    for name, day in (("date_from", filters.date_from), ("date_to", filters.date_to)):
        if day is not None and not _is_date(day):
            raise InvalidRequest(f"{name} is {day!r}; write a day of the calendar as 2022-04-18.")
    if filters.date_from and filters.date_to and filters.date_from > filters.date_to:
        raise InvalidRequest(
            f"The first day, {filters.date_from}, is after the last, {filters.date_to}; exchange them."
        )


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
