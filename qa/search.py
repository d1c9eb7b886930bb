"""A question to ranked passages.

1. The question is encoded once: a vector for the whole, and one for each of its tokens.
2. Candidates are the union of the nearest passages by vector and the best by BM25, among those the filters allow.
3. Late interaction compares the question's tokens with every candidate's.
4. Each signal is scaled to 0..1 over the candidates, and their weighted mean is the score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qa.encode import Encoder, Encoding
from qa.late_interaction import best_matches, similarities
from qa.lexical import terms
from qa.records import Filters, Hit
from qa.snapshot import Snapshot, TokenMatrix

CANDIDATES = 100  # from each of the two retrievers
WEIGHTS = {"late_interaction": 1.0, "bm25": 0.3, "dense": 0.3}
# Imprints, addresses and dead links are found when asked for, but do not compete with what a document says.
BOILERPLATE_PENALTY = 0.1

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Ranking:
    """All candidates of one question, best first, with what ranked them.

    Attributes:
        rows: Passages, `(n,) int64`.
        scores: `(n,) float32` in 0..1: the weighted mean of the scaled signals; 1 is best on every signal.
        signals: Raw values by name, each `(n,) float32`.
        dense_rows: What the vector store alone returns, best first; `bm25_rows` likewise for BM25.
        question: The encoded question.
        terms: The question's index terms.
    """

    snapshot: Snapshot
    rows: npt.NDArray[np.int64]
    scores: Floats
    signals: dict[str, Floats]
    dense_rows: npt.NDArray[np.int64]
    bm25_rows: npt.NDArray[np.int64]
    question: Encoding
    terms: tuple[str, ...]

    def hits(self, count: int) -> list[Hit]:
        """The best `count` candidates."""
        return [
            Hit(
                int(row),
                self.snapshot.passage(int(row)),
                float(self.scores[place]),
                {name: float(values[place]) for name, values in self.signals.items()},
            )
            for place, row in enumerate(self.rows[:count])
        ]


def search(snapshot: Snapshot, encoder: Encoder, question: str, filters: Filters | None = None) -> Ranking:
    """Rank the passages of a snapshot for a question.

    Raises:
        UnknownDocument: the filters name a document that is not there.
    """
    encoding = encoder.encode_question(question)
    query_terms = tuple(dict.fromkeys(terms(question)))
    allowed = _allowed(snapshot, filters)
    dense_rows, _ = snapshot.vectors.search(encoding.vector, CANDIDATES, allowed)
    bm25_all = snapshot.bm25.scores(query_terms)
    bm25_rows = _best(bm25_all, CANDIDATES, allowed)
    rows = np.union1d(dense_rows, bm25_rows)
    signals = {
        "dense": snapshot.vectors.vectors(rows) @ encoding.vector,
        "bm25": bm25_all[rows],
        "late_interaction": late_interaction(encoding, snapshot.tokens(rows)) if len(rows) else np.empty(0, np.float32),
    }
    scores = _fuse(signals, snapshot.boilerplate[rows])
    order = np.lexsort((rows, -scores))
    return Ranking(
        snapshot,
        rows[order],
        scores[order],
        {name: values[order] for name, values in signals.items()},
        dense_rows,
        bm25_rows,
        encoding,
        query_terms,
    )


def late_interaction(question: Encoding, tokens: TokenMatrix) -> Floats:
    """MaxSim of a question with each passage, `(passages,) float32`: the mean over its tokens of their best match."""
    matrix = similarities(question.tokens, tokens.levels, tokens.scales)
    return np.asarray(best_matches(matrix, tokens.bounds).mean(axis=0), dtype=np.float32)


def scale(values: Floats) -> Floats:
    """Min-max scaling to 0..1; all 1 where every value is the same."""
    if not len(values):
        return values
    low, high = values.min(), values.max()
    return np.ones_like(values) if high <= low else (values - low) / (high - low)


def _fuse(signals: dict[str, Floats], boilerplate: npt.NDArray[np.bool_]) -> Floats:
    total = np.zeros(len(boilerplate), dtype=np.float32)
    for name, weight in WEIGHTS.items():
        total += weight * scale(signals[name])
    return np.maximum(total / sum(WEIGHTS.values()) - BOILERPLATE_PENALTY * boilerplate, 0.0).astype(np.float32)


def _best(scores: Floats, count: int, allowed: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int64]:
    """Rows of the best positive scores, best first, ties in the order of rows."""
    rows = np.flatnonzero(scores > 0 if allowed is None else (scores > 0) & allowed)
    if len(rows) > count:
        least = np.partition(scores[rows], len(rows) - count)[len(rows) - count]
        rows = rows[scores[rows] >= least]
    return rows[np.argsort(-scores[rows], kind="stable")][:count].astype(np.int64)


def _allowed(snapshot: Snapshot, filters: Filters | None) -> npt.NDArray[np.bool_] | None:
    if not filters:
        return None
    for document_id in filters.document_ids:
        snapshot.document_row(document_id)
    keep = np.array(
        [
            (not filters.document_ids or info.id in filters.document_ids)
            and (not filters.publishers or info.publisher in filters.publishers)
            and (not filters.date_from or (info.date is not None and info.date >= filters.date_from))
            and (
                not filters.date_to or (info.date is not None and info.date[: len(filters.date_to)] <= filters.date_to)
            )
            for info in snapshot.documents
        ]
    )
    return np.asarray(keep[snapshot.document_rows], dtype=np.bool_)
