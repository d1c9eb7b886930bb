"""A segment's texts in an SQLite file: documents in the order of their paths, and their passages.

A document's canonical text, blocks and details are in a separate table, so that listing documents reads no text. The
same documents, added in the same order, give the same bytes.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from itertools import starmap
from operator import attrgetter
from pathlib import Path
from typing import Any

from qa.index.local.abbreviations import Entry, Found
from qa.index.typed_json import canonical
from qa.records import Block, BlockKind, Document, DocumentInfo, Passage, PassageKind, Span, left_out_of
from qa.text.json_reading import parse_json
from qa.text.ocr_pages import recognised_pages

TEXTS = "texts.sqlite"

_SCHEMA = """
CREATE TABLE documents (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL, source TEXT NOT NULL, sha256 TEXT NOT NULL, title TEXT NOT NULL,
    publisher TEXT, author TEXT, date TEXT, url TEXT, characters INTEGER NOT NULL, passages INTEGER NOT NULL,
    digest TEXT NOT NULL, sidecar TEXT NOT NULL, kept INTEGER NOT NULL, note TEXT);
CREATE TABLE contents (document INTEGER PRIMARY KEY, text TEXT NOT NULL, blocks TEXT NOT NULL, own TEXT NOT NULL);
CREATE TABLE passages (
    row INTEGER PRIMARY KEY, document INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
    text TEXT NOT NULL, headings TEXT NOT NULL, sentences TEXT NOT NULL, kind TEXT NOT NULL, page INTEGER,
    breaks TEXT NOT NULL, footnotes TEXT NOT NULL, key BLOB NOT NULL);
CREATE TABLE abbreviations (
    document INTEGER NOT NULL, found INTEGER NOT NULL, short TEXT NOT NULL, long TEXT NOT NULL, count INTEGER NOT NULL,
    short_key TEXT NOT NULL, long_key TEXT NOT NULL);
"""
# Their order differs from that of the rows.
_SCHEMA_AT_THE_END = """
CREATE INDEX passages_key ON passages (key);
CREATE INDEX abbreviations_short ON abbreviations (short_key);
CREATE INDEX abbreviations_long ON abbreviations (long_key) WHERE long_key != '';
"""
_DOCUMENT = "id, source, sha256, title, publisher, author, date, url, characters, passages, digest, sidecar, kept, note"
_ABBREVIATION = "found, short, long, count, short_key, long_key"
_PASSAGE = "start, end, text, headings, sentences, kind, page, breaks, footnotes"
_block_values = attrgetter(*(field.name for field in fields(Block)))

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document in the list of a segment.

    Attributes:
        info: Its entry in a list of documents.
        sha256: The SHA-256 of its file.
        digest: A digest of everything that an answer or a page shows of it, and of its passages' keys.
        sidecar: A digest of its sidecar entry.
        kept: Whether its file could not be read at that time, so that an earlier reading was kept.
        note: The loader's note for the build's report.
    """

    info: DocumentInfo
    sha256: str
    digest: str
    sidecar: str
    kept: bool
    note: str | None


