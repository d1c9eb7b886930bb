"""Selects the best of many scores."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from qa.index.contract import Floats, Rows

_KEPT = 8  # times as many as wanted are kept before the worse ones are left out


def among_best(scores: Floats, count: int) -> npt.NDArray[np.intp]:
    """The positions of the best `count` of some scores `(n,) float32`, and of others equal to the last, ascending."""
    if len(scores) <= count:
        return np.arange(len(scores))
    least = np.partition(scores, len(scores) - count)[len(scores) - count]
    return np.flatnonzero(scores >= least)


def best_of_parts(parts: Iterable[Floats], count: int) -> tuple[Rows, Floats]:
    """The positions of the best `count` scores above 0, and of others equal to the last, ascending, and these scores.

    Args:
        parts: The scores, part by part; positions count through all of them.
        count: How many.
    """
    kept: list[tuple[Rows, Floats]] = []
    begin, least = 0, np.finfo(np.float32).smallest_subnormal
    for part in parts:
        better = np.flatnonzero(part >= least)
        if len(better):
            kept.append((better + begin, part[better]))
            if sum(len(rows) for rows, _ in kept) > _KEPT * count:
                kept = [_best_of(kept, count)]
                least = kept[0][1].min()
        begin += len(part)
    return _best_of(kept, count)


def _best_of(kept: Iterable[tuple[Rows, Floats]], count: int) -> tuple[Rows, Floats]:
    none = (np.empty(0, np.int64), np.empty(0, np.float32))
    rows, scores = (np.concatenate(each) for each in zip(none, *kept, strict=True))
    best = among_best(scores, count)
    return rows[best], scores[best]
