"""Reuse of parsed contents and vectors from earlier builds.

Stored segments are searched first, then the journal of an unfinished build.
"""

from __future__ import annotations

from collections.abc import Iterable

from qa.building.folder import SourceFile
from qa.building.journal import Journal
from qa.building.stored_segments import Place, StoredSegment, identity
from qa.encode.int8 import PassageVectors
from qa.index.local.version import Configuration
from qa.reading.parsed import Content


class Reuse:
    """Contents by the file that they were read from, and vectors by the text that was encoded."""

    def __init__(
        self, segments: Iterable[StoredSegment], journal: Journal, configuration: Configuration, *, fresh: bool
    ) -> None:
        """Look through the stored documents.

        Args:
            segments: What is stored.
            journal: What an unfinished build has done.
            configuration: What decides contents and vectors.
            fresh: Whether stored documents only serve where a file cannot be read for now.
        """
        self._journal = journal
        self._reader = reader_of(configuration)
        self._contents: dict[tuple[str, str], Place] = {}
        self._served: dict[tuple[str, str], Place] = {}
        self._same_weights: list[StoredSegment] = []
        self.dimension: int | None = None
        for segment in segments:
            before = segment.record.configuration
            if before.weights == configuration.weights:
                self.dimension = before.dimension
                if not fresh:
                    self._same_weights.append(segment)
            for row, stored in enumerate(segment.documents):
                found, place = identity(stored.info.source, stored.sha256), Place(segment, row)
                self._served.setdefault(found, place)
                # What was only kept, for it could not be read, was not read by the loader that is named.
                if not fresh and reader_of(before) == self._reader and not stored.kept:
                    self._contents.setdefault(found, place)

    def has_content(self, file: SourceFile) -> bool:
        """Whether a stored document was read from the same bytes under the same suffix, by the same loader."""
        return identity(file.source, file.sha256) in self._contents

    def content(self, file: SourceFile) -> Content | None:
        """What was read before from the same bytes under the same suffix, by the same loader."""
        found = identity(file.source, file.sha256)
        place = self._contents.get(found)
        return place.segment.content(place.row) if place else self._journal.content(self._reader, found)

    def keep_content(self, file: SourceFile, content: Content) -> None:
        """Keep what was read from a file."""
        self._journal.keep_content(self._reader, identity(file.source, file.sha256), content)

    def has_served(self, file: SourceFile) -> bool:
        """Whether a document of the same bytes is stored, whichever loader read it."""
        return identity(file.source, file.sha256) in self._served

    def served(self, file: SourceFile) -> Content:
        """What any loader read from the same bytes.

        Raises:
            KeyError: no document of the same bytes is stored.
        """
        place = self._served[identity(file.source, file.sha256)]
        return place.segment.content(place.row)

    def has_vectors(self, key: bytes) -> bool:
        """Whether a passage was encoded before."""
        return any(segment.has_vectors(key) for segment in self._same_weights) or self._journal.has_vectors(key)

    def vectors(self, key: bytes) -> PassageVectors | None:
        """The vectors of a passage that was encoded before."""
        for segment in self._same_weights:
            found = segment.vectors(key)
            if found is not None:
                return found
        return self._journal.vectors(key)

    def keep_vectors(self, key: bytes, vectors: PassageVectors) -> None:
        """Keep what was encoded."""
        self._journal.keep_vectors(key, vectors)


def reader_of(configuration: Configuration) -> str:
    """What decides a file's content beside its bytes: the loader, and how passages are cut."""
    return f"{configuration.loader}\0{configuration.passages}"
