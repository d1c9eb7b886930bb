"""Writes documents with their vectors into new segments.

A long build finishes several segments one after the other; if it is killed, the next build uses those.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from pathlib import Path

from qa.building.encode_passages import Encoded
from qa.building.journal import Journal
from qa.encode.int8 import PassageVectors
from qa.index.local.index_folder import SEGMENTS, UNFINISHED
from qa.index.local.publish import install_segment
from qa.index.local.segment_writer import SegmentWriter
from qa.index.local.version import Configuration
from qa.records import Passage

PASSAGES_AT_ONCE = 16_384  # in a segment, unless one document has more


def write_segments(
    index_dir: Path, configuration: Configuration, passages: Iterable[Encoded], journal: Journal
) -> list[str]:
    """Write segments and give them their place; they count only once a version names them.

    Args:
        index_dir: The index folder.
        configuration: What the documents are made with.
        passages: Passages with their vectors, in the order of the documents' paths.
        journal: Takes down the segments that are finished.

    Returns:
        The ids of the segments, in order.
    """
    found: list[str] = []
    writer: SegmentWriter | None = None
    folder = index_dir / SEGMENTS / f"{UNFINISHED}{os.getpid()}"
    try:
        for _, of_document in groupby(passages, key=lambda each: each.document.document.source):
            writer = writer or SegmentWriter(folder, configuration)
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
                found.append(_install(index_dir, folder, writer, journal))
                writer = None
        if writer:
            found.append(_install(index_dir, folder, writer, journal))
    except BaseException:
        if writer:
            writer.abandon()
        raise
    return found


def _install(index_dir: Path, folder: Path, writer: SegmentWriter, journal: Journal) -> str:
    record = writer.finish()
    journal.keep_segment(record.id)
    install_segment(index_dir, folder, record)
    return record.id


def _with_vectors(passages: Iterable[Encoded]) -> Iterator[tuple[Passage, bytes, PassageVectors]]:
    for each in passages:
        if each.passage and each.vectors:
            yield each.passage, each.key, each.vectors
