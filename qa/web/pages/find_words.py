"""Finds the reader's search words in a document."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from qa.records import Span
from qa.text.safe_text import as_typed, compose

_MOST_MARKED = 200  # places; more marks do not help a reader
_MOST_COUNTED = 10_000
_LONGEST_CHARS = 200


@dataclass(frozen=True, slots=True)
class Matches:
    """The first places of some words, and the number of all places."""

    places: tuple[Span, ...] = ()
    total: int = 0


def find_words(text: str, words: str) -> Matches:
    """The places in a text where some words follow each other, with any case, blanks, quotes and hyphens."""
    parts = as_typed(compose(words[:_LONGEST_CHARS])).split()
    if not parts:
        return Matches()
    pattern = re.compile(r"\s+".join(map(re.escape, parts)), re.IGNORECASE)
    found = [Span(*match.span()) for match in islice(pattern.finditer(as_typed(text)), _MOST_COUNTED)]
    return Matches(tuple(found[:_MOST_MARKED]), len(found))
