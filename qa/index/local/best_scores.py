"""Selects the best of many scores."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

_KEPT = 8  # times as many as wanted are kept before the worse ones are left out


def among_best(scores: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.intp]:
    """The positions of the best `count` of some scores `(n,) float32`, and of others equal to the last, ascending."""
    if len(scores) <= count:
        return np.arange(len(scores))
    least = np.partition(scores, len(scores) - count)[len(scores) - count]
    return np.flatnonzero(scores >= least)


def best_of_parts(
    parts: Iterable[npt.NDArray[np.float32]], count: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """The positions of the best `count` scores above 0, and of others equal to the last, ascending, and these scores.

    Args:
        parts: The scores, part by part; positions count through all of them.
        count: How many.
    """
    found, scores, begin, kept = [np.empty(0, np.int64)], [np.empty(0, np.float32)], 0, 0
    least = np.finfo(np.float32).smallest_subnormal
    for part in parts:
        better = np.flatnonzero(part >= least)
        if len(better):
            found.append(better + begin)
            scores.append(part[better])
            kept += len(better)
            if kept > _KEPT * count:
                (some,), (of_some,) = found, scores = [np.concatenate(found)], [np.concatenate(scores)]
                best = among_best(of_some, count)
                found, scores, kept = [some[best]], [of_some[best]], len(best)
                least = scores[0].min()
        begin += len(part)
    rows, values = np.concatenate(found), np.concatenate(scores)
    best = among_best(values, count)
    return rows[best], values[best]
