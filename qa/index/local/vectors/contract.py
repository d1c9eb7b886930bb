"""The interface of vector stores. Every implementation passes one test suite; the exact store is its oracle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Proposed:
    """Rows of a store that may be among the nearest to a query.

    Attributes:
        rows: `(n,) int64`.
        at_most: The highest possible score of each, `(n,) float32`.
        rest: The highest possible score of every other row that competes. Minus infinity if there is none; then all
            of `at_most` are the rows' scores, and the rows are ascending.
    """

    rows: npt.NDArray[np.int64]
    at_most: npt.NDArray[np.float32]
    rest: float


class VectorStore(Protocol):
    """Vectors of unit length by row, searched by inner product, which for such vectors is their cosine."""

    @property
    def size(self) -> int:
        """The number of rows."""
        ...

    def propose(
        self, query: npt.NDArray[np.float32], count: int, allowed: npt.NDArray[np.bool_] | None = None
    ) -> Proposed:
        """Find the rows that are probably nearest to a query.

        Args:
            query: `(d,) float32`, unit length.
            count: How many, approximately; at least 1. A higher count lowers `rest`, in the end to minus infinity.
            allowed: `(size,) bool`; where given, only rows marked True compete.
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
