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

    def propose(
        self,
        query: Floats,
        count: int,  # noqa: ARG002 - every row is scored anyway
        allowed: npt.NDArray[np.bool_] | None = None,
    ) -> Proposed:
        """All rows that compete, with their scores; see `VectorStore`."""
        if allowed is None:
            return Proposed(np.arange(self.size), inner_products(self._vectors, query), -np.inf)
        rows = np.flatnonzero(allowed)
        blocks = [rows[at : at + _BLOCK] for at in range(0, len(rows), _BLOCK)]
        scores = [inner_products(self._vectors[block], query) for block in blocks]
        return Proposed(rows, np.concatenate([np.empty(0, np.float32), *scores]), -np.inf)

    def vectors(self, rows: Rows) -> Floats:
        """The stored vectors of some rows."""
        return self._vectors[rows]
