"""Checks words of a question that limit its answer: superlatives, ordinals and negations.

For example, a text about the hospitals of a town need not state which is the largest. A limiting word is matched by
itself or by a synonym, a negation by any negation, near one of the words that it limits in the question: "the largest
town" does not match "the largest hospital", nor "exempt from fees, but not from taxes" "not exempt".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from qa.text.words import term

_WORD = re.compile(r"[\w'’]+")
_OPENING = re.compile(r"^\W*\w+n['’]t\b")  # "Don't they sell it?" negates nothing
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
_NEGATIONS = frozenset(
    "not no never none neither nor without cannot can't don't doesn't didn't isn't aren't wasn't weren't won't except "
    "nobody nothing nowhere".split()
)
_NEGATED = _NEGATIONS | frozenset("refuse refused stop stopped free eliminate".split())
_ANYWHERE = frozenset("alone exclusive exclusively only sole solely".split())  # a whole sentence may express it
# Words: limited by a word of the question, before and behind a superlative of the text, and likewise for a negation.
_LIMITED, _BEFORE, _BEHIND = 3, 3, 8
_DENIED, _BEHIND_NEGATION = 2, 6


def unmet_limits(question: str, sentences: Sequence[str]) -> bool:
    """Whether a question has a superlative or an ordinal that no sentence matches."""
    asked = _words(question)
    limits = [(place, word) for place, word in enumerate(asked) if word in _LIMITS]
    told = [_words(sentence) for sentence in sentences] if limits else []
    for place, word in limits:
        alike = frozenset({word}).union(*(alike for limits_, alike in _ALIKE if word in limits_))
        limited = frozenset() if word in _ANYWHERE else _limited(asked[place + 1 :], _LIMITED)
        if not any(_near(words, alike, limited, _BEFORE, _BEHIND) for words in told):
            return True
    return False


def unmet_negation(question: str, sentences: Sequence[str]) -> bool:
    """Whether a question negates something that no sentence negates."""
    asked = _words(_OPENING.sub("", question))
    denied = [_limited(asked[place + 1 :], _DENIED) for place, word in enumerate(asked) if word in _NEGATIONS]
    told = [_words(sentence) for sentence in sentences] if denied else []
    return any(not any(_near(words, _NEGATED, each, 0, _BEHIND_NEGATION) for words in told) for each in denied)


def _limited(words: Sequence[str], most: int) -> frozenset[str]:
    """The index terms of the first content words of a question's rest, limiting words left out."""
    found = (term(word) for word in words if word not in _LIMITS and word not in _NEGATIONS)
    return frozenset(islice(filter(None, found), most))


def _near(words: Sequence[str], alike: frozenset[str], limited: frozenset[str], before: int, behind: int) -> bool:
    """Whether one of `alike` has a word with a `limited` term near it; if none is limited, whether it is there."""
    for place, word in enumerate(words):
        if word in alike:
            around = words[max(0, place - before) : place + behind + 1]
            if not limited or any(term(each) in limited for each in around):
                return True
    return False


def _words(text: str) -> list[str]:
    return [word.replace("’", "'") for word in _WORD.findall(text.casefold())]
