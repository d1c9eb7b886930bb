"""One version of the index of this machine: the `Index` contract over a list of segments.

1. The number of live passages with each term is summed over the segments.
2. Each segment returns its best passages by vector and by BM25; the best of all are kept.
3. Their signals are computed together.

Guarantees: results do not depend on how documents are divided into segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from qa.encode.max_similarities import Maxima, maxima
from qa.index.contract import Abbreviation, Candidates, TokenSimilarities, WordForm, admitted
from qa.index.local import bm25
from qa.index.local.abbreviations import abbreviations_of
from qa.index.local.best_scores import among_best
from qa.index.local.documents_by_id import DocumentsById
from qa.index.local.live_segment import LiveSegment
from qa.index.local.postings import ABSENT
from qa.index.local.read_rows import Gather
from qa.index.local.row_map import DocumentList, RowMap
from qa.index.local.segment import Segment
from qa.index.local.segment_terms import SegmentTerms
from qa.index.local.statistics import Statistics
from qa.index.local.vectors import inner_products, search
from qa.index.local.version import Version
from qa.index.local.word_forms import forms_near
from qa.records import Document, DocumentInfo, Filters, Passage

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Allowed = npt.NDArray[np.bool_] | None


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
        self._map = RowMap([DocumentList(part.segment.documents, part.removed) for part in self._parts])
        self._by_id = DocumentsById(self._map.documents)
        self._statistics = Statistics.total(part.statistics for part in self._parts)
        self._arrays = [part.segment.arrays for part in self._parts]
        # Where each segment's passages begin, if those of all segments are numbered one after another.
        self._begins = np.cumsum([0, *(part.segment.size for part in self._parts)], dtype=np.int64)
        self._norms: tuple[float, npt.NDArray[np.float64]] | None = None

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
        return self._candidates(vector, places, rarities, self._statistics.mean_length, count, filters)

    def compare(self, tokens: Floats, rows: Rows) -> Maxima:
        """Each question token's best match in each of some passages; see `Index`."""
        gather = self._gather(rows)
        matrix, bounds = gather.token_similarities(tokens)
        return maxima(matrix, bounds, gather.token_sentences())

    def similarities(self, tokens: Floats, rows: Rows) -> TokenSimilarities:
        """The cosine of every question token with every token of a few passages; see `Index`."""
        gather = self._gather(rows)
        matrix, bounds = gather.token_similarities(tokens)
        return TokenSimilarities(matrix, gather.spans(), gather.token_sentences(), bounds)

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
        found = chain.from_iterable(part.abbreviations(keys) for part in self._parts)
        return abbreviations_of(found, keys)

    def forms_near(self, word: str, edits: int) -> Sequence[WordForm]:
        """The documents' words within at most `edits` edits of a folded word."""
        return forms_near([(part.segment.word_forms, part.form_counts) for part in self._parts], word, edits)

    def _candidates(
        self,
        vector: Floats,
        places: Sequence[Sequence[int]],
        rarities: Floats,
        mean_length: float,
        count: int,
        filters: Filters | None,
    ) -> Candidates:
        allowed = self._allowed(filters)
        nearest = search([part.segment.vectors for part in self._parts], vector, count, allowed)
        scores = self._term_scores(places, rarities, mean_length)
        found = scores > 0
        if any(each is not None for each in allowed):
            sizes = np.diff(self._begins).tolist()
            found &= np.concatenate(
                [np.ones(size, np.bool_) if each is None else each for each, size in zip(allowed, sizes, strict=True)]
            )
        held = np.flatnonzero(found)
        return self._union(vector, self._best(*nearest, count), self._best(held, scores[held], count), scores)

    def _term_scores(self, places: Sequence[Sequence[int]], rarities: Floats, mean_length: float) -> Floats:
        """The BM25 score of every passage, one segment after another, `(passages,) float32`."""
        postings, of_postings = [], []
        for part, begin, held in zip(self._parts, self._begins.tolist(), places, strict=False):
            for place, rarity in zip(held, rarities, strict=True):
                if place != ABSENT:
                    rows, counts = part.segment.postings.of(place)
                    postings.append((rows + begin, counts))
                    of_postings.append(rarity)
        norms = self._norms  # the mean length changes only with the version
        if norms is None or norms[0] != mean_length:
            lengths = np.concatenate([np.empty(0, np.int32), *(each.lengths for each in self._arrays)])
            norms = self._norms = (mean_length, bm25.norms(lengths, mean_length))
        return bm25.scores(int(self._begins[-1]), postings, of_postings, norms[1])

    def _union(self, vector: Floats, dense_rows: Rows, bm25_rows: Rows, scores: Floats) -> Candidates:
        rows = np.union1d(dense_rows, bm25_rows)
        if not len(rows):
            none = np.empty(0, np.float32)
            return Candidates(rows, none, none, none, np.empty(0, np.bool_), dense_rows, bm25_rows)
        gather = self._gather(rows)
        return Candidates(
            rows=rows,
            dense=inner_products(gather.one_each([each.vectors for each in self._arrays]), vector),
            bm25=scores[self._begins[gather.numbers] + gather.rows],
            sentence=gather.nearest_sentences(vector),
            boilerplate=gather.one_each([each.boilerplate for each in self._arrays]),
            dense_rows=dense_rows,
            bm25_rows=bm25_rows,
        )

    def _best(self, found: Rows, scores: Floats, count: int) -> Rows:
        """The best of some passages as rows of the index, best first, ties in the order of rows.

        Args:
            found: Passages, numbered one segment after another.
            scores: The score of each.
            count: How many at most.
        """
        best = among_best(scores, count)
        found, scores = found[best], scores[best]
        numbers = self._begins.searchsorted(found, side="right") - 1
        rows = found - self._begins[numbers]
        for number in np.unique(numbers).tolist():
            here = numbers == number
            rows[here] = self._map.rows(number, rows[here], self._arrays[number].document_rows[rows[here]])
        return rows[np.lexsort((rows, -scores))][:count]

    def _allowed(self, filters: Filters | None) -> list[Allowed]:
        return allowed_passages(self._parts, self._map, filters)

    def _gather(self, rows: Rows) -> Gather:
        return Gather(self._arrays, *self._map.places(np.asarray(rows, np.int64)))


def allowed_passages(parts: Sequence[LiveSegment], rows: RowMap, filters: Filters | None) -> list[Allowed]:
    """The passages of each segment that the filters allow, `(passages,) bool`; None if all are allowed."""
    if not filters:
        return [part.live for part in parts]
    kept = np.flatnonzero(admitted(filters, rows.documents))
    numbers, local = rows.segments[kept], rows.document_rows[kept]
    allowed: list[Allowed] = []
    for number, part in enumerate(parts):
        documents = np.zeros(len(part.segment.documents), np.bool_)
        documents[local[numbers == number]] = True
        allowed.append(part.passages_of(documents))
    return allowed
