"""Writes a segment's arrays to files one after another, and reads them through memory maps.

Guarantees: an array is written as a stream, so memory does not grow with it, and its digest is computed at the same
time. An array is mapped only if its type and width are those of its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa.encode.token_quantisation import packed_width
from qa.index.local.shortages import raise_if_short
from qa.index.local.version import ArrayRecord, Configuration, FileRecord

VECTORS = "vectors.f32"
DOCUMENT_ROWS = "document_rows.i32"
BOILERPLATE = "boilerplate.i8"
LENGTHS = "lengths.i32"
TOKENS = "tokens.u8"
SCALES = "token_scales.f32"
BOUNDS = "token_bounds.i64"
SPANS = "token_spans.u8"
SPAN_BOUNDS = "token_span_bounds.i64"
RUNS = "token_runs.i32"
RUN_BOUNDS = "token_run_bounds.i64"
SENTENCES = "sentences.i8"
SENTENCE_SCALES = "sentence_scales.f32"
SENTENCE_BOUNDS = "sentence_bounds.i64"
TERM_HASHES = "term_hashes.u64"
TERM_TEXTS = "term_texts.utf8"
TERM_TEXT_BOUNDS = "term_text_bounds.i64"
POSTING_BOUNDS = "posting_bounds.i64"
POSTING_ROWS = "posting_rows.i32"
POSTING_COUNTS = "posting_counts.i32"
FORMS = "forms.utf8"
FORM_BOUNDS = "form_bounds.i64"
DOCUMENT_FORMS = "document_forms.i32"
DOCUMENT_FORM_COUNTS = "document_form_counts.i32"
DOCUMENT_FORM_BOUNDS = "document_form_bounds.i64"
ABBREVIATION_KEYS = "abbreviation_keys.u64"

# Arrays with a part for each passage, by the array that has the bounds of the parts.
BY_PASSAGE: Mapping[str, tuple[str, ...]] = {
    BOUNDS: (TOKENS, SCALES),
    SPAN_BOUNDS: (SPANS,),
    RUN_BOUNDS: (RUNS,),
    SENTENCE_BOUNDS: (SENTENCES, SENTENCE_SCALES),
}

Array = npt.NDArray[Any]

_VECTOR, _PACKED = -1, -2  # the width of an array whose rows are vectors; the same packed
_TYPES: Mapping[str, type[np.generic]] = {
    "f32": np.float32,
    "i8": np.int8,
    "i32": np.int32,
    "i64": np.int64,
    "u8": np.uint8,
    "u64": np.uint64,
    "utf8": np.uint8,
}
_WIDTHS = {VECTORS: _VECTOR, TOKENS: _PACKED, SENTENCES: _VECTOR, RUNS: 2}
NAMES = (
    *(VECTORS, DOCUMENT_ROWS, BOILERPLATE, LENGTHS),
    *(name for bounds, names in BY_PASSAGE.items() for name in (bounds, *names)),
    *(TERM_HASHES, TERM_TEXTS, TERM_TEXT_BOUNDS, POSTING_BOUNDS, POSTING_ROWS, POSTING_COUNTS),
    *(FORMS, FORM_BOUNDS, DOCUMENT_FORMS, DOCUMENT_FORM_COUNTS, DOCUMENT_FORM_BOUNDS, ABBREVIATION_KEYS),
)


def dtype_of(name: str) -> np.dtype[Any]:
    """The type of an array's elements, by the suffix of its name."""
    return np.dtype(_TYPES[name.rpartition(".")[2]])


