"""Exact search among many vectors: FAISS proposes rows by codes of 8 bits a component; scores are those of the vectors.

1. The index is asked for some times as many rows as wanted. Those are scored by their vectors.
2. A code differs from its component by at most half a step, so the error of a row's score by code is at most the sum of
   the query's components times half a step. While this bound allows that a row not returned is among the best, the
   index is asked for more rows; if too many would be needed, all rows are scored.

Guarantees: what is found is exactly what `ExactStore` finds. Codes are a quarter of the vectors, so a scan reads less
memory and takes less time; how much less depends on the processor.
"""

from __future__ import annotations

import errno
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from qa.index.local.vectors.contract import inner_products
from qa.index.local.vectors.exact import ExactStore, Floats, Rows, nearest

CODED_FROM = 4096  # vectors; to score fewer of them takes half a millisecond

_LEVELS = 255
_ASKED = 3  # times as many rows as wanted are asked for; mostly they are enough to prove that none was missed
_MORE = 4  # times as many, where they are not
_MOST_SHARE = 8  # a scan for a larger part of the rows than one in so many takes longer than scoring all
_ROUNDING = 1e-4  # what float32 sums of products of unit vectors may be off by, with a wide margin
_BLOCK = 16_384  # vectors coded at a time
_MAPPED = faiss.IO_FLAG_MMAP_IFC


class CodedStore:
    """A `VectorStore` on a FAISS index of codes and the vectors that it was made of."""

    def __init__(self, index: faiss.IndexScalarQuantizer, vectors: Floats) -> None:
        """Use an index and the vectors that it was made of.

        Args:
            index: Of 8-bit codes, one range a component.
            vectors: `(size, d) float32`, the rows of the index.
        """
        self._index = index
        self._vectors = vectors
        self._exact = ExactStore(vectors)
        ranges = faiss.vector_to_array(index.sq.trained)[index.d :]
        self._half_steps = np.asarray(ranges, np.float64) / (2 * _LEVELS)

    @classmethod
    def open(cls, path: Path, vectors: Floats) -> CodedStore:
        """Open a saved index; see `__init__`.

        Raises:
            ValueError: the file is no such index over these vectors.
        """
        try:
            index = faiss.read_index(str(path), _MAPPED)
        except RuntimeError as error:
            raise ValueError(f"{path} is no FAISS index: {str(error).splitlines()[0]}") from error
        if not isinstance(index, faiss.IndexScalarQuantizer) or (index.ntotal, index.d) != vectors.shape:
            raise ValueError(f"{path} is no index of codes over {len(vectors)} vectors")
        return cls(index, vectors)

    @property
    def size(self) -> int:
        """The number of rows."""
        return len(self._vectors)

    def search(self, query: Floats, count: int, allowed: npt.NDArray[np.bool_] | None = None) -> tuple[Rows, Floats]:
        """Find the rows nearest to a query; see `VectorStore`."""
        competing = self.size if allowed is None else int(np.count_nonzero(allowed))
        asked = count * _ASKED
        bound = float(np.abs(query.astype(np.float64)) @ self._half_steps) + _ROUNDING
        while asked * _MOST_SHARE <= competing:
            found, rows = self._proposed(query, asked, allowed)
            scores = inner_products(self._vectors[rows], query)
            rows, scores = nearest(rows, scores, count)
            if found + bound < scores[-1]:
                return rows, scores
            asked *= _MORE
        return self._exact.search(query, count, allowed)

    def vectors(self, rows: Rows) -> Floats:
        """The stored vectors of some rows."""
        return self._vectors[rows]

    def _proposed(self, query: Floats, asked: int, allowed: npt.NDArray[np.bool_] | None) -> tuple[float, Rows]:
        """The lowest score by code among the rows returned, and the rows, ascending."""
        parameters = None
        if allowed is not None:
            bitmap = np.packbits(allowed, bitorder="little")
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bitmap))  # type: ignore[call-arg, arg-type]
        scores, rows = self._index.search(query[np.newaxis], asked, params=parameters)
        return float(scores[0, -1]), np.sort(rows[0])


def write_codes(vectors: Floats, path: Path) -> None:
    """Save an index of codes over vectors. The same vectors give the same bytes.

    Args:
        vectors: `(n, d) float32`; best mapped from a file.
        path: The file to write.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    blocks = [vectors[at : at + _BLOCK] for at in range(0, len(vectors), _BLOCK)]
    low = np.min([block.min(axis=0) for block in blocks], axis=0)
    high = np.max([block.max(axis=0) for block in blocks], axis=0)
    index = faiss.IndexScalarQuantizer(vectors.shape[1], faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    index.train(np.stack([low, high]))  # the ends of each component's range are all that training looks for
    for block in blocks:
        index.add(block)
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise OSError(errno.EIO, str(error).splitlines()[-1], str(path)) from error
