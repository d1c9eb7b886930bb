"""Reads the rows of some passages from the arrays of several segments, in the order of the passages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qa.encode.int8 import similarities
from qa.encode.token_quantisation import rotated
from qa.index.local import arrays
from qa.index.local.arrays import BY_PASSAGE, Array
from qa.index.local.passage_arrays import PassageArrays

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


class Gather:
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
        self.by_segment = [(number, np.flatnonzero(numbers == number)) for number in np.unique(numbers).tolist()]

    def one_each(self, of_segments: Sequence[Array]) -> Array:
        """The passages' rows of arrays with one row for each passage, `(n, ...)`, n > 0, given each segment's array."""
        first = of_segments[self.by_segment[0][0]]
        out = np.empty((len(self.rows), *first.shape[1:]), first.dtype)
        for number, here in self.by_segment:
            out[here] = of_segments[number][self.rows[here]]
        return out

    def parts(self, bounds: str, *names: str) -> tuple[Rows, list[Array]]:
        """The parts of arrays of at least one passage, one passage after another.

        Args:
            bounds: A key of `BY_PASSAGE`.
            names: Arrays that belong to it.

        Returns:
            The bounds of each passage's part, `(n + 1,) int64`, and the arrays.
        """
        begins, lengths = np.empty(len(self.rows), np.int64), np.empty(len(self.rows), np.int64)
        for number, here in self.by_segment:
            limits, rows = self._segments[number].array(bounds), self.rows[here]
            begins[here] = limits[rows]
            lengths[here] = limits[rows + 1] - begins[here]
        ends = np.append(np.int64(0), np.cumsum(lengths))
        sources = np.repeat(begins - ends[:-1], lengths) + np.arange(ends[-1])
        return ends, [self._taken(name, sources, lengths) for name in names]

    def token_levels(self) -> npt.NDArray[np.int8]:
        """The passages' tokens, `(tokens, d) int8`, unpacked together, which is faster than passage by passage."""
        places = zip(self.numbers.tolist(), self.rows.tolist(), strict=True)
        packed = [self._segments[number].part(arrays.TOKENS, arrays.BOUNDS, row) for number, row in places]
        return self._segments[0].token_levels(np.concatenate(packed))

    def token_sentences(self) -> npt.NDArray[np.int32]:
        """Each token's sentence within its passage, `(tokens,) int32`; -1 for a token in none."""
        if not self.by_segment:
            return np.empty(0, np.int32)
        _, (runs,) = self.parts(arrays.RUN_BOUNDS, arrays.RUNS)
        return np.repeat(runs[:, 0], runs[:, 1])

    def spans(self) -> npt.NDArray[np.int32]:
        """The places of the passages' tokens in their texts, `(tokens, 2) int32`; -1 for a token without one."""
        places = zip(self.numbers.tolist(), self.rows.tolist(), strict=True)
        return np.concatenate([np.empty((0, 2), np.int32), *(self._segments[each].spans(row) for each, row in places)])

    def nearest_sentences(self, vector: Floats) -> Floats:
        """The cosine of a vector `(d,) float32` with each passage's nearest sentence, `(n,) float32`."""
        if not len(self.rows):
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
        if not self.by_segment:
            return np.empty((len(question), 0), np.float32), np.zeros(1, np.int64)
        for number, here in self.by_segment:
            self._segments[number].prefetch_tokens(self.rows[here])
        bounds, (scales,) = self.parts(arrays.BOUNDS, arrays.SCALES)
        return similarities(rotated(question), self.token_levels(), scales), bounds

    def _taken(self, name: str, sources: Rows, lengths: Rows) -> Array:
        if len(self.by_segment) == 1:
            whole = self._segments[self.by_segment[0][0]].array(name)
            return np.asarray(whole[sources])
        owners = np.repeat(self.numbers, lengths)
        out: npt.NDArray[Any] = np.empty(0)
        for place, (number, _) in enumerate(self.by_segment):
            array, here = self._segments[number].array(name), owners == number
            if place == 0:
                out = np.empty((len(sources), *array.shape[1:]), array.dtype)
            out[here] = array[sources[here]]
        return out