class TextsWriter:
    """Writes the texts of a segment. Add a document's passages, then the document; `finish`, or else `close`."""

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / TEXTS, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")  # an incomplete file is never published
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.executescript(_SCHEMA)
        self._database.execute("BEGIN")
        self._digest = sha256()
        self._of_document = 0
        self.documents = self.passages = 0

    def add_passage(self, passage: Passage, key: bytes) -> None:
        """Add a passage of the document that follows.

        Args:
            passage: The passage.
            key: The digest of its encoded texts.
        """
        values = (
            passage.start,
            passage.end,
            passage.text,
            json.dumps(passage.headings, ensure_ascii=False),
            json.dumps([(span.start, span.end) for span in passage.sentences]),
            passage.kind.value,
            passage.page,
            json.dumps(passage.breaks),
            json.dumps([(span.start, span.end) for span in passage.footnotes]),
        )
        self._digest.update(canonical([*values, key.hex()]))
        self._insert_passages([(*values, key)])
        self._of_document += 1

    def add_document(self, document: Document, own: Mapping[str, str], sidecar: str, *, kept: bool) -> None:
        """Add the document whose passages were added.

        Args:
            document: The document.
            own: Its file's own details, before anything else known of it.
            sidecar: See `StoredDocument`; `kept` likewise.
            kept: Whether an earlier reading was kept.
        """
        blocks = json.dumps([_block_values(block) for block in document.blocks])
        details = (
            *(document.id, document.source, document.sha256, document.title),
            *(document.publisher, document.author, document.date, document.url),
        )
        content = (document.text, blocks, json.dumps(own, ensure_ascii=False, sort_keys=True))
        self._digest.update(canonical([*details, *content]))
        sizes = (len(document.text), self._of_document)
        state = (sidecar, int(kept), own.get("note"))
        self._insert_document((*details, *sizes, self._digest.hexdigest(), *state), content)
        self._digest, self._of_document = sha256(), 0

    def add_abbreviations(self, found: Iterable[Entry]) -> None:
        """Add the abbreviations of the document that follows."""
        self._insert_abbreviations((each.found, each.short, each.long, each.count, *each.keys) for each in found)

    def copy(self, texts: Texts, document: int, passages: range) -> None:
        """Copy a document and its passages from another segment, at these rows."""
        self._insert_passages(texts.stored_passages(passages))
        self._insert_abbreviations(texts.stored_abbreviations(document))
        self._insert_document(*texts.stored_document(document))

    def finish(self) -> list[str]:
        """Write everything and close the file; return the keys of all abbreviations."""
        self._database.execute("COMMIT")
        self._database.executescript(_SCHEMA_AT_THE_END)
        keys = self._database.execute("SELECT short_key FROM abbreviations UNION SELECT long_key FROM abbreviations")
        found = [key for (key,) in keys]
        self._database.close()
        return found

    def close(self) -> None:
        """Close the file, whether or not it is complete."""
        with suppress(sqlite3.Error):
            self._database.close()

    def _insert_passages(self, passages: Iterable[Row]) -> None:
        for values in passages:
            self._database.execute(
                f"INSERT INTO passages (row, document, {_PASSAGE}, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                (self.passages, self.documents, *values),
            )
            self.passages += 1

    def _insert_abbreviations(self, found: Iterable[Row]) -> None:
        self._database.executemany(
            f"INSERT INTO abbreviations (document, {_ABBREVIATION}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            ((self.documents, *values) for values in found),
        )

    def _insert_document(self, details: Row, content: Row) -> None:
        self._database.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (self.documents, *details)
        )
        self._database.execute("INSERT INTO contents VALUES (?, ?, ?, ?)", (self.documents, *content))
        self.documents += 1


