"""Tells what kind of thing a question asks for, and whether a text has one.

The expected answer type (Li & Roth, "Learning Question Classifiers", 2002), by a few patterns: a person, a date, a
count, an amount or a place. A text without any such thing can hardly answer; one that has it may still not.
"""

from __future__ import annotations

import re
from enum import StrEnum


class AnswerType(StrEnum):
    """The kinds of things that are recognised; `OTHER` is any other."""

    DATE = "date"
    COUNT = "count"
    AMOUNT = "amount"
    PERSON = "person"
    PLACE = "place"
    OTHER = "other"


_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)(?:uary|ruary|ch|il|ust|ember|tember|ober)?\.?"
_NUMBER_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve dozen hundred hundreds thousand thousands million "
    "billion"
)

# Asked in this order: "how much" may ask for an amount after "how many" was ruled out.
_ASKED = {
    AnswerType.DATE: re.compile(
        r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|time)\b|\b(?:since when|how long ago|start date)\b",
        re.IGNORECASE,
    ),
    AnswerType.COUNT: re.compile(
        r"\bhow (?:many|large|big|long|often|old)\b|\b(?:number|percentage|percent|share|rate|population|total) of\b",
        re.IGNORECASE,
    ),
    AnswerType.AMOUNT: re.compile(
        r"\bhow (?:much|high|expensive)\b|\b(?:cost|price|salary|revenue|compensation|fee|fine|copay|dollars?|wage)\b",
        re.IGNORECASE,
    ),
    AnswerType.PERSON: re.compile(
        r"\bwho(?:m|se)?\b|\bwhich (?:person|executive|doctor|leader|representative)\b", re.IGNORECASE
    ),
    AnswerType.PLACE: re.compile(
        r"\bwhere\b|\b(?:what|which) (?:city|states?|country|address|place|region|location)\b|\bheadquarter",
        re.IGNORECASE,
    ),
}
_NAME = r"[A-Z][a-z’'-]+"
_HELD = {
    AnswerType.DATE: re.compile(rf"\b(?:1[5-9]|20)\d\d\b|\b{_MONTH}\s+\d|\b(?:since|next|last) \w", re.IGNORECASE),
    AnswerType.COUNT: re.compile(rf"\d|\b(?:{_NUMBER_WORDS.replace(' ', '|')})\b", re.IGNORECASE),
    AnswerType.AMOUNT: re.compile(
        r"[$€£]\s?\d|\d[\d,.]*\s?(?:dollars|percent|per cent|%)|\bpercentage\b", re.IGNORECASE
    ),
    # A role ("physicians", "the union") also counts as a person.
    AnswerType.PERSON: re.compile(
        rf"\b(?:Dr|Mr|Mrs|Ms|Prof)\. {_NAME}|\b{_NAME} (?:[A-Z]\. )?{_NAME}"
        r"|\b(?:clinicians?|doctors?|groups?|leaders?|members?|physicians?|plans?|sources?|teams?|unions?)\b"
    ),
    AnswerType.PLACE: re.compile(
        rf"\b(?:in|at|of|from|across) (?:the )?{_NAME}|\b{_NAME}, {_NAME}|\b[a-z]+\.(?:org|com)\b"
    ),
}


def expected_type(question: str) -> AnswerType:
    """The kind of thing a question asks for."""
    return next((kind for kind, pattern in _ASKED.items() if pattern.search(question)), AnswerType.OTHER)


def holds(kind: AnswerType, text: str) -> bool:
    """Whether a text holds something of a kind; any text holds `OTHER`."""
    return kind is AnswerType.OTHER or bool(_HELD[kind].search(text))
