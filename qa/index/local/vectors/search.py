"""Exact search in several vector stores.

1. Every store proposes rows, each with its highest possible score.
2. The exact scores of the most promising `count` rows of all stores give the least score that can be among the best.
3. All rows that may reach it are scored. A store whose other rows may reach it proposes more rows.

Guarantees: the same rows with the same scores as if all rows of all stores were scored.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qa.index.local.vectors.contract import Proposed, VectorStore, inner_products
from qa.index.local.vectors.exact import Floats, Rows, nearest

_MORE = 4  # times as many rows, where those proposed are not enough


def search(
    stores: Sequence[VectorStore], query: Floats, count: int, allowed: Sequence[npt.NDArray[np.bool_] | None]
) -> list[tuple[Rows, Floats]]:
    """Find the rows nearest to a query.

    Args:
        stores: The stores.
        query: `(d,) float32`, unit length.
        count: How many rows of all stores are wanted, at least 1.
        allowed: For each store, `(size,) bool`: only rows marked True compete; None for all.

    Returns:
        For each store, rows `(n,) int64` and their inner products `(n,) float32`, best first, ties in the order of
        rows. The best `count` of all stores are among them.
    """
    proposed = [store.propose(query, count, each) for store, each in zip(stores, allowed, strict=True)]
    least = _least(stores, proposed, query, count)
    found = []
    for store, each, competing in zip(stores, proposed, allowed, strict=True):
        asked, those = count, each
        while those.rest > -np.inf and those.rest >= least:
            asked *= _MORE
            those = store.propose(query, asked, competing)
        rows = np.sort(those.rows[those.at_most >= least])
        found.append(nearest(rows, inner_products(store.vectors(rows), query), count))
    return found


def _least(stores: Sequence[VectorStore], proposed: Sequence[Proposed], query: Floats, count: int) -> float:
    """A score that at least `count` rows reach; minus infinity if fewer are proposed."""
    if sum(len(each.rows) for each in proposed) < count:
        return -np.inf
    at_most = np.concatenate([each.at_most for each in proposed])
    promising = np.partition(at_most, len(at_most) - count)[len(at_most) - count]
    scores = [
        inner_products(store.vectors(each.rows[each.at_most >= promising]), query)
        for store, each in zip(stores, proposed, strict=True)
    ]
    return float(np.partition(np.concatenate(scores), -count)[-count])
