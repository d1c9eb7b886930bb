"""Exact search in several vector stores.

1. Every store proposes rows, each with its highest possible score. Many rows are searched on two threads.
2. The exact scores of the most promising rows of all stores give the least score that can be among the best.
3. All rows that may reach it are scored. A store whose other rows may reach it proposes more rows.
4. If many of the promising rows had to be read from the disk, the system is told all others before they are read, so
   that it reads them together.

Guarantees: the same rows with the same scores as if all rows of all stores were scored.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

from qa.index.contract import Floats, Rows
from qa.index.local.best_scores import among_best
from qa.index.local.read_ahead import pages_read
from qa.index.local.vectors.coded_store import slack
from qa.index.local.vectors.exact import ExactStore, Proposed

_ASKED, _ASKED_SHARE = 64, 32  # times as many rows as wanted, or one of so many rows, are nearly always enough
_FEWEST = 256  # rows asked of a store, whose share of the best may be larger than its share of the rows
_MORE = 4  # times as many rows, where those proposed are not enough
_PROMISING = 2  # times as many rows as wanted are scored first: the least score is then higher, so fewer may reach it
_ON_TWO_THREADS = 200_000  # rows whose search takes ten times as long as giving a part of it to another thread
_SECOND_THREADS = ThreadPoolExecutor(os.cpu_count(), "search")  # started when needed
_COLD = 8  # if a page was read from the disk for one of so many wanted rows, most others are not in memory either


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

    def propose(numbers: range) -> list[Proposed]:
        return [stores[each].propose(query, some[each], slacks[each], allowed[each]) for each in numbers]

    proposed = _of_all(propose, begins)
    rows, at_most = _together(proposed, begins)
    if any(each.rest > -np.inf for each in proposed):
        least, missing = -np.inf, 0
        if len(rows) >= count:
            promising = np.sort(rows[among_best(at_most, _PROMISING * count)])
            before = pages_read()
            scores = _scored(stores, promising, query, begins)
            missing = pages_read() - before
            least = float(scores[among_best(scores, count)].min())
        for number, (store, competing) in enumerate(zip(stores, allowed, strict=True)):
            asked = some[number]
            while (rest := proposed[number].rest) > -np.inf and rest >= least:
                asked *= _MORE
                proposed[number] = store.propose(query, asked, slacks[number], competing)
        rows, at_most = _together(proposed, begins)
        rows = np.sort(rows[at_most >= least])
        if missing * _COLD > count:
            for store, of_store in _by_store(stores, rows, begins):
                store.prefetch(of_store)
        at_most = _scored(stores, rows, query, begins)
    best = among_best(at_most, count)
    return rows[best], at_most[best]


def _of_all(propose: Callable[[range], list[Proposed]], begins: Sequence[int]) -> list[Proposed]:
    """What each store proposes; for many rows, a second thread searches the stores with about half of them."""
    cut = bisect_left(begins, begins[-1] // 2) if begins[-1] >= _ON_TWO_THREADS else 0
    if not cut:
        return propose(range(len(begins) - 1))
    first = _SECOND_THREADS.submit(propose, range(cut))
    others = propose(range(cut, len(begins) - 1))
    return first.result() + others


def _together(proposed: Sequence[Proposed], begins: Sequence[int]) -> tuple[Rows, Floats]:
    """What the stores propose as rows of all stores, `(n,) int64`, with their highest possible scores."""
    rows = np.concatenate([each.rows + begin for each, begin in zip(proposed, begins, strict=False)])
    return rows, np.concatenate([each.at_most for each in proposed])


def _scored(stores: Sequence[ExactStore], rows: Rows, query: Floats, begins: Sequence[int]) -> Floats:
    """The inner products of some ascending rows of all stores, `(n,) float32`."""
    scores = (store.scores(of_store, query) for store, of_store in _by_store(stores, rows, begins))
    return np.concatenate([np.empty(0, np.float32), *scores])


def _by_store(stores: Sequence[ExactStore], rows: Rows, begins: Sequence[int]) -> Iterator[tuple[ExactStore, Rows]]:
    """Each store that has some of some ascending rows of all stores, and these rows in it."""
    cuts = pairwise(rows.searchsorted(begins).tolist())
    for store, begin, (first, last) in zip(stores, begins, cuts, strict=False):
        if first < last:
            yield store, rows[first:last] - begin
