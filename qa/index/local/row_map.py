"""Numbers the passages of an index in the order of their documents' paths, over all segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qa.index.contract import Rows
from qa.records import DocumentInfo


@dataclass(frozen=True, slots=True)
class DocumentList:
    """The documents of one segment, in the order of their paths, and the rows of those that were removed."""

    documents: Sequence[DocumentInfo]
    removed: Sequence[int] = ()


class RowMap:
    """Maps rows of an index to (segment, row in it) and back. Documents are also numbered in the order of paths."""

    def __init__(self, segments: Sequence[DocumentList]) -> None:
        """Number the documents and their passages.

        Raises:
            ValueError: two live documents have one path.
        """
        live = [_live(each) for each in segments]
        keyed = sorted(
            (each.documents[row].source, number, row)
            for number, (each, rows) in enumerate(zip(segments, live, strict=True))
            for row in rows
        )
        paths = [path for path, _, _ in keyed]
        if len(set(paths)) < len(paths):
            raise ValueError("two documents of the index have one path")
        self.documents = tuple(segments[number].documents[row] for _, number, row in keyed)
        # For each document: its segment, its row there, the first row of its passages there, and in the index.
        self.segments = np.array([number for _, number, _ in keyed], np.int64)
        self.document_rows = np.array([row for _, _, row in keyed], np.int64)
        begins = [first_rows(each.documents) for each in segments]
        first = np.array([begins[number][row] for _, number, row in keyed], np.int64)
        self._starts = first_rows(self.documents)
        self.size = int(self._starts[-1])
        self._shifts = first - self._starts[:-1]
        # By segment and document: the offset from a row in the segment to one in the index.
        self._back = [np.zeros(len(each.documents), np.int64) for each in segments]
        for number, back in enumerate(self._back):
            here = np.flatnonzero(self.segments == number)
            back[self.document_rows[here]] = -self._shifts[here]

    def places(self, rows: Rows) -> tuple[Rows, Rows]:
        """The segment of each of some rows, and the row there, `(n,) int64` each.

        Raises:
            IndexError: a row is out of range.
        """
        if len(rows) and not 0 <= rows.min() <= rows.max() < self.size:
            raise IndexError(f"rows go from 0 to {self.size - 1}")
        documents = self._starts.searchsorted(rows, side="right") - 1
        return self.segments[documents], rows + self._shifts[documents]

    def rows(self, segment: int, rows: Rows, documents: npt.NDArray[np.int32]) -> Rows:
        """The index rows of some live passages of a segment.

        Args:
            segment: The number of the segment.
            rows: Rows in the segment.
            documents: The row of each passage's document in the segment.
        """
        return rows + self._back[segment][documents]


def first_rows(documents: Sequence[DocumentInfo]) -> Rows:
    """The first row of each document's passages, and the total number, `(documents + 1,) int64`."""
    lengths = np.fromiter((info.passages for info in documents), np.int64, len(documents))
    return np.append(np.int64(0), np.cumsum(lengths))


def _live(segment: DocumentList) -> list[int]:
    removed = frozenset(segment.removed)
    return [row for row in range(len(segment.documents)) if row not in removed]
