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
    """A question as its answer repeats it: in composed characters, on one line."""
    return " ".join(_CONTROL.sub(" ", compose(question)).split())


def checked(question: str, k: int, filters: Filters | None, longest: int) -> str:
    """The question in composed characters, on one line.

    Args:
        question: As it was sent.
        k: How many passages are wanted.
        filters: Which documents may answer.
        longest: How many characters a question may have.

    Raises:
        InvalidQuestion: it is empty or no text.
        QuestionTooLong: it is over the limit.
        InvalidRequest: `k` or a date is out of range.
    """
    if any("\ud800" <= char <= "\udfff" for char in question):
        raise InvalidQuestion("The question is not valid Unicode; it holds half a character.")
    stripped = as_answered(question)
    if not any(char.isalnum() for char in stripped):
        raise InvalidQuestion("The question is empty or holds no word; ask in words.")
    if len(question) > longest:  # as it was sent, which is what the API's description can tell
        raise QuestionTooLong(f"The question has {len(question)} characters; at most {longest} are read.")
    if not 1 <= k <= MAX_RESULTS:
        raise InvalidRequest(f"k is {k}; ask for 1 to {MAX_RESULTS} passages.")
    for name in ("date_from", "date_to"):
        day = getattr(filters, name) if filters else None
        if day is not None and not _is_date(day):
            raise InvalidRequest(f"{name} is {day!r}; write a date as 2022-04-18.")
    return stripped


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
