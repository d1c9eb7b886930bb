"""Reads the rows of some passages from the arrays of several segments, in the order of the passages.

Passages that follow one another in one segment, such as all of a small index, are read as a slice, without a copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
        self._present: list[int] = np.flatnonzero(np.bincount(numbers)).tolist()
        in_order = len(self._present) == 1 and bool((rows[1:] - rows[:-1] == 1).all())
        self._slice = slice(int(rows[0]), int(rows[-1]) + 1) if in_order else None

    def one_each(self, of_segments: Sequence[Array]) -> Array:
        """The passages' rows of arrays with one row for each passage, `(n, ...)`, n > 0, given each segment's array."""
        if self._slice:
            return of_segments[self._present[0]][self._slice]
        return self._taken(of_segments, self.numbers, self.rows)

    def parts(self, bounds: str, *names: str) -> tuple[Rows, list[Array]]:
        """The parts of arrays of at least one passage, one passage after another.

        Args:
            bounds: A key of `BY_PASSAGE`.
            names: Arrays that belong to it.

        Returns:
            The bounds of each passage's part, `(n + 1,) int64`, and the arrays.
        """
        if self._slice:
            segment = self._segments[self._present[0]]
            limits = segment.array(bounds)[self._slice.start : self._slice.stop + 1]
            inside = slice(int(limits[0]), int(limits[-1]))
            return limits - limits[0], [segment.array(name)[inside] for name in names]
        begins, lengths = np.empty(len(self.rows), np.int64), np.empty(len(self.rows), np.int64)
        for number in self._present:
            here = np.flatnonzero(self.numbers == number)
            limits, rows = self._segments[number].array(bounds), self.rows[here]
            begins[here] = limits[rows]
            lengths[here] = limits[rows + 1] - begins[here]
        ends = np.append(np.int64(0), np.cumsum(lengths))
        sources = np.repeat(begins - ends[:-1], lengths) + np.arange(ends[-1])
        owners = np.repeat(self.numbers, lengths)
        return ends, [self._taken([each.array(name) for each in self._segments], owners, sources) for name in names]

    def token_sentences(self) -> npt.NDArray[np.int32]:
        """Each token's sentence within its passage, `(tokens,) int32`; -1 for a token in none."""
        if not self._present:
            return np.empty(0, np.int32)
        _, (runs,) = self.parts(arrays.RUN_BOUNDS, arrays.RUNS)
        return np.repeat(runs[:, 0], runs[:, 1])

    def spans(self) -> npt.NDArray[np.int32]:
        """The places of the passages' tokens in their texts, `(tokens, 2) int32`; -1 for a token without one."""
        return np.concatenate([np.empty((0, 2), np.int32), *(segment.spans(row) for segment, row in self._each())])

    def nearest_sentences(self, vector: Floats) -> Floats:
        """The cosine of a vector `(d,) float32` with each passage's nearest sentence, `(n,) float32`."""
        if not self._present:
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
        if not self._present:
            return np.empty((len(question), 0), np.float32), np.zeros(1, np.int64)
        levels = self._token_levels()
        bounds, (scales,) = self.parts(arrays.BOUNDS, arrays.SCALES)
        return similarities(rotated(question), levels, scales), bounds

    def _token_levels(self) -> npt.NDArray[np.int8]:
        """The passages' tokens, `(tokens, d) int8`, unpacked together, which is faster than passage by passage."""
        segment = self._segments[self._present[0]]
        if self._slice and (kept := segment.few_levels) is not None:
            limits = segment.array(arrays.BOUNDS)
            return kept[limits[self._slice.start] : limits[self._slice.stop]]
        places = list(self._each())
        for part, row in places:
            part.prefetch_tokens(row)
        return segment.token_levels(
            np.concatenate([part.part(arrays.TOKENS, arrays.BOUNDS, row) for part, row in places])
        )

    def _each(self) -> Iterator[tuple[PassageArrays, int]]:
        return (
            (self._segments[number], row) for number, row in zip(self.numbers.tolist(), self.rows.tolist(), strict=True)
        )

    def _taken(self, of_segments: Sequence[Array], owners: Rows, sources: Rows) -> Array:
        """The rows `sources` of the arrays of the segments `owners`, `(n, ...)`."""
        first = of_segments[self._present[0]]
        if len(self._present) == 1:
            return first[sources]
        out = np.empty((len(sources), *first.shape[1:]), first.dtype)
        for number in self._present:
            here = owners == number
            out[here] = of_segments[number][sources[here]]
        return out
