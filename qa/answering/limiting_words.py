"""Checks words of a question that limit its answer: superlatives, ordinals, comparatives and negations.

For example, a text about the hospitals of a town need not state which is the largest. A limiting word is matched by
itself or by a synonym, a negation by any negation, near one of the words that it limits in the question: "the largest
town" does not match "the largest hospital", nor "exempt from fees, but not from taxes" "not exempt". A comparative
counts if the question compares two things ("larger than", "which has more"), and so it does in a text, where "more than
300" compares nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from qa.text.units import NUMBER_WORDS
from qa.text.words import term

_WORD = re.compile(r"[\w'’]+")
_OPENING = re.compile(r"^\W*\w+n['’]t\b")  # "Don't they sell it?" negates nothing
_INSTEAD = re.compile(r"\b(?:other|rather) than\b", re.IGNORECASE)
# Groups of synonymous limiting words; the words after "|" match them but do not limit.
_ALIKE = tuple(
    (frozenset(limits.split()), frozenset((limits + others).split()))
    for limits, _, others in (
        line.partition("|")
        for line in """
            largest biggest greatest most highest top | main maximum
            smallest least lowest fewest | minimum
            first earliest oldest original
            last latest newest final recent | current new modern
            best leading top
            worst
            longest
            shortest
            youngest newest
            busiest
            cheapest | affordable cheap inexpensive lowest least
            closest nearest
            easiest
            fastest quickest
            hardest
            heaviest
            poorest
            richest wealthiest
            safest
            slowest
            strongest
            tallest
            weakest
            widest
            only alone sole exclusive exclusively solely
            average median | mean typical typically
            maximum most | limit limits limited
            minimum least
        """.strip().splitlines()
    )
)
_LIMITS = frozenset().union(*(limits for limits, _ in _ALIKE))
_COMPARATIVES = {word: f"{word[:-3]}er" for word in _LIMITS if word.endswith("est")}
_COMPARATIVES |= {"most": "more", "least": "less", "best": "better", "worst": "worse"}
_COMPARED = frozenset(_COMPARATIVES.values())
_NEGATIONS = frozenset(
    "not no never none neither nor without cannot can't don't doesn't didn't isn't aren't wasn't weren't won't except "
    "nobody nothing nowhere".split()
)
_NEGATED = _NEGATIONS | frozenset("refuse refused stop stopped free eliminate".split())
_ANYWHERE = frozenset("alone exclusive exclusively only sole solely".split())  # a whole sentence may express it
_CHOICE = frozenset({"which", "who"})
_CLAUSE = frozenset({"because", "if", "that", "to", "when"})
_LONGEST_CHOICE = 6  # words before the comparative: "which of the two states has more patients"
# Words: limited by a word of the question, before and behind a superlative of the text, and likewise for a negation.
_LIMITED, _BEFORE, _BEHIND = 3, 3, 8
_DENIED, _BEHIND_NEGATION = 2, 6

_Limit = tuple[frozenset[str], frozenset[str], int, int]


def lacks_limit(question: str, sentences: Sequence[str]) -> bool:
    """Whether a question has a superlative, an ordinal or a negation that no sentence matches."""
    return _unmatched(_limits(_words(_OPENING.sub("", question))), sentences)


def lacks_comparison(question: str, sentences: Sequence[str]) -> bool:
    """Whether a question has a comparison that no sentence matches."""
    return _unmatched(_comparisons(_words(_INSTEAD.sub(" ", question))), sentences)


def _unmatched(limits: Iterator[_Limit], sentences: Sequence[str]) -> bool:
    """Whether one of the limiting words is matched by no sentence; they are parted only if there are any."""
    told: list[list[str]] = []
    for limit in limits:
        told = told or [_words(sentence) for sentence in sentences]
        if not any(_near(words, *limit) for words in told):
            return True
    return False


def _limits(asked: Sequence[str]) -> Iterator[_Limit]:
    """For each superlative and negation what matches it, the terms that it limits, and how near they must be."""
    for place, word in enumerate(asked):
        if word in _NEGATIONS:
            yield _NEGATED, _limited(asked[place + 1 :], _DENIED), 0, _BEHIND_NEGATION
        elif word in _LIMITS:
            alike = frozenset({word}).union(*(alike for limits, alike in _ALIKE if word in limits))
            limited = frozenset() if word in _ANYWHERE else _limited(asked[place + 1 :], _LIMITED)
            yield alike, limited, _BEFORE, _BEHIND


def _comparisons(asked: Sequence[str]) -> Iterator[_Limit]:
    """As `_limits`, for the comparatives that compare two things."""
    for place, word in enumerate(asked):
        if _compares(asked, place):
            groups = (alike for limits, alike in _ALIKE if any(_COMPARATIVES.get(each) == word for each in limits))
            alike = frozenset().union(*groups)
            alike |= {word, *(_COMPARATIVES[each] for each in alike & _COMPARATIVES.keys())}
            limited = _limited(asked[place + 1 :], _LIMITED) or _limited(asked[:place], _LIMITED)
            yield alike, limited, _BEFORE, _BEHIND


def _compares(asked: Sequence[str], place: int) -> bool:
    """Whether a word of a question is a comparative that compares two things."""
    if place and asked[place - 1] == "no":  # "no longer"
        return False
    behind = asked[place + 1 :]
    if "than" in behind and not _is_amount(asked, place + 2 + behind.index("than")):
        return asked[place] in _COMPARED or (asked[place].endswith("er") and behind[0] == "than")
    before = asked[:place]
    chooses = before[:1] and before[0] in _CHOICE and place <= _LONGEST_CHOICE and _CLAUSE.isdisjoint(before)
    return bool(chooses) and asked[place] in _COMPARED


def _limited(words: Sequence[str], most: int) -> frozenset[str]:
    """The index terms of the first content words of a part of a question, limiting words left out."""
    found = (term(word) for word in words if not any(word in each for each in (_LIMITS, _COMPARED, _NEGATIONS)))
    return frozenset(islice(filter(None, found), most))


def _near(words: Sequence[str], alike: frozenset[str], limited: frozenset[str], before: int, behind: int) -> bool:
    """Whether one of `alike` has a word with a `limited` term near it; if none is limited, whether it is there."""
    for place, word in enumerate(words):
        if word in alike and not (words[place + 1 : place + 2] == ["than"] and _is_amount(words, place + 2)):
            around = words[max(0, place - before) : place + behind + 1]
            if not limited or any(term(each) in limited for each in around):
                return True
    return False


def _is_amount(words: Sequence[str], place: int) -> bool:
    return any(word[0].isdigit() or word in NUMBER_WORDS for word in words[place : place + 1])


def _words(text: str) -> list[str]:
    return [word.replace("’", "'") for word in _WORD.findall(text.casefold())]
