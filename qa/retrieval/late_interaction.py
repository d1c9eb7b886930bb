"""Late interaction: compares a question and a passage token by token.

MaxSim (Khattab & Zaharia, "ColBERT", 2020): each question token takes its best match among the passage's tokens
(`qa.encode.max_similarities`), and the passage's score is the weighted mean of these.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt


def max_sim(best: npt.NDArray[np.float32], weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The weighted mean of each column of `(question tokens, n) float32` best matches, `(n,) float32`."""
    # Not BLAS: for such small matrices its kernels read past the end, and NumPy warns of invalid values.
    return np.asarray(np.einsum("q,qn->n", weights, best) / weights.sum(), dtype=np.float32)


def mean_of(values: npt.NDArray[np.float32], tokens: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """The mean of at least one row of `(question tokens, ...) float32`; of one row a view."""
    # Most words are one token, and NumPy's mean takes as long as the rest of the work for a word.
    return values[tokens[0]] if len(tokens) == 1 else np.asarray(values[tokens].mean(axis=0), dtype=np.float32)


def least_met(best: npt.NDArray[np.float32], words: Iterable[npt.NDArray[np.intp]]) -> npt.NDArray[np.float32]:
    """The similarity of the worst-matched word in each column of `(question tokens, n) float32` best matches.

    Args:
        best: As in `max_sim`.
        words: The question tokens of each word; a word's similarity is their mean.

    Returns:
        `(n,) float32`; 1 if there are no words.
    """
    means = [mean_of(best, tokens) for tokens in words if len(tokens)]
    return np.min(means, axis=0) if means else np.ones(best.shape[1], dtype=np.float32)
