"""Which passages hold which index terms, counted over the live passages of several segments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qa.index.local.live_segment import LiveSegment
from qa.index.local.postings import TermKeys

Rows = npt.NDArray[np.int64]


class SegmentTerms:
    """The postings of several segments as one."""

    def __init__(self, parts: Sequence[LiveSegment]) -> None:
        self._parts = parts

    def places(self, terms: Sequence[str]) -> list[list[int]]:
        """Each term's place among the postings of each segment."""
        keys = TermKeys.of(terms)
        return [part.segment.postings.places(keys) for part in self._parts]

    def frequencies(self, places: Sequence[Sequence[int]], terms: int) -> list[int]:
        """The number of live passages that hold each term.

        Args:
            places: The terms' places, by segment.
            terms: The number of terms.
        """
        counts = [part.frequencies(held) for part, held in zip(self._parts, places, strict=True)]
        return [sum(of_term) for of_term in zip(*counts, strict=True)] if counts else [0] * terms

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