class ArrayFiles:
    """Writes a segment's arrays. `close` it, also after an error."""

    def __init__(self, folder: Path, configuration: Configuration) -> None:
        self._files: dict[str, _ArrayFile] = {}
        try:
            for name in NAMES:
                self._files[name] = _ArrayFile(folder / name, dtype_of(name), _row_shape(name, configuration))
        except OSError:
            self.close()
            raise
        for bounds in BY_PASSAGE:
            self.write(bounds, np.zeros(1, np.int64))

    def write(self, name: str, rows: Array) -> None:
        """Add rows to an array.

        Raises:
            ValueError: their type or shape differs from the array's rows.
        """
        self._files[name].write(rows)

    def write_parts(self, bounds: str, lengths: Array, *parts: Array) -> None:
        """Add passages' parts of the arrays that belong to some bounds.

        Args:
            bounds: A key of `BY_PASSAGE`.
            lengths: How many rows each passage has, `(passages,) int64`.
            parts: The rows of each array, in the order of `BY_PASSAGE`.
        """
        names = BY_PASSAGE[bounds]
        begin = self._files[names[0]].rows
        for name, rows in zip(names, parts, strict=True):
            self._files[name].write(rows)
        self._files[bounds].write(begin + np.cumsum(lengths, dtype=np.int64))

    def rows(self, name: str) -> int:
        """The number of rows written to an array."""
        return self._files[name].rows

    def close(self) -> None:
        """Close the files without raising, even on a full disk."""
        for file in self._files.values():
            with suppress(OSError):
                file.close()

    def finish(self) -> tuple[dict[str, ArrayRecord], dict[str, FileRecord]]:
        """Close the files; return each array's type and shape, and each file's size and digest."""
        for file in self._files.values():
            file.close()
        return (
            {name: file.record() for name, file in self._files.items()},
            {name: file.fingerprint() for name, file in self._files.items()},
        )


class _ArrayFile:
    """A file to which arrays are written one after another."""

    def __init__(self, path: Path, dtype: np.dtype[Any], row_shape: tuple[int, ...]) -> None:
        self._file = path.open("wb")
        self._name = path.name
        self._dtype = dtype
        self._row_shape = row_shape
        self._bytes = 0
        self._digest = sha256()
        self.rows = 0

    def write(self, rows: Array) -> None:
        if rows.dtype != self._dtype or rows.shape[1:] != self._row_shape:
            raise ValueError(f"{self._name} holds {self._dtype} {self._row_shape}, not {rows.dtype} {rows.shape[1:]}")
        data = rows.tobytes()
        self._digest.update(data)
        self._bytes += self._file.write(data)
        self.rows += len(rows)

    def close(self) -> None:
        self._file.close()

    def record(self) -> ArrayRecord:
        return ArrayRecord(self._dtype.name, (self.rows, *self._row_shape))

    def fingerprint(self) -> FileRecord:
        return FileRecord(self._bytes, self._digest.hexdigest())


def fingerprint(path: Path) -> FileRecord:
    """A file's size and digest."""
    with path.open("rb") as file:
        return FileRecord(path.stat().st_size, file_digest(file, "sha256").hexdigest())


def map_array(folder: Path, name: str, record: ArrayRecord, configuration: Configuration) -> Array:
    """An array of a segment as a memory map: read on access, and the operating system may free its memory.

    Raises:
        ShortOfResources: it cannot be opened at present.
        OSError, ValueError: the file is missing or too short, or the array's type or width differs from its name's.
    """
    dtype, row_shape = dtype_of(name), _row_shape(name, configuration)
    if record.dtype != dtype.name or record.shape[1:] != row_shape:
        raise ValueError(f"{name} should hold {dtype.name} {row_shape}, not {record.dtype} {record.shape[1:]}")
    if 0 in record.shape:
        return np.empty(record.shape, dtype)
    # As a plain array: a view of a memmap is a memmap again, which costs time for every passage.
    try:
        return np.asarray(np.memmap(folder / name, dtype=dtype, mode="r", shape=record.shape))
    except OSError as error:
        raise_if_short(error, f"Segment {folder.name}")
        raise


def _row_shape(name: str, configuration: Configuration) -> tuple[int, ...]:
    width = _WIDTHS.get(name)
    if width is None:
        return ()
    packed = packed_width(configuration.dimension, configuration.token_bits)
    return ({_VECTOR: configuration.dimension, _PACKED: packed}.get(width, width),)
