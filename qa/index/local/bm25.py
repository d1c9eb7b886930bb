"""BM25 over stemmed words (Robertson & Zaragoza 2009, in the variant of Lucene: k1 1.5, b 0.75).

The index is bm25s's: every word's contributions are computed at build, so a query sums a few sparse columns. Its arrays
are computed here, bit for bit as bm25s would, since bm25s holds every term of every text in memory meanwhile. The
analyser is ours, since the same one must tell the confidence model which words of a question a passage holds.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import bm25s
import numpy as np
import numpy.typing as npt

from qa.text.words import terms

_K1, _B = 1.5, 0.75
_POSTING = np.dtype([("row", np.int32), ("term", np.int32), ("count", np.int32)])
_BLOCK = 1 << 18  # postings handled at a time


class BM25:
    """An open BM25 index over the passages of a snapshot."""

    def __init__(self, index: bm25s.BM25) -> None:
        index.unique_token_ids_set.clear()  # a second copy of the vocabulary, for a method that is not used here
        # As plain arrays: slices of a memmap are memmaps again, at a price that is paid for every term.
        index.scores = {name: np.asarray(each) if np.ndim(each) else each for name, each in index.scores.items()}
        self._index = index
        self.vocabulary: dict[str, int] = index.vocab_dict
        self.size = int(index.scores["num_docs"])

    @classmethod
    def open(cls, folder: Path) -> BM25:
        """Open a saved index; its arrays are memory-mapped."""
        return cls(bm25s.BM25.load(folder, mmap=True, show_progress=False))

    def scores(self, query_terms: Sequence[str]) -> npt.NDArray[np.float32]:
        """Every passage's score for the given terms, `(passages,) float32`; 0 where none occurs."""
        ids = [self.vocabulary[each] for each in query_terms if each in self.vocabulary]
        if not ids:
            return np.zeros(self.size, dtype=np.float32)
        return np.asarray(self._index.get_scores_from_ids(ids), dtype=np.float32)

    def frequency(self, query_term: str) -> int:
        """The number of passages that hold a term."""
        column = self.vocabulary.get(query_term)
        if column is None:
            return 0
        bounds = self._index.scores["indptr"]
        return int(bounds[column + 1] - bounds[column])

    def holders(self, query_term: str) -> npt.NDArray[np.int32]:
        """The passages that hold a term, `(n,) int32`, ascending."""
        column = self.vocabulary.get(query_term)
        if column is None:
            return np.empty(0, np.int32)
        bounds = self._index.scores["indptr"]
        return np.asarray(self._index.scores["indices"][int(bounds[column]) : int(bounds[column + 1])], dtype=np.int32)


def write_bm25(texts: Iterable[str], folder: Path) -> None:
    """Index texts, in order, and save the index into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder) as postings, TemporaryFile(dir=folder) as scores, TemporaryFile(dir=folder) as rows:
        vocabulary, lengths = _write_postings(texts, postings)
        index = bm25s.BM25(k1=_K1, b=_B, method="lucene")
        index.vocab_dict, index.nonoccurrence_array = vocabulary, None
        index.scores = _transposed(postings, lengths, len(vocabulary), scores, rows)
        index.save(folder, show_progress=False)


def _write_postings(texts: Iterable[str], file: IO[bytes]) -> tuple[dict[str, int], npt.NDArray[np.int32]]:
    """Write `_POSTING`s, text by text; returns the vocabulary, and the number of terms in each text."""
    vocabulary = {"": 0}  # never empty, and the same for the same texts
    lengths = array("i")
    for row, text in enumerate(texts):
        counts = Counter(terms(text) or [""])
        postings = ((row, vocabulary.setdefault(each, len(vocabulary)), count) for each, count in counts.items())
        file.write(array("i", chain.from_iterable(postings)).tobytes())
        lengths.append(counts.total())
    file.flush()
    return vocabulary, np.array(lengths, dtype=np.int32)


def _transposed(
    file: IO[bytes], lengths: npt.NDArray[np.int32], terms_count: int, scores: IO[bytes], rows: IO[bytes]
) -> dict[str, Any]:
    """What bm25s' `build_index_from_ids` gives, bit for bit: each term's scores and the rows they belong to.

    It is done block by block, from file to file, so that memory does not grow with the texts.
    """
    postings = np.memmap(file, dtype=_POSTING, mode="r")
    blocks = [postings[at : at + _BLOCK] for at in range(0, len(postings), _BLOCK)]
    frequencies = np.zeros(terms_count, dtype=np.int64)
    for block in blocks:
        frequencies += np.bincount(block["term"], minlength=terms_count)
    ratio = (len(lengths) - frequencies + 0.5) / (frequencies + 0.5)
    rarities = np.array([math.log(1 + each) for each in ratio], dtype=np.float32)
    norms = _K1 * ((1 - _B) + _B * lengths / lengths.mean())
    bounds = np.concatenate([[0], np.cumsum(frequencies)])
    for out in (scores, rows):
        for block in blocks:  # so that a full disk is told here, and not by a signal
            out.write(bytes(4 * len(block)))
        out.flush()
    data = np.memmap(scores, dtype=np.float32, mode="r+")
    indices = np.memmap(rows, dtype=np.int32, mode="r+")
    heads = bounds[:-1].copy()
    for block in blocks:
        by_term = block[np.argsort(block["term"], kind="stable")]
        term_ids, counts = by_term["term"], by_term["count"].astype(np.float32)
        places = heads[term_ids] + np.arange(len(by_term)) - np.searchsorted(term_ids, term_ids)
        data[places] = rarities[term_ids] * (counts / (norms[by_term["row"]] + counts))
        indices[places] = by_term["row"]
        heads += np.bincount(term_ids, minlength=terms_count)
    return {"data": data, "indices": indices, "indptr": bounds, "num_docs": len(lengths)}
