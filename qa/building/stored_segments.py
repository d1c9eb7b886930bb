"""Access of a build to stored segments: their documents, contents and vectors.

Listing documents reads no array; arrays are mapped at the first access to vectors.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from qa.errors import DamagedSnapshot, QAError, ShortOfResources
from qa.index.local.index_folder import current_version, segment_path
from qa.index.local.segment import Segment
from qa.index.local.texts import StoredDocument, Texts
from qa.index.local.verify import verify_segment
from qa.reading.parsed import Content, Parsed
from qa.text.document_names import suffix_of

_NAMED = 10  # documents of a damaged segment in a message

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a stored document."""

    segment: Segment
    row: int

    @property
    def stored(self) -> StoredDocument:
        """The document's entry in the segment's list."""
        return self.segment.stored[self.row]

    def content(self) -> Content:
        """The document's parsed content."""
        own, text, blocks, passages = self.segment.parsed(self.row)
        return Content(Parsed(text, blocks, own), passages)


@contextmanager
def stored_segments(index_dir: Path, ids: Iterable[str]) -> Iterator[list[Segment]]:
    """Open segments; damaged ones are logged and left out."""
    found: list[Segment] = []
    try:
        for segment_id in dict.fromkeys(ids):
            try:
                record = verify_segment(index_dir, segment_id)
                found.append(Segment(segment_path(index_dir, segment_id), record))
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


def places(segments: Iterable[Segment]) -> dict[str, Place]:
    """The place of each document of some segments, by its path."""
    return {
        stored.info.source: Place(segment, row) for segment in segments for row, stored in enumerate(segment.stored)
    }


def check_segments(index_dir: Path, *, fail: bool) -> set[str]:
    """Compare every byte of the current version's segments.

    Args:
        index_dir: The index folder.
        fail: Whether damage is an error.

    Returns:
        The ids of the damaged segments.

    Raises:
        DamagedSnapshot: damage was found and `fail` is set; the message names segments, files and documents.
    """
    try:
        version = current_version(index_dir)
    except QAError:
        return set()  # the following build reports or repairs it
    compared = {entry.id: segment_trouble(index_dir, entry.id) for entry in version.segments}
    damaged = {segment_id: trouble for segment_id, trouble in compared.items() if trouble}
    if damaged and fail:
        raise DamagedSnapshot(" ".join(damaged.values()))
    for told in damaged.values():
        log.error("%s", told)
    return set(damaged)
