"""Tells what kind of thing a question asks for, and whether a text has one that the question does not name itself.

The expected answer type (Li & Roth, "Learning Question Classifiers", 2002), by a few patterns: a person, a date, a
count, a measure, an amount or a place. A text without any such thing can hardly answer; one that has it may still not.
A number answers how many of something there are only if it stands beside what is counted.
"""

from __future__ import annotations

import re
from enum import StrEnum

from qa.text.words import term, terms


class AnswerType(StrEnum):
    """The kinds of things that are recognised; `OTHER` is any other."""

    DATE = "date"
    COUNT = "count"
    MEASURE = "measure"
    AMOUNT = "amount"
    PERSON = "person"
    PLACE = "place"
    OTHER = "other"


# Before a word that asks: elsewhere "when" and "who" join clauses.
_BEGINS = r"(?:^|[,;:.?!(]\s?|\b(?:and|but|or|so|about|by|for|from|of|since|to|until|with) )"
_AUXILIARY = r"(?:are|can|could|did|do|does|had|has|have|is|may|must|shall|should|was|were|will|would)\b"
_SUM = r"(?:bonus|budget|copay|copayment|cost|deductible|fee|fine|premium|price|revenue|salary|savings|wage)\b"
_ASKED = {
    AnswerType.PERSON: re.compile(
        rf"{_BEGINS}who(?:m|se)?\b|\b(?:what|which) (?:doctor|executive|leader|person|representative)\b"
        r"|\bwhat(?: is|'s) the name of\b",
        re.IGNORECASE,
    ),
    AnswerType.DATE: re.compile(
        rf"{_BEGINS}when\b|\bwhen {_AUXILIARY}|\b(?:what|which) (?:date|day|month|time|year)\b|\bhow long ago\b"
        r"|\bstart date\b",
        re.IGNORECASE,
    ),
    AnswerType.COUNT: re.compile(
        r"\bhow many\b|\b(?:number|percent|percentage|proportion|share|total) of\b", re.IGNORECASE
    ),
    AnswerType.MEASURE: re.compile(r"\bhow (?:big|large|long|often|old)\b|\b(?:population|rate) of\b", re.IGNORECASE),
    AnswerType.AMOUNT: re.compile(
        rf"\bhow (?:expensive|high|much)\b|\b{_SUM}\W*$"
        rf"|\b(?:what|which)(?: (?:are|is|was|were) (?:[^\W\d_]{{1,20}} ){{0,4}}| ){_SUM}",
        re.IGNORECASE,
    ),
    AnswerType.PLACE: re.compile(
        rf"{_BEGINS}where\b|\bwhere {_AUXILIARY}|\bheadquarter"
        r"|\b(?:what|which) (?:address|city|country|location|place|region|states?|town)\b",
        re.IGNORECASE,
    ),
}
_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundreds?|thousands?|millions?|billions?"
)
_NUMBER = rf"\d[\d.,]{{0,20}}|\b(?:{_NUMBER_WORDS})\b"
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)(?:uary|ruary|ch|il|ust|ember|tember|ober)?\.?"
_NAME = r"[A-Z][a-z’'-]{1,30}"
_HELD = {
    AnswerType.DATE: re.compile(
        rf"\b[12]\d{{3}}s?\b|\b{_MONTH}\s\d{{1,4}}|\b\d{{1,4}} (?:AD|BC|BCE|CE)\b|\b\w{{2,20}} century\b"
        r"|\b(?:last|next) (?:month|week|year)\b|\bago\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b",
        re.IGNORECASE,
    ),
    AnswerType.COUNT: re.compile(_NUMBER, re.IGNORECASE),
    AnswerType.MEASURE: re.compile(
        rf"{_NUMBER}|\b(?:always|annually|daily|decades?|hourly|hours?|months?|monthly|never|once|twice|weekly|weeks?"
        r"|years?|yearly)\b",
        re.IGNORECASE,
    ),
    AnswerType.AMOUNT: re.compile(
        r"[$€£]\s?\d|\d[\d.,]{0,20}\s?(?:%|billion|cents|dollars|million|per cent|percent)", re.IGNORECASE
    ),
    # A role ("physicians", "the union") also counts as a person.
    AnswerType.PERSON: re.compile(
        rf"\b(?:Dr|Mr|Mrs|Ms|Prof)\. {_NAME}|\b{_NAME} (?:[A-Z]\. )?{_NAME}"
        r"|\b(?:clinicians?|doctors?|groups?|leaders?|members?|physicians?|plans?|sources?|teams?|unions?)\b"
    ),
    AnswerType.PLACE: re.compile(
        rf"\b(?:across|at|from|in|of|to) (?:the )?{_NAME}|\b{_NAME}, {_NAME}|\b[a-z]{{1,30}}\.(?:com|org)\b"
    ),
}
_COUNTED = re.compile(
    r"\b(?:how many|(?:number|percent|percentage|proportion|share|total) of)"
    r"(?: (?:all|different|its|the|their|these))*((?: [^\W\d_]{2,30}){1,3})",
    re.IGNORECASE,
)
_NO_LONGER_COUNTED = frozenset(
    "and are at by can could did do does each for from had has have in is of on or per that there to under was were "
    "which who will with would".split()
)
_TOKEN = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_IS_NUMBER = re.compile(rf"\d.*|{_NUMBER_WORDS}", re.IGNORECASE)
_WORDS_BEFORE, _WORDS_BEHIND = 2, 4  # of what is counted, around its number


def expected_type(question: str) -> AnswerType:
    """The kind of thing a question asks for: the first one, if there are several."""
    found = [(match.start(), kind) for kind, pattern in _ASKED.items() if (match := pattern.search(question))]
    return min(found, key=lambda each: each[0])[1] if found else AnswerType.OTHER


def holds_answer(question: str, text: str) -> bool:
    """Whether a text holds something of the kind that a question asks for and does not name; any holds `OTHER`."""
    kind = expected_type(question)
    if kind is AnswerType.OTHER:
        return True
    named = frozenset(terms(question))
    if all(named.issuperset(terms(match[0])) for match in _HELD[kind].finditer(text)):
        return False
    return kind is not AnswerType.COUNT or _counts(question, text)


def _counts(question: str, text: str) -> bool:
    """Whether a number stands beside what a question asks the number of."""
    asked = _COUNTED.search(question)
    counted = set()
    for word in asked[1].split() if asked else ():
        if word.casefold() in _NO_LONGER_COUNTED:
            break
        counted.add(term(word))
    if not counted - {""}:
        return True
    tokens = _TOKEN.findall(text)
    things = [place for place, token in enumerate(tokens) if term(token) in counted]
    numbers = (place for place, token in enumerate(tokens) if _IS_NUMBER.fullmatch(token))
    return any(-_WORDS_BEFORE <= thing - number <= _WORDS_BEHIND for number in numbers for thing in things)
