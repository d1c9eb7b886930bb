"""Vectors as int8 with one scale each: quantisation, comparison, and the stored vectors of a passage.

On the questions of docs/quality.md, ranking is the same as with float32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numkong
import numpy as np
import numpy.typing as npt

_ROWS_AT_A_TIME = 4  # a requirement of the kernel


def quantise(tokens: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Unit vectors `(n, d) float32` as `(n, d) int8`, and the scales `(n,) float32` that restore unit length."""
    peak = np.maximum(np.abs(tokens).max(axis=1, initial=0.0, keepdims=True), 1e-12)
    levels = np.rint(tokens * (127.0 / peak)).astype(np.int8)
    norms = np.linalg.norm(levels.astype(np.float32), axis=1)
    return levels, (1.0 / np.maximum(norms, 1e-12)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class PassageVectors:
    """The stored vectors of one passage.

    Attributes:
        vector: The passage's vector, `(d,) float32`.
        tokens: Its tokens', packed by `qa.encode.token_quantisation`, `(n, w) uint8`, with `scales` `(n,) float32` and
            places in its text `spans` `(n, 2) int32`; -1 for tokens of the heading trail and the model's own.
        sentence_levels: Each sentence's, encoded by itself, `(s, d) int8`, with `sentence_scales` `(s,) float32`.
    """

    vector: npt.NDArray[np.float32]
    tokens: npt.NDArray[np.uint8]
    scales: npt.NDArray[np.float32]
    spans: npt.NDArray[np.int32]
    sentence_levels: npt.NDArray[np.int8]
    sentence_scales: npt.NDArray[np.float32]


def similarities(
    question: npt.NDArray[np.float32], levels: npt.NDArray[np.int8], scales: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """The cosine of every question token with every stored token, `(questions, tokens) float32`.

    The question is quantised too, so the products are exact integers and take an eighth of the time of float32.

    Args:
        question: `(questions, d) float32`.
        levels: `(tokens, d) int8`.
        scales: `(tokens,) float32`.
    """
    question_levels, question_scales = quantise(question)
    if not len(levels):
        return np.empty((len(question), 0), np.float32)
    # A multiple of four rows takes less time than one row less.
    padded = np.zeros((-len(question) % _ROWS_AT_A_TIME + len(question), question.shape[1]), np.int8)
    padded[: len(question)] = question_levels
    products = np.asarray(numkong.dots_packed(levels, numkong.dots_pack(padded)))
    matrix = np.ascontiguousarray(products.T[: len(question)], dtype=np.float32)
    matrix *= scales
    matrix *= question_scales[:, np.newaxis]
    return matrix
