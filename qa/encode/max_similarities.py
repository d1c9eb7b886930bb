"""Computes each question token's best match among the tokens of passages, for late interaction.

Maxima are taken from given similarities, so a passage's maxima do not depend on its storage or on other passages.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

NO_TOKEN = -1.0  # the smallest possible cosine


@dataclass(frozen=True, slots=True)
class Maxima:
    """Each question token's best match in some passages, by passage and by sentence.

    Attributes:
        passages: `(question tokens, passages) float32`, over all tokens of a passage.
        sentences: `(question tokens, sentences) float32`, over the tokens of one sentence.
        outside: `(question tokens, passages) float32`, over a passage's tokens outside sentences: its heading trail's
            and the model's own; -1 if there are none.
        numbers: `(sentences,) int32`, each one's number in its passage; -1 if the passage's other tokens are used
            instead.
        bounds: `(passages + 1,) int64`, the bounds of each passage's sentences; every passage has at least one.
    """

    passages: npt.NDArray[np.float32]
    sentences: npt.NDArray[np.float32]
    outside: npt.NDArray[np.float32]
    numbers: npt.NDArray[np.int32]
    bounds: npt.NDArray[np.int64]

    def best_of(self, sentence_scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The score of each passage's best single sentence, `(passages,) float32`, given every sentence's."""
        if not len(sentence_scores):
            return np.empty(0, np.float32)
        return np.asarray(np.maximum.reduceat(sentence_scores, self.bounds[:-1]), dtype=np.float32)


def maxima(matrix: npt.NDArray[np.float32], bounds: npt.NDArray[np.int64], sentences: npt.NDArray[np.int32]) -> Maxima:
    """Find each question token's best matches.

    Args:
        matrix: The cosine of every question token with every token of the passages, concatenated, `(question tokens,
            tokens) float32`.
        bounds: `(passages + 1,) int64`, the bounds of each passage's tokens. Every passage has a token, so there is no
            padding that could affect a score.
        sentences: `(tokens,) int32`, each token's sentence within its passage; -1 for tokens in none.
    """
    if len(bounds) == 1:
        nothing = np.empty((len(matrix), 0), np.float32)
        return Maxima(nothing, nothing, nothing, np.empty(0, np.int32), np.zeros(1, np.int64))
    # A run has tokens of one sentence, or of none; the best over a passage is the best over its runs.
    begins = np.empty(len(sentences), dtype=bool)
    np.not_equal(sentences[1:], sentences[:-1], out=begins[1:])
    begins[bounds[:-1]] = True
    starts = np.flatnonzero(begins)
    runs = np.maximum.reduceat(matrix, starts, axis=1)
    firsts = np.searchsorted(starts, bounds[:-1])
    passages = np.maximum.reduceat(runs, firsts, axis=1)
    numbers = sentences[starts]
    inside = numbers >= 0
    outside = _best_by_passage(runs, ~inside, firsts)
    # A passage that the model cut before its first sentence has none: its other tokens are used instead.
    inside[firsts] |= np.logical_or.reduceat(inside, firsts) == 0
    return Maxima(passages, runs[:, inside], outside, numbers[inside], _bounds(inside, firsts))


def _best_by_passage(
    runs: npt.NDArray[np.float32], chosen: npt.NDArray[np.bool_], firsts: npt.NDArray[np.intp]
) -> npt.NDArray[np.float32]:
    """The best over each passage's chosen runs, `(question tokens, passages) float32`; -1 without any."""
    best = np.full((len(runs), len(firsts)), NO_TOKEN, dtype=np.float32)
    if chosen.any():
        bounds = _bounds(chosen, firsts)
        some = bounds[:-1] < bounds[1:]
        best[:, some] = np.maximum.reduceat(runs[:, chosen], bounds[:-1][some], axis=1)
    return best


def _bounds(chosen: npt.NDArray[np.bool_], firsts: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    """The bounds of each passage's chosen runs among all chosen runs."""
    counted = np.concatenate([[0], np.cumsum(chosen)])
    return np.asarray(counted[np.append(firsts, len(chosen))], dtype=np.int64)
