"""Exact search in NumPy: for few vectors, and the oracle of the family's tests.

A score is `np.einsum("nd,d->n", vectors, query)` in float32. Unlike a product by BLAS, it depends on the row's vector
alone, not on its place or on the other rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qa.index.contract import Floats, Rows
from qa.index.local.read_ahead import prefetch

_BLOCK = 16_384  # rows copied at a time


@dataclass(frozen=True, slots=True)
class Proposed:
    """Rows of a store that may be among the nearest to a query.

    Attributes:
        rows: `(n,) int64`.
        at_most: The highest possible score of each, `(n,) float32`.
        rest: The highest possible score of every other row that competes. Minus infinity if there is none; then all
            of `at_most` are the rows' scores, and the rows are ascending.
    """

    rows: Rows
    at_most: Floats
    rest: float


class ExactStore:
    """Vectors of unit length by row, searched by inner product, which for such vectors is their cosine.

    Attributes:
        size: The number of rows.
        steps: The distance between the levels of each component's codes, `(d,) float64`; 0 without codes.
    """

    def __init__(self, vectors: Floats) -> None:
        """Search these vectors, `(size, d) float32`."""
        self._vectors = vectors
        self.size = len(vectors)
        self.steps = np.zeros(vectors.shape[1])

    def propose(
        self,
        query: Floats,
        count: int,  # noqa: ARG002 - here every row is scored anyway
        slack: float,  # noqa: ARG002
        allowed: npt.NDArray[np.bool_] | None = None,
    ) -> Proposed:
        """Find the rows that are probably nearest to a query.

        Args:
            query: `(d,) float32`, unit length.
            count: How many, approximately; at least 1. A higher count lowers `rest`, in the end to minus infinity.
            slack: How much higher a score may be than the store's codes tell (`coded_store.slack`).
            allowed: `(size,) bool`; where given, only rows marked True compete.
        """
        if allowed is None:
            return Proposed(np.arange(self.size), inner_products(self._vectors, query), -np.inf)
        rows = np.flatnonzero(allowed)
        blocks = [rows[at : at + _BLOCK] for at in range(0, len(rows), _BLOCK)]
        scores = [self.scores(block, query) for block in blocks]
        return Proposed(rows, np.concatenate([np.empty(0, np.float32), *scores]), -np.inf)

    def prefetch(self, rows: Rows) -> None:
        """Start reading the vectors of some rows from the disk."""
        for row in rows.tolist():
            prefetch(self._vectors, row, row + 1)

    def scores(self, rows: Rows, query: Floats) -> Floats:
        """The scores of some rows, `(len(rows),) float32`."""
        return inner_products(self._vectors.take(rows, axis=0), query)


def inner_products(vectors: Floats, query: Floats) -> Floats:
    """The inner product of each of `(n, d) float32` vectors with a query, `(n,) float32`."""
    return np.asarray(np.einsum("nd,d->n", vectors, query), dtype=np.float32)
