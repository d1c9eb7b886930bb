"""Late interaction: a question and a passage compared token by token.

MaxSim (Khattab & Zaharia, "ColBERT", 2020): each question token takes its best match among the passage's tokens.
Token vectors are kept as int8 with one scale each, which loses nothing that ranking can see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numkong
import numpy as np
import numpy.typing as npt


def quantise(tokens: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Unit vectors `(n, d) float32` as `(n, d) int8`, and the scales `(n,) float32` that restore unit length."""
    peak = np.maximum(np.abs(tokens).max(axis=1, initial=0.0, keepdims=True), 1e-12)
    levels = np.rint(tokens * (127.0 / peak)).astype(np.int8)
    norms = np.linalg.norm(levels.astype(np.float32), axis=1)
    return levels, (1.0 / np.maximum(norms, 1e-12)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class PassageVectors:
    """All that is stored of one passage's vectors.

    Attributes:
        vector: The passage's own, `(d,) float32`.
        levels: Its tokens', `(n, d) int8`, with `scales` `(n,) float32` and places in its text `spans` `(n, 2) int32`;
            -1 for tokens of the heading trail and the model's own.
        sentence_levels: Each sentence's, encoded by itself, `(s, d) int8`, with `sentence_scales` `(s,) float32`.
    """

    vector: npt.NDArray[np.float32]
    levels: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]
    spans: npt.NDArray[np.int32]
    sentence_levels: npt.NDArray[np.int8]
    sentence_scales: npt.NDArray[np.float32]


def similarities(
    question: npt.NDArray[np.float32],
    levels: npt.NDArray[np.int8] | Sequence[npt.NDArray[np.int8]],
    scales: npt.NDArray[np.float32],
) -> npt.NDArray[np.float32]:
    """The cosine of every question token with every stored token, `(questions, tokens) float32`.

    The question is made int8 too, so that the products are whole numbers and exact, and take an eighth of the time
    that they would in float32.

    Args:
        question: `(questions, d) float32`.
        levels: `(tokens, d) int8`, or several such blocks, whose tokens count on: a block that lies in a memory map is
            compared where it lies.
        scales: `(tokens,) float32`.
    """
    question_levels, question_scales = quantise(question)
    packed = numkong.dots_pack(question_levels)
    if isinstance(levels, np.ndarray):
        levels = [levels]
    products = [np.asarray(numkong.dots_packed(block, packed)) for block in levels if len(block)]
    together = np.concatenate(products) if products else np.empty((0, len(question)), np.int32)
    matrix = np.ascontiguousarray(together.T, dtype=np.float32)
    matrix *= scales
    matrix *= question_scales[:, np.newaxis]
    return matrix


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
