"""BM25 over stemmed words (Robertson & Zaragoza 2009, in the variant of Lucene: k1 1.5, b 0.75).

Scores are computed for each question from raw counts and the statistics of the whole index, so segments store only
counts.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from qa.index.local.vectors import nearest

_K1, _B = 1.5, 0.75

Floats = npt.NDArray[np.float32]


def idf(passages: int, frequency: int) -> float:
    """A term's inverse document frequency as Lucene has it: `log(1 + (N - df + .5) / (df + .5))`."""
    return math.log(1 + (passages - frequency + 0.5) / (frequency + 0.5))


def norms(lengths: npt.NDArray[np.int32], mean: float) -> npt.NDArray[np.float64]:
    """The normalisation of a term's count by a passage's length in terms: `k1 * (1 - b + b * length / mean)`."""
    return np.asarray(_K1 * ((1 - _B) + _B * lengths / mean), np.float64)


def add_term(
    scores: Floats,
    rows: npt.NDArray[np.int32],
    counts: npt.NDArray[np.int32],
    norm: npt.NDArray[np.float64],
    rarity: np.float32,
) -> None:
    """Add what a term contributes, `float32(idf * (count / (norm + count)))`, to scores.

    Args:
        scores: Of all passages, `(n,) float32`; changed.
        rows: The passages that hold the term, each once.
        counts: The number of occurrences in each.
        norm: Of all passages, `(n,) float64`.
        rarity: The term's idf.
    """
    shares = norm[rows]
    shares += counts
    np.divide(counts, shares, out=shares)
    shares *= rarity
    scores[rows] += shares.astype(np.float32)


def best(scores: Floats, count: int, allowed: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int64]:
    """The rows of the best scores above 0, of those allowed, best first, ties in the order of rows."""
    rows = np.flatnonzero(scores > 0 if allowed is None else (scores > 0) & allowed)
    return nearest(rows, scores[rows], count)[0]
