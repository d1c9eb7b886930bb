"""One open segment of the index: its documents, passages, and arrays."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import compress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qa.encode.int8 import PassageVectors
from qa.errors import DamagedSnapshot
from qa.index.local import arrays
from qa.index.local.abbreviations import Entry
from qa.index.local.arrays import Array, map_array
from qa.index.local.passage_arrays import PassageArrays
from qa.index.local.postings import Postings
from qa.index.local.read_ahead import read_parts_only
from qa.index.local.row_map import first_rows
from qa.index.local.shortages import raise_if_short
from qa.index.local.texts import TEXTS, Texts, TextsWriter
from qa.index.local.vectors import CODES, CodedStore, ExactStore
from qa.index.local.version import SegmentRecord
from qa.index.local.version_files import read_segment
from qa.index.local.word_forms import WordForms
from qa.records import Block, Document, Passage

_PASSAGES_KEPT = 1024  # each takes a few kB of memory


class Segment:
    """An open segment with its own row numbers. Safe to read from several threads; `close` it after the last reader."""

    def __init__(self, folder: Path, record: SegmentRecord) -> None:
        """Open a segment; only the list of its documents is read.

        Args:
            folder: The segment's folder.
            record: The content of its `segment.json`.

        Raises:
            DamagedSnapshot: a file is missing, too short, or not of the expected form.
            ShortOfResources: it cannot be opened at present.
        """
        self.folder = folder
        self.record = record
        self.id = record.id
        self.size = record.counts.passages
        try:
            self._texts = Texts(folder)
            try:
                self._load()
            except BaseException:
                self._texts.close()
                raise
        except (sqlite3.Error, OSError, ValueError, KeyError, TypeError) as error:
            raise_if_short(error, f"Segment {folder.name}", folder / TEXTS)
            raise DamagedSnapshot(f"Segment {folder.name} cannot be opened: {error}. Run `qa build`.") from error
        self.passage = lru_cache(maxsize=_PASSAGES_KEPT)(self._read_passage)

    @classmethod
    def open(cls, folder: Path) -> Segment:
        """Open the segment in a folder.

        Raises:
            DamagedSnapshot: it is missing or altered.
            MismatchedSnapshot: it is of another format.
        """
        return cls(folder, read_segment(folder))

    def _load(self) -> None:
        self.stored = tuple(self._texts.documents())
        self.documents = tuple(each.info for each in self.stored)
        self.arrays = PassageArrays(self._mapped, self.record.configuration.token_bits)
        self.first_rows = first_rows(self.documents)
        self.postings = Postings(
            *map(self._mapped, (arrays.TERM_HASHES, arrays.TERM_TEXTS, arrays.TERM_TEXT_BOUNDS)),
            *map(self._mapped, (arrays.POSTING_BOUNDS, arrays.POSTING_ROWS, arrays.POSTING_COUNTS)),
        )
        self.word_forms = WordForms(
            *map(self._mapped, (arrays.FORMS, arrays.FORM_BOUNDS)),
            *map(self._mapped, (arrays.DOCUMENT_FORMS, arrays.DOCUMENT_FORM_COUNTS, arrays.DOCUMENT_FORM_BOUNDS)),
        )
        keys = arrays.ABBREVIATION_KEYS
        self._abbreviation_keys = self._mapped(keys) if keys in self.record.arrays else None
        vectors = self.arrays.vectors
        coded = CODES in self.record.files
        self.vectors = CodedStore.open(self.folder, vectors) if coded else ExactStore(vectors)
        if coded:
            read_parts_only(vectors)
        sizes = {self.size, len(vectors), len(self.arrays.lengths), int(self.first_rows[-1])}
        if len(sizes) > 1:
            raise ValueError(f"its parts hold different numbers of passages: {sorted(sizes)}")

    def close(self) -> None:
        """Close the files. The memory maps are closed with the last reference to this object."""
        self.__dict__.pop("passage", None)  # a cycle that only the garbage collector would free
        self._texts.close()

    def document(self, row: int) -> Document:
        """A document with its canonical text and blocks."""
        return self._texts.document(self.stored[row], row)

    def parsed(self, row: int) -> tuple[dict[str, str], str, tuple[Block, ...], tuple[Passage, ...]]:
        """The parsed content of a document: details, text, blocks and passages."""
        rows = range(int(self.first_rows[row]), int(self.first_rows[row + 1]))
        return (*self._texts.parsed(row), tuple(map(self._read_passage, rows)))

    def copy_texts(self, row: int, out: TextsWriter) -> None:
        """Copy a document and its passages to another segment unchanged."""
        out.copy(self._texts, row, range(int(self.first_rows[row]), int(self.first_rows[row + 1])))

    def row_of_key(self, key: bytes) -> int | None:
        """The row of a passage with a key, the digest of its encoded texts; None if there is none."""
        return self._texts.row_of_key(key)

    def abbreviations(
        self, keys: Sequence[str], hashes: npt.NDArray[np.uint64], removed: Sequence[int]
    ) -> Iterator[Entry]:
        """The abbreviations of some folded short or long forms, in all documents but those at the rows removed.

        Args:
            keys: The folded forms.
            hashes: The hash of each (`TermKeys`), `(keys,) uint64`.
            removed: The rows of removed documents.
        """
        known = self._abbreviation_keys
        if known is not None:
            places = np.minimum(known.searchsorted(hashes), len(known) - 1)
            keys = list(compress(keys, (known[places] == hashes).tolist() if len(known) else ()))
        return self._texts.abbreviations(keys, removed) if keys else iter(())

    def passage_vectors(self, row: int) -> PassageVectors:
        """All vectors of one passage."""
        return self.arrays.passage_vectors(row)

    def _mapped(self, name: str) -> Array:
        return map_array(self.folder, name, self.record.arrays[name], self.record.configuration)

    def _read_passage(self, row: int) -> Passage:
        document = int(self.arrays.document_rows[row])
        return self._texts.passage(row, self.documents[document].id)
