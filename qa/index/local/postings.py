"""A segment's postings: for each term the passages that contain it, with counts.

Terms are sorted by a 64-bit hash, then by text, so a binary search in a mapped array finds a term. The text is compared
too, so terms with equal hashes are not confused.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from qa.index.local import arrays
from qa.index.local.arrays import ArrayFiles

ABSENT = -1
BLOCK = 1 << 18  # postings merged at a time, approximately

Rows = npt.NDArray[np.int32]


def _encoded(term: str) -> bytes:
    return term.encode("utf-8", "surrogatepass")


def _hash(term: bytes) -> int:
    return int.from_bytes(blake2b(term, digest_size=8).digest(), "little")


@dataclass(frozen=True, slots=True)
class TermKeys:
    """Terms for a lookup in postings: hashes, `(n,) uint64`, and texts."""

    hashes: npt.NDArray[np.uint64]
    texts: tuple[bytes, ...]

    @classmethod
    def of(cls, terms: Iterable[str]) -> TermKeys:
        """The keys of terms, in order."""
        texts = tuple(map(_encoded, terms))
        return cls(np.array([_hash(text) for text in texts], np.uint64), texts)


@dataclass(frozen=True, slots=True)
class Postings:
    """The postings of one segment.

    Attributes:
        hashes: `(terms,) uint64`, ascending.
        texts: The concatenated terms, `(bytes,) uint8`, with the offsets of each in `text_bounds`.
        bounds: The offsets of each term's postings, `(terms + 1,) int64`.
        rows: Passages, ascending for each term, `(postings,) int32`.
        counts: The number of occurrences in each, `(postings,) int32`.
    """

    hashes: npt.NDArray[np.uint64]
    texts: npt.NDArray[np.uint8]
    text_bounds: npt.NDArray[np.int64]
    bounds: npt.NDArray[np.int64]
    rows: Rows
    counts: Rows

    def places(self, keys: TermKeys) -> list[int]:
        """The number of each term in the segment; `ABSENT` if the segment does not have it."""
        if not len(self.hashes):
            return [ABSENT] * len(keys.texts)
        found = self.hashes.searchsorted(keys.hashes).tolist()
        hashes = keys.hashes.tolist()
        return [self._place(*each) for each in zip(found, hashes, keys.texts, strict=True)]

    def of(self, place: int) -> tuple[Rows, Rows]:
        """The passages that contain the term with a number, ascending, and the count in each."""
        piece = slice(self.bounds[place], self.bounds[place + 1])
        return self.rows[piece], self.counts[piece]

    def frequency(self, place: int, live: npt.NDArray[np.bool_] | None) -> int:
        """The number of live passages that contain the term with a number; `live` is None if all are."""
        if place == ABSENT:
            return 0
        if live is None:
            return int(self.bounds[place + 1] - self.bounds[place])
        return int(np.count_nonzero(live[self.of(place)[0]]))

    def holders(self, place: int, live: npt.NDArray[np.bool_] | None) -> Rows:
        """The live passages that contain the term with a number, ascending; `live` is None if all are."""
        if place == ABSENT:
            return np.empty(0, np.int32)
        rows, _ = self.of(place)
        return rows if live is None else rows[live[rows]]

    def text(self, place: int) -> bytes:
        """The term with a number."""
        return self.texts[self.text_bounds[place] : self.text_bounds[place + 1]].tobytes()

    def _place(self, place: int, term_hash: int, text: bytes) -> int:
        while place < len(self.hashes) and int(self.hashes[place]) == term_hash:
            if self.text(place) == text:
                return place
            place += 1
        return ABSENT


class PostingsWriter:
    """Collects the terms of passages, and writes their postings at the end. Memory grows with the segment."""

    def __init__(self, files: ArrayFiles) -> None:
        self._files = files
        self._numbers: dict[str, int] = {}
        self._terms, self._rows, self._counts = array("i"), array("i"), array("i")
        self._passages = 0

    def add(self, counts: Iterable[tuple[str, int]]) -> int:
        """Add the next passage's terms with their counts; return its length in terms, at least 1."""
        length = 0
        for term, count in counts:
            self._terms.append(self._numbers.setdefault(term, len(self._numbers)))
            self._rows.append(self._passages)
            self._counts.append(count)
            length += count
        self._passages += 1
        return length or 1

    def finish(self) -> None:
        """Write the arrays."""
        keyed = sorted((_hash(text), text, number) for text, number in _numbered(self._numbers))
        ranks = np.empty(len(keyed), np.int32)
        ranks[[number for _, _, number in keyed]] = np.arange(len(keyed), dtype=np.int32)
        terms = ranks[np.frombuffer(self._terms, np.int32)]
        order = np.argsort(terms, kind="stable")  # rows are already ascending
        _begin(self._files)
        _write(
            self._files,
            [(each[0], each[1]) for each in keyed],
            np.bincount(terms, minlength=len(keyed)),
            np.frombuffer(self._rows, np.int32)[order],
            np.frombuffer(self._counts, np.int32)[order],
        )


