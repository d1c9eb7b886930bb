"""Vectors as int8 with one scale each: quantisation, comparison, and the stored vectors of a passage.

On the questions of docs/quality.md, ranking is the same as with float32.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_EXACT_DIMENSION = 2**24 // 127**2  # up to it a product of int8 vectors is a whole number that float32 holds


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

    The question is quantised too, so products are whole numbers that floats hold exactly, and the result for a token
    does not depend on the order of additions or on other tokens.

    Args:
        question: `(questions, d) float32`.
        levels: `(tokens, d) int8`.
        scales: `(tokens,) float32`.
    """
    question_levels, question_scales = quantise(question)
    exact: np.dtype[Any] = np.dtype(np.float32 if question.shape[1] <= _EXACT_DIMENSION else np.float64)
    # BLAS may also multiply what lies behind the last row, and NumPy warn of it.
    with np.errstate(invalid="ignore"):
        products = question_levels.astype(exact) @ levels.astype(exact).T
    return scaled(products, question_scales, scales)


def scaled(
    products: npt.NDArray[Any], question_scales: npt.NDArray[np.float32], scales: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Cosines `(questions, tokens) float32` from the products of levels and both vectors' scales."""
    matrix = products.astype(np.float32, order="C")
    matrix *= scales
    matrix *= question_scales[:, np.newaxis]
    return matrix
