"""Expands everyday abbreviations and codes of states of the United States.

An everyday abbreviation ("mgmt") or the code of a state is expanded if the documents do not use it, but have the words
that it stands for. A code that is also a word must be next to another state.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.index.contract import Index
from qa.records import Span
from qa.text.abbreviations import everyday, short_folded, states
from qa.text.words import STOP_WORDS, term, terms, words

_FULL_STOP = re.compile(r"^\.(?= [a-z\d])")  # of an abbreviation within a sentence: "dept. of"
_JOINING = frozenset("and or &".split())
# Codes of states that are also words or other abbreviations.
_OTHER_WORDS = frozenset("al co de hi id in la ma me mi mo ms mt oh ok or pa pr sc".split())


@dataclass(frozen=True, slots=True)
class TypedWord:
    """A word of a question: its text, its place, and its folded form as an abbreviation."""

    text: str
    place: Span
    key: str


def typed_words(question: str) -> list[TypedWord]:
    """The words of a question, in order."""
    texts = ((question[place.start : place.end], place) for place in words(question))
    return [TypedWord(text, place, short_folded(text)) for text, place in texts]


def written_out(question: str, asked: Sequence[TypedWord], index: Index) -> str:
    """The question, whose words are `asked`, with everyday abbreviations expanded.

    Returns the same string object if nothing is expanded.
    """
    candidates = [word for word in asked if word.text.casefold() in everyday() or word.text.casefold() in states()]
    if not candidates:
        return question
    replaced = {}
    strange = unknown(candidates, index)
    for number, word in enumerate(asked):
        code = word.text.casefold()
        if word not in strange:
            continue
        if code in states() and (code not in _OTHER_WORDS or _beside_state(asked, number, question)):
            meant = states()[code]
        elif code in everyday():
            meant = everyday()[code]
        else:
            continue
        if all(index.frequencies(terms(meant))):
            replaced[word.place] = meant
    for place, text in sorted(replaced.items(), key=lambda item: -item[0].start):
        behind = _FULL_STOP.sub("", question[place.end :])
        question = question[: place.start] + text + behind
    return question


def _beside_state(asked: Sequence[TypedWord], number: int, question: str) -> bool:
    """Whether a word is next to the code or the name of a state."""
    for step in (-1, 1):
        other = number + step
        if 0 <= other < len(asked) and asked[other].text.casefold() in _JOINING:
            other += step
        if 0 <= other < len(asked):
            first, last = sorted((asked[number].place, asked[other].place), key=lambda place: place.start)
            between = question[first.end : last.start].strip().casefold()
            joined = between in {"&", "/", ",", "and", "or", ", and"}
            text = asked[other].text.casefold()
            if joined and (text in states() or text in {name.casefold() for name in states().values()}):
                return True
    return False


def unknown(asked: Sequence[TypedWord], index: Index) -> list[TypedWord]:
    """The words that no passage contains; stop words never count."""
    known = index.frequencies([term(word.text) for word in asked])
    return [
        word
        for word, frequency in zip(asked, known, strict=True)
        if not frequency and (term(word.text) or word.text.casefold() not in STOP_WORDS)
    ]