def merge_postings(parts: Sequence[tuple[Postings, Rows]], files: ArrayFiles) -> Iterator[None]:
    """Merge the postings of several segments block by block, calling the pause after each block.

    Args:
        parts: Each segment's postings, and the new row of each of its passages, -1 for one that is left out.
        files: The files to write.
    """
    total = sum(len(postings.rows) for postings, _ in parts)
    blocks = total // BLOCK + 1
    _begin(files)
    # Hashes are uniform, so equal parts of their range have about the same number of terms.
    limits = [(number << 64) // blocks for number in range(1, blocks)]
    begins = [0] * len(parts)
    for limit in (*limits, None):
        ends = [
            len(postings.hashes) if limit is None else int(postings.hashes.searchsorted(np.uint64(limit)))
            for postings, _ in parts
        ]
        _merge_block(parts, begins, ends, files)
        begins = ends
        yield


def _merge_block(
    parts: Sequence[tuple[Postings, Rows]], begins: Sequence[int], ends: Sequence[int], files: ArrayFiles
) -> None:
    keys = [
        [(int(postings.hashes[place]), postings.text(place)) for place in range(begin, end)]
        for (postings, _), begin, end in zip(parts, begins, ends, strict=True)
    ]
    merged = sorted(set().union(*keys))
    numbers = {key: number for number, key in enumerate(merged)}
    pieces = []
    for (postings, new_rows), of_part, begin, end in zip(parts, keys, begins, ends, strict=True):
        bounds = postings.bounds[begin : end + 1]
        piece = slice(bounds[0], bounds[-1])
        terms = np.repeat(np.array([numbers[key] for key in of_part], np.int32), np.diff(bounds))
        rows = new_rows[postings.rows[piece]]
        kept = rows >= 0
        pieces.append((terms[kept], rows[kept], postings.counts[piece][kept]))
    terms, rows, counts = (np.concatenate(each) for each in zip(*pieces, strict=True))
    order = np.lexsort((rows, terms))
    lengths = np.bincount(terms, minlength=len(merged))
    kept_terms = [key for key, length in zip(merged, lengths.tolist(), strict=True) if length]
    _write(files, kept_terms, lengths[lengths > 0], rows[order], counts[order])


def _numbered(numbers: dict[str, int]) -> Iterator[tuple[bytes, int]]:
    return ((_encoded(term), number) for term, number in numbers.items())


def _begin(files: ArrayFiles) -> None:
    files.write(arrays.TERM_TEXT_BOUNDS, np.zeros(1, np.int64))
    files.write(arrays.POSTING_BOUNDS, np.zeros(1, np.int64))


def _write(
    files: ArrayFiles, terms: Sequence[tuple[int, bytes]], lengths: npt.NDArray[np.int64], rows: Rows, counts: Rows
) -> None:
    text_lengths = np.fromiter((len(text) for _, text in terms), np.int64, len(terms))
    text_bounds = files.rows(arrays.TERM_TEXTS) + np.cumsum(text_lengths, dtype=np.int64)
    bounds = files.rows(arrays.POSTING_ROWS) + np.cumsum(lengths, dtype=np.int64)
    files.write(arrays.TERM_HASHES, np.array([each for each, _ in terms], np.uint64))
    files.write(arrays.TERM_TEXTS, np.frombuffer(b"".join(text for _, text in terms), np.uint8))
    files.write(arrays.TERM_TEXT_BOUNDS, text_bounds)
    files.write(arrays.POSTING_BOUNDS, bounds)
    files.write(arrays.POSTING_ROWS, rows)
    files.write(arrays.POSTING_COUNTS, counts)
