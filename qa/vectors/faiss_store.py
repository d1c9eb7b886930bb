"""The default store, on FAISS; the only module that imports it."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from qa.errors import DamagedSnapshot


class FaissStore:
    """A `VectorStore` on an exact FAISS index."""

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @classmethod
    def open(cls, path: Path) -> FaissStore:
        """Open a saved index.

        Raises:
            DamagedSnapshot: the file is no FAISS index.
        """
        try:
            return cls(faiss.read_index(str(path)))
        except RuntimeError as error:
            raise DamagedSnapshot(f"{path} is no FAISS index: {str(error).splitlines()[0]}") from error

    @property
    def size(self) -> int:
        """The number of rows."""
        return int(self._index.ntotal)

    def search(
        self, query: npt.NDArray[np.float32], count: int, allowed: npt.NDArray[np.bool_] | None = None
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Find the rows nearest to a query; see `VectorStore`."""
        competing = self.size if allowed is None else int(np.count_nonzero(allowed))
        count = min(count, competing)
        if count == 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        parameters = None
        if allowed is not None:
            bitmap = np.packbits(allowed, bitorder="little")
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bitmap))  # type: ignore[call-arg, arg-type]
        asked = min(count + 1, competing)
        while True:
            scores, rows = (found[0] for found in self._index.search(query[np.newaxis], asked, params=parameters))
            # Of rows that tie across the last place FAISS keeps any, so all of them must be seen to keep the first.
            if asked == competing or scores[-1] < scores[count - 1]:
                break
            asked = min(2 * asked, competing)
        order = np.lexsort((rows, -scores))[:count]
        return rows[order], scores[order]

    def vectors(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """The stored vectors of some rows."""
        return np.asarray(self._index.reconstruct_batch(rows), dtype=np.float32)


def write_faiss(chunks: Iterable[npt.NDArray[np.float32]], dimension: int, path: Path) -> None:
    """Index vectors, in order, and save the index to a file.

    Args:
        chunks: Arrays `(n, dimension) float32`, rows of unit length.
        dimension: The length of a vector.
        path: The file to write.

    Raises:
        OSError: the disk refused.
    """
    index = faiss.IndexFlatIP(dimension)
    for chunk in chunks:
        index.add(chunk)
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise OSError(errno.EIO, str(error).splitlines()[-1], str(path)) from error
