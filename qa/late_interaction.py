"""Late interaction: a question and a passage compared token by token.

MaxSim (Khattab & Zaharia, "ColBERT", 2020): each question token takes its best match among the passage's tokens.
Token vectors are kept as int8 with one scale each, which loses nothing that ranking can see.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def quantise(tokens: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Unit vectors `(n, d) float32` as `(n, d) int8`, and the scales `(n,) float32` that restore unit length."""
    peak = np.maximum(np.abs(tokens).max(axis=1, initial=0.0, keepdims=True), 1e-12)
    levels = np.rint(tokens * (127.0 / peak)).astype(np.int8)
    norms = np.linalg.norm(levels.astype(np.float32), axis=1)
    return levels, (1.0 / np.maximum(norms, 1e-12)).astype(np.float32)


def similarities(
    question: npt.NDArray[np.float32], levels: npt.NDArray[np.int8], scales: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """The cosine of every question token with every stored token, `(questions, tokens) float32`."""
    matrix = question @ levels.astype(np.float32).T
    matrix *= scales
    return matrix


def best_matches(matrix: npt.NDArray[np.float32], bounds: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Each question token's best match within each passage.

    Args:
        matrix: Similarities `(questions, tokens)`, the passages' tokens one after another.
        bounds: `(passages + 1,)`, where each passage's tokens begin and end. Every passage has at least one token, so
            there is no padding for a score to depend on.

    Returns:
        `(questions, passages) float32`.
    """
    return np.maximum.reduceat(matrix, bounds[:-1], axis=1)
