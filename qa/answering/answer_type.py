"""Finds the kind of thing a question asks for, and whether a text has one that is not in the question.

The expected answer type (Li & Roth, "Learning Question Classifiers", 2002), by a few patterns: a person, a date, a
count, a measure, an amount, a place, a region, or contact data. A text without such a thing probably does not answer; a
text with one may or may not. A number counts as a count only if it is next to the counted noun.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from qa.text.words import term, terms


class AnswerType(StrEnum):
    """The recognised kinds; `OTHER` is any other."""

    DATE = "date"
    COUNT = "count"
    MEASURE = "measure"
    AMOUNT = "amount"
    PERSON = "person"
    REGION = "region"
    PLACE = "place"
    CONTACT = "contact"
    OTHER = "other"


# Required before a question word: elsewhere "when" and "who" join clauses.
_BEGINS = r"(?:^|[,;:.?!(]\s?|\b(?:and|but|or|so|about|by|for|from|of|since|to|until|with) )"
_ANY = r"[^\W\d_]{1,20}(?:['’]s)? "
# "What is the fee" asks for an amount; "what is a fee" and "what is the use of a fee" do not.
_DETERMINER = r"its|my|our|the|their|your|[^\W\d_]{1,20}['’]s"
_NO_PREPOSITION = r"(?!(?:about|against|and|between|by|for|from|in|of|on|or|with) )"
_AUXILIARY = r"(?:are|can|could|did|do|does|had|has|have|is|may|must|shall|should|was|were|will|would)\b"
_SUM = r"(?:bonus|budget|copay|copayment|cost|deductible|fee|fine|premium|price|rent|revenue|salary|savings|wage)\b"
_ASKED = {
    AnswerType.PERSON: re.compile(
        rf"{_BEGINS}who(?:m|se)?\b|\b(?:what|which) (?:doctor|executive|leader|person|representative)s?\b"
        r"|\bwhat(?: is|'s) the name of\b",
        re.IGNORECASE,
    ),
    AnswerType.DATE: re.compile(
        rf"{_BEGINS}when\b|\bwhen {_AUXILIARY}|\b(?:what|which) (?:date|day|month|time|year)\b|\bhow long ago\b"
        r"|\b(?:end|expiry|opening|start) dates?\b|\bdates?\W*$",
        re.IGNORECASE,
    ),
    AnswerType.COUNT: re.compile(
        r"\bhow many\b|\b(?:number|percent|percentage|proportion|ratio|share|total) of\b|\bratio\W*$", re.IGNORECASE
    ),
    AnswerType.MEASURE: re.compile(
        r"\bhow (?:big|deep|far|fast|heavy|large|long|often|old|tall|wide)\b|\b(?:population|rate) of\b", re.IGNORECASE
    ),
    AnswerType.AMOUNT: re.compile(
        r"\bhow (?:expensive|high|much)\b"
        rf"|^(?!(?:are|can|do|does|how|is|what|which|who|why) ).{{0,120}}\b{_SUM}\W{{0,3}}$"
        rf"|\b(?:what|which) (?:(?:are|is|was|were) (?:{_DETERMINER}) (?:{_NO_PREPOSITION}{_ANY}){{0,3}})?{_SUM}(?!-)"
        rf"|^(?!(?:does|is|why) )(?:{_ANY}){{0,2}}{_SUM} (?:of|per|for (?:a|an|each|my|our|the|your))\b",
        re.IGNORECASE,
    ),
    AnswerType.REGION: re.compile(
        r"\bheadquarter|\b(?:what|which) (?:address|city|country|location|place|region|states?|town)\b", re.IGNORECASE
    ),
    AnswerType.PLACE: re.compile(rf"{_BEGINS}where\b|\bwhere {_AUXILIARY}", re.IGNORECASE),
    AnswerType.CONTACT: re.compile(
        r"\b(?:fax|hotline|mobile|phone|telephone) (?:numbers?\b|#)|\be-?mail address"
        rf"|\bwhat(?: is|'s| are) (?:{_ANY}){{0,3}}(?:e-?mail|fax|phone|telephone|url|web ?site)\b",
        re.IGNORECASE,
    ),
}
_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen"
    "|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|dozen|hundreds?|thousands?|millions?|billions?"
)
_NUMBER = rf"\d[\d.,]{{0,20}}|\b(?:{_NUMBER_WORDS})\b"
_MONTH = (
    r"\b(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_NAME = r"[A-Z][a-z’'-]{1,30}"
_ROLE = (
    r"\b(?:administrator|agenc(?:y|ies)|agent|assistant|author|board|captain|chair|chief|clerk|clinician|committee|compan(?:y|ies)"
    r"|contractor|coordinator|council|court|customer|department|director|doctor|driver|editor|employee|employer|engineer"
    r"|everybody|everyone|founder|government|group|head|judge|landlord|lawyer|leader|manager|member|minister|nurse"
    r"|officer|operator|owner|parent|partner|patient|people|physician|plan|president|producer|resident|secretar(?:y|ies)|source"
    r"|staff|student|supervisor|supplier|teacher|team|technician|tenant|treasurer|union|user|volunteer|worker)(?:es|s)?\b"
)
_REGION = rf"\b(?:across|at|from|in|of|to) (?:the )?{_NAME}|\b{_NAME}, {_NAME}|\b[a-z]{{1,30}}\.(?:com|org)\b"
_HELD = {
    AnswerType.DATE: re.compile(
        rf"\b[12]\d{{3}}s?\b|{_MONTH}\s\d{{1,4}}|\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}"
        rf"|\b(?:by|during|early|in|late|mid|since|until) {_MONTH}|\b\d{{1,4}} (?:AD|BC|BCE|CE)\b"
        r"|\b\w{2,20} century\b|\b(?:last|next) (?:month|week|year)\b|\bago\b"
        r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b\d{1,2}(?::\d\d)? ?[ap]\.?m\b|\b\d{1,2}:\d\d\b"
        r"|\b(?:midnight|noon)\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b",
        re.IGNORECASE,
    ),
    AnswerType.COUNT: re.compile(_NUMBER, re.IGNORECASE),
    AnswerType.MEASURE: re.compile(
        rf"{_NUMBER}|\b(?:always|annually|daily|decades?|hourly|hours?|months?|monthly|never|once|twice|weekly|weeks?"
        r"|years?|yearly)\b",
        re.IGNORECASE,
    ),
    AnswerType.AMOUNT: re.compile(
        rf"[$€£]\s?\d|(?:{_NUMBER})\s?(?:%|billion|cents|dollars|euros|million|per cent|percent|pounds)", re.IGNORECASE
    ),
    # A role ("physicians", "the union") also counts as a person.
    AnswerType.PERSON: re.compile(rf"\b(?:Dr|Mr|Mrs|Ms|Prof)\. {_NAME}|\b{_NAME} (?:[A-Z]\. )?{_NAME}|{_ROLE}"),
    AnswerType.REGION: re.compile(_REGION),
    AnswerType.PLACE: re.compile(
        _REGION + r"|\b(?:above|at|behind|below|beside|in|inside|near|on|outside|under)"
        r" (?:a|an|each|every|our|the|their|your) \w{1,30}"
    ),
    AnswerType.CONTACT: re.compile(
        r"\d[\d ()/.-]{4,20}\d|[\w.-]{1,60}@\w|\bhttps?:|\bwww\.|\b[a-z\d-]{1,40}\.(?:com|edu|gov|net|org)\b",
        re.IGNORECASE,
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
_WORDS_BEFORE, _WORDS_BEHIND = 2, 4  # characters around a number in which the counted noun is searched


def expected_type(question: str) -> AnswerType:
    """The kind of thing a question asks for; the first one if there are several."""
    found = [(match.start(), kind) for kind, pattern in _ASKED.items() if (match := pattern.search(question))]
    return min(found, key=lambda each: each[0])[1] if found else AnswerType.OTHER


def holds_answer(question: str, texts: Iterable[str]) -> bool:
    """Whether one of some texts has a thing of the kind that a question asks for, other than those in the question.

    True for every text if the kind is `OTHER`.
    """
    kind = expected_type(question)
    if kind is AnswerType.OTHER:
        return True
    named = frozenset(terms(question))
    counted = _counted(question) if kind is AnswerType.COUNT else frozenset()
    return any(_holds(text, _HELD[kind], named) and (not counted or _counts(text, counted)) for text in texts)


def _holds(text: str, pattern: re.Pattern[str], named: frozenset[str]) -> bool:
    found = (terms(match[0]) for match in pattern.finditer(text))
    return any(not each or not named.issuperset(each) for each in found)  # "in May" has no index terms


def _counted(question: str) -> frozenset[str]:
    """The index terms of the noun whose count a question asks for."""
    asked = _COUNTED.search(question)
    counted = set()
    for word in asked[1].split() if asked else ():
        if word.casefold() in _NO_LONGER_COUNTED:
            break
        counted.add(term(word))
    return frozenset(counted - {""})


def _counts(text: str, counted: frozenset[str]) -> bool:
    """Whether a number is next to the counted noun."""
    tokens = _TOKEN.findall(text)
    things = [place for place, token in enumerate(tokens) if term(token) in counted]
    numbers = (place for place, token in enumerate(tokens) if _IS_NUMBER.fullmatch(token))
    return any(-_WORDS_BEFORE <= thing - number <= _WORDS_BEHIND for number in numbers for thing in things)
