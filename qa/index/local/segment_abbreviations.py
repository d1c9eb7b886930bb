"""Looks up the abbreviations of the live documents of several segments.

The keys of a question are looked up together. Most are in no segment, which the hashes of each segment's keys tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

from qa.index.local.abbreviations import Entry, Found
from qa.index.local.postings import TermKeys
from qa.index.local.segment import LiveSegment
from qa.index.local.term_cache import TermCache


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
