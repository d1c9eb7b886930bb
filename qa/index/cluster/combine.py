"""Puts together what several shards say of passages, in the order in which these were asked for.

An array keeps the memory layout that one process gives it, since the last bit of a sum may depend on that.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qa.encode.maxima import Maxima, maxima
from qa.index.contract import TokenSimilarities

Rows = npt.NDArray[np.int64]


def combined_maxima(parts: Sequence[Maxima], order: Rows, question_tokens: int) -> Maxima:
    """Comparisons with the passages of several shards as one.

    Args:
        parts: Each shard's.
        order: The place of each passage asked for among those of the parts, one after another, `(n,) int64`.
        question_tokens: The number of the question's tokens.
    """
    if not parts:
        nothing = np.empty((question_tokens, 0), np.float32)
        return maxima(nothing, np.zeros(1, np.int64), np.empty(0, np.int32))
    sources, bounds = _sources([part.bounds for part in parts], order)
    return Maxima(
        passages=np.take(np.concatenate([part.passages for part in parts], axis=1), order, axis=1),
        sentences=np.concatenate([part.sentences for part in parts], axis=1)[:, sources],
        outside=np.take(np.concatenate([part.outside for part in parts], axis=1), order, axis=1),
        numbers=np.concatenate([part.numbers for part in parts])[sources],
        bounds=bounds,
    )


def combined_similarities(parts: Sequence[TokenSimilarities], order: Rows, question_tokens: int) -> TokenSimilarities:
    """Similarities with the tokens of several shards' passages as one; arguments as of `combined_maxima`."""
    if not parts:
        nothing = np.empty((question_tokens, 0), np.float32)
        return TokenSimilarities(nothing, np.empty((0, 2), np.int32), np.empty(0, np.int32), np.zeros(1, np.int64))
    sources, bounds = _sources([part.bounds for part in parts], order)
    return TokenSimilarities(
        matrix=np.take(np.concatenate([part.matrix for part in parts], axis=1), sources, axis=1),
        spans=np.concatenate([part.spans for part in parts])[sources],
        sentences=np.concatenate([part.sentences for part in parts])[sources],
        bounds=bounds,
    )


def _sources(bounds: Sequence[Rows], order: Rows) -> tuple[Rows, Rows]:
    """Where what belongs to each passage comes from, and where it begins and ends in the order asked for."""
    lengths = np.concatenate([np.diff(each) for each in bounds])
    begins = np.append(np.int64(0), np.cumsum(lengths))[:-1]
    ends = np.append(np.int64(0), np.cumsum(lengths[order]))
    return np.repeat(begins[order] - ends[:-1], lengths[order]) + np.arange(ends[-1]), ends
