"""Selects the passages of several segments that are nearest to a question by vector or best by BM25.

1. The nearest passages of all segments are searched together (`qa.index.local.vectors`).
2. BM25 is added up in one segment after another, whose part of memory is small; the best of all are kept.
3. The signals of the union are computed together.

Guarantees: results do not depend on how documents are divided into segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qa.index.contract import Candidates, Floats, Rows, admitted
from qa.index.local import bm25
from qa.index.local.best_scores import best_of_parts
from qa.index.local.passage_reader import PassageReader
from qa.index.local.postings import ABSENT
from qa.index.local.row_map import RowMap
from qa.index.local.segment import LiveSegment
from qa.index.local.vectors.exact import inner_products
from qa.index.local.vectors.nearest import search
from qa.records import Filters

Allowed = npt.NDArray[np.bool_] | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for, with what depends on the whole index, of which only a part may be searched.

    Attributes:
        vector: The question's vector, `(d,) float32`, unit length.
        terms: Its distinct index terms, in order.
        rarities: The terms' idf in the whole index, `(terms,) float32`.
        mean_length: The mean number of terms of a passage in the whole index.
        count: How many passages of each kind.
        filters: Which documents compete, also of other parts; None for all.
    """

    vector: Floats
    terms: Sequence[str]
    rarities: Floats
    mean_length: float
    count: int
    filters: Filters | None


class CandidateSearch:
    """The search for candidates in the segments of one version."""

    def __init__(self, parts: Sequence[LiveSegment], rows: RowMap) -> None:
        """Search these segments, whose passages have these rows in the index."""
        self._parts = parts
        self._map = rows
        self._arrays = [part.segment.arrays for part in parts]
        # Where each segment's passages begin, if those of all segments are numbered one after another.
        self._begins = np.cumsum([0, *(part.segment.size for part in parts)], dtype=np.int64)

    def find(self, wanted: Wanted, places: Sequence[Sequence[int]]) -> Candidates:
        """Find the union of the nearest passages by vector and the best by BM25; see `Index.candidates`.

        Args:
            wanted: What is searched for.
            places: For each segment, the places of the question's terms in its postings.
        """
        vector, count = wanted.vector, wanted.count
        allowed = allowed_passages(self._parts, self._map, wanted.filters)
        nearest = search([part.segment.vectors for part in self._parts], vector, count, allowed)
        scores = self._term_scores(places, wanted.rarities, wanted.mean_length)
        for of_part, each in zip(scores, allowed, strict=True):
            if each is not None:
                of_part[~each] = 0
        best = best_of_parts(scores, count)
        return self._union(vector, self._best(*nearest, count), self._best(*best, count), scores)

    def _term_scores(self, places: Sequence[Sequence[int]], rarities: Floats, mean_length: float) -> list[Floats]:
        """The BM25 score of every passage, `(passages,) float32` for each segment."""
        scores, idf = [], rarities.tolist()
        for part, held in zip(self._parts, places, strict=True):
            present = [(place, rarity) for place, rarity in zip(held, idf, strict=True) if place != ABSENT]
            postings = [part.segment.postings.of(place) for place, _ in present]
            lengths = part.segment.arrays.lengths
            scores.append(bm25.scores(postings, [rarity for _, rarity in present], lengths, mean_length))
        return scores

    def _union(self, vector: Floats, dense_rows: Rows, bm25_rows: Rows, scores: Sequence[Floats]) -> Candidates:
        rows = np.union1d(dense_rows, bm25_rows)
        if not len(rows):
            none = np.empty(0, np.float32)
            return Candidates(rows, none, none, none, np.empty(0, np.bool_), dense_rows, bm25_rows)
        numbers, local = self._map.places(rows)
        by_segment = np.argsort(numbers, kind="stable")  # so that each segment is read at once
        back = np.argsort(by_segment)
        reader = PassageReader(self._arrays, numbers[by_segment], local[by_segment])
        places = list(zip(numbers.tolist(), local.tolist(), strict=True))
        return Candidates(
            rows=rows,
            dense=inner_products(reader.vectors(), vector)[back],
            bm25=np.array([scores[number][row] for number, row in places], np.float32),
            sentence=reader.nearest_sentences(vector)[back],
            boilerplate=np.array([self._arrays[number].boilerplate[row] for number, row in places], np.bool_),
            dense_rows=dense_rows,
            bm25_rows=bm25_rows,
        )

    def reader(self, rows: Rows) -> PassageReader:
        """A reader of the passages at some rows of the index."""
        return PassageReader(self._arrays, *self._map.places(np.asarray(rows, np.int64)))

    def _best(self, found: Rows, scores: Floats, count: int) -> Rows:
        """The best of some passages as rows of the index, best first, ties in the order of rows.

        Args:
            found: Passages, numbered one segment after another.
            scores: The score of each.
            count: How many at most.
        """
        numbers = self._begins.searchsorted(found, side="right") - 1
        rows = found - self._begins[numbers]
        for number in np.unique(numbers).tolist():
            here = numbers == number
            rows[here] = self._map.rows(number, rows[here], self._arrays[number].document_rows[rows[here]])
        return rows[np.lexsort((rows, -scores))][:count]


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
