"""Exact search among many vectors: FAISS proposes rows by codes of 8 bits a component; scores are those of the vectors.

1. A component is coded as one of 255 levels of its own range. A question's components are multiplied by the widths of
   the levels and rounded to 8-bit integers too, so FAISS adds products of integers, which is several times as fast as
   with floating-point numbers.
2. The sum gives a row's score within a bound: the question's length times the greatest distance between a vector and
   its decoded form, plus the same for what the question lost by rounding (Cauchy-Schwarz).
3. FAISS returns several times as many rows as wanted. Those that may be among the best are scored by their vectors.
   While the bound allows that a row not returned is among the best, FAISS is asked for more rows; if too many would be
   needed, all rows are scored.

Guarantees: what is found is exactly what `ExactStore` finds. Codes are a quarter of the vectors, so a scan reads less
memory and takes less time; how much less depends on the processor.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import faiss
import numpy as np
import numpy.typing as npt

from qa.index.local.vectors.contract import inner_products
from qa.index.local.vectors.exact import ExactStore, Floats, Rows, nearest

CODED_FROM = 4096  # vectors; to score fewer of them takes half a millisecond
CODES, FRAME = "codes.faiss", "codes.npy"  # the files

_TOP = 127  # the highest level of a vector's component, and of a question's
# Times as many rows as wanted are asked for; mostly they are enough to prove that none was missed.
_ASKED, _ASKED_ABOVE = 6, 3  # the latter where a least score is given
_MORE = 4  # times as many, where they are not
_MOST_SHARE = 8  # a scan for a larger part of the rows than one in so many takes longer than scoring all
_ROUNDING = 1e-4  # what float32 sums of products of unit vectors may be off by, with a wide margin
_BLOCK = 4096  # vectors coded at a time
_MAPPED = faiss.IO_FLAG_MMAP_IFC

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Frame:
    """What a vector's codes stand for: `centre + steps * codes`.

    Attributes:
        centre: The middle of each component's range, `(d,) float64`.
        steps: The width of a level, `(d,) float64`, above 0.
        loss: The greatest distance between a vector and what its codes stand for.
        radius: The greatest distance between that and the centre.
    """

    centre: Doubles
    steps: Doubles
    loss: float
    radius: float

    @classmethod
    def of(cls, vectors: Floats) -> Self:
        """The frame of some vectors, `(n, d) float32`, n > 0."""
        low = np.min([block.min(axis=0) for block in _blocks(vectors)], axis=0).astype(np.float64)
        high = np.max([block.max(axis=0) for block in _blocks(vectors)], axis=0).astype(np.float64)
        steps = np.where(high > low, (high - low) / (2 * _TOP), 1.0)
        frame = cls((low + high) / 2, steps, 0.0, 0.0)
        reached = [frame._reach(block) for block in _blocks(vectors)]
        return cls(frame.centre, steps, *map(float, np.max(reached, axis=0)))

    @classmethod
    def load(cls, path: Path, dimension: int) -> Self:
        """Read a saved frame.

        Raises:
            ValueError: the file holds no frame of so many components.
        """
        values = np.load(path, allow_pickle=False)
        if values.dtype != np.float64 or values.shape != (2 * dimension + 2,):
            raise ValueError(f"{path} holds no frame of codes of {dimension} components")
        return cls(values[:dimension], values[dimension:-2], float(values[-2]), float(values[-1]))

    def save(self, path: Path) -> None:
        """Write it to a file."""
        np.save(path, np.concatenate([self.centre, self.steps, [self.loss, self.radius]]))

    def codes(self, vectors: Floats) -> Doubles:
        """The codes of vectors, whole numbers from -127 to 127."""
        return np.clip(np.rint((vectors - self.centre) / self.steps), -_TOP, _TOP)

    def question(self, query: Floats) -> tuple[Floats, float, float, float]:
        """What FAISS multiplies codes with, `(d,) float32`, and what makes a score of its product.

        Returns:
            The levels; the score of a product of 0; what one more adds; and how far a score may be off.
        """
        wide = query.astype(np.float64)
        weights = wide * self.steps
        step = float(np.abs(weights).max()) / _TOP or 1.0
        levels = np.rint(weights / step)
        lost = (weights - step * levels) / self.steps
        length = float(np.linalg.norm(wide))
        bound = length * self.loss + float(np.linalg.norm(lost)) * self.radius + _ROUNDING
        return levels.astype(np.float32), float(wide @ self.centre), step, bound

    def _reach(self, vectors: Floats) -> tuple[float, float]:
        from_centre = self.codes(vectors) * self.steps
        lost = vectors - self.centre - from_centre
        return float(np.linalg.norm(lost, axis=1).max()), float(np.linalg.norm(from_centre, axis=1).max())


class CodedStore:
    """A `VectorStore` on a FAISS index of codes and the vectors that it was made of."""

    def __init__(self, index: faiss.IndexScalarQuantizer, frame: Frame, vectors: Floats) -> None:
        """Use an index and the vectors that it was made of.

        Args:
            index: Of codes.
            frame: What they stand for.
            vectors: `(size, d) float32`, the rows of the index.
        """
        self._index = index
        self._frame = frame
        self._vectors = vectors
        self._exact = ExactStore(vectors)

    @classmethod
    def open(cls, folder: Path, vectors: Floats) -> CodedStore:
        """Open what `write_codes` saved in a folder; see `__init__`.

        Raises:
            ValueError: a file is not of codes of these vectors.
        """
        path = folder / CODES
        try:
            index = faiss.read_index(str(path), _MAPPED)
        except RuntimeError as error:
            raise ValueError(f"{path} is not a FAISS index: {str(error).splitlines()[0]}") from error
        if not isinstance(index, faiss.IndexScalarQuantizer) or (index.ntotal, index.d) != vectors.shape:
            raise ValueError(f"{path} is not an index of codes over {len(vectors)} vectors")
        return cls(index, Frame.load(folder / FRAME, index.d), vectors)

    @property
    def size(self) -> int:
        """The number of rows."""
        return len(self._vectors)

    def search(
        self, query: Floats, count: int, allowed: npt.NDArray[np.bool_] | None = None, least: float = -np.inf
    ) -> tuple[Rows, Floats]:
        """Find the rows nearest to a query; see `VectorStore`."""
        competing = self.size if allowed is None else int(np.count_nonzero(allowed))
        asked = count * (_ASKED if least == -np.inf else _ASKED_ABOVE)
        levels, base, step, bound = self._frame.question(query)
        while asked * _MOST_SHARE <= competing:
            products, found = self._proposed(levels, asked, allowed)
            highest = base + step * products + bound  # what each row's score may be at most, descending
            if least == -np.inf:  # so many rows with their scores tell which of the others may be among the best
                least = float(inner_products(self._vectors[found[:count]], query).min())
            rows = np.sort(found[highest >= least])
            rows, scores = nearest(rows, inner_products(self._vectors[rows], query), count)
            if highest[-1] < (max(scores[-1], least) if len(scores) == count else least):
                return rows, scores
            asked *= _MORE
        return self._exact.search(query, count, allowed)

    def vectors(self, rows: Rows) -> Floats:
        """The stored vectors of some rows."""
        return self._vectors[rows]

    def _proposed(self, levels: Floats, asked: int, allowed: npt.NDArray[np.bool_] | None) -> tuple[Doubles, Rows]:
        """The greatest products of codes with a question's levels, descending, and their rows."""
        parameters = None
        if allowed is not None:
            bitmap = np.packbits(allowed, bitorder="little")
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bitmap))  # type: ignore[call-arg, arg-type]
        products, rows = self._index.search(levels[np.newaxis], asked, params=parameters)
        return products[0].astype(np.float64), rows[0]


def write_codes(vectors: Floats, folder: Path) -> None:
    """Save codes of vectors in a folder, as two files. The same vectors give the same bytes.

    Args:
        vectors: `(n, d) float32`, n > 0; best mapped from a file.
        folder: Where.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    frame = Frame.of(vectors)
    # The codes are the numbers that are added; FAISS stores them as they are.
    kind = faiss.ScalarQuantizer.QT_8bit_direct_signed
    index = faiss.IndexScalarQuantizer(vectors.shape[1], kind, faiss.METRIC_INNER_PRODUCT)
    for block in _blocks(vectors):
        index.add(frame.codes(block).astype(np.float32))
    frame.save(folder / FRAME)
    path = folder / CODES
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise OSError(errno.EIO, str(error).splitlines()[-1], str(path)) from error


def _blocks(vectors: Floats) -> Iterator[Floats]:
    return (vectors[at : at + _BLOCK] for at in range(0, len(vectors), _BLOCK))
