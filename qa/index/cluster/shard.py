"""Answers calls for a group of a version's segments; each call brings the values that depend on the whole index.

Row numbers are those of the shard: its passages in the order of their documents' paths. The whole index has the same
order, so ties have the same result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from qa.index.local.abbreviations import Entry
from qa.index.local.local_index import LocalIndex
from qa.index.local.segment import Segment
from qa.index.local.statistics import Statistics
from qa.index.local.version import Version
from qa.index.local.word_forms import counts_near
from qa.records import DocumentInfo


@dataclass(frozen=True, slots=True)
class ShardContent:
    """The contents of a shard.

    Attributes:
        documents: Its documents in the order of their paths.
        statistics: Sums over its passages.
    """

    documents: tuple[DocumentInfo, ...]
    statistics: Statistics


class Shard(LocalIndex):
    """Some segments of a version."""

    def __init__(self, version: Version, segments: Sequence[Segment], numbers: Sequence[int]) -> None:
        """Combine open segments.

        Args:
            version: The whole version.
            segments: This shard's segments, open.
            numbers: Their places in the version.
        """
        super().__init__(replace(version, segments=tuple(version.segments[each] for each in numbers)), segments)

    def content(self) -> ShardContent:
        """The contents of the shard."""
        return ShardContent(tuple(self.documents), self._statistics)

    def abbreviation_entries(self, keys: Sequence[str]) -> list[Entry]:
        """The shard's abbreviations that have one of some folded forms."""
        return self._abbreviations.entries(keys)

    def form_counts_near(self, word: str, edits: int) -> dict[str, Counter[str]]:
        """For each folded word near a folded word, the number of occurrences of each of its written forms."""
        return counts_near([(part.segment.word_forms, part.form_counts) for part in self._parts], word, edits)
