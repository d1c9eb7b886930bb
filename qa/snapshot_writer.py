"""Writing a snapshot, and making it the one that serves.

The order is what survives a pulled plug: write the files beside the others, flush each file and folder to disk, rename
the folder to its final name, reopen and verify it, and only then replace CURRENT, in one step. Whatever stops the
builder before that step leaves the old snapshot serving; leftovers are swept up by the next build.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import astuple
from datetime import UTC, datetime
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa.errors import QAError
from qa.lexical import write_bm25
from qa.records import Document, Passage
from qa.snapshot import (
    BOUNDS,
    CURRENT,
    DATABASE,
    FORMAT,
    LEXICAL,
    MANIFEST,
    SCALES,
    SNAPSHOTS,
    SPANS,
    TOKENS,
    VECTORS,
    in_use,
    open_snapshot,
    read_manifest,
    verify_files,
)
from qa.vectors.faiss_store import write_faiss

_SCHEMA = """
CREATE TABLE documents (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL,
    title TEXT NOT NULL, publisher TEXT, author TEXT, date TEXT, url TEXT, text TEXT NOT NULL, blocks TEXT NOT NULL);
CREATE TABLE passages (
    row INTEGER PRIMARY KEY, document INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
    text TEXT NOT NULL, headings TEXT NOT NULL, sentences TEXT NOT NULL, kind TEXT NOT NULL, page INTEGER,
    footnotes TEXT NOT NULL, key BLOB NOT NULL);
