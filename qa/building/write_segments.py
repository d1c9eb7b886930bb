"""Writes documents with their vectors into new segments.

A long build finishes several segments one after another; if it is killed, the next build uses them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from uuid import uuid4

from qa.building.encode_passages import Encoded
from qa.building.journal import Journal
from qa.encode.int8 import PassageVectors
from qa.index.local.index_folder import SEGMENTS, UNFINISHED
from qa.index.local.publish import install_segment
from qa.index.local.segment_writer import SegmentWriter
from qa.index.local.version import Configuration, SegmentRecord
from qa.records import Passage

PASSAGES_AT_ONCE = 16_384  # passages in a segment, unless one document has more


@dataclass(frozen=True, slots=True)
class Finished:
    """A complete segment outside the index: its folder and its `segment.json` record."""

    folder: Path
    record: SegmentRecord


def finished_segments(index_dir: Path, configuration: Configuration, passages: Iterable[Encoded]) -> Iterator[Finished]:
    """Write segments one after another.

    Args:
        index_dir: The index folder.
        configuration: The configuration of the documents.
        passages: Passages with their vectors, in the order of the documents' paths.
    """
    writer: SegmentWriter | None = None
    folder = index_dir
    try:
        for _, of_document in groupby(passages, key=lambda each: each.document.document.source):
            if writer is None:
                folder = index_dir / SEGMENTS / f"{UNFINISHED}{uuid4().hex}"
                writer = SegmentWriter(folder, configuration)
            first = next(of_document)
            document = first.document
            writer.add(
                document.document,
                document.own,
                _with_vectors(chain([first], of_document)),  # noqa: B031 - read once
                sidecar=document.sidecar,
                kept=document.kept,
            )
            if writer.passages >= PASSAGES_AT_ONCE:
                record, writer = writer.finish(), None
                yield Finished(folder, record)
        if writer:
            record, writer = writer.finish(), None
            yield Finished(folder, record)
    except BaseException:
        if writer:
            writer.abandon()
        raise


def place_segment(index_dir: Path, finished: Finished, journal: Journal) -> str:
    """Move a segment into the index folder; it is used only once a version names it.

    Args:
        index_dir: The index folder.
        finished: The segment.
        journal: Records the segment.

    Returns:
        Its id.
    """
    journal.keep_segment(finished.record.id)
    install_segment(index_dir, finished.folder, finished.record)
    return finished.record.id


def _with_vectors(passages: Iterable[Encoded]) -> Iterator[tuple[Passage, bytes, PassageVectors]]:
    for each in passages:
        if each.passage and each.vectors:
            yield each.passage, each.key, each.vectors
