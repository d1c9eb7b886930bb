"""Words of a question that limit its answer: superlatives, ordinals and negations.

For example, a text about the hospitals of a town need not say which is the largest. A limiting word is matched by
itself or by a synonym; a negation is matched by any negation.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[\w'’]+")
_ALIKE = tuple(
    frozenset(line.split())
    for line in """
        largest biggest greatest most highest top main
        smallest least lowest fewest
        first earliest oldest original
        last latest newest final recent
        best leading top
        worst
        longest
        shortest
        youngest newest
        only alone sole exclusive exclusively solely
        average mean median
        maximum most limit
        minimum least
        not no never none neither nor without cannot can't don't doesn't didn't isn't aren't wasn't weren't won't \
        except nobody nothing nowhere refuse refused stop stopped free eliminate
    """.strip().splitlines()
)


_LIMITS = frozenset().union(*_ALIKE)


def unmet_limits(question: str, text: str) -> bool:
    """Whether a question has a limiting word that no word of a text matches."""
    limits = _words(question) & _LIMITS
    held = _words(text) if limits else frozenset()
    return any(word not in held and not any(word in alike and alike & held for alike in _ALIKE) for word in limits)


def _words(text: str) -> frozenset[str]:
    return frozenset(word.replace("’", "'") for word in _WORD.findall(text.casefold()))
