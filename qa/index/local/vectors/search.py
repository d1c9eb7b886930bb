"""Exact search in several vector stores.

1. Every store proposes rows, each with its highest possible score.
2. The exact scores of the most promising rows of all stores give the least score that can be among the best.
3. All rows that may reach it are scored. A store whose other rows may reach it proposes more rows.

Guarantees: the same rows with the same scores as if all rows of all stores were scored.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

from qa.index.local.best_scores import among_best
from qa.index.local.vectors.coded_store import slack
from qa.index.local.vectors.exact import ExactStore, Floats, Proposed, Rows

_ASKED, _ASKED_SHARE = 16, 32  # times as many rows as wanted, or one of so many rows, are mostly enough
_FEWEST = 256  # rows asked of a store, whose share of the best may be larger than its share of the rows
_MORE = 4  # times as many rows, where those proposed are not enough
_PROMISING = 2  # times as many rows as wanted are scored first: the least score is then higher, so fewer may reach it


def search(
    stores: Sequence[ExactStore], query: Floats, count: int, allowed: Sequence[npt.NDArray[np.bool_] | None]
) -> tuple[Rows, Floats]:
    """Find the rows nearest to a query.

    Args:
        stores: The stores. Their rows are numbered one store after another.
        query: `(d,) float32`, unit length.
        count: How many rows are wanted, at least 1.
        allowed: For each store, `(size,) bool`: only rows marked True compete; None for all.

    Returns:
        The best rows, ascending, `(n,) int64`, and their inner products, `(n,) float32`; n is above `count` if further
        rows score as much as the last.
    """
    if not stores:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    begins = list(accumulate((store.size for store in stores), initial=0))
    some = [
        _FEWEST + min(_ASKED * count * store.size // max(begins[-1], 1), store.size // _ASKED_SHARE) for store in stores
    ]
    slacks = slack(np.stack([store.steps for store in stores]), query).tolist()
    proposed = [store.propose(query, *each) for store, *each in zip(stores, some, slacks, allowed, strict=True)]
    rows, at_most = _together(proposed, begins)
    if any(each.rest > -np.inf for each in proposed):
        least = -np.inf
        if len(rows) >= count:
            promising = np.sort(rows[among_best(at_most, _PROMISING * count)])
            scores = _scored(stores, promising, query, begins)
            least = float(scores[among_best(scores, count)].min())
        for number, (store, competing) in enumerate(zip(stores, allowed, strict=True)):
            asked = some[number]
            while (rest := proposed[number].rest) > -np.inf and rest >= least:
                asked *= _MORE
                proposed[number] = store.propose(query, asked, slacks[number], competing)
        rows, at_most = _together(proposed, begins)
        rows = np.sort(rows[at_most >= least])
        at_most = _scored(stores, rows, query, begins)
    best = among_best(at_most, count)
    return rows[best], at_most[best]


def _together(proposed: Sequence[Proposed], begins: Sequence[int]) -> tuple[Rows, Floats]:
    """What the stores propose as rows of all stores, `(n,) int64`, with their highest possible scores."""
    rows = np.concatenate([each.rows + begin for each, begin in zip(proposed, begins, strict=False)])
    return rows, np.concatenate([each.at_most for each in proposed])


def _scored(stores: Sequence[ExactStore], rows: Rows, query: Floats, begins: Sequence[int]) -> Floats:
    """The inner products of some ascending rows of all stores, `(n,) float32`."""
    cuts = rows.searchsorted(begins).tolist()
    scores = [np.empty(0, np.float32)]
    for store, begin, (first, last) in zip(stores, begins, pairwise(cuts), strict=False):
        if first < last:
            scores.append(store.scores(rows[first:last] - begin, query))
    return np.concatenate(scores)
