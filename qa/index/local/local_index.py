"""An index on one machine: an open snapshot behind the contract that every index keeps (`qa.index.contract`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qa.encode.int8 import similarities
from qa.encode.maxima import Maxima, maxima
from qa.index.contract import Abbreviation, Candidates, Floats, Rows, TokenSimilarities, WordForm, admitted
from qa.index.local.snapshot import Snapshot, current_id, open_snapshot
from qa.records import Document, DocumentInfo, Filters, Passage


class LocalIndex:
    """An `Index`; `close` it when its last reader is done."""

    def __init__(self, snapshot: Snapshot) -> None:
        configuration = snapshot.manifest["configuration"]
        self._snapshot = snapshot
        self.id = snapshot.id
        self.built_at: str = snapshot.manifest["built_at"]
        self.weights: str = configuration["weights"]
        self.dimension: int = configuration["dimension"]
        self.size = snapshot.size
        self.exact: bool = snapshot.manifest["vectors"]["kind"] == "exact"
        self.documents: Sequence[DocumentInfo] = snapshot.documents

    def close(self) -> None:
        """Let go of the snapshot."""
        self._snapshot.close()

    def in_place(self) -> bool:
        """Whether this very snapshot still stands in its folder, rather than another of the same content."""
        return self._snapshot.in_place()

    def frequencies(self, terms: Sequence[str]) -> list[int]:
        """The number of passages that hold each term."""
        return [self._snapshot.bm25.frequency(each) if each else 0 for each in terms]  # "" stands for no term at all

    def held(self, terms: Sequence[str], rows: Rows) -> npt.NDArray[np.bool_]:
        """Which of some passages hold which terms, `(terms, rows) bool`."""
        held = [np.isin(rows, self._snapshot.bm25.holders(each)) for each in terms]
        return np.array(held, dtype=np.bool_).reshape(len(terms), len(rows))

    def together(self, term: str, others: Sequence[str]) -> list[int]:
        """The number of passages that hold a term and each of some others."""
        own = self._snapshot.bm25.holders(term)
        return [len(np.intersect1d(own, self._snapshot.bm25.holders(each), assume_unique=True)) for each in others]

    def candidates(
        self, vector: Floats, terms: Sequence[str], count: int, filters: Filters | None = None
    ) -> Candidates:
        """The union of the nearest passages by vector and the best by BM25; see `Index`."""
        snapshot = self._snapshot
        allowed = self._allowed(filters)
        dense_rows, _ = snapshot.vectors.search(vector, count, allowed)
        bm25 = snapshot.bm25.scores(terms)
        bm25_rows = _best(bm25, count, allowed)
        rows = np.union1d(dense_rows, bm25_rows)
        return Candidates(
            rows=rows,
            dense=snapshot.vectors.scores(vector, rows),
            bm25=bm25[rows],
            sentence=self._sentence(vector, rows),
            boilerplate=snapshot.boilerplate[rows],
            dense_rows=dense_rows,
            bm25_rows=bm25_rows,
        )

    def compare(self, tokens: Floats, rows: Rows) -> Maxima:
        """Each question token's best match in each of some passages; see `Index`."""
        found = self.similarities(tokens, rows)
        return maxima(found.matrix, found.bounds, found.sentences)

    def similarities(self, tokens: Floats, rows: Rows) -> TokenSimilarities:
        """The cosine of every question token with every token of some passages; see `Index`."""
        stored = self._snapshot.tokens(rows)
        matrix = similarities(tokens, stored.levels, stored.scales)
        return TokenSimilarities(matrix, stored.spans, stored.sentences, stored.bounds)

    def passages(self, rows: Sequence[int] | Rows) -> list[Passage]:
        """Some passages, in the order of `rows`."""
        return [self._snapshot.passage(int(row)) for row in rows]

    def document(self, document_id: str) -> Document:
        """A document with its canonical text; see `Index`."""
        return self._snapshot.document(document_id)

    def info(self, document_id: str) -> DocumentInfo:
        """What `documents` says of one; see `Index`."""
        return self.documents[self._snapshot.document_row(document_id)]

    def present_id(self, document_id: str) -> str:
        """The id of the document that has this id or had it before; see `Index`."""
        return self._snapshot.present_id(document_id)

    def abbreviations(self, keys: Sequence[str]) -> list[Abbreviation]:
        """The documents' abbreviations by their folded forms; see `Index`."""
        return self._snapshot.abbreviations.find(keys)

    def forms_near(self, word: str, edits: int) -> list[WordForm]:
        """The documents' words within at most `edits` edits of a folded word."""
        return self._snapshot.words.near(word, edits)

    def _allowed(self, filters: Filters | None) -> npt.NDArray[np.bool_] | None:
        if not filters:
            return None
        for document_id in filters.document_ids:
            self.info(document_id)
        return np.asarray(admitted(filters, self.documents)[self._snapshot.document_rows], dtype=np.bool_)

    def _sentence(self, vector: Floats, rows: Rows) -> Floats:
        """The cosine of a question's vector with each passage's nearest sentence."""
        if not len(rows):
            return np.empty(0, np.float32)
        stored = self._snapshot.sentences(rows)
        matrix = similarities(vector[np.newaxis], stored.levels, stored.scales)
        return np.asarray(np.maximum.reduceat(matrix[0], stored.bounds[:-1]), dtype=np.float32)


def open_index(index_dir: Path, *, weights: str | None = None) -> LocalIndex:
    """Open the current snapshot of an index folder; as `open_snapshot`.

    Raises:
        NoIndex, DamagedSnapshot, MismatchedSnapshot: there is none, and why.
    """
    return LocalIndex(open_snapshot(index_dir, current_id(index_dir), weights=weights))


def _best(scores: Floats, count: int, allowed: npt.NDArray[np.bool_] | None) -> Rows:
    """Rows of the best positive scores, best first, ties in the order of rows."""
    rows = np.flatnonzero(scores > 0 if allowed is None else (scores > 0) & allowed)
    if len(rows) > count:
        least = np.partition(scores[rows], len(rows) - count)[len(rows) - count]
        rows = rows[scores[rows] >= least]
    return rows[np.argsort(-scores[rows], kind="stable")][:count].astype(np.int64)
