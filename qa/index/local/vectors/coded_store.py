"""Proposes rows of many vectors by codes of 4 bits a component, so that a search need not score all.

1. A component is coded as the nearest of 16 evenly spaced levels over its range. Each component's levels are shifted by
   a random part of their distance. So the rounding errors of a vector are independent and uniform, whatever the vector
   is (subtractive dither: Schuchman, "Dither Signals and Their Effect on Quantization Noise", 1964).
2. FAISS adds up the products of a question's components with those levels (André et al., "Cache locality is not enough:
   High-Performance Nearest Neighbor Search with Product Quantization Fast Scan", 2015). The sum is a row's score but
   for the rounding errors. Their weighted sum has a known variance, and exceeds 5.45 standard deviations in less than
   one of 10^7 cases: a uniform number is a weighted sum of random signs, its bits, and such sums exceed a bound at most
   3.18 times as often as a normal variable does (Bentkus and Dzindzalieta, "A tight Gaussian bound for weighted sums of
   Rademacher random variables", 2015). For few components the greatest possible sum is less than that, and is used
   instead.
3. A row's score is at most that sum and the bound. FAISS returns the rows with the greatest sums; if too many are
   wanted, all rows are scored.

Guarantees: what is found is what `ExactStore` finds, but for the chance above. Codes are an eighth of the vectors; they
are kept in memory.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from qa.index.contract import Floats
from qa.index.local.vectors.exact import ExactStore, Proposed

CODED_FROM = 4096  # vectors; to score fewer of them takes half a millisecond
CODES = "codes_4bit.faiss"  # the file

_BITS, _LEVELS = 4, 16
_SEED = 20261130  # of the shifts
_DEVIATIONS = 5.45
# FAISS rounds the products to so many levels a component, and their sum to so many in all.
_PRODUCT_LEVELS, _SUM_LEVELS = 255, 65_535
_ROUNDING = 1e-4  # what float32 sums of products of unit vectors may be off by, with a wide margin
_MOST_SHARE = 4  # for a larger part of the rows than one in so many, all are scored
_BLOCK = 4096  # vectors read at a time


class CodedStore(ExactStore):
    """A store on a FAISS index of codes and the vectors that it was made of."""

    def __init__(self, index: faiss.IndexPQFastScan, vectors: Floats) -> None:
        """Use an index and the vectors that it was made of.

        Args:
            index: Of codes.
            vectors: `(size, d) float32`, the rows of the index.
        """
        super().__init__(vectors)
        self._index = index
        levels = faiss.vector_to_array(index.pq.centroids).reshape(-1, _LEVELS).astype(np.float64)
        self.steps = (levels[:, -1] - levels[:, 0]) / (_LEVELS - 1)

    @classmethod
    def open(cls, folder: Path, vectors: Floats) -> CodedStore:
        """Open what `write_codes` saved in a folder; see `__init__`.

        Raises:
            ValueError: the file is not of codes of these vectors.
        """
        path = folder / CODES
        try:
            index = faiss.read_index(str(path))
        except RuntimeError as error:
            raise ValueError(f"{path} is not a FAISS index: {str(error).splitlines()[0]}") from error
        if not isinstance(index, faiss.IndexPQFastScan) or (index.ntotal, index.d) != vectors.shape:
            raise ValueError(f"{path} is not an index of codes over {len(vectors)} vectors")
        return cls(index, vectors)

    def propose(
        self, query: Floats, count: int, slack: float, allowed: npt.NDArray[np.bool_] | None = None
    ) -> Proposed:
        """Find rows that may be among the nearest to a query; see `ExactStore`."""
        asked = count if allowed is None else count * self.size // max(int(np.count_nonzero(allowed)), 1)
        if asked * _MOST_SHARE > self.size:
            return super().propose(query, count, slack, allowed)
        scores, found = self._index.search(query[np.newaxis], asked)
        at_most, rows = scores[0] + np.float32(slack), found[0]
        rest = float(at_most[-1])
        if allowed is not None:
            at_most, rows = at_most[allowed[rows]], rows[allowed[rows]]
        return Proposed(rows, at_most, rest)


def slack(steps: npt.NDArray[np.float64], query: Floats) -> Floats:
    """How much higher a score may be than the codes of each of some stores tell, `(stores,) float32`.

    Args:
        steps: The steps of each store, `(stores, d) float64`.
        query: `(d,) float32`, unit length.
    """
    widths = np.abs(query) * steps
    totals, dimension = widths.sum(axis=1), len(query)
    rounded = (_LEVELS - 1) * np.maximum(widths.max(axis=1) / _PRODUCT_LEVELS, totals / _SUM_LEVELS)
    variances = (np.einsum("sd,sd->s", widths, widths) + dimension * rounded**2) / 12
    greatest = (totals + dimension * rounded) / 2
    return np.asarray(np.minimum(_DEVIATIONS * np.sqrt(variances), greatest) + _ROUNDING, np.float32)


def write_codes(vectors: Floats, folder: Path) -> None:
    """Save codes of vectors in a folder, as one file. The same vectors give the same bytes.

    Args:
        vectors: `(n, d) float32`, n > 0; best mapped from a file.
        folder: Where.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    dimension = vectors.shape[1]
    low = np.min([block.min(axis=0) for block in _blocks(vectors)], axis=0).astype(np.float64)
    high = np.max([block.max(axis=0) for block in _blocks(vectors)], axis=0).astype(np.float64)
    # Two levels less than there are: shifted by less than a step, they still reach both ends.
    steps = np.where(high > low, (high - low) / (_LEVELS - 2), 1.0)
    begins = low - steps * np.random.default_rng(_SEED).random(dimension)
    levels = begins[:, np.newaxis] + steps[:, np.newaxis] * np.arange(_LEVELS)
    # A product quantiser whose parts are single components.
    index = faiss.IndexPQFastScan(dimension, dimension, _BITS, faiss.METRIC_INNER_PRODUCT)
    faiss.copy_array_to_vector(levels.astype(np.float32).ravel(), index.pq.centroids)
    index.is_trained = True
    for block in _blocks(vectors):
        index.add(block)
    path = folder / CODES
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise OSError(errno.EIO, str(error).splitlines()[-1], str(path)) from error


def _blocks(vectors: Floats) -> Iterator[Floats]:
    return (vectors[at : at + _BLOCK] for at in range(0, len(vectors), _BLOCK))
