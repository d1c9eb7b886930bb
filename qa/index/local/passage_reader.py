"""Reads the rows of some passages from the arrays of several segments, in the order of the passages.

Passages that follow one another in one segment, such as all of a small index, are read as a slice, without a copy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qa.encode.int8 import similarities
from qa.encode.token_quantisation import rotated
from qa.index.local import arrays
from qa.index.local.arrays import BY_PASSAGE, Array
from qa.index.local.passage_arrays import PassageArrays

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


class PassageReader:
    """Some passages, each in one of several segments."""

    def __init__(self, segments: Sequence[PassageArrays], numbers: Rows, rows: Rows) -> None:
        """Choose the passages.

        Args:
            segments: The arrays of each segment.
            numbers: The segment of each passage, `(n,) int64`.
            rows: Its row there, `(n,) int64`.
        """
        self._segments = segments
        self.numbers, self.rows = numbers, rows
        places = rows.tolist()
        in_order = bool(places) and bool(((rows[1:] == rows[:-1] + 1) & (numbers[1:] == numbers[:-1])).all())
        # What to read: slices of rows, one for each passage or one for all, and the segment of each.
        self._slices = [slice(places[0], places[-1] + 1)] if in_order else [slice(row, row + 1) for row in places]
        self._numbers: list[int] = numbers[: len(self._slices)].tolist()

    def vectors(self) -> Floats:
        """The vectors of at least one passage, `(n, d) float32`."""
        return self._joined(arrays.VECTORS, self._slices)

    def parts(self, bounds: str, *names: str) -> tuple[Rows, list[Array]]:
        """The parts of arrays of at least one passage, one passage after another.

        Args:
            bounds: A key of `BY_PASSAGE`.
            names: Arrays that belong to it.

        Returns:
            The bounds of each passage's part, `(n + 1,) int64`, and the arrays.
        """
        limits = self._joined(bounds, [slice(each.start, each.stop + 1) for each in self._slices])
        if len(self._slices) == 1:
            begins, ends = limits[:-1], limits[1:]
            places = [slice(int(limits[0]), int(limits[-1]))]
        else:
            begins, ends = limits[::2], limits[1::2]
            places = list(map(slice, begins.tolist(), ends.tolist()))
        return np.append(np.int64(0), np.cumsum(ends - begins)), [self._joined(name, places) for name in names]

    def token_sentences(self) -> npt.NDArray[np.int32]:
        """Each token's sentence within its passage, `(tokens,) int32`; -1 for a token in none."""
        if not self._numbers:
            return np.empty(0, np.int32)
        _, (runs,) = self.parts(arrays.RUN_BOUNDS, arrays.RUNS)
        return np.repeat(runs[:, 0], runs[:, 1])

    def spans(self) -> npt.NDArray[np.int32]:
        """The places of the passages' tokens in their texts, `(tokens, 2) int32`; -1 for a token without one."""
        each = (
            self._segments[number].spans(row)
            for number, rows in zip(self._numbers, self._slices, strict=True)
            for row in range(rows.start, rows.stop)
        )
        return np.concatenate([np.empty((0, 2), np.int32), *each])

    def nearest_sentences(self, vector: Floats) -> Floats:
        """The cosine of a vector `(d,) float32` with each passage's nearest sentence, `(n,) float32`."""
        if not self._numbers:
            return np.empty(0, np.float32)
        bounds, (levels, scales) = self.parts(arrays.SENTENCE_BOUNDS, *BY_PASSAGE[arrays.SENTENCE_BOUNDS])
        matrix = similarities(vector[np.newaxis], levels, scales)
        return np.asarray(np.maximum.reduceat(matrix[0], bounds[:-1]), dtype=np.float32)

    def token_similarities(self, question: Floats) -> tuple[Floats, Rows]:
        """The cosine of every token of a question with every token of the passages.

        Args:
            question: `(q, d) float32`.

        Returns:
            `(q, tokens) float32`, and the bounds of each passage's tokens, `(n + 1,) int64`.
        """
        if not self._numbers:
            return np.empty((len(question), 0), np.float32), np.zeros(1, np.int64)
        segment = self._segments[self._numbers[0]]
        kept = segment.few_levels if len(self._slices) == 1 else None
        for number, rows in zip(self._numbers, self._slices if kept is None else (), strict=False):
            self._segments[number].prefetch_tokens(rows)
        bounds, (packed, scales) = self.parts(arrays.BOUNDS, *BY_PASSAGE[arrays.BOUNDS])
        # Unpacked together, which is faster than passage by passage.
        levels = segment.token_levels(packed) if kept is None else kept[segment.inside(arrays.BOUNDS, self._slices[0])]
        return similarities(rotated(question), levels, scales), bounds

    def _joined(self, name: str, places: Sequence[slice]) -> Array:
        """Slices of the segments' arrays of one name, one after another; a single one without a copy."""
        named = [segment.array(name) for segment in self._segments]
        pieces = [named[number][place] for number, place in zip(self._numbers, places, strict=True)]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
