"""A snapshot on disk, as a reader sees it: immutable, verified before use, and held so that nobody prunes it.

The format is specified in `index/README.md`. Writing one is `qa.index.local.snapshot_writer`'s.

Guarantees: a snapshot opens only if every file that its manifest lists is there with its size and SHA-256; what is
damaged is refused with the reason and left where it is.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa.encode.int8 import PassageVectors
from qa.errors import DamagedSnapshot, OperatingError, UnknownDocument
from qa.index.local.abbreviations import Abbreviations
from qa.index.local.bm25 import BM25
from qa.index.local.manifest import (
    MANIFEST,
    SNAPSHOTS,
    current_id,
    manifests,
    match,
    read_manifest,
    rolled_back,
    verify_files,
)
from qa.index.local.vectors import FaissStore, VectorStore
from qa.index.local.word_forms import WordForms
from qa.records import Block, BlockKind, Document, DocumentInfo, Passage, PassageKind, Span, left_out_of
from qa.text.document_ids import former_ids
from qa.text.json_reading import parse_json
from qa.text.words import ANALYSER_VERSION

if sys.platform != "win32":  # where an open file cannot be deleted anyway
    import fcntl

__all__ = ["Snapshot", "TokenMatrix", "current_id", "newest_whole", "open_snapshot"]

DATABASE = "documents.sqlite"
VECTORS = "passages.f32"
INDEX = "passages.faiss"
TOKENS = "tokens.i8"
SCALES = "token_scales.f32"
SPANS = "token_spans.i32"
SENTENCES = "sentences.i8"
SENTENCE_SCALES = "sentence_scales.f32"
BOUNDS = "token_bounds.i64"
SENTENCE_BOUNDS = "sentence_bounds.i64"
DOCUMENT_ROWS = "document_rows.i32"
BOILERPLATE = "boilerplate.i8"
LEXICAL = "bm25"
WORDS = "words.json"
ABBREVIATIONS = "abbreviations.json"

_PASSAGES_KEPT = 4096  # of which each takes a few kB of memory
_IDS_LISTED = 10  # where an id was that of several documents
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}  # what file systems without locks answer


@dataclass(frozen=True, slots=True)
class TokenMatrix:
    """The stored tokens of some passages, one passage after another.

    Attributes:
        levels: `(n, d) int8` in blocks, each a view into the memory map: what is not looked at is not read.
        scales: `(n,) float32`; a level times its scale is a unit vector.
        spans: `(n, 2) int32`, places in the passage's text; -1 for tokens of the heading trail and the model's own.
        sentences: `(n,) int32`, each token's sentence within its passage; -1 where the span is.
        bounds: `(passages + 1,) int64`, where each passage's tokens begin and end.
    """

    levels: Sequence[npt.NDArray[np.int8]]
    scales: npt.NDArray[np.float32]
    spans: npt.NDArray[np.int32]
    sentences: npt.NDArray[np.int32]
    bounds: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SentenceMatrix:
    """The stored sentences of some passages, one passage after another; `(n, d) int8`, and as above."""

    levels: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]
    bounds: npt.NDArray[np.int64]


class Snapshot:
    """An open snapshot. Safe to read from several threads; `close` it when the last reader is done."""

    def __init__(self, folder: Path, manifest: dict[str, Any], held: int | None) -> None:
        self.folder = folder
        self.manifest = manifest
        self.id: str = manifest["id"]
        self.size: int = manifest["counts"]["passages"]
        self._held = held
        self._database = sqlite3.connect(
            f"{(folder / DATABASE).resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        try:
            self._load()
        except BaseException:
            self._database.close()
            raise
        self.passage = lru_cache(maxsize=_PASSAGES_KEPT)(self._read_passage)

    def _load(self) -> None:
        tokens, sentences = self.manifest["counts"]["tokens"], self.manifest["counts"]["sentences"]
        dimension = self.manifest["configuration"]["dimension"]
        vectors = self._mapped(VECTORS, np.float32, self.size, dimension)
        self.vectors: VectorStore = FaissStore.open(self.folder / INDEX, vectors, self.manifest["vectors"]["probes"])
        self.bm25 = BM25.open(self.folder / LEXICAL)
        self.words = WordForms(self.folder / WORDS)
        self.abbreviations = Abbreviations(self.folder / ABBREVIATIONS)
        self._levels = self._mapped(TOKENS, np.int8, tokens, dimension)
        self._scales = self._mapped(SCALES, np.float32, tokens)
        self._spans = self._mapped(SPANS, np.int32, tokens, 3)
        self._sentences = self._mapped(SENTENCES, np.int8, sentences, dimension)
        self._sentence_scales = self._mapped(SENTENCE_SCALES, np.float32, sentences)
        self._bounds = self._mapped(BOUNDS, np.int64, self.size + 1)
        self._sentence_bounds = self._mapped(SENTENCE_BOUNDS, np.int64, self.size + 1)
        self.document_rows = self._mapped(DOCUMENT_ROWS, np.int32, self.size)
        self.boilerplate = self._mapped(BOILERPLATE, np.bool_, self.size)
        self.documents = tuple(self._read_documents())
        self._row_of = {info.id: row for row, info in enumerate(self.documents)}
        sizes = {self.size, self.vectors.size, self.bm25.size}
        if len(sizes) > 1:
            raise ValueError(f"its parts hold different numbers of passages: {sorted(sizes)}")

    def close(self) -> None:
        """Let go of the files: the memory maps go with the last reference to this object, at once."""
        self.__dict__.pop("passage", None)  # it refers back here, which only the garbage collector would undo
        self._database.close()
        _release(self._held)
        self._held = None

    def in_place(self) -> bool:
        """Whether this very snapshot still stands in its folder, rather than another of the same content."""
        try:
            return self._held is None or os.path.samestat(os.fstat(self._held), (self.folder / MANIFEST).stat())
        except OSError:
            return False

    def document(self, document_id: str) -> Document:
        """A document with its canonical text and blocks.

        Raises:
            UnknownDocument: no document has this id.
        """
        row = self.document_row(document_id)
        info = self.documents[row]
        sha256, text, blocks, own = self._database.execute(
            "SELECT sha256, text, blocks, own FROM documents WHERE row = ?", (row,)
        ).fetchone()
        return Document(
            id=info.id,
            source=info.source,
            sha256=sha256,
            text=text,
            blocks=_blocks(blocks),
            title=info.title,
            publisher=info.publisher,
            author=info.author,
            date=info.date,
            url=info.url,
            left_out=left_out_of(parse_json(own)),
        )

    def document_row(self, document_id: str) -> int:
        """The position of a document in `documents`.

        Raises:
            UnknownDocument: no document has this id.
        """
        row = self._row_of.get(document_id)
        if row is None:
            raise UnknownDocument(f"No document has the id {document_id!r}; /api/documents lists them.")
        return row

    def present_id(self, document_id: str) -> str:
        """The id of a document that has this id, or else had it by the former rule (`qa.text.document_ids`).

        Raises:
            UnknownDocument: no document has or had it, or several had; then they are listed.
        """
        if document_id in self._row_of:
            return document_id
        found = self._by_former_id.get(document_id, [])
        if len(found) == 1:
            return found[0]
        if found:
            listed = ", ".join(found[:_IDS_LISTED]) + (" and others" if len(found) > _IDS_LISTED else "")
            raise UnknownDocument(f"No document has the id {document_id!r} any more; it was that of {listed}.")
        return self.documents[self.document_row(document_id)].id

    @cached_property
    def _by_former_id(self) -> dict[str, list[str]]:
        """Present ids by former ones, made when one is first asked for."""
        found: dict[str, list[str]] = {}
        for info in self.documents:
            for former in former_ids(info.source):
                found.setdefault(former, []).append(info.id)
        return found

    def read(self, row: int) -> tuple[dict[str, str], str, tuple[Block, ...], tuple[Passage, ...]]:
        """What a loader made of the document at a position: its own details, text, blocks, and its passages."""
        own, text, blocks = self._database.execute(
            "SELECT own, text, blocks FROM documents WHERE row = ?", (row,)
        ).fetchone()
        first, last = np.searchsorted(self.document_rows, [row, row + 1])
        passages = tuple(self._read_passage(passage) for passage in range(first, last))
        return parse_json(own), text, _blocks(blocks), passages

    def row_of_key(self, key: bytes) -> int | None:
        """The row of a passage whose vectors were encoded from what has this digest, if there is one."""
        found = self._database.execute("SELECT row FROM passages WHERE key = ? LIMIT 1", (key,)).fetchone()
        return None if found is None else int(found[0])

    def tokens(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> TokenMatrix:
        """The token vectors of some passages; only these are read from disk."""
        pieces, bounds = _pieces(self._bounds, rows)
        spans = _gathered(self._spans, pieces)
        scales = _gathered(self._scales, pieces)
        return TokenMatrix([self._levels[piece] for piece in pieces], scales, spans[:, :2], spans[:, 2], bounds)

    def sentences(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> SentenceMatrix:
        """The sentence vectors of some passages; only these are read from disk."""
        pieces, bounds = _pieces(self._sentence_bounds, rows)
        return SentenceMatrix(_gathered(self._sentences, pieces), _gathered(self._sentence_scales, pieces), bounds)

    def passage_vectors(self, row: int) -> PassageVectors:
        """All vectors of one passage."""
        tokens, sentences = (slice(*bounds[row : row + 2]) for bounds in (self._bounds, self._sentence_bounds))
        return PassageVectors(
            self.vectors.vectors(np.array([row]))[0],
            self._levels[tokens],
            self._scales[tokens],
            self._spans[tokens, :2],
            self._sentences[sentences],
            self._sentence_scales[sentences],
        )

    def _mapped(self, name: str, dtype: type[Any], *shape: int) -> npt.NDArray[Any]:
        return mapped(self.folder / name, dtype, shape)

    def _read_documents(self) -> Iterator[DocumentInfo]:
        query = (
            "SELECT id, source, title, publisher, author, date, url, length(text),"
            " (SELECT count(*) FROM passages WHERE document = documents.row) FROM documents ORDER BY row"
        )
        for row in self._database.execute(query):
            yield DocumentInfo(*row)

    def _read_passage(self, row: int) -> Passage:
        document, start, end, text, headings, sentences, kind, page, footnotes = self._database.execute(
            "SELECT document, start, end, text, headings, sentences, kind, page, footnotes FROM passages WHERE row = ?",
            (row,),
        ).fetchone()
        return Passage(
            document_id=self.documents[document].id,
            start=start,
            end=end,
            text=text,
            headings=tuple(parse_json(headings)),
            sentences=tuple(Span(*pair) for pair in parse_json(sentences)),
            kind=PassageKind(kind),
            page=page,
            footnotes=tuple(Span(*pair) for pair in parse_json(footnotes)),
        )


def open_snapshot(index_dir: Path, snapshot_id: str, *, weights: str | None = None, verified: bool = False) -> Snapshot:
    """Open a snapshot.

    Args:
        index_dir: The index folder.
        snapshot_id: Which one.
        weights: Fingerprint of the model that will encode questions; None for reading without questions.
        verified: Whether this process has just verified the files.

    Raises:
        DamagedSnapshot: a file is missing, cut short or altered.
        MismatchedSnapshot: it was built with another format, analyser or model.
    """
    folder = index_dir / SNAPSHOTS / snapshot_id
    if not folder.exists():
        raise DamagedSnapshot(f"There is no snapshot {snapshot_id} in {index_dir}, though CURRENT may name it.")
    held = hold(folder)
    try:
        manifest = read_manifest(folder)
        match(folder, "analyser version", manifest["configuration"]["analyser"], ANALYSER_VERSION)
        if weights is not None:
            match(folder, "model weights", manifest["configuration"]["weights"], weights)
        if not verified:
            verify_files(folder, manifest)
        try:
            return Snapshot(folder, manifest, held)
        except (sqlite3.Error, OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedSnapshot(f"Snapshot {folder} cannot be opened: {error}. Run `qa build`.") from error
    except BaseException:
        _release(held)
        raise


def newest_whole(index_dir: Path, *, weights: str | None = None) -> Snapshot | None:
    """The current snapshot if it opens, else the newest other one that does, else None.

    Snapshots that were rolled back come last.
    """
    refused = rolled_back(index_dir)
    try:
        current = current_id(index_dir)
    except OperatingError:
        current = ""  # then the newest goes first
    names = [manifest["id"] for manifest in manifests(index_dir)]
    names.sort(key=lambda name: (name != current, name in refused))
    for name in names:
        try:
            return open_snapshot(index_dir, name, weights=weights)
        except OperatingError:
            continue
    return None


def hold(folder: Path) -> int | None:
    """Take a shared lock on the manifest, which tells a pruning builder that the snapshot is in use.

    Raises:
        DamagedSnapshot: there is no manifest, or the folder was pruned at this moment.
    """
    if sys.platform == "win32":
        return None
    path = folder / MANIFEST
    try:
        held = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise DamagedSnapshot(f"Manifest {path} cannot be read ({error.strerror}). Run `qa build`.") from None
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_SH)  # waits for a pruning builder's glance
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
        if not os.path.samestat(os.fstat(held), path.stat()):
            raise FileNotFoundError(errno.ENOENT, "it was replaced")
    except OSError as error:
        os.close(held)
        raise DamagedSnapshot(f"Snapshot {folder} cannot be held ({error.strerror}). Try again.") from None
    return held


def _release(held: int | None) -> None:
    if held is not None:
        os.close(held)


def _blocks(stored: str) -> tuple[Block, ...]:
    return tuple(Block(BlockKind(kind), *rest) for kind, *rest in parse_json(stored))


def _pieces(
    bounds: npt.NDArray[np.int64], rows: Sequence[int] | npt.NDArray[np.int64]
) -> tuple[list[slice], npt.NDArray[np.int64]]:
    """Where some passages' rows stand in an array of all, and where they will stand one after another."""
    if not len(rows):
        return [], np.zeros(1, np.int64)
    begins, ends = bounds[rows], bounds[np.asarray(rows) + 1]
    breaks = np.flatnonzero(begins[1:] != ends[:-1])  # neighbours are one piece
    firsts, lasts = begins[np.append(0, breaks + 1)], ends[np.append(breaks, len(begins) - 1)]
    pieces = [slice(first, last) for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True)]
    return pieces, np.append(0, np.cumsum(ends - begins))


def _gathered(array: npt.NDArray[Any], pieces: list[slice]) -> npt.NDArray[Any]:
    return array[pieces[0]] if len(pieces) == 1 else np.concatenate([array[:0], *(array[piece] for piece in pieces)])


def mapped(path: Path, dtype: type[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """A file as an array, read where it is looked at; the operating system may take the memory back.

    Raises:
        OSError, ValueError: the file is not there, or shorter than the array.
    """
    if 0 in shape:
        return np.empty(shape, dtype)
    # As a plain array: a view of a memmap is a memmap again, at a price that is paid for every passage.
    return np.asarray(np.memmap(path, dtype=dtype, mode="r", shape=shape))
