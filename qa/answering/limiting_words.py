"""Checks words of a question that limit its answer: superlatives, ordinals and negations.

For example, a text about the hospitals of a town need not state which is the largest. A limiting word is matched by
itself or by a synonym; a negation is matched by any negation.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[\w'’]+")
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
            not no never none neither nor without cannot can't don't doesn't didn't isn't aren't wasn't weren't won't \
            except nobody nothing nowhere | refuse refused stop stopped free eliminate
        """.strip().splitlines()
    )
)
_LIMITS = frozenset().union(*(limits for limits, _ in _ALIKE))


def unmet_limits(question: str, text: str) -> bool:
    """Whether a question has a limiting word that no word of a text matches."""
    asked = _words(question) & _LIMITS
    held = _words(text) if asked else frozenset()
    return any(
        word not in held and not any(word in limits and alike & held for limits, alike in _ALIKE) for word in asked
    )


def _words(text: str) -> frozenset[str]:
    return frozenset(word.replace("’", "'") for word in _WORD.findall(text.casefold()))
