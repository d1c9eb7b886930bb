"""Makes the record of a version from the places of its documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from qa.building.stored_segments import Place
from qa.index.local.segment import Segment
from qa.index.local.version import Configuration, SegmentEntry, Version, VersionCounts, version_id


def new_version(
    placed: Mapping[str, Place], configuration: Configuration, subject: str, before: Version | None, sequence: int
) -> Version:
    """The version of some documents.

    Args:
        placed: The place of each document, by its path.
        configuration: Their configuration; the dimension is ignored.
        subject: The name of what the documents are about.
        before: The current version; its segments keep their order.
        sequence: The new version's sequence number.
    """
    rows: dict[str, set[int]] = {}
    segments: dict[str, Segment] = {}
    for place in placed.values():
        segments[place.segment.id] = place.segment
        rows.setdefault(place.segment.id, set()).add(place.row)
    old = [entry.id for entry in before.segments if entry.id in segments] if before else []
    entries = [_entry(segments[each], rows[each]) for each in dict.fromkeys((*old, *segments))]
    dimension = next((each.record.configuration.dimension for each in segments.values()), 0)
    complete = replace(configuration, dimension=dimension)
    documents = [placed[source].stored for source in sorted(placed)]
    return Version(
        id=version_id(complete, ((each.info.source, each.digest) for each in documents), subject),
        sequence=sequence,
        built_at=datetime.now(UTC).isoformat(timespec="seconds"),
        configuration=complete,
        counts=VersionCounts(len(documents), sum(each.info.passages for each in documents)),
        segments=tuple(entries),
        subject=subject,
    )


def _entry(segment: Segment, live: set[int]) -> SegmentEntry:
    counts = segment.record.counts
    removed = tuple(row for row in range(len(segment.documents)) if row not in live)
    return SegmentEntry(segment.id, counts.documents, counts.passages, counts.terms, removed)
