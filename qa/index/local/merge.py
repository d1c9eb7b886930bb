"""Merges segments into one, without the documents that were removed from them.

Nothing is parsed or encoded again: texts and vectors are copied, postings and word forms are sorted again, as streams.
The result equals, byte for byte, a segment written directly from the same documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qa.index.local.postings import merge_postings
from qa.index.local.row_map import DocumentList, RowMap
from qa.index.local.segment import Segment
from qa.index.local.segment_writer import SegmentFolder
from qa.index.local.version import SegmentRecord
from qa.index.local.word_forms import merge_forms

Part = tuple[Segment, Sequence[int]]


def merge_segments(folder: Path, parts: Sequence[Part], pause: Callable[[], None] = lambda: None) -> SegmentRecord:
    """Merge several segments into one.

    Args:
        folder: The folder to write; it must not exist.
        parts: At least one segment, each with the rows of its removed documents; all of one configuration.
        pause: Called every few milliseconds; an exception from it ends the merge and removes the unfinished segment.

    Raises:
        ValueError: the segments differ in their configuration, or two live documents have one path.
        OSError: the disk is full or cannot be written.
    """
    segments = [segment for segment, _ in parts]
    configuration = segments[0].record.configuration
    if any(segment.record.configuration != configuration for segment in segments):
        raise ValueError("segments of different configurations cannot be merged")
    rows = RowMap([DocumentList(segment.documents, removed) for segment, removed in parts])
    out = SegmentFolder(folder, configuration)
    try:
        for _ in _written(segments, rows, out):
            pause()
        return out.finish()
    except BaseException:
        out.abandon()
        raise


def _written(segments: Sequence[Segment], rows: RowMap, out: SegmentFolder) -> Iterator[None]:
    order = list(zip(rows.segments.tolist(), rows.document_rows.tolist(), strict=True))
    for number, document in order:
        segment = segments[number]
        segment.copy_texts(document, out.texts)
        yield
    new_document = 0
    for number, first, last in _runs(order):
        begin, end = segments[number].first_rows[[first, last]].tolist()
        shift = np.int32(new_document - first)
        documents = segments[number].arrays.document_rows[begin:end] + shift
        for _ in segments[number].arrays.copy(begin, end, documents, out.files):
            yield
        new_document += last - first
    new_rows = [_new_rows(segment, number, rows) for number, segment in enumerate(segments)]
    postings = [segment.postings for segment in segments]
    yield from merge_postings(list(zip(postings, new_rows, strict=True)), out.files)
    yield from merge_forms([segment.word_forms for segment in segments], order, out.files)


def _runs(order: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Runs of consecutive documents of one segment: its number, the first row, and the row after the last."""
    placed = enumerate(order)
    for (number, _), run in groupby(placed, key=lambda each: (each[1][0], each[1][1] - each[0])):
        rows = [row for _, (_, row) in run]
        yield number, rows[0], rows[-1] + 1


def _new_rows(segment: Segment, number: int, rows: RowMap) -> npt.NDArray[np.int32]:
    """The new row of each of a segment's passages, `(passages,) int32`; -1 for one of a removed document."""
    live = np.zeros(len(segment.documents), np.bool_)
    live[rows.document_rows[rows.segments == number]] = True
    documents = segment.arrays.document_rows
    new = rows.rows(number, np.arange(segment.size), documents)
    return np.where(live[documents], new, -1).astype(np.int32)
