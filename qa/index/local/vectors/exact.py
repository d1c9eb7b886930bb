"""Exact search in NumPy: for few vectors, and the oracle of the family's tests.

A score is `np.einsum("nd,d->n", vectors, query)` in float32. Unlike a product by BLAS, it depends on the row's vector
alone, not on its place or on the other rows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qa.index.local.vectors.contract import Proposed, inner_products

_BLOCK = 16_384  # rows copied at a time

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


class ExactStore:
    """A `VectorStore` on one array."""

    def __init__(self, vectors: Floats) -> None:
        self._vectors = vectors

    @property
    def size(self) -> int:
        """The number of rows."""
        return len(self._vectors)

    def propose(self, query: Floats, count: int, allowed: npt.NDArray[np.bool_] | None = None) -> Proposed:
        """The rows nearest to a query; see `VectorStore`."""
        if allowed is None:
            return Proposed(*nearest(np.arange(self.size), inner_products(self._vectors, query), count), -np.inf)
        rows = np.flatnonzero(allowed)
        blocks = [rows[at : at + _BLOCK] for at in range(0, len(rows), _BLOCK)]
        scores = [inner_products(self._vectors[block], query) for block in blocks]
        return Proposed(*nearest(rows, np.concatenate([np.empty(0, np.float32), *scores]), count), -np.inf)

    def vectors(self, rows: Rows) -> Floats:
        """The stored vectors of some rows."""
        return self._vectors[rows]


def nearest(rows: npt.NDArray[np.integer], scores: Floats, count: int) -> tuple[Rows, Floats]:
    """The best `count` of rows that ascend, best first, ties in the order of rows."""
    if len(scores) > count:
        least = np.partition(scores, len(scores) - count)[len(scores) - count]
        chosen = np.flatnonzero(scores >= least)
        rows, scores = rows[chosen], scores[chosen]
    order = np.argsort(-scores, kind="stable")[:count]
    return rows[order].astype(np.int64), scores[order]
