"""A segment's arrays by passage: vectors, and the row of the document.

The sentences of tokens are stored as runs of neighbouring tokens of one sentence, or of none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import chain

import numpy as np
import numpy.typing as npt

from qa.encode import token_quantisation
from qa.encode.int8 import PassageVectors
from qa.index.local import arrays, token_spans
from qa.index.local.arrays import BY_PASSAGE, Array, ArrayFiles
from qa.index.local.read_ahead import prefetch, read_parts_only
from qa.records import Passage, PassageKind

_BLOCK = 64  # passages copied at a time, whose tokens take a few megabytes
_FEW_CODES = 2 << 20  # bytes


class PassageArrays:
    """The arrays of one segment, by passage."""

    def __init__(self, mapped: Callable[[str], Array], token_bits: int) -> None:
        """Map the arrays, given a function that maps one by its name, and the bits of a token's component."""
        self.token_bits = token_bits
        names = [name for bounds, names in BY_PASSAGE.items() for name in (bounds, *names)]
        self._arrays = {name: mapped(name) for name in names}
        self.vectors: npt.NDArray[np.float32] = mapped(arrays.VECTORS)
        self.boilerplate: npt.NDArray[np.bool_] = mapped(arrays.BOILERPLATE).view(np.bool_)
        self.document_rows: npt.NDArray[np.int32] = mapped(arrays.DOCUMENT_ROWS)
        self.lengths: npt.NDArray[np.int32] = mapped(arrays.LENGTHS)
        for name in chain.from_iterable(BY_PASSAGE.values()):
            read_parts_only(self._arrays[name])

    def array(self, name: str) -> Array:
        """An array of `BY_PASSAGE`, whole."""
        return self._arrays[name]

    def inside(self, bounds: str, rows: slice) -> slice:
        """Where neighbouring passages have their parts of the arrays that belong to a key of `BY_PASSAGE`."""
        limits = self._arrays[bounds]
        return slice(int(limits[rows.start]), int(limits[rows.stop]))

    @cached_property
    def few_codes(self) -> npt.NDArray[np.uint8] | None:
        """The codes of all tokens, unpacked once and kept in memory if they are few; else None."""
        tokens = self._arrays[arrays.TOKENS]
        return self.token_codes(tokens) if len(tokens) * self.vectors.shape[1] <= _FEW_CODES else None

    def token_codes(self, packed: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Tokens of the segment's form, unpacked; see `qa.encode.token_quantisation.unpack`."""
        return token_quantisation.unpack(packed, self.token_bits)

    def spans(self, row: int) -> npt.NDArray[np.int32]:
        """The places of a passage's tokens in its text, `(tokens, 2) int32`; -1 for a token without one."""
        tokens = self.inside(arrays.BOUNDS, slice(row, row + 1))
        (packed,) = self._parts(arrays.SPAN_BOUNDS, row)
        return token_spans.unpack(packed, tokens.stop - tokens.start)

    def passage_vectors(self, row: int) -> PassageVectors:
        """All vectors of one passage."""
        tokens, scales = self._parts(arrays.BOUNDS, row)
        return PassageVectors(
            self.vectors[row], tokens, scales, self.spans(row), *self._parts(arrays.SENTENCE_BOUNDS, row)
        )

    def _parts(self, bounds: str, row: int) -> list[Array]:
        """A passage's parts of the arrays that belong to a key of `BY_PASSAGE`: views into the memory maps."""
        inside = self.inside(bounds, slice(row, row + 1))
        return [self._arrays[name][inside] for name in BY_PASSAGE[bounds]]

    def copy(self, first: int, last: int, documents: npt.NDArray[np.int32], files: ArrayFiles) -> Iterator[None]:
        """Copy passages `first` to `last`, with new rows of their documents; pauses from time to time.

        Args:
            first: The first row.
            last: The row after the last.
            documents: The new row of each one's document, `(last - first,) int32`.
            files: Where to write.
        """
        files.write(arrays.DOCUMENT_ROWS, documents)
        for at in range(first, last, _BLOCK):
            rows = slice(at, min(at + _BLOCK, last))
            prefetch(self.vectors, rows.start, rows.stop)
            files.write(arrays.VECTORS, self.vectors[rows])
            files.write(arrays.BOILERPLATE, self.boilerplate[rows].view(np.int8))
            files.write(arrays.LENGTHS, self.lengths[rows])
            for bounds, names in BY_PASSAGE.items():
                limits = self._arrays[bounds][rows.start : rows.stop + 1]
                for name in names:
                    prefetch(self._arrays[name], int(limits[0]), int(limits[-1]))
                parts = [self._arrays[name][limits[0] : limits[-1]] for name in names]
                files.write_parts(bounds, np.diff(limits), *parts)
            yield


def write_passage(files: ArrayFiles, document_row: int, passage: Passage, vectors: PassageVectors, length: int) -> None:
    """Write a passage.

    Args:
        files: Where to write.
        document_row: Its document's row in the segment.
        passage: The passage.
        vectors: Its vectors, of at least one token and of every sentence.
        length: Its number of terms.

    Raises:
        ValueError: there is no vector of a token, or not one of every sentence.
    """
    whole = len(vectors.tokens) == len(vectors.scales) == len(vectors.spans) > 0
    if not whole or not len(vectors.sentence_levels) == len(vectors.sentence_scales) == len(passage.sentences) > 0:
        raise ValueError(f"passage {passage.start}-{passage.end} of {passage.document_id} has uneven vectors")
    starts = [sentence.start for sentence in passage.sentences]
    inside = np.searchsorted(starts, vectors.spans[:, 0], side="right") - 1  # -1 for tokens outside sentences
    begins = np.append(0, np.flatnonzero(np.diff(inside)) + 1)
    runs = np.column_stack([inside[begins], np.diff(np.append(begins, len(inside)))]).astype(np.int32)
    packed = token_spans.pack(vectors.spans)
    boilerplate = passage.kind is PassageKind.BOILERPLATE
    files.write(arrays.VECTORS, vectors.vector[np.newaxis])
    files.write(arrays.DOCUMENT_ROWS, np.array([document_row], np.int32))
    files.write(arrays.BOILERPLATE, np.array([boilerplate], np.int8))
    files.write(arrays.LENGTHS, np.array([length], np.int32))
    files.write_parts(arrays.BOUNDS, _length(vectors.tokens), vectors.tokens, vectors.scales)
    files.write_parts(arrays.SPAN_BOUNDS, _length(packed), packed)
    files.write_parts(arrays.RUN_BOUNDS, _length(runs), runs)
    files.write_parts(
        arrays.SENTENCE_BOUNDS, _length(vectors.sentence_levels), vectors.sentence_levels, vectors.sentence_scales
    )


def _length(array: Array) -> npt.NDArray[np.int64]:
    return np.array([len(array)], np.int64)
