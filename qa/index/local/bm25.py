"""BM25 over stemmed words (Robertson & Zaragoza 2009, in the variant of Lucene: k1 1.5, b 0.75).

Scores are computed for each question from raw counts and the statistics of the whole index, so segments store only
counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qa.index.contract import Floats

_K1, _B = 1.5, 0.75


@dataclass(frozen=True, slots=True)
class Statistics:
    """The size of an index.

    Attributes:
        passages: The number of live passages.
        terms: The sum of their lengths in terms; a passage without terms has length 1.
    """

    passages: int
    terms: int

    @classmethod
    def total(cls, parts: Iterable[Statistics]) -> Statistics:
        """The numbers of several parts together."""
        sizes = [(part.passages, part.terms) for part in parts]
        return cls(sum(passages for passages, _ in sizes), sum(terms for _, terms in sizes))

    @property
    def mean_length(self) -> float:
        """A passage's mean length in terms."""
        return self.terms / self.passages if self.passages else 1.0


def scores(
    postings: Sequence[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]],
    rarities: Sequence[float],
    lengths: npt.NDArray[np.int32],
    mean: float,
) -> Floats:
    """The score of each passage of a segment: the sum of its terms' `float32(idf * (count / (norm + count)))`.

    The norm of a passage is `k1 * (1 - b + b * length / mean)`.

    Args:
        postings: For each term, in the order of the question, the passages with it and its number of occurrences there.
        rarities: The idf of each term.
        lengths: Of all passages in terms, `(passages,) int32`.
        mean: The mean length in the whole index.

    Returns:
        `(passages,) float32`, 0 for a passage with none of the terms.
    """
    summed = np.zeros(len(lengths), np.float32)
    if postings:
        # All terms together: calls to NumPy for each term would take most of the time.
        rows = np.concatenate([each for each, _ in postings], dtype=np.intp, casting="unsafe")
        counts = np.concatenate([each for _, each in postings], dtype=np.float64, casting="unsafe")
        shares = _B * lengths.take(rows)
        shares /= mean
        shares += 1 - _B
        shares *= _K1
        shares += counts
        np.divide(counts, shares, out=shares)
        shares *= np.repeat(np.array(rarities, np.float64), [len(each) for each, _ in postings])
        np.add.at(summed, rows, shares.astype(np.float32))  # sequential, so the order of terms is kept
    return summed
