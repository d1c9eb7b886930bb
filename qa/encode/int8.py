"""Vectors as int8 with one scale each: quantisation, comparison, and the stored vectors of a passage.

On the questions of docs/quality.md, ranking is the same as with float32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_AT_A_TIME = 512  # vectors; that many stay in the processor's cache between conversion and product
_COLUMNS = 4  # a product with a multiple of four columns takes less time than with one column less
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
    dimension = question.shape[1]
    exact = np.dtype(np.float32 if dimension <= _EXACT_DIMENSION else np.float64)
    columns = -(-len(question) // _COLUMNS) * _COLUMNS if len(question) > 1 else 1
    factors = np.zeros((dimension, columns), exact)
    factors[:, : len(question)] = question_levels.T
    products = np.empty((len(levels), columns), np.float32)
    converted = np.empty((min(len(levels), _AT_A_TIME), dimension), exact)
    # BLAS may also multiply what lies behind the last row, and NumPy warn of it.
    with np.errstate(invalid="ignore"):
        for start in range(0, len(levels), _AT_A_TIME):
            part = levels[start : start + _AT_A_TIME]
            converted[: len(part)] = part
            products[start : start + _AT_A_TIME] = converted[: len(part)] @ factors
    matrix = np.ascontiguousarray(products.T[: len(question)])
    matrix *= scales
    matrix *= question_scales[:, np.newaxis]
    return matrix
