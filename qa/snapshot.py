"""A snapshot on disk, as a reader sees it: immutable, verified before use, and held so that nobody prunes it.

The format is specified in `index/README.md`. Writing one is `qa.snapshot_writer`'s.

Guarantees: a snapshot opens only if every file that its manifest lists is there with its size and SHA-256; what is
damaged is refused with the reason and left where it is.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import file_digest
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa.errors import DamagedSnapshot, MismatchedSnapshot, NoIndex, UnknownDocument
from qa.lexical import ANALYSER_VERSION, BM25
from qa.records import Block, BlockKind, Document, DocumentInfo, Passage, PassageKind, Span
from qa.vectors import FaissStore, VectorStore

if sys.platform != "win32":  # where an open file cannot be deleted anyway
    import fcntl

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "documents.sqlite"
VECTORS = "passages.faiss"
TOKENS = "tokens.i8"
SCALES = "token_scales.f32"
SPANS = "token_spans.i32"
BOUNDS = "token_bounds.i64"
LEXICAL = "bm25"
CURRENT = "CURRENT"
SNAPSHOTS = "snapshots"

_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class TokenMatrix:
    """The stored tokens of some passages, one passage after another.

    Attributes:
        levels: `(n, d) int8`.
        scales: `(n,) float32`; a level times its scale is a unit vector.
        spans: `(n, 2) int32`, places in the passage's text; -1 for tokens of the heading trail and the model's own.
        bounds: `(passages + 1,) int64`, where each passage's tokens begin and end.
    """

    levels: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]
    spans: npt.NDArray[np.int32]
    bounds: npt.NDArray[np.int64]


class Snapshot:
    """An open snapshot. Safe to read from several threads; `close` it when the last reader is done."""

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        self.folder = folder
        self.manifest = manifest
        self.id: str = manifest["id"]
        self.size: int = manifest["counts"]["passages"]
        self._held = _hold(folder)
        self._database = sqlite3.connect(
            f"{(folder / DATABASE).resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        self.vectors: VectorStore = FaissStore.open(folder / VECTORS)
        self.bm25 = BM25.open(folder / LEXICAL)
        tokens, dimension = manifest["counts"]["tokens"], manifest["configuration"]["dimension"]
        self._levels = _mapped(folder / TOKENS, np.int8, (tokens, dimension))
        self._scales = _mapped(folder / SCALES, np.float32, (tokens,))
        self._spans = _mapped(folder / SPANS, np.int32, (tokens, 2))
        self._bounds = np.fromfile(folder / BOUNDS, dtype=np.int64)
        self.documents = tuple(self._read_documents())
        self._row_of = {info.id: row for row, info in enumerate(self.documents)}
        columns = list(zip(*self._database.execute("SELECT document, kind FROM passages ORDER BY row"), strict=True))
        self.document_rows = np.array(columns[0] if columns else [], dtype=np.int32)
        self.boilerplate = np.array([kind == PassageKind.BOILERPLATE for kind in (columns[1] if columns else ())])
        self.passage = lru_cache(maxsize=8192)(self._read_passage)

    def close(self) -> None:
        """Let go of the files."""
        self._database.close()
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def document(self, document_id: str) -> Document:
        """A document with its canonical text and blocks.

        Raises:
            UnknownDocument: no document has this id.
        """
        row = self.document_row(document_id)
        info = self.documents[row]
        sha256, text, blocks = self._database.execute(
            "SELECT sha256, text, blocks FROM documents WHERE row = ?", (row,)
        ).fetchone()
        return Document(
            id=info.id,
            source=info.source,
            sha256=sha256,
            text=text,
            blocks=tuple(Block(BlockKind(kind), *rest) for kind, *rest in json.loads(blocks)),
            title=info.title,
            publisher=info.publisher,
            author=info.author,
            date=info.date,
            url=info.url,
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

    def keys(self) -> Iterator[tuple[bytes, int]]:
        """For every passage, the digest of what was encoded, and its row."""
        yield from self._database.execute("SELECT key, row FROM passages ORDER BY row")

    def tokens(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> TokenMatrix:
        """The token vectors of some passages; only these are read from disk."""
        begins, ends = self._bounds[rows], self._bounds[np.asarray(rows) + 1]
        bounds = np.concatenate([[0], np.cumsum(ends - begins)]).astype(np.int64)
        if len(begins) and (begins[1:] == ends[:-1]).all():  # neighbours: a view, no copy
            whole = slice(begins[0], ends[-1])
            return TokenMatrix(self._levels[whole], self._scales[whole], self._spans[whole], bounds)
        pieces = [slice(begin, end) for begin, end in zip(begins, ends, strict=True)]
        return TokenMatrix(
            np.concatenate([self._levels[piece] for piece in pieces]),
            np.concatenate([self._scales[piece] for piece in pieces]),
            np.concatenate([self._spans[piece] for piece in pieces]),
            bounds,
        )

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
            headings=tuple(json.loads(headings)),
            sentences=tuple(Span(*pair) for pair in json.loads(sentences)),
            kind=PassageKind(kind),
            page=page,
            footnotes=tuple(Span(*pair) for pair in json.loads(footnotes)),
        )


def current_id(index_dir: Path) -> str:
    """The id of the snapshot that CURRENT names.

    Raises:
        NoIndex: there is no CURRENT, or it names nothing.
    """
    try:
        name = (index_dir / CURRENT).read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        name = ""
    except (OSError, UnicodeDecodeError) as error:
        raise NoIndex(f"{index_dir / CURRENT} cannot be read ({error}). Build with `qa build`.") from None
    if not _ID.fullmatch(name):
        raise NoIndex(f"There is no index in {index_dir}. Build one with `qa build`.")
    return name


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
    manifest = read_manifest(folder)
    _match(folder, "analyser version", manifest["configuration"]["analyser"], ANALYSER_VERSION)
    if weights is not None:
        _match(folder, "model weights", manifest["configuration"]["weights"], weights)
    if not verified:
        verify_files(folder, manifest)
    try:
        return Snapshot(folder, manifest)
    except (sqlite3.Error, OSError, ValueError, KeyError) as error:
        raise DamagedSnapshot(f"Snapshot {folder} cannot be opened: {error}. Run `qa build`.") from error


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read a snapshot's manifest.

    Raises:
        DamagedSnapshot: it is missing or no manifest.
        MismatchedSnapshot: it is of another format version.
    """
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_bytes())
        found = manifest["format"]
        complete = {"id", "configuration", "documents", "counts", "files", "built_at", "sequence"} <= manifest.keys()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedSnapshot(f"Manifest {path} cannot be read ({error}). Run `qa build`.") from None
    _match(folder, "format", found, FORMAT)
    if not complete or manifest["id"] != folder.name:
        raise DamagedSnapshot(f"Manifest {path} is incomplete or another snapshot's. Run `qa build`.")
    return manifest


