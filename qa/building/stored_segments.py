"""Access of a build to stored segments: their documents, contents and vectors.

Listing documents reads no array; arrays are opened at the first access to vectors or passages.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from qa.encode.int8 import PassageVectors
from qa.errors import DamagedSnapshot, QAError, ShortOfResources
from qa.index.local.index_folder import segment_path
from qa.index.local.segment import Segment
from qa.index.local.shortages import raise_if_short
from qa.index.local.texts import TEXTS, StoredDocument, Texts
from qa.index.local.verify import verify_segment
from qa.index.local.version import SegmentRecord
from qa.reading.parsed import Content, Parsed
from qa.text.document_names import suffix_of

_NAMED = 10  # documents of a damaged segment in a message

log = logging.getLogger(__name__)


class StoredSegment:
    """A segment with its list of documents; other content is read when needed. `close` it."""

    def __init__(self, folder: Path, record: SegmentRecord) -> None:
        """Read the list of documents.

        Raises:
            DamagedSnapshot: it cannot be read.
        """
        self.id = record.id
        self.record = record
        self._folder = folder
        self._opened: Segment | None = None
        try:
            self._texts = Texts(folder)
            try:
                self.documents: Sequence[StoredDocument] = tuple(self._texts.documents())
            except BaseException:
                self._texts.close()
                raise
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise_if_short(error, f"Segment {record.id}", folder / TEXTS)
            told = f"Segment {record.id} cannot be opened: {error}. Run `qa build --repair`."
            raise DamagedSnapshot(told) from None

    def close(self) -> None:
        """Close the files."""
        self._texts.close()
        if self._opened:
            self._opened.close()

    def content(self, row: int) -> Content:
        """The parsed content of the document at a row."""
        own, text, blocks, passages = self.opened().parsed(row)
        return Content(Parsed(text, blocks, own), passages)

    def has_vectors(self, key: bytes) -> bool:
        """Whether a passage of this segment has vectors for a key."""
        return self._texts.row_of_key(key) is not None

    def vectors(self, key: bytes) -> PassageVectors | None:
        """The vectors for a key."""
        row = self._texts.row_of_key(key)
        return None if row is None else self.opened().passage_vectors(row)

    def opened(self) -> Segment:
        """The segment with its arrays mapped."""
        if self._opened is None:
            self._opened = Segment(self._folder, self.record)
        return self._opened


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a stored document."""

    segment: StoredSegment
    row: int

    @property
    def stored(self) -> StoredDocument:
        """The document's entry in the segment's list."""
        return self.segment.documents[self.row]


@contextmanager
def stored_segments(index_dir: Path, ids: Iterable[str]) -> Iterator[list[StoredSegment]]:
    """Open segments; damaged ones are logged and left out."""
    found: list[StoredSegment] = []
    try:
        for segment_id in dict.fromkeys(ids):
            try:
                record = verify_segment(index_dir, segment_id)
                found.append(StoredSegment(segment_path(index_dir, segment_id), record))
            except ShortOfResources:
                raise  # otherwise the segment would be made again
            except QAError as error:
                log.error("%s %s", error, lost_documents(index_dir, segment_id))  # noqa: TRY400 - the message says it
        yield found
    finally:
        for segment in found:
            segment.close()


def segment_trouble(index_dir: Path, segment_id: str) -> str:
    """Compare every byte of a segment; return its faults and its documents as a message, empty if there are none.

    Raises:
        ShortOfResources: it cannot be read for now.
    """
    try:
        verify_segment(index_dir, segment_id, every_byte=True)
    except ShortOfResources:
        raise  # which is not damage
    except QAError as error:
        return f"{error} {lost_documents(index_dir, segment_id)}"
    return ""


def lost_documents(index_dir: Path, segment_id: str) -> str:
    """A sentence with the documents of a damaged segment, as far as they can be read."""
    names: list[str] = []
    with suppress(sqlite3.Error, ValueError, TypeError):
        texts = Texts(segment_path(index_dir, segment_id))
        try:
            names = [each.info.source for each in texts.documents()]
        finally:
            texts.close()
    if not names:
        return "Which documents it holds cannot be read."
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"It holds {', '.join(names[:_NAMED])}{more}."


def identity(source: str, sha256: str) -> tuple[str, str]:
    """What a file's content depends on: its suffix in lower case, and the digest of its bytes."""
    return suffix_of(source), sha256


def places(segments: Iterable[StoredSegment]) -> dict[str, Place]:
    """The place of each document of some segments, by its path."""
    return {
        stored.info.source: Place(segment, row) for segment in segments for row, stored in enumerate(segment.documents)
    }
