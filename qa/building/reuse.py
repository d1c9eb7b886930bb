"""What was read and encoded before, so that no build does it twice.

Two stores are asked in turn: the newest whole snapshot, and a journal of what unfinished builds have done, which is
dropped when its content stands in a published snapshot. A journal entry is used only if its digest is right, and a
journal that cannot be read is begun anew: it only saves time.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from hashlib import blake2b, sha256
from itertools import chain
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from qa.building.served import content_of, identity
from qa.encode import Encoder, Encoding
from qa.encode.int8 import PassageVectors, quantise
from qa.index.local.manifest import FORMAT
from qa.index.local.snapshot import Snapshot
from qa.reading.parsed import Content, from_data, to_data
from qa.text.json_reading import parse_json

JOURNAL = "journal.sqlite"

_COMMIT_EVERY_S = 0.5  # at most this much work is lost to a kill
_SCHEMA = """
CREATE TABLE encoded
    (key BLOB PRIMARY KEY, vector BLOB, levels BLOB, scales BLOB, spans BLOB,
     sentence_levels BLOB, sentence_scales BLOB, digest BLOB) WITHOUT ROWID;
CREATE TABLE contents (key BLOB PRIMARY KEY, content BLOB, digest BLOB) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class ToEncode:
    """A passage as the model reads it: with its heading trail, and sentence by sentence.

    `text_start` is where the passage's own text begins in `text`.
    """

    text: str
    text_start: int
    sentences: tuple[str, ...]


