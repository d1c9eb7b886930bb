"""Reuse of parsed contents and vectors from earlier builds.

Stored segments are searched first, then the journal of an unfinished build.
"""

from __future__ import annotations

from collections.abc import Iterable

from qa.building.folder import SourceFile
from qa.building.journal import Journal
from qa.building.stored_segments import Place, identity
from qa.encode.int8 import PassageVectors
from qa.index.local.segment import Segment
from qa.index.local.version import Configuration
from qa.reading.parsed import Content


class Reuse:
    """Stored contents by file, and vectors by encoded text."""

    def __init__(
        self, segments: Iterable[Segment], journal: Journal, configuration: Configuration, *, fresh: bool
    ) -> None:
        """Index the stored documents.

        Args:
            segments: The stored segments.
            journal: The journal of an unfinished build.
            configuration: The configuration on which contents and vectors depend.
            fresh: Whether stored documents are used only for files with a temporary failure.
        """
        self._journal = journal
        self._reader = reader_of(configuration)
        self._contents: dict[tuple[str, str], Place] = {}
        self._served: dict[tuple[str, str], Place] = {}
        self._same_weights: list[Segment] = []
        self.dimension: int | None = None
        for segment in segments:
            before = segment.record.configuration
            if before.weights == configuration.weights:
                self.dimension = before.dimension
                if not fresh:
                    self._same_weights.append(segment)
            for row, stored in enumerate(segment.stored):
                found, place = identity(stored.info.source, stored.sha256), Place(segment, row)
                self._served.setdefault(found, place)
                # A document kept after a temporary failure was not read by the configuration's loader.
                if not fresh and reader_of(before) == self._reader and not stored.kept:
                    self._contents.setdefault(found, place)

    def has_content(self, file: SourceFile) -> bool:
        """Whether a content with the same bytes, suffix and loader is stored."""
        return identity(file.source, file.sha256) in self._contents

    def content(self, file: SourceFile) -> Content | None:
        """The stored content with the same bytes, suffix and loader."""
        found = identity(file.source, file.sha256)
        place = self._contents.get(found)
        return place.content() if place else self._journal.content(self._reader, found)

    def keep_content(self, file: SourceFile, content: Content) -> None:
        """Store the content of a file."""
        self._journal.keep_content(self._reader, identity(file.source, file.sha256), content)

    def has_served(self, file: SourceFile) -> bool:
        """Whether a document with the same bytes is stored, read by any loader."""
        return identity(file.source, file.sha256) in self._served

    def served(self, file: SourceFile) -> Content:
        """The content that any loader read from the same bytes.

        Raises:
            KeyError: no document with the same bytes is stored.
        """
        place = self._served[identity(file.source, file.sha256)]
        return place.content()

    def has_vectors(self, key: bytes) -> bool:
        """Whether vectors of a passage are stored."""
        return any(each.row_of_key(key) is not None for each in self._same_weights) or self._journal.has_vectors(key)

    def vectors(self, key: bytes) -> PassageVectors | None:
        """The stored vectors of a passage."""
        for segment in self._same_weights:
            if (row := segment.row_of_key(key)) is not None:
                return segment.passage_vectors(row)
        return self._journal.vectors(key)

    def keep_vectors(self, key: bytes, vectors: PassageVectors) -> None:
        """Store the vectors of a passage."""
        self._journal.keep_vectors(key, vectors)


def reader_of(configuration: Configuration) -> str:
    """What a file's content depends on besides its bytes: the versions of the loader and of cutting passages."""
    return f"{configuration.loader}\0{configuration.passages}"
