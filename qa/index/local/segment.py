"""One open segment of the index: its documents, passages, and arrays; and what of it is live in one version."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property, lru_cache
from itertools import compress
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from qa.encode.int8 import PassageVectors
from qa.errors import DamagedSnapshot
from qa.index.local import arrays
from qa.index.local.abbreviations import Entry
from qa.index.local.arrays import Array, map_array
from qa.index.local.bm25 import Statistics
from qa.index.local.passage_arrays import PassageArrays
from qa.index.local.postings import Postings
from qa.index.local.read_ahead import read_parts_only
from qa.index.local.row_map import first_rows
from qa.index.local.shortages import raise_if_short
from qa.index.local.texts import TEXTS, Texts, TextsWriter
from qa.index.local.vectors.coded_store import CODES, CodedStore
from qa.index.local.vectors.exact import ExactStore
from qa.index.local.version import SegmentRecord
from qa.index.local.version_files import read_segment
from qa.index.local.word_forms import WordForms
from qa.records import Block, Document, Passage

_PASSAGES_KEPT = 1024  # each takes a few kB of memory


class Segment:
    """An open segment with its own row numbers. Safe to read from several threads; `close` it after the last reader.

    The list of its documents is read at once; its arrays are mapped by `load`.
    """

    def __init__(self, folder: Path, record: SegmentRecord) -> None:
        """Read the list of documents.

        Args:
            folder: The segment's folder.
            record: The content of its `segment.json`.

        Raises:
            DamagedSnapshot: it cannot be read.
            ShortOfResources: it cannot be opened at present.
        """
        self.folder = folder
        self.record = record
        self.id = record.id
        self.size = record.counts.passages
        self._loaded = False
        self._files = ExitStack()
        with self._opening():
            self._texts = self._files.enter_context(closing(Texts(folder)))
            self.stored = tuple(self._texts.documents())
        self.documents = tuple(each.info for each in self.stored)
        self.first_rows = first_rows(self.documents)
        self.passage = lru_cache(maxsize=_PASSAGES_KEPT)(self._read_passage)

    @classmethod
    def open(cls, folder: Path) -> Segment:
        """Open the segment in a folder, with its arrays.

        Raises:
            DamagedSnapshot: it is missing or altered.
            MismatchedSnapshot: it is of another format.
        """
        return cls(folder, read_segment(folder)).load()

    def load(self) -> Self:
        """Map the arrays, if they are not mapped yet; close the segment if that fails.

        Raises:
            DamagedSnapshot: a file is missing, too short, or not of the expected form.
            ShortOfResources: it cannot be opened at present.
        """
        if not self._loaded:
            with self._opening():
                self._load()
        self._loaded = True
        return self

    @contextmanager
    def _opening(self) -> Iterator[None]:
        """A context in which an error closes the segment, and is told as damage or a shortage."""
        try:
            yield
        except BaseException as error:
            self.close()
            if not isinstance(error, sqlite3.Error | OSError | ValueError | KeyError | TypeError):
                raise
            raise_if_short(error, f"Segment {self.id}", self.folder / TEXTS)
            raise DamagedSnapshot(f"Segment {self.id} cannot be opened: {error}. Run `qa build --repair`.") from error

    def _load(self) -> None:
        self.arrays = PassageArrays(self._mapped, self.record.configuration.token_bits)
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
        self._files.close()

    def document(self, row: int) -> Document:
        """A document with its canonical text and blocks."""
        return self._texts.document(self.stored[row], row)

    def parsed(self, row: int) -> tuple[dict[str, str], str, tuple[Block, ...], tuple[Passage, ...]]:
        """The parsed content of a document: details, text, blocks and passages."""
        rows = range(int(self.first_rows[row]), int(self.first_rows[row + 1]))
        passages = (self._texts.passage(each, self.documents[row].id) for each in rows)
        return (*self._texts.parsed(row), tuple(passages))

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
        """All vectors of one passage; the arrays are mapped if they are not yet."""
        return self.load().arrays.passage_vectors(row)

    def _mapped(self, name: str) -> Array:
        return map_array(self.folder, name, self.record.arrays[name], self.record.configuration)

    def _read_passage(self, row: int) -> Passage:
        document = int(self.arrays.document_rows[row])
        return self._texts.passage(row, self.documents[document].id)


class LiveSegment:
    """An open segment and the rows of its removed documents.

    Attributes:
        live: Whether each passage belongs to a live document, `(passages,) bool`; None if all do.
        statistics: The numbers of live passages.
    """

    def __init__(self, segment: Segment, removed: Sequence[int] = ()) -> None:
        self.segment = segment
        self.removed = tuple(removed)
        self.live: npt.NDArray[np.bool_] | None = None
        self.statistics = Statistics(segment.size, segment.record.counts.terms)
        if self.removed:
            documents = np.ones(len(segment.documents), np.bool_)
            documents[list(self.removed)] = False
            self.live = self.passages_of(documents)
            lengths = segment.arrays.lengths[self.live]
            self.statistics = Statistics(len(lengths), int(lengths.sum(dtype=np.int64)))

    def passages_of(self, documents: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Which passages belong to the documents marked True, `(passages,) bool`."""
        return documents[self.segment.arrays.document_rows]

    @cached_property
    def form_counts(self) -> npt.NDArray[np.int64]:
        """The occurrences of each word form in live documents, `(forms,) int64`; counted at the first use."""
        return self.segment.word_forms.counts(self.removed)
