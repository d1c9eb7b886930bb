"""Decides whether the hyphen at the end of a line belongs to the word.

The hyphen of a compound is kept; one that only breaks a word is removed. The criteria are, in order: the compound's
other hyphens, digits and single letters, the word's spelling elsewhere in the document, common first and last parts of
compounds, and whether the document has both parts as words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cached_property

HYPHENS = ("-", "\u2010")

_WORDS = re.compile(r"(?<![\w-])[^\W\d_]++(?:-[^\W\d_]++)*+(?![\w-])")
_LONGEST_WORD_CHARS = 100
_BROKEN_OFF = re.compile(r"(?<!\w)(\w++(?:[-\u2010]\w++)*+)[-\u2010]$")
_AT_START = re.compile(r"\w+(?:[-\u2010]\w+)*")
_FIRST_PARTS = frozenset(
    "self well ill non all cross half quasi vice one two three four five six seven eight nine ten twenty thirty "
    "forty fifty sixty seventy eighty ninety first second third long short high low full".split()
)
_LAST_PARTS = frozenset(
    "up off based term made known employed called related friendly driven oriented specific free old sized led paid "
    "funded owned wide like".split()
)
_ENDINGS = frozenset(  # of single words, such as "shortage" and "sixteen"
    "age ages ary er ers est en ened ening ens ed ing ings ly ness teen teenth ty ties tieth th hood ful less ward "
    "wards ment ments ingly ability mental".split()
)
_SHORTEST_PART_CHARS = 3
_LONG_FIRST_CHARS = 7  # a word of this length is rarely the beginning of another
_LONG_REST_CHARS = 5


class Words:
    """The number of occurrences of a document's words, including hyphenated ones."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._text = "\n".join(lines).replace("\u2010", "-")

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(_WORDS.findall(self._text.lower()))

    def end_of(self, above: str, below: str, begun: str = "") -> tuple[str, str]:
        """The line without a breaking hyphen, and the separator to the next line: a blank, or nothing inside a word.

        Args:
            above: The line.
            below: The text after it.
            begun: The part of its first word on the lines before it.
        """
        if not above.endswith(HYPHENS):
            return above, " "
        broken = _BROKEN_OFF.search((begun + above)[-_LONGEST_WORD_CHARS:])
        rest = _AT_START.match(below)
        if not broken or not rest:
            return above, " "
        return (above, "") if self._is_compound(broken[1], rest[0]) else (above[:-1], "")

    def _is_compound(self, first: str, rest: str) -> bool:
        if len(first) == 1 or first[-1].isdigit() or not rest[0].islower() or not first.isalnum():
            return True
        first, rest = first.lower(), rest.lower().replace("\u2010", "-")
        if self._counts[f"{first}-{rest}"]:
            return True
        if self._counts[first + rest]:
            return False
        if rest not in _ENDINGS and (first in _FIRST_PARTS or rest in _LAST_PARTS):
            return True
        first_known = first == "ex" or (len(first) >= _SHORTEST_PART_CHARS and self._counts[first] > 0)
        # The second part counts once here, at the start of its line.
        long = len(first) >= _LONG_FIRST_CHARS and len(rest) >= _LONG_REST_CHARS and rest not in _ENDINGS
        return first_known and len(rest) >= _SHORTEST_PART_CHARS and (long or self._counts[rest] > 1)
