"""One version of the index of this machine: the `Index` contract over a list of segments.

Over some of a version's segments, it is a shard of a cluster: its rows are in the order of those of the whole index,
whose numbers come with each call.

Guarantees: results do not depend on how documents are divided into segments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from qa.encode.max_similarities import Maxima, maxima
from qa.index.contract import Candidates, Floats, Rows, TokenSimilarities
from qa.index.local.abbreviations import Entry
from qa.index.local.bm25 import Statistics
from qa.index.local.candidate_search import CandidateSearch, Wanted
from qa.index.local.indexed_version import IndexedVersion
from qa.index.local.row_map import DocumentList
from qa.index.local.segment import LiveSegment, Segment
from qa.index.local.segment_terms import SegmentAbbreviations, SegmentTerms
from qa.index.local.version import Version
from qa.index.local.word_forms import counts_near
from qa.records import Document, Passage


class LocalIndex(IndexedVersion):
    """An `Index` on this machine's disk. It does not close its segments."""

    def __init__(self, version: Version, segments: Sequence[Segment], numbers: Iterable[int] | None = None) -> None:
        """Combine open segments.

        Args:
            version: The version.
            segments: The segments that it names, in its order.
            numbers: Their places in the version, if they are only some: a shard of it; None for all.

        Raises:
            ValueError: two live documents have one path or one id.
        """
        entries = version.segments if numbers is None else [version.segments[each] for each in numbers]
        self._parts = [LiveSegment(segment, entry.removed) for segment, entry in zip(segments, entries, strict=True)]
        lists = [DocumentList(part.segment.documents, part.removed) for part in self._parts]
        super().__init__(version, lists, (part.statistics for part in self._parts))
        self._terms = SegmentTerms(self._parts)
        self._abbreviations = SegmentAbbreviations(self._parts)
        self._search = CandidateSearch(self._parts, self._map)

    def frequencies(self, terms: Sequence[str]) -> Sequence[int]:
        """The number of passages that hold each index term."""
        return self._terms.frequencies(terms)

    def held(self, terms: Sequence[str], rows: Rows) -> npt.NDArray[np.bool_]:
        """Whether each of some passages contains each of some index terms, `(terms, rows) bool`."""
        return self._terms.held(terms, *self._map.places(np.asarray(rows, np.int64)))

    def held_in_documents(self, terms: Sequence[str], rows: Rows) -> npt.NDArray[np.bool_]:
        """Whether the document of each of some passages holds each of some index terms, `(terms, rows) bool`."""
        return self._terms.held_in_documents(terms, *self._map.places(np.asarray(rows, np.int64)))

    def together(self, term: str, others: Sequence[str]) -> Sequence[int]:
        """The number of passages that hold an index term and each of some others."""
        return self._terms.together(term, others)

    def best(self, wanted: Wanted) -> Candidates:
        """The candidates; see `IndexedVersion`."""
        return self._search.find(wanted, self._terms.places(wanted.terms))

    def compare(self, tokens: Floats, rows: Rows) -> Maxima:
        """Each question token's best match in each of some passages; see `Index`."""
        reader = self._search.reader(rows)
        matrix, bounds = reader.token_similarities(tokens)
        return maxima(matrix, bounds, reader.token_sentences())

    def similarities(self, tokens: Floats, rows: Rows) -> TokenSimilarities:
        """The cosine of every question token with every token of a few passages; see `Index`."""
        reader = self._search.reader(rows)
        matrix, bounds = reader.token_similarities(tokens)
        return TokenSimilarities(matrix, reader.spans(), reader.token_sentences(), bounds)

    def passages(self, rows: Sequence[int] | Rows) -> Sequence[Passage]:
        """Some passages, in the order of `rows`."""
        numbers, local = self._map.places(np.asarray(rows, np.int64))
        places = zip(numbers.tolist(), local.tolist(), strict=True)
        return [self._parts[number].segment.passage(row) for number, row in places]

    def document(self, document_id: str) -> Document:
        """A document with its canonical text and blocks; see `Index`."""
        number = self.number(document_id)
        part = self._parts[int(self._map.segments[number])]
        return part.segment.document(int(self._map.document_rows[number]))

    def content(self) -> tuple[DocumentList, Statistics]:
        """The documents in the order of their paths, and sums over their passages."""
        return DocumentList(self.documents), self._statistics

    def abbreviation_entries(self, keys: Sequence[str]) -> list[Entry]:
        """The abbreviations that have one of some folded forms; see `IndexedVersion`."""
        return self._abbreviations.entries(keys)

    def form_counts_near(self, word: str, edits: int) -> dict[str, Counter[str]]:
        """The forms of each word near a folded word; see `IndexedVersion`."""
        return counts_near([(part.segment.word_forms, part.form_counts) for part in self._parts], word, edits)