class Memory:
    """Contents by what was read, and vectors by what was encoded. Use as a context; what it learnt is kept."""

    def __init__(
        self,
        index_dir: Path,
        known: Snapshot | None,
        configuration: dict[str, Any],
        open_encoder: Callable[[], Encoder],
    ) -> None:
        """Open the journal.

        Args:
            index_dir: The index folder.
            known: A snapshot to take things over from, if there is one.
            configuration: What decides contents and vectors: loader, passages, weights.
            open_encoder: Loads the model; called only if something needs encoding.
        """
        self._open_encoder = open_encoder
        self._encoder: Encoder | None = None
        self._known = known
        same = {} if known is None else known.manifest["configuration"]
        self._reader = f"{configuration['loader']}\0{configuration['passages']}"
        self._weights: str = configuration["weights"]
        same_reader = known is not None and f"{same['loader']}\0{same['passages']}" == self._reader
        same_weights = known is not None and same["weights"] == self._weights
        # Whether what the snapshot holds need not be encoded again, if its titles are the same.
        self.same_vectors = same_weights and same.get("sidecar") == configuration["sidecar"]
        self._vectors_of = known if same_weights else None
        self._dimension: int | None = same["dimension"] if same_weights else None
        entries = known.manifest["documents"] if known and same_reader else []
        # What an earlier build only kept was not read by the loader that the manifest names.
        self._documents = {
            identity(each["source"], each["sha256"]): row for row, each in enumerate(entries) if not each.get("kept")
        }
        failures = known.manifest["failed"] if known and same_reader else []
        self._failures = {identity(each["source"], each["sha256"]): each["reason"] for each in failures}
        self._path = index_dir / JOURNAL
        self._journal = self._opened()
        self._committed = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(sqlite3.Error):  # a full disk: what could not be kept is done again
            self._journal.commit()
        self._journal.close()

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        if self._dimension is None:
            self._dimension = self._model().dimension
        return self._dimension

    def failure(self, source: str, digest: str) -> str | None:
        """Why the same file could not be read before."""
        return self._failures.get(identity(source, digest)) if digest else None

    def holds(self, source: str, digest: str) -> bool:
        """Whether the snapshot that things are taken over from has these bytes, under whatever name of the suffix."""
        return identity(source, digest) in self._documents

    def content(self, source: str, digest: str) -> Content | None:
        """What was read from the same bytes before, under whatever name of the same suffix."""
        known = identity(source, digest)
        row = self._documents.get(known)
        if row is not None and self._known:
            return content_of(self._known, row)
        stored = self._stored("SELECT content, digest FROM contents WHERE key = ?", self._content_key(known))
        return from_data(parse_json(stored[0])) if stored else None

    def keep(self, source: str, digest: str, content: Content) -> None:
        """Remember what was read."""
        data = json.dumps(to_data(content), ensure_ascii=False).encode("utf-8")
        key = self._content_key(identity(source, digest))
        self._journal.execute("INSERT OR REPLACE INTO contents VALUES (?, ?, ?)", (key, data, _digest([data])))
        self._commit_now_and_then()

    def key(self, passage: ToEncode) -> bytes:
        """The digest of the model and of all that it reads."""
        parts = (self._weights, str(passage.text_start), passage.text, *passage.sentences)
        return sha256("\0".join(parts).encode()).digest()

    def knows(self, key: bytes) -> bool:
        """Whether this was encoded before."""
        return self._row(key) is not None or self._vectors(key) is not None

    def recall(
        self, wanted: Iterable[tuple[bytes, ToEncode]], on_encoded: Callable[[str], None] = lambda _: None
    ) -> Generator[PassageVectors]:
        """Vectors for passages, in order; those not known yet are encoded, and kept.

        Passages are taken from `wanted` some way ahead of those given out, so that the encoder never waits for work.

        Args:
            wanted: Passages with their keys.
            on_encoded: Called with the text of each passage that had to be encoded.
        """
        waiting: deque[tuple[bytes, ToEncode, PassageVectors | None]] = deque()
        queued: set[bytes] = set()
        new: dict[bytes, PassageVectors] = {}  # while the same passage waits once more

        def groups() -> Iterator[Sequence[str]]:
            for key, passage in wanted:
                known = None if key in queued else self._vectors(key)
                waiting.append((key, passage, known))
                if known is not None or key in queued:
                    yield ()
                else:
                    queued.add(key)
                    yield (passage.text, *passage.sentences)

        for encodings in self._encoded(groups()):
            key, passage, known = waiting.popleft()
            if encodings:
                new[key] = self._kept(key, passage, encodings)
                on_encoded(passage.text)
            yield known or new[key]
            if key in queued and all(key != other for other, *_ in waiting):
                queued.remove(key)
                del new[key]

    def clear(self) -> None:
        """Forget what the journal holds."""
        self._journal.executescript("DELETE FROM encoded; DELETE FROM contents;")

    def forget(self) -> None:
        """Drop the journal, once its content stands in a published snapshot."""
        self._journal.close()
        _remove(self._path)

    def _encoded(self, groups: Iterator[Sequence[str]]) -> Iterator[list[Encoding]]:
        """Groups of texts encoded, in order; the model is loaded only for one that holds any."""
        for group in groups:
            if group:
                yield from self._model().encode_groups(chain([group], groups))
            else:
                yield []

    def _kept(self, key: bytes, passage: ToEncode, encodings: list[Encoding]) -> PassageVectors:
        whole, *sentences = encodings
        vectors = _quantised(whole, passage.text_start, [each.vector for each in sentences])
        blobs = [getattr(vectors, field.name).tobytes() for field in fields(PassageVectors)]
        self._journal.execute(
            "INSERT OR REPLACE INTO encoded VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (key, *blobs, _digest(blobs))
        )
        self._commit_now_and_then()
        return vectors

    def _model(self) -> Encoder:
        if self._encoder is None:
            self._encoder = self._open_encoder()
        return self._encoder

    def _row(self, key: bytes) -> int | None:
        return self._vectors_of.row_of_key(key) if self._vectors_of else None

    def _vectors(self, key: bytes) -> PassageVectors | None:
        row = self._row(key)
        if row is not None and self._vectors_of:
            return self._vectors_of.passage_vectors(row)
        stored = self._stored(
            "SELECT vector, levels, scales, spans, sentence_levels, sentence_scales, digest FROM encoded WHERE key = ?",
            key,
        )
        if stored is None:
            return None
        vector, levels, scales, spans, sentence_levels, sentence_scales = stored
        return PassageVectors(
            np.frombuffer(vector, np.float32),
            np.frombuffer(levels, np.int8).reshape(-1, self.dimension),
            np.frombuffer(scales, np.float32),
            np.frombuffer(spans, np.int32).reshape(-1, 2),
            np.frombuffer(sentence_levels, np.int8).reshape(-1, self.dimension),
            np.frombuffer(sentence_scales, np.float32),
        )

    def _stored(self, query: str, key: bytes) -> list[bytes] | None:
        try:
            row = self._journal.execute(query, (key,)).fetchone()
        except sqlite3.DatabaseError:
            self._journal.close()
            _remove(self._path)
            self._journal = self._opened()
            return None
        if row is None or _digest(row[:-1]) != row[-1]:
            return None
        return list(row[:-1])

    def _content_key(self, known: tuple[str, str]) -> bytes:
        return sha256("\0".join((self._reader, *known)).encode()).digest()

    def _commit_now_and_then(self) -> None:
        if time.monotonic() - self._committed >= _COMMIT_EVERY_S:
            self._journal.commit()
            self._committed = time.monotonic()

    def _opened(self) -> sqlite3.Connection:
        for attempt in (1, 2):
            journal = sqlite3.connect(self._path)
            try:
                # Survives a kill; after a power cut the digests tell, and the work is done again.
                journal.execute("PRAGMA synchronous = OFF")
                if journal.execute("PRAGMA user_version").fetchone()[0] != FORMAT:  # new, or another release's
                    journal.executescript("DROP TABLE IF EXISTS encoded; DROP TABLE IF EXISTS contents;" + _SCHEMA)
                    journal.execute(f"PRAGMA user_version = {FORMAT}")
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


def _quantised(encoding: Encoding, text_start: int, sentences: list[npt.NDArray[np.float32]]) -> PassageVectors:
    levels, scales = quantise(encoding.tokens)
    spans = encoding.spans - text_start
    spans[encoding.spans[:, 0] < text_start] = -1  # the heading trail's and the model's own tokens
    spans = np.ascontiguousarray(spans, dtype=np.int32)
    return PassageVectors(encoding.vector, levels, scales, spans, *quantise(np.stack(sentences)))


def _digest(blobs: Any) -> bytes:
    digest = blake2b(digest_size=16)
    for blob in blobs:
        digest.update(len(blob).to_bytes(8, "big"))
        digest.update(blob)
    return digest.digest()


def _remove(path: Path) -> None:
    for each in (path, path.with_name(f"{path.name}-journal")):
        each.unlink(missing_ok=True)