CREATE INDEX passages_document ON passages (document);
"""
_UNFINISHED = ".unfinished-"


class SnapshotWriter:
    """Writes one snapshot into a folder of its own. Add each document, then its passages in order; then finish."""

    def __init__(self, index_dir: Path, configuration: dict[str, Any]) -> None:
        self._index_dir = index_dir
        self._configuration = configuration
        self.folder = index_dir / SNAPSHOTS / f"{_UNFINISHED}{os.getpid()}"
        self.folder.mkdir(parents=True)
        self._database = sqlite3.connect(self.folder / DATABASE, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")  # a torn file is never published
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.executescript(_SCHEMA)
        self._database.execute("BEGIN")
        self._tokens = (self.folder / TOKENS).open("wb")
        self._scales = (self.folder / SCALES).open("wb")
        self._spans = (self.folder / SPANS).open("wb")
        self._bounds = [0]
        self._vectors: list[npt.NDArray[np.float32]] = []
        self._documents: list[dict[str, Any]] = []
        self._failed: list[dict[str, str]] = []
        self._text = ""

    def add_failed(self, source: str, sha256: str, reason: str) -> None:
        """Note a file that could not be read, so that the next build knows it for unchanged."""
        self._failed.append({"source": source, "sha256": sha256, "reason": reason})

    def add_document(self, document: Document) -> None:
        """Add a document; the passages that follow are its own."""
        blocks = json.dumps([astuple(block) for block in document.blocks])
        self._database.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                len(self._documents),
                document.id,
                document.source,
                document.sha256,
                document.title,
                document.publisher,
                document.author,
                document.date,
                document.url,
                document.text,
                blocks,
            ),
        )
        details = ("id", "source", "sha256", "title", "publisher", "author", "date", "url")
        self._documents.append({name: getattr(document, name) for name in details} | {"passages": 0})
        self._text = document.text

    def add_passage(
        self,
        passage: Passage,
        key: bytes,
        vector: npt.NDArray[np.float32],
        tokens: tuple[npt.NDArray[np.int8], npt.NDArray[np.float32], npt.NDArray[np.int32]],
    ) -> None:
        """Add a passage of the last document.

        Args:
            passage: The passage; its text must stand in the document at its offsets.
            key: Digest of what was encoded.
            vector: `(d,) float32`.
            tokens: Levels `(n, d) int8`, scales `(n,) float32` and spans `(n, 2) int32`, n at least 1.
        """
        if self._text[passage.start : passage.end] != passage.text:
            raise AssertionError(f"passage {passage.start}-{passage.end} of {passage.document_id} is not its text")
        levels, scales, spans = tokens
        if not len(levels) == len(scales) == len(spans) > 0:
            raise AssertionError(f"passage {passage.start}-{passage.end} of {passage.document_id} has uneven tokens")
        self._database.execute(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                len(self._vectors),
                len(self._documents) - 1,
                passage.start,
                passage.end,
                passage.text,
                json.dumps(passage.headings, ensure_ascii=False),
                json.dumps([astuple(span) for span in passage.sentences]),
                passage.kind.value,
                passage.page,
                json.dumps([astuple(span) for span in passage.footnotes]),
                key,
            ),
        )
        self._tokens.write(levels.tobytes())
        self._scales.write(scales.tobytes())
        self._spans.write(spans.tobytes())
        self._bounds.append(self._bounds[-1] + len(levels))
        self._vectors.append(vector)
        self._documents[-1]["passages"] += 1

    def finish(self) -> str:
        """Write the indexes and the manifest, and flush everything to disk.

        Returns:
            The snapshot's id, a digest of its content.
        """
        for file in (self._tokens, self._scales, self._spans):
            file.close()
        np.array(self._bounds, dtype=np.int64).tofile(self.folder / BOUNDS)
        self._database.execute("COMMIT")
        write_bm25(self._indexed_texts(), self.folder / LEXICAL)
        self._database.close()
        chunks = (np.stack(self._vectors[at : at + 4096]) for at in range(0, len(self._vectors), 4096))
        write_faiss(chunks, self._configuration["dimension"], self.folder / VECTORS)
        manifest: dict[str, Any] = {
            "format": FORMAT,
            "configuration": self._configuration,
            "documents": self._documents,
            "failed": self._failed,
            "counts": {
                "documents": len(self._documents),
                "passages": len(self._vectors),
                "tokens": self._bounds[-1],
            },
            "files": {path.relative_to(self.folder).as_posix(): _fingerprint(path) for path in _files(self.folder)},
        }
        manifest["id"] = sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()[:16]
        # When and in which order are no part of the content: the same documents give the same id again.
        manifest["built_at"] = datetime.now(UTC).isoformat(timespec="seconds")
        manifest["sequence"] = 1 + max((each["sequence"] for each in manifests(self._index_dir)), default=0)
        (self.folder / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")
        for path in (*_files(self.folder), self.folder / LEXICAL, self.folder):
            _flush(path)
        return str(manifest["id"])

    def abandon(self) -> None:
        """Remove what was written."""
        for file in (self._tokens, self._scales, self._spans):
            file.close()
        self._database.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _indexed_texts(self) -> Iterator[str]:
        query = (
            "SELECT documents.title, passages.headings, passages.text FROM passages"
            " JOIN documents ON documents.row = passages.document ORDER BY passages.row"
        )
        for title, headings, text in self._database.execute(query):
            yield "\n".join((title, *json.loads(headings), text))


def publish(index_dir: Path, folder: Path, snapshot_id: str) -> None:
    """Make a finished snapshot the current one.

    Raises:
        DamagedSnapshot: it does not verify when reopened; CURRENT is untouched.
    """
    target = index_dir / SNAPSHOTS / snapshot_id
    if target.exists():
        try:
            verify_files(target, read_manifest(target))
            shutil.rmtree(folder)  # the same content stands there already
        except QAError:
            aside = next(
                path for n in range(1, 10**6) if not (path := target.with_name(f"{snapshot_id}.damaged-{n}")).exists()
            )
            target.rename(aside)
    if folder.exists():
        folder.rename(target)
        _flush(target.parent)
    open_snapshot(index_dir, snapshot_id).close()
    point_current(index_dir, snapshot_id)


def point_current(index_dir: Path, snapshot_id: str) -> None:
    """Name a snapshot current: the commit point of a build."""
    replace_file(index_dir / CURRENT, f"{snapshot_id}\n".encode("ascii"))


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file in one step: whoever reads it sees the old content or the new, whole, even after a power cut."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _flush(path.parent)


def manifests(index_dir: Path) -> list[dict[str, Any]]:
    """The manifests of all published snapshots that can be read, newest first."""
    found = []
    for folder in (index_dir / SNAPSHOTS).glob("*"):
        if folder.is_dir() and "." not in folder.name:
            try:
                found.append(read_manifest(folder))
            except QAError:
                continue  # damaged or of another format: not ours to read, nor to delete
    return sorted(found, key=lambda manifest: -int(manifest["sequence"]))


def prune(index_dir: Path, keep: int, current: str) -> list[str]:
    """Remove the oldest snapshots beyond `keep`, never the current one, one in use, or one that cannot be read.

    Returns:
        The ids removed.
    """
    ids = [manifest["id"] for manifest in manifests(index_dir)]
    removed = []
    for snapshot_id in [each for each in ids if each != current][max(0, keep - 1) :]:
        folder = index_dir / SNAPSHOTS / snapshot_id
        if not in_use(folder):
            doomed = folder.with_name(f"{_UNFINISHED}{snapshot_id}")  # in one step, so that none is ever half there
            folder.rename(doomed)
            shutil.rmtree(doomed, ignore_errors=True)
            removed.append(snapshot_id)
    return removed


def sweep(index_dir: Path) -> None:
    """Remove what builders that died have left. Call it only while holding the build lock."""
    for path in (index_dir / SNAPSHOTS).glob(f"{_UNFINISHED}*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in index_dir.glob(f".{CURRENT}.*"):
        path.unlink(missing_ok=True)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _fingerprint(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": file_digest(file, "sha256").hexdigest()}


def _flush(path: Path) -> None:
    """Flush a file or folder to disk. Windows has no folders to flush."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
