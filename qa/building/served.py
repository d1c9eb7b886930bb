"""What a snapshot holds of files: the content that was read from their bytes."""

from __future__ import annotations

from pathlib import PurePosixPath

from qa.building.folder import SourceFile
from qa.index.local.snapshot import Snapshot
from qa.reading.parsed import Content, Parsed


class Served:
    """What a snapshot holds of files, by their bytes and suffix, whichever loader read them."""

    def __init__(self, snapshot: Snapshot | None) -> None:
        self._snapshot = snapshot
        entries = snapshot.manifest["documents"] if snapshot else []
        self._rows = {identity(each["source"], each["sha256"]): row for row, each in enumerate(entries)}

    def holds(self, file: SourceFile) -> bool:
        """Whether the same bytes are there."""
        return identity(file.source, file.sha256) in self._rows

    def content(self, file: SourceFile) -> Content:
        """What was read from the same bytes.

        Raises:
            KeyError: they are not there.
        """
        row = self._rows[identity(file.source, file.sha256)]
        assert self._snapshot is not None
        return content_of(self._snapshot, row)


def content_of(snapshot: Snapshot, row: int) -> Content:
    """What was read for the document at a position of a snapshot."""
    own, text, blocks, passages = snapshot.read(row)
    return Content(Parsed(text, blocks, own), passages)


def identity(source: str, digest: str) -> tuple[str, str]:
    """What decides a file's content: how its name says it is read, and its bytes."""
    return PurePosixPath(source).suffix.lower(), digest
