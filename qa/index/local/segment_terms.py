"""Finds the passages with some index terms, and the abbreviations, of the live documents of several segments.

The keys of a question are looked up together. Most are in no segment, which the hashes of each segment's keys tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from qa.index.contract import Rows
from qa.index.local.abbreviations import Entry, Found
from qa.index.local.postings import TermKeys
from qa.index.local.segment import LiveSegment
from qa.index.local.term_cache import TermCache

# From some rows of a segment and each row's document: the begin and end of the rows to search, `(n,) int64` each.
_Searched = Callable[[Rows, npt.NDArray[np.int32]], tuple[Rows, Rows]]


@dataclass(frozen=True, slots=True)
class _Found:
    """A term's place among the postings of each segment, and the number of live passages that hold it."""

    places: tuple[int, ...]
    frequency: int


class SegmentTerms:
    """The postings of several segments as one."""

    def __init__(self, parts: Sequence[LiveSegment]) -> None:
        self._parts = parts
        self._kept: TermCache[_Found] = TermCache()

    def places(self, terms: Sequence[str]) -> list[list[int]]:
        """Each term's place among the postings of each segment."""
        found = self._kept.of(terms, self._find)
        return [[each.places[number] for each in found] for number in range(len(self._parts))]

    def frequencies(self, terms: Sequence[str]) -> list[int]:
        """The number of live passages that hold each term."""
        return [each.frequency for each in self._kept.of(terms, self._find)]

    def held(self, terms: Sequence[str], numbers: Rows, local: Rows) -> npt.NDArray[np.bool_]:
        """Whether each of some passages contains each of some terms, `(terms, n) bool`.

        Args:
            terms: The index terms.
            numbers: The number of each passage's segment, `(n,) int64`.
            local: Its row there, `(n,) int64`.
        """
        return self._held(terms, numbers, local, lambda rows, _: (rows, rows + 1))

    def held_in_documents(self, terms: Sequence[str], numbers: Rows, local: Rows) -> npt.NDArray[np.bool_]:
        """Whether the document of each of some passages contains each of some terms; arguments as for `held`."""

        def of_documents(rows: Rows, documents: npt.NDArray[np.int32]) -> tuple[Rows, Rows]:
            own = documents[rows]
            return documents.searchsorted(own), documents.searchsorted(own, side="right")

        return self._held(terms, numbers, local, of_documents)

    def _held(self, terms: Sequence[str], numbers: Rows, local: Rows, searched: _Searched) -> npt.NDArray[np.bool_]:
        held = np.zeros((len(terms), len(local)), np.bool_)
        for number, places in enumerate(self.places(terms)):
            here = np.flatnonzero(numbers == number)
            if not len(here):
                continue
            segment = self._parts[number].segment
            begins, ends = searched(local[here], segment.arrays.document_rows)
            for each, place in enumerate(places):
                holders = segment.postings.holders(place, None)
                held[each, here] = holders.searchsorted(begins) < holders.searchsorted(ends)
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

    def _find(self, terms: Sequence[str]) -> Iterator[_Found]:
        keys = TermKeys.of(terms)
        found = [part.segment.postings.places(keys) for part in self._parts]
        for number in range(len(terms)):
            places = tuple(of_part[number] for of_part in found)
            of_parts = zip(self._parts, places, strict=True)
            yield _Found(places, sum(part.segment.postings.frequency(place, part.live) for part, place in of_parts))


class SegmentAbbreviations:
    """The abbreviations of several segments as one."""

    def __init__(self, parts: Sequence[LiveSegment]) -> None:
        self._parts = parts
        self._kept: TermCache[tuple[Entry, ...]] = TermCache()

    def entries(self, keys: Sequence[str]) -> list[Entry]:
        """The abbreviations with some folded short or long forms, each once, with the sums of its counts."""
        found = self._kept.of([key for key in keys if key], self._find)
        return list(dict.fromkeys(chain.from_iterable(found)))

    def _find(self, keys: Sequence[str]) -> Iterator[tuple[Entry, ...]]:
        hashes = TermKeys.of(keys).hashes
        counts: dict[str, Counter[tuple[Found, str, str]]] = {key: Counter() for key in keys}
        for part in self._parts:
            for entry in part.segment.abbreviations(keys, hashes, part.removed):
                for key in counts.keys() & entry.keys:
                    counts[key][entry.found, entry.short, entry.long] += entry.count
        for of_key in counts.values():
            yield tuple(Entry(*form, count) for form, count in of_key.items())
