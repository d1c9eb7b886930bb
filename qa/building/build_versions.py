"""The version that a build starts from, with the segments that may already have its documents, and the one it makes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from qa.building.journal import unpublished
from qa.building.stored_segments import Place
from qa.errors import MismatchedSnapshot, OperatingError, ShortOfResources
from qa.index.local.index_folder import current_version, rolled_back, versions
from qa.index.local.segment import Segment
from qa.index.local.version import Configuration, SegmentEntry, Version, VersionCounts, version_id

log = logging.getLogger(__name__)


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


def previous_version(index_dir: Path) -> Version | None:
    """The current version; None if there is none, or none of this format.

    Raises:
        ShortOfResources: it cannot be read at present.
    """
    try:
        return current_version(index_dir)
    except MismatchedSnapshot as error:
        log.warning("%s All documents are read and encoded anew.", str(error).removesuffix(" Run `qa build`."))
    except ShortOfResources:
        raise
    except OperatingError:
        pass  # there is no version at all
    return None


def segments_to_reuse(index_dir: Path, before: Version | None, damaged: AbstractSet[str]) -> list[str]:
    """The ids of the segments that may have documents, the preferred ones first.

    Args:
        index_dir: The index folder.
        before: The current version.
        damaged: The ids of segments to leave out.
    """
    refused = rolled_back(index_dir)
    others = [version for version in versions(index_dir) if version.id in refused] if refused else []
    named = [entry.id for version in (before, *others) if version for entry in version.segments]
    return [each for each in (*named, *unpublished(index_dir)) if each not in damaged]
