"""The default store, on FAISS: an exact index, or a quantised one. What either finds is scored again by its vectors.

Both are mapped from their files where FAISS can do that, so that the operating system may take the memory back.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from qa.errors import DamagedSnapshot
from qa.index.local.vectors.contract import inner_products

MEASURED_AT = 100  # the count for which probes are chosen; whoever wants more has every list searched

_FLAGS = faiss.IO_FLAG_MMAP_IFC if sys.platform in ("linux", "win32") else 0  # elsewhere FAISS maps no files
_MORE = 28  # rows than wanted are looked for at first
_NEAR = 1e-5  # between two scores of FAISS, for theirs by the vectors to be in any order
_SPARE = 0.25  # of the count: codes of 8 bits put a few of the best rows just behind it
_FEW_ROWS = 5000  # to score one by one, without an index, takes a millisecond or two

Found = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]


class FaissStore:
    """A `VectorStore` on a FAISS index and the vectors that it was made of."""

    def __init__(self, index: faiss.Index, vectors: npt.NDArray[np.float32], probes: int = 0) -> None:
        """Take an index into use.

        Args:
            index: Exact, or inverted lists.
            vectors: `(size, d) float32`, the rows of the index.
            probes: How many lists a search looks into; an exact index has none.
        """
        self._index = index
        self._vectors = vectors
        self._probes = probes
        self._lists = int(index.nlist) if isinstance(index, faiss.IndexIVF) else 0

    @classmethod
    def open(cls, path: Path, vectors: npt.NDArray[np.float32], probes: int = 0) -> FaissStore:
        """Open a saved index; see `__init__`.

        Raises:
            DamagedSnapshot: the file is no FAISS index.
        """
        try:
            return cls(faiss.read_index(str(path), _FLAGS), vectors, probes)
        except RuntimeError as error:
            raise DamagedSnapshot(f"{path} is no FAISS index: {str(error).splitlines()[0]}") from error

    @property
    def size(self) -> int:
        """The number of rows."""
        return int(self._index.ntotal)

    def search(self, query: npt.NDArray[np.float32], count: int, allowed: npt.NDArray[np.bool_] | None = None) -> Found:
        """Find the rows nearest to a query; see `VectorStore`."""
        competing = self.size if allowed is None else int(np.count_nonzero(allowed))
        count = min(count, competing)
        if count == 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        if not self._lists:
            rows = self._nearest(query, count, competing, _parameters(allowed))
        elif allowed is not None and competing <= _FEW_ROWS:
            rows = np.flatnonzero(allowed)
        else:
            rows = self._coarse(query, count, competing, allowed)
        return _best(rows, self.scores(query, rows), count)

    def vectors(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """The stored vectors of some rows."""
        return self._vectors[rows]

    def scores(self, query: npt.NDArray[np.float32], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """The inner products of a query with some rows."""
        return inner_products(self._vectors[rows], query)

    def _coarse(
        self, query: npt.NDArray[np.float32], count: int, competing: int, allowed: npt.NDArray[np.bool_] | None
    ) -> npt.NDArray[np.int64]:
        """The rows that are nearest by their codes, some more than wanted."""
        wanted = min(count + int(count * _SPARE), competing)
        if allowed is None and count <= MEASURED_AT:
            rows = self._nearest(query, wanted, competing, _parameters(None, self._probes))
            if len(rows) >= count:
                return rows
        return self._nearest(query, wanted, competing, _parameters(allowed, self._lists))

    def _nearest(
        self, query: npt.NDArray[np.float32], count: int, competing: int, parameters: faiss.SearchParameters | None
    ) -> npt.NDArray[np.int64]:
        """The nearest rows by the index's own scores, and all that may be as near as the last of them."""
        asked = min(count + _MORE, competing)
        while True:
            scores, rows = (found[0] for found in self._index.search(query[np.newaxis], asked, params=parameters))
            # FAISS sums in another order, and of rows that tie across the last place it keeps any.
            if asked == competing or scores[-1] < scores[count - 1] - _NEAR:
                break
            asked = min(2 * asked, competing)
        return np.asarray(rows[rows >= 0], dtype=np.int64)  # the lists that were looked into may hold fewer


def _parameters(allowed: npt.NDArray[np.bool_] | None, probes: int = 0) -> faiss.SearchParameters | None:
    options: dict[str, Any] = {}
    if allowed is not None:
        options["sel"] = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))  # type: ignore[call-arg, arg-type]
    if probes:
        return faiss.SearchParametersIVF(nprobe=probes, **options)  # type: ignore[call-arg]
    return faiss.SearchParameters(**options) if options else None


def _best(rows: npt.NDArray[np.int64], scores: npt.NDArray[np.float32], count: int) -> Found:
    order = np.lexsort((rows, -scores))[:count]
    return rows[order], scores[order]
