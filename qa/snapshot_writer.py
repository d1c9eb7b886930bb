"""Writing a snapshot: the files in a folder of their own, then the manifest, all of it flushed to disk.

Whatever stops the builder leaves a folder that nobody reads; the next build sweeps it up. Making the finished folder
the one that serves is `qa.publish`'s.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import astuple
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa.disk import files_below, flush
from qa.late_interaction import PassageVectors
from qa.lexical import write_bm25
from qa.manifest import FORMAT, MANIFEST, SNAPSHOTS, UNFINISHED, manifests, seal
from qa.records import Document, Passage
from qa.snapshot import (
    BOUNDS,
    DATABASE,
    LEXICAL,
    SCALES,
    SENTENCE_SCALES,
    SENTENCES,
    SPANS,
    TOKENS,
    VECTORS,
    WORDS,
)
from qa.spelling import write_words
from qa.vectors.faiss_store import write_faiss

_SCHEMA = """
CREATE TABLE documents (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL,
    title TEXT NOT NULL, publisher TEXT, author TEXT, date TEXT, url TEXT, text TEXT NOT NULL, blocks TEXT NOT NULL,
    own TEXT NOT NULL);
CREATE TABLE passages (
    row INTEGER PRIMARY KEY, document INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
    text TEXT NOT NULL, headings TEXT NOT NULL, sentences TEXT NOT NULL, kind TEXT NOT NULL, page INTEGER,
    footnotes TEXT NOT NULL, key BLOB NOT NULL);
CREATE INDEX passages_document ON passages (document);
"""


class SnapshotWriter:
    """Writes one snapshot into a folder of its own. Add each document, then its passages in order; then finish."""

    def __init__(self, index_dir: Path, configuration: dict[str, Any]) -> None:
        self._index_dir = index_dir
        self._configuration = configuration
        self.folder = index_dir / SNAPSHOTS / f"{UNFINISHED}{os.getpid()}"
        self.folder.mkdir(parents=True)
        self._database = sqlite3.connect(self.folder / DATABASE, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")  # a torn file is never published
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.executescript(_SCHEMA)
        self._database.execute("BEGIN")
        names = (TOKENS, SCALES, SPANS, SENTENCES, SENTENCE_SCALES)
        self._arrays = {name: (self.folder / name).open("wb") for name in names}
        self._bounds = [(0, 0)]  # where each passage's tokens and sentences begin
        self._vectors: list[npt.NDArray[np.float32]] = []
        self._documents: list[dict[str, Any]] = []
        self._failed: list[dict[str, str]] = []
        self._text = ""

    def add_failed(self, source: str, sha256: str, reason: str) -> None:
        """Note a file that could not be read, so that the next build knows it for unchanged."""
        self._failed.append({"source": source, "sha256": sha256, "reason": reason})

    def add_document(self, document: Document, own: Mapping[str, str]) -> None:
        """Add a document; the passages that follow are its own.

        Args:
            document: The document.
            own: What its file says of itself, before anything else known of it.
        """
        blocks = json.dumps([astuple(block) for block in document.blocks])
        self._database.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
                json.dumps(own, ensure_ascii=False, sort_keys=True),
            ),
        )
        details = ("id", "source", "sha256", "title", "publisher", "author", "date", "url")
        note = {"note": own["note"]} if "note" in own else {}
        self._documents.append({name: getattr(document, name) for name in details} | note | {"passages": 0})
        self._text = document.text

    def add_passage(
        self,
        passage: Passage,
        key: bytes,
        vectors: PassageVectors,
    ) -> None:
        """Add a passage of the last document.

        Args:
            passage: The passage; its text must stand in the document at its offsets.
            key: Digest of what was encoded.
            vectors: Its vectors, of at least one token and of every sentence.
        """
        if self._text[passage.start : passage.end] != passage.text:
            raise AssertionError(f"passage {passage.start}-{passage.end} of {passage.document_id} is not its text")
        whole = len(vectors.levels) == len(vectors.scales) == len(vectors.spans) > 0
        if not whole or len(vectors.sentence_levels) != len(passage.sentences):
            raise AssertionError(f"passage {passage.start}-{passage.end} of {passage.document_id} has uneven vectors")
        self._database.execute(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                len(self._vectors),
                len(self._documents) - 1,
                passage.start,
                passage.end,
                passage.text,
                json.dumps(passage.headings, ensure_ascii=False),
                json.dumps([(span.start, span.end) for span in passage.sentences]),
                passage.kind.value,
                passage.page,
                json.dumps([(span.start, span.end) for span in passage.footnotes]),
                key,
            ),
        )
        starts = [sentence.start for sentence in passage.sentences]
        inside = np.searchsorted(starts, vectors.spans[:, 0], side="right") - 1  # -1 for tokens that stand in none
        spans = np.column_stack([vectors.spans, inside]).astype(np.int32)
        self._write(TOKENS, vectors.levels)
        self._write(SCALES, vectors.scales)
        self._write(SPANS, spans)
        self._write(SENTENCES, vectors.sentence_levels)
        self._write(SENTENCE_SCALES, vectors.sentence_scales)
        ends = (self._bounds[-1][0] + len(vectors.levels), self._bounds[-1][1] + len(vectors.sentence_levels))
        self._bounds.append(ends)
        self._vectors.append(vectors.vector)
        self._documents[-1]["passages"] += 1

    def entries(self) -> dict[str, dict[str, Any]]:
        """The documents as the manifest lists them, by source."""
        return {each["source"]: each for each in self._documents}

    def finish(self) -> str:
        """Write the indexes and the manifest, and flush everything to disk.

        Returns:
            The snapshot's id, a digest of its content.
        """
        for file in self._arrays.values():
            file.close()
        np.array(self._bounds, dtype=np.int64).tofile(self.folder / BOUNDS)
        self._database.execute("COMMIT")
        write_bm25(self._indexed_texts(), self.folder / LEXICAL)
        write_words(self._indexed_texts(), self.folder / WORDS)
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
                "tokens": self._bounds[-1][0],
                "sentences": self._bounds[-1][1],
            },
            "files": {
                path.relative_to(self.folder).as_posix(): _fingerprint(path) for path in files_below(self.folder)
            },
        }
        manifest["built_at"] = datetime.now(UTC).isoformat(timespec="seconds")
        manifest["sequence"] = 1 + max((each["sequence"] for each in manifests(self._index_dir)), default=0)
        (self.folder / MANIFEST).write_bytes(seal(manifest))
        for path in (*files_below(self.folder), self.folder / LEXICAL, self.folder):
            flush(path)
        return str(manifest["id"])

    def abandon(self) -> None:
        """Remove what was written. What cannot be removed now, the next build sweeps up."""
        for file in self._arrays.values():
            with suppress(OSError):  # a full disk refuses what is still buffered
                file.close()
        self._database.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, name: str, array: npt.NDArray[Any]) -> None:
        self._arrays[name].write(array.tobytes())

    def _indexed_texts(self) -> Iterator[str]:
        for headings, text in self._database.execute("SELECT headings, text FROM passages ORDER BY row"):
            yield "\n".join((*json.loads(headings), text))


def _fingerprint(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": file_digest(file, "sha256").hexdigest()}
