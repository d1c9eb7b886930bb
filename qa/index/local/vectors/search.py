"""Exact search in several vector stores.

1. Every store proposes rows, each with its highest possible score.
2. The exact scores of the most promising rows of all stores give the least score that can be among the best.
3. All rows that may reach it are scored. A store whose other rows may reach it proposes more rows.

Guarantees: the same rows with the same scores as if all rows of all stores were scored.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from qa.index.local.best_scores import among_best
from qa.index.local.vectors.contract import VectorStore, inner_products

_ASKED, _ASKED_SHARE = 16, 32  # times as many rows as wanted, or one of so many rows, are mostly enough
_FEWEST = 256  # rows asked of a store, whose share of the best may be larger than its share of the rows
_MORE = 4  # times as many rows, where those proposed are not enough
_PROMISING = 2  # times as many rows as wanted are scored first: the least score is then higher, so fewer may reach it

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


def search(
    stores: Sequence[VectorStore], query: Floats, count: int, allowed: Sequence[npt.NDArray[np.bool_] | None]
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
    begins = list(accumulate((store.size for store in stores), initial=0))
    some = [
        _FEWEST + min(_ASKED * count * store.size // max(begins[-1], 1), store.size // _ASKED_SHARE) for store in stores
    ]
    proposed = [store.propose(query, asked, each) for store, asked, each in zip(stores, some, allowed, strict=True)]
    at_most = np.concatenate([np.empty(0, np.float32), *(each.at_most for each in proposed)])
    if all(each.rest == -np.inf for each in proposed):
        numbered = [each.rows + begin for each, begin in zip(proposed, begins, strict=False)]
        best = among_best(at_most, count)
        return np.concatenate([np.empty(0, np.int64), *numbered])[best], at_most[best]
    least = -np.inf
    if len(at_most) >= count:
        promising = at_most[among_best(at_most, _PROMISING * count)].min()
        _, scores = _scored(stores, [each.rows[each.at_most >= promising] for each in proposed], query, begins)
        least = float(scores[among_best(scores, count)].min())
    for number, (store, competing) in enumerate(zip(stores, allowed, strict=True)):
        asked = some[number]
        while (rest := proposed[number].rest) > -np.inf and rest >= least:
            asked *= _MORE
            proposed[number] = store.propose(query, asked, competing)
    rows, scores = _scored(stores, [np.sort(each.rows[each.at_most >= least]) for each in proposed], query, begins)
    best = among_best(scores, count)
    return rows[best], scores[best]


def _scored(
    stores: Sequence[VectorStore], rows: Sequence[Rows], query: Floats, begins: Sequence[int]
) -> tuple[Rows, Floats]:
    """Some rows of each store as rows of all stores, `(n,) int64`, and their inner products, `(n,) float32`."""
    some = [(store, each, begin) for store, each, begin in zip(stores, rows, begins, strict=False) if len(each)]
    if not some:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    vectors = np.concatenate([store.vectors(each) for store, each, _ in some])
    return np.concatenate([each + begin for _, each, begin in some]), inner_products(vectors, query)
