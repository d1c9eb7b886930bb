"""Which passages hold which index terms, counted over the live passages of several segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt

from qa.index.local.live_segment import LiveSegment
from qa.index.local.postings import TermKeys

_TERMS_KEPT = 4096
_LONGEST_KEPT = 64  # characters, so that what is kept takes two megabytes at most

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Found:
    """A term's place among the postings of each segment, and the number of live passages that hold it."""

    places: tuple[int, ...]
    frequency: int


class SegmentTerms:
    """The postings of several segments as one. Keeps what it found of the last terms, which one question asks often."""

    def __init__(self, parts: Sequence[LiveSegment]) -> None:
        self._parts = parts
        # By a function that does not refer to this object: a cycle would keep the segments until it is collected.
        self._kept = lru_cache(maxsize=_TERMS_KEPT)(partial(_find, parts))

    def places(self, terms: Sequence[str]) -> list[list[int]]:
        """Each term's place among the postings of each segment."""
        found = [self._of(term).places for term in terms]
        return [[places[number] for places in found] for number in range(len(self._parts))]

    def frequencies(self, terms: Sequence[str]) -> list[int]:
        """The number of live passages that hold each term."""
        return [self._of(term).frequency for term in terms]

    def held(self, terms: Sequence[str], numbers: Rows, local: Rows) -> npt.NDArray[np.bool_]:
        """Which of some passages hold which terms, `(terms, n) bool`.

        Args:
            terms: The index terms.
            numbers: The number of each passage's segment, `(n,) int64`.
            local: Its row there, `(n,) int64`.
        """
        held = np.zeros((len(terms), len(local)), np.bool_)
        for number, places in enumerate(self.places(terms)):
            here = np.flatnonzero(numbers == number)
            if not len(here):
                continue
            postings = self._parts[number].segment.postings
            for each, place in enumerate(places):
                held[each, here] = np.isin(local[here], postings.holders(place, None))
        return held

    def together(self, term: str, others: Sequence[str]) -> list[int]:
        """The number of live passages that hold a term and each of some others."""
        counts = [0] * len(others)
        for part, (place, *places) in zip(self._parts, self.places((term, *others)), strict=True):
            own = part.segment.postings.holders(place, part.live)
            for number, other in enumerate(places if len(own) else ()):
                holders = part.segment.postings.holders(other, None)
                counts[number] += len(np.intersect1d(own, holders, assume_unique=True))
        return counts

    def _of(self, term: str) -> _Found:
        return self._kept(term) if len(term) <= _LONGEST_KEPT else _find(self._parts, term)


def _find(parts: Sequence[LiveSegment], term: str) -> _Found:
    keys = TermKeys.of((term,))
    places = tuple(part.segment.postings.places(keys)[0] for part in parts)
    counts = (part.segment.postings.frequency(place, part.live) for part, place in zip(parts, places, strict=True))
    return _Found(places, sum(counts))
