"""Selects the best of many scores."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def among_best(scores: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.intp]:
    """The positions of the best `count` of some scores `(n,) float32`, and of others equal to the last, ascending."""
    if len(scores) <= count:
        return np.arange(len(scores))
    least = np.partition(scores, len(scores) - count)[len(scores) - count]
    return np.flatnonzero(scores >= least)
