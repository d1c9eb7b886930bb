"""Choosing the FAISS index over a snapshot's vectors, and writing it.

1. Few vectors get an exact index: looking at all of them takes less time than encoding the question does.
2. More of them are divided into inverted lists, and kept there as codes of 8 bits a component.
3. How many lists a search must look into is measured: the smallest number by which queries find the goal's share of
   their true best hundred.
4. Where even many do not reach the goal, the index is exact all the same, and the choice says why.

Guarantees: the same vectors give the same bytes. Training and adding run on one thread, from evenly spaced samples.
"""

from __future__ import annotations

import errno
import math
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from qa.index.local.vectors.contract import IndexChoice
from qa.index.local.vectors.faiss_store import MEASURED_AT, FaissStore

EXACT_UP_TO = 20_000  # vectors; an exact search among so many takes a millisecond
RECALL_GOAL = 0.98

_MARGIN = 0.005  # above the goal, since the sample is not the questions that will come
_LISTS = 2  # times the root of the number of vectors
_SAMPLE = 39  # vectors for each list to train on: as few as FAISS finds enough
_MOST_LISTS_SHARE = 0.5  # looking into more of them is hardly quicker than an exact search
_TIMES_WANTED = 4  # as many vectors as a search wants are in the fewest lists that it looks into
_BLOCK = 16_384  # vectors handled at a time, so that memory stays bounded

Floats = npt.NDArray[np.float32]


def write_index(vectors: Floats, queries: Floats, path: Path, exact_up_to: int = EXACT_UP_TO) -> IndexChoice:
    """Index vectors and save the index to a file.

    Args:
        vectors: `(n, d) float32`, rows of unit length; best mapped from a file.
        queries: `(q, d) float32`, unit length, like those that will be asked; to measure recall with.
        path: The file to write.
        exact_up_to: How many vectors get an exact index without further ado.

    Raises:
        OSError: the disk refused.
    """
    if len(vectors) > exact_up_to:
        lists = _quantised(vectors)
        choice = _measured(lists, vectors, queries)
        if choice.kind == "quantised":
            return _save(lists, choice, path)
    else:
        choice = IndexChoice("exact")
    flat = faiss.IndexFlatIP(vectors.shape[1])
    _add(flat, vectors)
    return _save(flat, choice, path)


def evenly(count: int, wanted: int) -> npt.NDArray[np.int64]:
    """At most `wanted` of `count` rows, evenly spaced; the same ones every time."""
    return np.linspace(0, count - 1, min(count, wanted)).astype(np.int64)


def _quantised(vectors: Floats) -> faiss.IndexIVFScalarQuantizer:
    size, dimension = vectors.shape
    lists = max(1, min(round(_LISTS * math.sqrt(size)), size // _SAMPLE))
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimension), dimension, lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    index.cp.min_points_per_centroid = 1  # for fewer than it likes, FAISS writes to the terminal
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # a team would sum in another order; it holds for this thread alone
    try:
        index.train(vectors[evenly(size, _SAMPLE * lists)])
        _add(index, vectors)
    finally:
        faiss.omp_set_num_threads(threads)
    return index


def _save(index: faiss.Index, choice: IndexChoice, path: Path) -> IndexChoice:
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise OSError(errno.EIO, str(error).splitlines()[-1], str(path)) from error
    return choice


def _add(index: faiss.Index, vectors: Floats) -> None:
    for at in range(0, len(vectors), _BLOCK):
        index.add(vectors[at : at + _BLOCK])


def _measured(index: faiss.IndexIVFScalarQuantizer, vectors: Floats, queries: Floats) -> IndexChoice:
    """The smallest number of probes that reaches the goal; else what the most that are allowed reach."""
    wanted = min(MEASURED_AT, len(vectors))
    least = _least_scores(vectors, queries, wanted) - 1e-5  # sums in another order differ in the last digits
    most = max(1, int(index.nlist * _MOST_LISTS_SHARE))
    # In fewer lists a search may find too few rows, and then looks into all.
    probes = min(math.ceil(_TIMES_WANTED * wanted * index.nlist / len(vectors)), most)
    while True:
        store = FaissStore(index, vectors, probes)
        found = [store.search(query, wanted)[1] >= low for query, low in zip(queries, least, strict=True)]
        recall = float(np.mean(found))
        if recall >= RECALL_GOAL + _MARGIN or probes == most:
            break
        probes = min(probes * 3 // 2 + 1, most)
    kind = "quantised" if recall >= RECALL_GOAL + _MARGIN else "exact"
    return IndexChoice(kind, index.nlist, probes, round(recall, 4), len(queries))


def _least_scores(vectors: Floats, queries: Floats, count: int) -> Floats:
    """For each query, the inner product with the last of its `count` nearest vectors, `(q,) float32`."""
    best = np.empty((len(queries), 0), dtype=np.float32)
    for at in range(0, len(vectors), _BLOCK):
        scores = np.concatenate([best, queries @ vectors[at : at + _BLOCK].T], axis=1)
        best = np.partition(scores, -count, axis=1)[:, -count:] if scores.shape[1] > count else scores
    return np.asarray(best.min(axis=1), dtype=np.float32)
