"""Combines the results of several shards, in the order of the requested passages.

Arrays have the same memory layout as in one process, since the last bit of a sum may depend on it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qa.encode.max_similarities import Maxima
from qa.index.contract import Candidates, Floats, Rows, TokenSimilarities


def combined_candidates(parts: Sequence[Candidates], count: int) -> Candidates:
    """The best candidates of all shards, at most `count` by vector and `count` by BM25, given rows of the index."""
    rows = np.concatenate([np.empty(0, np.int64), *(each.rows for each in parts)])
    signals = {
        name: np.concatenate([getattr(each, name) for each in parts])
        for name in ("dense", "bm25", "sentence", "boilerplate")
    }
    by_row = np.argsort(rows)

    def places(chosen: Rows) -> Rows:
        return by_row[rows[by_row].searchsorted(chosen)]

    def best(of_parts: Sequence[Rows], scores: Floats) -> Rows:
        """The rows with the best scores, best first, ties in the order of rows."""
        together = np.concatenate([np.empty(0, np.int64), *of_parts])
        return together[np.lexsort((together, -scores[places(together)]))][:count]

    dense_rows = best([each.dense_rows for each in parts], signals["dense"])
    bm25_rows = best([each.bm25_rows for each in parts], signals["bm25"])
    chosen = np.union1d(dense_rows, bm25_rows)
    found = {name: values[places(chosen)] for name, values in signals.items()}
    return Candidates(chosen, dense_rows=dense_rows, bm25_rows=bm25_rows, **found)


def combined_maxima(parts: Sequence[Maxima], order: Rows) -> Maxima:
    """Combine the comparisons of several shards into one.

    Args:
        parts: The comparison of each shard, of at least one.
        order: For each requested passage its position in the concatenated parts, `(n,) int64`.
    """
    sources, bounds = _sources([part.bounds for part in parts], order)
    return Maxima(
        passages=np.take(np.concatenate([part.passages for part in parts], axis=1), order, axis=1),
        sentences=np.concatenate([part.sentences for part in parts], axis=1)[:, sources],
        outside=np.take(np.concatenate([part.outside for part in parts], axis=1), order, axis=1),
        numbers=np.concatenate([part.numbers for part in parts])[sources],
        bounds=bounds,
    )


def combined_similarities(parts: Sequence[TokenSimilarities], order: Rows) -> TokenSimilarities:
    """Combine the token similarities of several shards into one; arguments as in `combined_maxima`."""
    sources, bounds = _sources([part.bounds for part in parts], order)
    return TokenSimilarities(
        matrix=np.take(np.concatenate([part.matrix for part in parts], axis=1), sources, axis=1),
        spans=np.concatenate([part.spans for part in parts])[sources],
        sentences=np.concatenate([part.sentences for part in parts])[sources],
        bounds=bounds,
    )


def _sources(bounds: Sequence[Rows], order: Rows) -> tuple[Rows, Rows]:
    """The source index of each column in the requested order, and the bounds of each passage there."""
    lengths = np.concatenate([np.diff(each) for each in bounds])
    begins = np.append(np.int64(0), np.cumsum(lengths))[:-1]
    ends = np.append(np.int64(0), np.cumsum(lengths[order]))
    return np.repeat(begins[order] - ends[:-1], lengths[order]) + np.arange(ends[-1]), ends
