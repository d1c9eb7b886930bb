"""One version of the index of this machine: the `Index` contract over a list of segments.

Guarantees: results do not depend on how documents are divided into segments.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qa.encode.max_similarities import Maxima, maxima
from qa.index.contract import Abbreviation, Candidates, TokenSimilarities, WordForm
from qa.index.local.abbreviations import abbreviations_of
from qa.index.local.candidate_search import CandidateSearch
from qa.index.local.documents_by_id import DocumentsById
from qa.index.local.live_segment import LiveSegment
from qa.index.local.row_map import DocumentList, RowMap
from qa.index.local.segment import Segment
from qa.index.local.segment_abbreviations import SegmentAbbreviations
from qa.index.local.segment_terms import SegmentTerms
from qa.index.local.statistics import Statistics
from qa.index.local.version import Version
from qa.index.local.word_forms import forms_near
from qa.records import Document, DocumentInfo, Filters, Passage

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


class LocalIndex:
    """An `Index` on this machine's disk. It does not close its segments."""

    exact = True  # codes only propose rows; `qa.index.local.vectors.coded_store` says how surely none is missed

    def __init__(self, version: Version, segments: Sequence[Segment]) -> None:
        """Combine open segments.

        Args:
            version: The version.
            segments: The segments that it names, in its order.

        Raises:
            ValueError: two live documents have one path or one id.
        """
        self.id, self.built_at = version.id, version.built_at
        self.weights, self.dimension = version.configuration.weights, version.configuration.dimension
        self._parts = [
            LiveSegment(segment, entry.removed) for segment, entry in zip(segments, version.segments, strict=True)
        ]
        self._terms = SegmentTerms(self._parts)
        self._abbreviations = SegmentAbbreviations(self._parts)
        self._map = RowMap([DocumentList(part.segment.documents, part.removed) for part in self._parts])
        self._by_id = DocumentsById(self._map.documents)
        self._statistics = Statistics.total(part.statistics for part in self._parts)
        self._search = CandidateSearch(self._parts, self._map)

    @property
    def size(self) -> int:
        """The number of passages."""
        return self._map.size

    @property
    def documents(self) -> Sequence[DocumentInfo]:
        """All documents, in the order of their paths."""
        return self._map.documents

    def frequencies(self, terms: Sequence[str]) -> Sequence[int]:
        """The number of passages that hold each index term."""
        return self._terms.frequencies(terms)

    def held(self, terms: Sequence[str], rows: Rows) -> npt.NDArray[np.bool_]:
        """Whether each of some passages contains each of some index terms, `(terms, rows) bool`."""
        return self._terms.held(terms, *self._map.places(np.asarray(rows, np.int64)))

    def together(self, term: str, others: Sequence[str]) -> Sequence[int]:
        """The number of passages that hold an index term and each of some others."""
        return self._terms.together(term, others)

    def candidates(
        self, vector: Floats, terms: Sequence[str], count: int, filters: Filters | None = None
    ) -> Candidates:
        """The union of the nearest passages by vector and the best by BM25; see `Index`."""
        for document_id in filters.document_ids if filters else ():
            self._by_id.number(document_id)
        rarities = self._statistics.idf(self._terms.frequencies(terms))
        places = self._terms.places(terms)
        return self._search.find(vector, places, rarities, self._statistics.mean_length, count, filters)

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
        number = self._by_id.number(document_id)
        part = self._parts[int(self._map.segments[number])]
        return part.segment.document(int(self._map.document_rows[number]))

    def info(self, document_id: str) -> DocumentInfo:
        """The entry of `documents` for one document; see `Index`."""
        return self.documents[self._by_id.number(document_id)]

    def present_id(self, document_id: str) -> str:
        """The current id of the document with this current or former id; see `Index`."""
        return self._by_id.present_id(document_id)

    def abbreviations(self, keys: Sequence[str]) -> Sequence[Abbreviation]:
        """The documents' abbreviations that have one of some folded forms; see `Index`."""
        return abbreviations_of(self._abbreviations.entries(keys), keys)

    def forms_near(self, word: str, edits: int) -> Sequence[WordForm]:
        """The documents' words within at most `edits` edits of a folded word."""
        return forms_near([(part.segment.word_forms, part.form_counts) for part in self._parts], word, edits)
