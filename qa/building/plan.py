"""Compares the folder with the stored documents, and decides which are kept and which files must be read.

A document is kept if its file has the same path and bytes, its sidecar entry is the same, and it was made with the same
model, loader and analyser. It may be in any segment, including one of a rolled back version or an unfinished build, and
it may have been removed in the meantime.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from qa.building.folder import Contents, SourceFile
from qa.building.stored_segments import Place
from qa.index.local.segment import Segment
from qa.index.local.version import Configuration, Version


@dataclass(frozen=True, slots=True)
class Plan:
    """The work of a build.

    Attributes:
        kept: The stored documents to keep, by path.
        to_read: The files whose documents must be written, in the order of their paths.
        failed: The reasons why files are not read, by path: they cannot be opened, or could not be read before.
        provisional: Stored documents whose files could not be read last time.
    """

    kept: Mapping[str, Place] = field(default_factory=dict)
    to_read: Sequence[SourceFile] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    provisional: Mapping[str, Place] = field(default_factory=dict)


def make_plan(
    files: Iterable[SourceFile],
    segments: Iterable[Segment],
    configuration: Configuration,
    sidecar: Callable[[str], str],
    failure: Callable[[SourceFile], str | None],
) -> Plan:
    """Compare files with stored documents.

    Args:
        files: The folder's files, in the order of their paths.
        segments: The stored segments, the preferred ones first.
        configuration: The required configuration of a document; the dimension is ignored.
        sidecar: Returns the digest of the sidecar entry for a path.
        failure: Returns why a file could not be read before, or None.
    """
    places: dict[tuple[str, str, str], Place] = {}
    provisional: dict[tuple[str, str, str], Place] = {}
    for segment in segments:
        if same_configuration(segment.record.configuration, configuration):
            for row, stored in enumerate(segment.stored):
                among = provisional if stored.kept else places
                among.setdefault((stored.info.source, stored.sha256, stored.sidecar), Place(segment, row))
    kept, to_read, failed, waiting = {}, [], {}, {}
    for file in files:
        wanted = (file.source, file.sha256, sidecar(file.source))
        if file.for_now:
            to_read.append(file)
            if place := places.get(wanted) or provisional.get(wanted):
                waiting[file.source] = place
        elif trouble := file.trouble or failure(file):
            failed[file.source] = trouble
        elif wanted in places:
            kept[file.source] = places[wanted]
        else:
            to_read.append(file)
            if wanted in provisional:
                waiting[file.source] = provisional[wanted]
    return Plan(kept, tuple(to_read), failed, waiting)


def same_configuration(one: Configuration, other: Configuration) -> bool:
    """Whether two configurations give the same documents; the dimension follows from the weights."""
    return replace(one, dimension=0) == replace(other, dimension=0)


def live_documents(version: Version | None, segments: Iterable[Segment]) -> dict[str, Place]:
    """The documents of a version by path, except those of missing segments."""
    if version is None:
        return {}
    removed = {entry.id: frozenset(entry.removed) for entry in version.segments}
    return {
        stored.info.source: Place(segment, row)
        for segment in segments
        if segment.id in removed
        for row, stored in enumerate(segment.stored)
        if row not in removed[segment.id]
    }


def with_unanswered(contents: Contents, before: Mapping[str, str]) -> Contents:
    """The contents of a folder, with unresponsive files treated as unchanged.

    Args:
        contents: The listed folder.
        before: The digests of the served documents' files, by source.

    Returns:
        The contents with these digests for unresponsive files, including those in unlisted folders.
    """
    files = {file.source: file for file in contents.files}
    for file in contents.files:
        if file.for_now:
            for source, digest in before.items():
                if source == file.source or (source.startswith(f"{file.source}/") and source not in files):
                    files[source] = replace(file, source=source, sha256=digest)
    return replace(contents, files=tuple(sorted(files.values(), key=lambda file: file.source)))