class Texts:
    """The texts of a segment, open for reading from several threads."""

    def __init__(self, folder: Path) -> None:
        """Open the file.

        Raises:
            sqlite3.Error: it does not exist, or is not a database.
        """
        self._database = sqlite3.connect(
            f"{(folder / TEXTS).resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def documents(self) -> Iterator[StoredDocument]:
        """All documents, in the order of their paths."""
        for id_, source, digest_of_file, *details, digest, sidecar, kept, note in self._database.execute(
            f"SELECT {_DOCUMENT} FROM documents ORDER BY row"  # noqa: S608 - columns only
        ):
            info = DocumentInfo(id_, source, *details)
            if note:
                info = replace(info, recognised=recognised_pages(left_out_of({"note": note})))
            yield StoredDocument(info, digest_of_file, digest, sidecar, bool(kept), note)

    def document(self, stored: StoredDocument, row: int) -> Document:
        """A document with its canonical text and blocks, given its entry in the list and its row."""
        text, blocks, own = self._content(row)
        info = stored.info
        return Document(
            id=info.id,
            source=info.source,
            sha256=stored.sha256,
            text=text,
            blocks=_blocks(blocks),
            title=info.title,
            publisher=info.publisher,
            author=info.author,
            date=info.date,
            url=info.url,
            left_out=left_out_of(parse_json(own)),
        )

    def parsed(self, row: int) -> tuple[dict[str, str], str, tuple[Block, ...]]:
        """The parsed content of the document at a row: details, text and blocks."""
        text, blocks, own = self._content(row)
        return parse_json(own), text, _blocks(blocks)

    def passage(self, row: int, document_id: str) -> Passage:
        """The passage at a row of the document with an id."""
        start, end, text, headings, sentences, kind, page, breaks, footnotes = self._database.execute(
            f"SELECT {_PASSAGE} FROM passages WHERE row = ?",  # noqa: S608 - columns only
            (row,),
        ).fetchone()
        # Parsed together: a question reads many passages, and each call takes longer than what it parses.
        headings, sentences, breaks, footnotes = parse_json(f"[{headings},{sentences},{breaks},{footnotes}]")
        return Passage(
            document_id=document_id,
            start=start,
            end=end,
            text=text,
            headings=tuple(headings),
            sentences=tuple(starmap(Span, sentences)),
            kind=PassageKind(kind),
            page=page,
            footnotes=tuple(starmap(Span, footnotes)),
            breaks=_breaks(breaks),
        )

    def abbreviations(self, keys: Sequence[str], removed: Sequence[int]) -> Iterator[Entry]:
        """The abbreviations of some folded short or long forms, in all documents but those at the rows removed."""
        marks = ", ".join("?" * len(keys))
        for found, short, long, count in self._database.execute(
            "SELECT found, short, long, sum(CASE found WHEN ? THEN 1 ELSE count END) FROM abbreviations"  # noqa: S608
            f" WHERE (short_key IN ({marks}) OR (long_key != '' AND long_key IN ({marks})))"
            " AND document NOT IN (SELECT value FROM json_each(?)) GROUP BY found, short, long",
            (Found.DEFINED, *keys, *keys, json.dumps(list(removed))),
        ):
            yield Entry(Found(found), short, long, count)

    def row_of_key(self, key: bytes) -> int | None:
        """The row of a passage whose vectors were encoded from what has this digest, if there is one."""
        found = self._database.execute("SELECT row FROM passages WHERE key = ? LIMIT 1", (key,)).fetchone()
        return None if found is None else int(found[0])

    def stored_document(self, row: int) -> tuple[Row, Row]:
        """A document as it is stored: its details and its content."""
        details: Row = self._database.execute(
            f"SELECT {_DOCUMENT} FROM documents WHERE row = ?",  # noqa: S608 - columns only
            (row,),
        ).fetchone()
        return details, self._content(row)

    def stored_passages(self, rows: range) -> Iterator[Row]:
        """Passages as they are stored, with their keys."""
        return self._database.execute(
            f"SELECT {_PASSAGE}, key FROM passages WHERE row >= ? AND row < ? ORDER BY row",  # noqa: S608 - columns only
            (rows.start, rows.stop),
        )

    def stored_abbreviations(self, document: int) -> Iterator[Row]:
        """The abbreviations of the document at a row, as they are stored."""
        return self._database.execute(
            f"SELECT {_ABBREVIATION} FROM abbreviations WHERE document = ? ORDER BY rowid",  # noqa: S608
            (document,),
        )

    def _content(self, row: int) -> Row:
        found = self._database.execute("SELECT text, blocks, own FROM contents WHERE document = ?", (row,))
        return tuple(found.fetchone())


def _blocks(stored: str) -> tuple[Block, ...]:
    return tuple(Block(BlockKind(kind), *(*rest, _breaks(breaks))) for kind, *rest, breaks in parse_json(stored))


def _breaks(stored: list[list[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((place, page) for place, page in stored)