def verify_files(folder: Path, manifest: dict[str, Any]) -> None:
    """Compare every file with its size and SHA-256 in the manifest.

    Raises:
        DamagedSnapshot: naming the first file that differs.
    """

    def check(item: tuple[str, dict[str, Any]]) -> str | None:
        name, expected = item
        try:
            with (folder / name).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size != expected["bytes"]:
                    return f"{name} has {size} bytes instead of {expected['bytes']}"
                return None if file_digest(file, "sha256").hexdigest() == expected["sha256"] else f"{name} is altered"
        except OSError as error:
            return f"{name} cannot be read ({error.strerror})"

    with ThreadPoolExecutor(2) as pool:
        for trouble in pool.map(check, sorted(manifest["files"].items())):
            if trouble:
                raise DamagedSnapshot(f"Snapshot {folder}: {trouble}. Run `qa build`, or keep it for inspection.")


def _match(folder: Path, what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise MismatchedSnapshot(
            f"Snapshot {folder} was built with {what} {found}, but {wanted} is in use. Run `qa build`."
        )


def _mapped(path: Path, dtype: type[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    if 0 in shape:
        return np.empty(shape, dtype)
    return np.memmap(path, dtype=dtype, mode="r", shape=shape)


def _hold(folder: Path) -> int | None:
    """Take a shared lock on the manifest, which tells a pruning builder that the snapshot is in use."""
    if sys.platform == "win32":
        return None
    held = os.open(folder / MANIFEST, os.O_RDONLY)
    with suppress(OSError):  # a file system without locks: pruning keeps the newest snapshots anyway
        fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return held


def in_use(folder: Path) -> bool:
    """Whether some process holds the snapshot open."""
    if sys.platform == "win32":
        return False
    with (folder / MANIFEST).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False
