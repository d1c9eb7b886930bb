"""Late interaction: a question and a passage compared token by token.

MaxSim (Khattab & Zaharia, "ColBERT", 2020): each question token takes its best match among the passage's tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qa.encode.int8 import similarities


@dataclass(frozen=True, slots=True)
class Maxima:
    """Each question token's best match, by passage and by sentence.

    Attributes:
        matrix: The cosine of every question token with every passage token, `(question tokens, tokens) float32`.
        passages: `(question tokens, passages) float32`, over all tokens of a passage.
        sentences: `(question tokens, sentences) float32`, over the tokens of one sentence.
        numbers: `(sentences,) int32`, each one's place within its passage; -1 where a passage's other tokens stand in.
        bounds: `(passages + 1,) int64`, where each passage's sentences begin and end; every passage has one.
    """

    matrix: npt.NDArray[np.float32]
    passages: npt.NDArray[np.float32]
    sentences: npt.NDArray[np.float32]
    numbers: npt.NDArray[np.int32]
    bounds: npt.NDArray[np.int64]

    def best_of(self, sentence_scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The score of each passage's best single sentence, `(passages,) float32`, given every sentence's."""
        if not len(sentence_scores):
            return np.empty(0, np.float32)
        return np.asarray(np.maximum.reduceat(sentence_scores, self.bounds[:-1]), dtype=np.float32)


def max_sim(best: npt.NDArray[np.float32], weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The weighted mean of each column of `(question tokens, n) float32` best matches, `(n,) float32`."""
    # Not by BLAS: for matrices so small its kernels read past the end, and raise NumPy's warning of invalid values.
    return np.asarray(np.einsum("q,qn->n", weights, best) / weights.sum(), dtype=np.float32)


def maxima(
    question: npt.NDArray[np.float32],
    levels: npt.NDArray[np.int8] | Sequence[npt.NDArray[np.int8]],
    scales: npt.NDArray[np.float32],
    bounds: npt.NDArray[np.int64],
    sentences: npt.NDArray[np.int32],
) -> Maxima:
    """Compare a question with passages.

    Args:
        question: `(q, d) float32`.
        levels: The passages' tokens one after another, `(n, d) int8`, in one block or several.
        scales: `(n,) float32`.
        bounds: `(passages + 1,) int64`, where each passage's tokens begin and end. Every passage has a token, so there
            is no padding for a score to depend on.
        sentences: `(n,) int32`, each token's sentence within its passage; -1 for tokens in none.
    """
    if len(bounds) == 1:
        nothing = np.empty((len(question), 0), np.float32)
        return Maxima(nothing, nothing, nothing, np.empty(0, np.int32), np.zeros(1, np.int64))
    matrix = similarities(question, levels, scales)
    # A segment is a run of tokens of one sentence, or of none; the best over a passage is the best over its segments.
    begins = np.empty(len(sentences), dtype=bool)
    np.not_equal(sentences[1:], sentences[:-1], out=begins[1:])
    begins[bounds[:-1]] = True
    starts = np.flatnonzero(begins)
    segments = np.maximum.reduceat(matrix, starts, axis=1)
    first_segments = np.searchsorted(starts, bounds[:-1])
    passages = np.maximum.reduceat(segments, first_segments, axis=1)
    numbers = sentences[starts]
    inside = numbers >= 0
    # A passage cut short by the model before its first sentence would have none: its other tokens stand in.
    inside[first_segments] |= np.logical_or.reduceat(inside, first_segments) == 0
    counted = np.concatenate([[0], np.cumsum(inside)])
    ends = counted[np.append(first_segments, len(starts))]
    return Maxima(matrix, passages, segments[:, inside], numbers[inside], ends)
