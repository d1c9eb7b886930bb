"""Reads the rows of some passages from the arrays of several segments, in the order of the passages.

Neighbours that are in one segment are read together. If all of them also follow one another there, as in a small index,
they are read as a slice, without a copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from qa.encode import token_quantisation
from qa.encode.int8 import similarities
from qa.index.contract import Floats, Rows
from qa.index.local import arrays
from qa.index.local.arrays import BY_PASSAGE, Array
from qa.index.local.passage_arrays import PassageArrays
from qa.index.local.read_ahead import prefetch


class PassageReader:
    """Some passages, each in one of several segments."""

    def __init__(self, segments: Sequence[PassageArrays], numbers: Rows, rows: Rows) -> None:
        """Choose the passages.

        Args:
            segments: The arrays of each segment.
            numbers: The segment of each passage, `(n,) int64`.
            rows: Its row there, `(n,) int64`.
        """
        self._rows = rows
        begins = np.flatnonzero(numbers[1:] != numbers[:-1]) + 1
        self._cuts = [0, *begins.tolist(), len(rows)] if len(rows) else []
        # Neighbours in one segment: its arrays, and their rows there.
        self._chunks: list[tuple[PassageArrays, Rows | slice]] = [
            (segments[numbers[begin]], rows[begin:end]) for begin, end in pairwise(self._cuts)
        ]
        self._slice: slice | None = None
        if len(self._chunks) == 1 and bool((rows[1:] - rows[:-1] == 1).all()):
            self._slice = slice(int(rows[0]), int(rows[-1]) + 1)
            self._chunks = [(self._chunks[0][0], self._slice)]

    def vectors(self) -> Floats:
        """The vectors of at least one passage, `(n, d) float32`."""
        return _joined([segment.vectors[rows] for segment, rows in self._chunks])

    def parts(self, bounds: str, *names: str) -> tuple[Rows, list[Array]]:
        """The parts of arrays of at least one passage, one passage after another.

        Args:
            bounds: A key of `BY_PASSAGE`.
            names: Arrays that belong to it.

        Returns:
            The bounds of each passage's part, `(n + 1,) int64`, and the arrays.
        """
        if self._slice:
            segment = self._chunks[0][0]
            limits = segment.array(bounds)[self._slice.start : self._slice.stop + 1]
            inside = segment.inside(bounds, self._slice)
            return limits - limits[0], [segment.array(name)[inside] for name in names]
        begins = _joined([segment.array(bounds)[rows] for segment, rows in self._chunks])
        lengths = _joined([segment.array(bounds)[1:][rows] for segment, rows in self._chunks]) - begins
        ends = np.append(np.int64(0), np.cumsum(lengths))
        sources = np.repeat(begins - ends[:-1], lengths) + np.arange(ends[-1])
        pieces = [
            (segment, sources[begin:end])
            for (segment, _), (begin, end) in zip(self._chunks, pairwise(ends[self._cuts].tolist()), strict=True)
        ]
        return ends, [_joined([segment.array(name).take(piece, axis=0) for segment, piece in pieces]) for name in names]

    def token_sentences(self) -> npt.NDArray[np.int32]:
        """Each token's sentence within its passage, `(tokens,) int32`; -1 for a token in none."""
        if not self._chunks:
            return np.empty(0, np.int32)
        _, (runs,) = self.parts(arrays.RUN_BOUNDS, arrays.RUNS)
        return np.repeat(runs[:, 0], runs[:, 1])

    def spans(self) -> npt.NDArray[np.int32]:
        """The places of the passages' tokens in their texts, `(tokens, 2) int32`; -1 for a token without one."""
        return np.concatenate([np.empty((0, 2), np.int32), *(segment.spans(row) for segment, row in self._each())])

    def nearest_sentences(self, vector: Floats) -> Floats:
        """The cosine of a vector `(d,) float32` with each passage's nearest sentence, `(n,) float32`."""
        if not self._chunks:
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
        if not self._chunks:
            return np.empty((len(question), 0), np.float32), np.zeros(1, np.int64)
        codes = self._token_codes()
        bounds, (scales,) = self.parts(arrays.BOUNDS, arrays.SCALES)
        bits = self._chunks[0][0].token_bits
        return token_quantisation.similarities(token_quantisation.rotated(question), codes, scales, bits), bounds

    def _token_codes(self) -> npt.NDArray[np.uint8]:
        """The codes of the passages' tokens, unpacked together, which is faster than passage by passage."""
        segment = self._chunks[0][0]
        if self._slice and (kept := segment.few_codes) is not None:
            return kept[:, segment.inside(arrays.BOUNDS, self._slice)]
        places = [(part, part.inside(arrays.BOUNDS, slice(row, row + 1))) for part, row in self._each()]
        for part, inside in places:
            prefetch(part.array(arrays.TOKENS), inside.start, inside.stop)
        return segment.token_codes(_joined([part.array(arrays.TOKENS)[inside] for part, inside in places]))

    def _each(self) -> Iterator[tuple[PassageArrays, int]]:
        segments = [segment for segment, _ in self._chunks]
        lengths = np.diff(self._cuts).tolist()
        owners = (segment for segment, length in zip(segments, lengths, strict=True) for _ in range(length))
        return zip(owners, self._rows.tolist(), strict=True)


def _joined(pieces: Sequence[Array]) -> Array:
    """Arrays one after another; a single one without a copy."""
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
