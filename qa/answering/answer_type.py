"""Finds the expected answer type of a question, and whether a text has something of this type.

Answer types (Li & Roth, "Learning Question Classifiers", 2002) are recognised by the patterns of
`qa.answering.answer_patterns`. A text without the expected type can hardly answer; a text with it may still not:

- A number answers "how many" only if it is near the counted noun. A number for a list of names is the total, so it
  does not answer for a single name.
- A question for the holder of an office is answered only by a name next to that office (`qa.answering.offices`).
- A question for a thing with a name ("which company") is answered only by a text with a name and that kind of thing.
- A question for the meaning of an abbreviation is answered by its definition, or by words with these initials.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import takewhile

from qa.answering.answer_patterns import ASKED, HELD, NAMED_KINDS, ROLE, SPELT_NUMBER, TOTAL, AnswerType
from qa.answering.figures import ANY_YEAR
from qa.answering.offices import names_holder, office_asked
from qa.answering.relations import same_things
from qa.text.abbreviations import definitions, phrases, short_folded
from qa.text.quantities import with_plain_digits
from qa.text.units import UNITS
from qa.text.words import term, terms

_ASIDE = re.compile(r" ?\([^)]*\)")  # the other form of an abbreviation
_COUNTED = re.compile(
    r"\b(?:how many|(?:number|total) of)(?: (?:all|different|its|the|their|these))*((?: [^\W\d_][^\W_]{1,30}){1,3})"
    rf"|{TOTAL}",
    re.IGNORECASE,
)
_NO_LONGER_COUNTED = frozenset(
    "and are at by can could did do does each for from had has have in is of on or per that there to under was were "
    "which who will with would".split()
)
_ANYBODY = frozenset(map(term, "people persons individuals".split()))
_SOMEBODY = re.compile(
    rf"{ROLE}|\b(?:adults|children|individuals|inhabitants|men|people|persons|population|women)\b", re.IGNORECASE
)
_TOKEN = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_ONE_OF = re.compile(r"\bone of\b", re.IGNORECASE)
_IS_NUMBER = re.compile(rf"\d.*|{SPELT_NUMBER}", re.IGNORECASE)
_BEFORE_YEAR = frozenset("after before by during from in since until".split())
_WORDS_BEFORE, _WORDS_BEHIND = 2, 4  # distance of the counted noun from its number
_FIGURES = frozenset({AnswerType.AMOUNT, AnswerType.COUNT, AnswerType.MEASURE, AnswerType.SHARE})
_ITEM = r"[A-Z][\w.’'-]{0,40}(?: \w{1,40}){0,2}"
_NAMES_LISTED = re.compile(rf"(?:{_ITEM}, (?:and )?){{2,30}}{_ITEM}")
_OF_EACH = re.compile(r"\b(?:apiece|each|every|respectively)\b", re.IGNORECASE)


@lru_cache(maxsize=64)
def expected_type(question: str) -> AnswerType:
    """The expected answer type of a question; the first one if it asks for several."""
    found = [(match.start(), kind) for kind, pattern in ASKED.items() if (match := pattern.search(question))]
    return min(found, key=lambda each: each[0])[1] if found else AnswerType.OTHER


def answer_test(question: str) -> Callable[[str], bool] | None:
    """A test whether a text has the kind of answer that a question asks for.

    None if it asks for no kind that is recognised, or for a person: nearly every text has a role that may be one.
    """
    if expected_type(question) in {AnswerType.OTHER, AnswerType.PERSON}:
        return None
    return lambda text: holds_answer(question, (text,))


def holds_answer(question: str, texts: Iterable[str]) -> bool:
    """Whether one of the texts has something of the expected answer type that is not in the question.

    True for every text if the type is `OTHER`.
    """
    kind = expected_type(question)
    if kind is AnswerType.OTHER:
        return True
    named = _named(question)
    return any(_holds(kind, question, text, named) for text in texts)


@lru_cache(maxsize=64)
def _named(question: str) -> frozenset[str]:
    return frozenset(terms(question))


def _holds(kind: AnswerType, question: str, text: str, named: frozenset[str]) -> bool:
    if kind is AnswerType.LONG_FORM:
        return _spells_out(text, question)
    if kind is AnswerType.PERSON and (office := office_asked(question)):
        return names_holder(text, office, named)
    if kind in _FIGURES and _for_a_list(text, named):
        return False
    asked = ASKED[kind].search(question) if kind is AnswerType.NAMED else None
    if asked and NAMED_KINDS[asked["kind"].casefold()].isdisjoint(terms(text)):
        return False
    found = (terms(match[0]) for match in HELD[kind].finditer(text))
    if not any(not each or not named.issuperset(each) for each in found):  # "in May" has no index terms
        return False
    counted = things_counted(question) if kind is AnswerType.COUNT else frozenset()
    return not counted or _counts(text, counted)


def _spells_out(text: str, question: str) -> bool:
    """Whether a text defines an abbreviation of the question, or has words with its initials."""
    asked = ASKED[AnswerType.LONG_FORM].search(question)
    shorts = {short_folded(word) for word in asked.groups() if word} if asked else set()
    spelt = {short_folded(short) for short, _ in definitions(text)} | {initials for initials, _ in phrases(text)}
    return not shorts.isdisjoint(spelt)


def _for_a_list(text: str, named: frozenset[str]) -> bool:
    """Whether a text lists a name of the question with other names, so that a figure near them is a total."""
    for listed in _NAMES_LISTED.finditer(text):
        items = [frozenset(terms(item)) for item in re.split(r", (?:and )?| and ", listed[0])]
        inside = sum(bool(item) and item <= named for item in items)
        if inside and inside < len(items) and not _OF_EACH.search(text):
            return True
    return False


def things_counted(question: str) -> frozenset[str]:
    """The index terms of the noun whose count a question asks for."""
    asked = _COUNTED.search(_ASIDE.sub("", question))
    noun = (asked[1] or asked[2]).split() if asked else ()
    counted = takewhile(lambda word: word.casefold() not in _NO_LONGER_COUNTED, noun)
    return frozenset(filter(None, map(thing, counted)))


def thing(word: str) -> str:
    """The index term of a counted noun; units have one for all their names."""
    return term(UNITS.get(word.casefold(), word))


def _counts(text: str, counted: frozenset[str]) -> bool:
    """Whether a number is next to the counted noun, and neither a year nor followed by another unit ("40 hours")."""
    tokens = _TOKEN.findall(_ONE_OF.sub(" ", with_plain_digits(text)))
    anybody = bool(counted & _ANYBODY)
    things = [
        place
        for place, token in enumerate(tokens)
        if any(same_things(thing(token), each) for each in counted) or (anybody and _SOMEBODY.fullmatch(token))
    ]
    padded = ["", *tokens, ""]

    def is_count(place: int) -> bool:
        before, token, behind = padded[place : place + 3]
        return (
            _IS_NUMBER.fullmatch(token) is not None
            and (behind.casefold() not in UNITS or thing(behind) in counted)
            and not (ANY_YEAR.fullmatch(token) and before.casefold() in _BEFORE_YEAR)
        )

    near = {place for thing in things for place in range(thing - _WORDS_BEHIND, thing + _WORDS_BEFORE + 1)}
    return any(map(is_count, near.intersection(range(len(tokens)))))
