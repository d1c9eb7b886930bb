"""Stores the parsed contents and vectors of an unfinished build, and the segments that it has finished.

The next build continues with them; after a version is published, the journal is removed. The journal only saves time:
an entry is used only if its digest is right, and an unreadable journal is replaced by an empty one.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import suppress
from dataclasses import fields
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any, Self

import numpy as np

from qa.encode.int8 import PassageVectors
from qa.index.local.index_folder import segment_path
from qa.reading.parsed import Content, from_data, to_data
from qa.text.json_reading import parse_json

JOURNAL = "journal.sqlite"

_FORMAT = 7  # version of the tables and their contents
_COMMIT_EVERY_S = 0.5  # a killed build loses at most this much work
_SCHEMA = """
DROP TABLE IF EXISTS encoded; DROP TABLE IF EXISTS contents; DROP TABLE IF EXISTS segments;
CREATE TABLE encoded
    (key BLOB PRIMARY KEY, vector BLOB, tokens BLOB, scales BLOB, spans BLOB,
     sentence_levels BLOB, sentence_scales BLOB, digest BLOB) WITHOUT ROWID;
CREATE TABLE contents (key BLOB PRIMARY KEY, content BLOB, digest BLOB) WITHOUT ROWID;
CREATE TABLE segments (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_VECTORS = "SELECT vector, tokens, scales, spans, sentence_levels, sentence_scales, digest FROM encoded WHERE key = ?"


class Journal:
    """The journal of a build. Use as a context."""

    def __init__(self, index_dir: Path) -> None:
        """Open the journal, or create one.

        Raises:
            sqlite3.Error: the disk is full or cannot be written.
        """
        self._path = index_dir / JOURNAL
        self._database = self._opened()
        self._committed = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(sqlite3.Error):  # a full disk: work that could not be stored is repeated
            self._database.commit()
        self._database.close()

    def content(self, reader: str, identity: tuple[str, str]) -> Content | None:
        """The parsed content of a file.

        Args:
            reader: The versions of the loader and of cutting passages.
            identity: The file's suffix and SHA-256.
        """
        stored = self._stored("SELECT content, digest FROM contents WHERE key = ?", _content_key(reader, identity))
        return from_data(parse_json(stored[0])) if stored else None

    def keep_content(self, reader: str, identity: tuple[str, str], content: Content) -> None:
        """Store the parsed content of a file."""
        data = json.dumps(to_data(content), ensure_ascii=False).encode("utf-8")
        values = (_content_key(reader, identity), data, _digest([data]))
        self._database.execute("INSERT OR REPLACE INTO contents VALUES (?, ?, ?)", values)
        self._commit_now_and_then()

    def has_vectors(self, key: bytes) -> bool:
        """Whether there are vectors for a key; the entry is not read, so it may be damaged."""
        return self._row("SELECT 1 FROM encoded WHERE key = ?", key) is not None

    def vectors(self, key: bytes) -> PassageVectors | None:
        """The vectors for a key."""
        stored = self._stored(_VECTORS, key)
        if stored is None:
            return None
        vector, tokens, scales, spans, sentence_levels, sentence_scales = stored
        whole, of_tokens = np.frombuffer(vector, np.float32), np.frombuffer(scales, np.float32)
        return PassageVectors(
            whole,
            np.frombuffer(tokens, np.uint8).reshape(len(of_tokens), -1),
            of_tokens,
            np.frombuffer(spans, np.int32).reshape(-1, 2),
            np.frombuffer(sentence_levels, np.int8).reshape(-1, len(whole)),
            np.frombuffer(sentence_scales, np.float32),
        )

    def keep_vectors(self, key: bytes, vectors: PassageVectors) -> None:
        """Store vectors."""
        blobs = [getattr(vectors, field.name).tobytes() for field in fields(PassageVectors)]
        values = (key, *blobs, _digest(blobs))
        self._database.execute("INSERT OR REPLACE INTO encoded VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        self._commit_now_and_then()

    def segments(self) -> list[str]:
        """The ids of the finished segments that are in no version yet."""
        return [row[0] for row in self._database.execute("SELECT id FROM segments ORDER BY id")]

    def keep_segment(self, segment_id: str) -> None:
        """Record that a segment is finished, before it is moved to its place."""
        self._database.execute("INSERT OR REPLACE INTO segments VALUES (?)", (segment_id,))
        self._database.commit()

    def clear(self) -> None:
        """Remove all entries."""
        self._database.executescript("DELETE FROM encoded; DELETE FROM contents; DELETE FROM segments;")

    def _stored(self, query: str, key: bytes) -> list[bytes] | None:
        row = self._row(query, key)
        return None if row is None or _digest(row[:-1]) != row[-1] else list(row[:-1])

    def _row(self, query: str, key: bytes) -> tuple[Any, ...] | None:
        try:
            row: tuple[Any, ...] | None = self._database.execute(query, (key,)).fetchone()
        except sqlite3.DatabaseError:
            self._database.close()
            _remove(self._path)
            self._database = self._opened()
            return None
        return row

    def _commit_now_and_then(self) -> None:
        if time.monotonic() - self._committed >= _COMMIT_EVERY_S:
            self._database.commit()
            self._committed = time.monotonic()

    def _opened(self) -> sqlite3.Connection:
        for attempt in (1, 2):
            journal = sqlite3.connect(self._path)
            try:
                # Survives a kill; after a power failure, entries with wrong digests are made again.
                journal.execute("PRAGMA synchronous = OFF")
                if journal.execute("PRAGMA user_version").fetchone()[0] != _FORMAT:  # new, or from another release
                    journal.executescript(_SCHEMA)
                    journal.execute(f"PRAGMA user_version = {_FORMAT}")
            except sqlite3.OperationalError:
                journal.close()
                raise
            except sqlite3.DatabaseError:
                journal.close()
                if attempt == 2:
                    raise
                _remove(self._path)
            else:
                return journal
        raise AssertionError("unreachable")


def remove_journal(index_dir: Path) -> None:
    """Remove the journal, once its content is in a published version."""
    _remove(index_dir / JOURNAL)


def unpublished(index_dir: Path) -> list[str]:
    """The finished segments of an unfinished build; empty without a readable journal."""
    path = index_dir / JOURNAL
    if not path.exists():
        return []
    try:
        with Journal(index_dir) as journal:
            return [each for each in journal.segments() if segment_path(index_dir, each).exists()]
    except sqlite3.DatabaseError:
        return []


def _content_key(reader: str, identity: tuple[str, str]) -> bytes:
    return sha256("\0".join((reader, *identity)).encode()).digest()


def _digest(blobs: Any) -> bytes:
    digest = blake2b(digest_size=16)
    for blob in blobs:
        digest.update(len(blob).to_bytes(8, "big"))
        digest.update(blob)
    return digest.digest()


def _remove(path: Path) -> None:
    for each in (path, path.with_name(f"{path.name}-journal")):
        each.unlink(missing_ok=True)
