"""Reads the rows of some passages from the arrays of several segments, in the order of the passages.

Neighbouring passages are read together: a run of them is a slice of the array, without a copy if there is no other run.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

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
        self.numbers, self.rows = numbers, rows
        # For each run the number of its segment, the segment's arrays, its first row there, and the row after its last.
        self._runs: list[tuple[int, PassageArrays, int, int]] = []
        number, first, last = -1, 0, 0
        for its, row in zip(numbers.tolist(), rows.tolist(), strict=True):
            if its == number and row == last:
                self._runs.pop()
            else:
                number, first = its, row
            last = row + 1
            self._runs.append((number, segments[number], first, last))

    def one_each(self, of_segments: Sequence[Array]) -> Array:
        """The passages' rows of arrays with one row for each passage, `(n, ...)`, n > 0, given each segment's array."""
        return _joined([of_segments[number][first:last] for number, _, first, last in self._runs])

    def parts(self, bounds: str, *names: str) -> tuple[Rows, list[Array]]:
        """The parts of arrays of at least one passage, one passage after another.

        Args:
            bounds: A key of `BY_PASSAGE`.
            names: Arrays that belong to it.

        Returns:
            The bounds of each passage's part, `(n + 1,) int64`, and the arrays.
        """
        limits = self._limits(bounds)
        lengths = [end - begin for each in limits for begin, end in pairwise(each)]
        ends = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths, out=ends[1:])
        return ends, [self._part(name, limits) for name in names]

    def token_sentences(self) -> npt.NDArray[np.int32]:
        """Each token's sentence within its passage, `(tokens,) int32`; -1 for a token in none."""
        if not self._runs:
            return np.empty(0, np.int32)
        runs = self._part(arrays.RUNS, self._limits(arrays.RUN_BOUNDS))
        return np.repeat(runs[:, 0], runs[:, 1])

    def spans(self) -> npt.NDArray[np.int32]:
        """The places of the passages' tokens in their texts, `(tokens, 2) int32`; -1 for a token without one."""
        pieces = (segment.spans(row) for _, segment, first, last in self._runs for row in range(first, last))
        return np.concatenate([np.empty((0, 2), np.int32), *pieces])

    def nearest_sentences(self, vector: Floats) -> Floats:
        """The cosine of a vector `(d,) float32` with each passage's nearest sentence, `(n,) float32`."""
        if not self._runs:
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
        if not self._runs:
            return np.empty((len(question), 0), np.float32), np.zeros(1, np.int64)
        bounds, (scales,) = self.parts(arrays.BOUNDS, arrays.SCALES)
        return similarities(rotated(question), self._token_levels(), scales), bounds

    def _token_levels(self) -> npt.NDArray[np.int8]:
        """The passages' tokens, `(tokens, d) int8`, unpacked together, which is faster than passage by passage."""
        limits = self._limits(arrays.BOUNDS)
        segments = [segment for _, segment, _, _ in self._runs]
        kept = [levels for segment in segments if (levels := segment.few_levels) is not None]
        if len(kept) == len(segments):
            return _joined([levels[each[0] : each[-1]] for levels, each in zip(kept, limits, strict=True)])
        for segment, each in zip(segments, limits, strict=True):
            segment.prefetch_tokens(each[0], each[-1])
        return segments[0].token_levels(self._part(arrays.TOKENS, limits))

    def _limits(self, bounds: str) -> list[list[int]]:
        """For each run, where the parts of its passages begin, and where the last one ends."""
        return [segment.array(bounds)[first : last + 1].tolist() for _, segment, first, last in self._runs]

    def _part(self, name: str, limits: Sequence[Sequence[int]]) -> Array:
        pairs = zip(self._runs, limits, strict=True)
        return _joined([segment.array(name)[each[0] : each[-1]] for (_, segment, _, _), each in pairs])


def _joined(pieces: Sequence[Array]) -> Array:
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
