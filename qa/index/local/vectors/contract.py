"""The interface of vector stores. Every implementation passes one test suite; the exact store is its oracle."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt


class VectorStore(Protocol):
    """Vectors of unit length by row, searched by inner product, which for such vectors is their cosine.

    Every store finds the best rows of all, with exact scores.
    """

    @property
    def size(self) -> int:
        """The number of rows."""
        ...

    def search(
        self,
        query: npt.NDArray[np.float32],
        count: int,
        allowed: npt.NDArray[np.bool_] | None = None,
        least: float = -np.inf,
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Find the rows nearest to a query.

        Args:
            query: `(d,) float32`, unit length.
            count: How many rows at most.
            allowed: `(size,) bool`; where given, only rows marked True compete.
            least: Rows that score less are not needed, and may be left out.

        Returns:
            Rows `(n,) int64` and their inner products `(n,) float32`, best first, ties in the order of rows; n is the
            smaller of `count` and the number of rows that compete, or less where rows were left out.
        """
        ...

    def vectors(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """The stored vectors of some rows, `(len(rows), d) float32`."""
        ...


def inner_products(vectors: npt.NDArray[np.float32], query: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The inner product of each of `(n, d) float32` vectors with a query, `(n,) float32`.

    It depends on the vector and the query alone. A product from BLAS is in the last digits another for the same vector
    in another place of the array.
    """
    return np.asarray(np.einsum("nd,d->n", vectors, query), dtype=np.float32)
