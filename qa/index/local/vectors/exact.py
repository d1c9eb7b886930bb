"""Exact search in NumPy: the plainest member of the family, and the oracle of its tests."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qa.index.local.vectors.contract import inner_products


class ExactStore:
    """A `VectorStore` on one array."""

    def __init__(self, vectors: npt.NDArray[np.float32]) -> None:
        self._vectors = vectors

    @property
    def size(self) -> int:
        """The number of rows."""
        return len(self._vectors)

    def search(
        self, query: npt.NDArray[np.float32], count: int, allowed: npt.NDArray[np.bool_] | None = None
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Find the rows nearest to a query; see `VectorStore`."""
        scores = inner_products(self._vectors, query)
        rows = np.arange(self.size) if allowed is None else np.flatnonzero(allowed)
        best = rows[np.argsort(-scores[rows], kind="stable")][:count]
        return best.astype(np.int64), scores[best]

    def vectors(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """The stored vectors of some rows."""
        return self._vectors[rows]

    def scores(self, query: npt.NDArray[np.float32], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """The inner products of a query with some rows."""
        return inner_products(self._vectors[rows], query)
