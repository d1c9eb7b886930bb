"""Writing a snapshot: the files in a folder of their own, then the manifest, all of it flushed to disk.

Whatever stops the builder leaves a folder that nobody reads; the next build sweeps it up. Making the finished folder
the one that serves is `qa.index.local.publish`'s.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, fields
from datetime import UTC, datetime
from hashlib import file_digest, sha256
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa.durable import files_below, flush
from qa.encode.int8 import PassageVectors
from qa.index.local.abbreviations import write_abbreviations
from qa.index.local.bm25 import write_bm25
from qa.index.local.manifest import FORMAT, MANIFEST, SNAPSHOTS, UNFINISHED, manifests, seal
from qa.index.local.snapshot import (
    ABBREVIATIONS,
    BOILERPLATE,
    BOUNDS,
    DATABASE,
    DOCUMENT_ROWS,
    INDEX,
    LEXICAL,
    SCALES,
    SENTENCE_BOUNDS,
    SENTENCE_SCALES,
    SENTENCES,
    SPANS,
    TOKENS,
    VECTORS,
    WORDS,
    mapped,
)
from qa.index.local.vectors import IndexChoice, write_index
from qa.index.local.vectors.choice import EXACT_UP_TO, evenly
from qa.index.local.word_forms import write_words
from qa.records import Block, Document, Passage, PassageKind

_block_values = attrgetter(*(field.name for field in fields(Block)))
_ARRAYS = (
    *(VECTORS, BOUNDS, SENTENCE_BOUNDS, DOCUMENT_ROWS, BOILERPLATE),
    *(TOKENS, SCALES, SPANS, SENTENCES, SENTENCE_SCALES),
)
_QUERIES = 256  # sentences that stand for questions where recall is measured

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
_SCHEMA_AT_THE_END = "CREATE INDEX passages_key ON passages (key)"  # whose order is not that of the rows


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
        self._arrays = {name: _ArrayFile(self.folder / name) for name in _ARRAYS}
        self._passages = self._tokens = self._sentences = 0
        self.index_choice = IndexChoice("exact")  # settled by `finish`
        self._bound()
        self._documents: list[dict[str, Any]] = []
        self._failed: list[dict[str, str]] = []
        self._text = ""

    def add_failed(self, source: str, sha256: str, reason: str) -> None:
        """Note a file that could not be read, so that the next build knows it for unchanged."""
        self._failed.append({"source": source, "sha256": sha256, "reason": reason})

    def add_document(self, document: Document, own: Mapping[str, str], *, kept: bool = False) -> None:
        """Add a document; the passages that follow are its own.

        Args:
            document: The document.
            own: What its file says of itself, before anything else known of it.
            kept: Whether this build could not read it and takes it as an earlier one did; the next one tries again.
        """
        blocks = json.dumps([_block_values(block) for block in document.blocks])
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
        more = ({"note": own["note"]} if "note" in own else {}) | ({"kept": True} if kept else {})
        self._documents.append({name: getattr(document, name) for name in details} | more | {"passages": 0})
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
                self._passages,
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
        self._arrays[VECTORS].write(vectors.vector)
        self._arrays[TOKENS].write(vectors.levels)
        self._arrays[SCALES].write(vectors.scales)
        self._arrays[SPANS].write(spans)
        self._arrays[SENTENCES].write(vectors.sentence_levels)
        self._arrays[SENTENCE_SCALES].write(vectors.sentence_scales)
        self._arrays[DOCUMENT_ROWS].write(np.int32(len(self._documents) - 1))
        self._arrays[BOILERPLATE].write(np.bool_(passage.kind is PassageKind.BOILERPLATE))
        self._tokens += len(vectors.levels)
        self._sentences += len(vectors.sentence_levels)
        self._bound()
        self._passages += 1
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
        self._database.execute("COMMIT")
        self._database.execute(_SCHEMA_AT_THE_END)
        write_bm25(self._indexed_texts(), self.folder / LEXICAL)
        write_words(self._indexed_texts(), self.folder / WORDS)
        write_abbreviations(self._indexed_texts(), self.folder / ABBREVIATIONS)
        self._database.close()
        self.index_choice = self._write_index()
        written = {name: file.fingerprint() for name, file in self._arrays.items()}
        manifest: dict[str, Any] = {
            "format": FORMAT,
            "configuration": self._configuration,
            "documents": self._documents,
            "failed": self._failed,
            "counts": {
                "documents": len(self._documents),
                "passages": self._passages,
                "tokens": self._tokens,
                "sentences": self._sentences,
            },
            "vectors": asdict(self.index_choice),
            "files": {
                path.relative_to(self.folder).as_posix(): written.get(path.name) or _fingerprint(path)
                for path in files_below(self.folder)
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

    def _bound(self) -> None:
        """Note where the next passage's tokens and sentences begin."""
        self._arrays[BOUNDS].write(np.int64(self._tokens))
        self._arrays[SENTENCE_BOUNDS].write(np.int64(self._sentences))

    def _write_index(self) -> IndexChoice:
        """Index the vectors that were written; sentences resemble questions more than passages do."""
        dimension = self._configuration["dimension"]
        vectors = mapped(self.folder / VECTORS, np.float32, (self._passages, dimension))
        levels = mapped(self.folder / SENTENCES, np.int8, (self._sentences, dimension))
        scales = mapped(self.folder / SENTENCE_SCALES, np.float32, (self._sentences,))
        sample = evenly(self._sentences, _QUERIES)
        queries = levels[sample] * scales[sample, np.newaxis]
        return write_index(vectors, queries, self.folder / INDEX, EXACT_UP_TO)

    def _indexed_texts(self) -> Iterator[str]:
        for headings, text in self._database.execute("SELECT headings, text FROM passages ORDER BY row"):
            yield "\n".join((*json.loads(headings), text))


class _ArrayFile:
    """A file that arrays are written to one after another; their digest is taken on the way."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._bytes = 0
        self._digest = sha256()

    def write(self, array: npt.NDArray[Any] | np.generic) -> None:
        data = array.tobytes()
        self._digest.update(data)
        self._bytes += self._file.write(data)

    def close(self) -> None:
        self._file.close()

    def fingerprint(self) -> dict[str, Any]:
        return {"bytes": self._bytes, "sha256": self._digest.hexdigest()}


def _fingerprint(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": file_digest(file, "sha256").hexdigest()}
