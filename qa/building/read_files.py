"""Reads the files of the documents' folder that no earlier build has read.

A failure due to a file's bytes is stored under their digest. Other failures are temporary: the file changed while it
was read, or time, memory or a parser was lacking. The next build reads such a file again; until then its stored content
is kept if the bytes are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from qa.building.folder import SourceFile
from qa.building.reuse import Reuse
from qa.errors import UnreadableFile, UnreadableForNow
from qa.index.build_notes import Progress, Step, read_report
from qa.index.regular_files import read_regular
from qa.reading.parsed import Content
from qa.reading.parser_process import Parser

CHANGED = "was changed while the build ran; build again"

_AGAIN = "for now: the next build tries again"
_KEPT = "for now it is served as it was read before, and the next build tries again"


@dataclass(frozen=True, slots=True)
class Reading:
    """The reasons why files were not read, by source.

    Attributes:
        failed: Files with unreadable content, and files that could not be opened when the folder was listed.
        for_now: Files with a temporary failure that are not in the index.
        kept: Files with a temporary failure whose earlier reading is in the index.
    """

    failed: dict[str, str] = field(default_factory=dict)
    for_now: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> dict[str, str]:
        """Why files are not in the index, by source."""
        return self.failed | self.for_now

    def add(self, other: Reading) -> None:
        """Add the reasons for other files."""
        self.failed.update(other.failed)
        self.for_now.update(other.for_now)
        self.kept.update(other.kept)


def read_files(
    files: Sequence[SourceFile],
    failed: Mapping[str, str],
    reuse: Reuse,
    parser: Parser,
    whole: WholeFiles,
    most_bytes: int,
    on_progress: Callable[[Progress], None],
) -> Reading:
    """Read every file whose content is not stored, and store it.

    Args:
        files: The files whose documents are to be written.
        failed: Why other files are not read, by source.
        reuse: Contents of earlier builds; new ones are added.
        parser: Parses them.
        whole: Reads their bytes.
        most_bytes: The largest document that is read.
        on_progress: Called before each file.
    """
    reading = Reading(dict(failed))
    done, total = 0, sum(file.bytes for file in files)
    for file in files:
        on_progress(Progress(Step.READING, done, total))
        done += file.bytes
        if file.for_now:
            _not_read(reading, reuse, file, file.trouble)
            continue
        if reuse.has_content(file) or reuse.content(file) is not None:
            continue
        try:
            content = _content(file, parser, whole, most_bytes)
            if content is None:
                reading.for_now[file.source] = CHANGED
            else:
                reuse.keep_content(file, content)
        except UnreadableForNow as error:
            _not_read(reading, reuse, file, error)
        except UnreadableFile as error:
            reading.failed[file.source] = str(error)
    on_progress(Progress(Step.READING, done, total))
    return reading


def _not_read(reading: Reading, reuse: Reuse, file: SourceFile, why: object) -> None:
    """Record a temporary failure of a file."""
    if reuse.has_served(file):
        reading.kept[file.source] = f"{why}; {_KEPT}"
    else:
        reading.for_now[file.source] = f"{why}; {_AGAIN}"


def content_of(file: SourceFile, reading: Reading, reuse: Reuse) -> Content | None:
    """The content of a file, read now or before; None if it could not be read."""
    if file.source in reading.kept:
        return reuse.served(file)
    return None if file.source in reading.missing else reuse.content(file)


def tried_before(index_dir: Path) -> set[str]:
    """The files with a temporary failure in the last build."""
    report = read_report(index_dir)
    return {file.source for file in report.files if file.for_now} if report else set()


def _content(file: SourceFile, parser: Parser, whole: WholeFiles, most_bytes: int) -> Content | None:
    """Parse a file; None if it or its container was changed since it was listed."""
    inside = file.inside
    if inside is None:
        data = whole.read(file.path, file.sha256, file.bytes)
        return None if data is None else parser.read(file.source, data)
    data = whole.read(file.path, inside.sha256, inside.bytes)
    if data is None:
        return None
    return parser.read_member(inside.source, inside.sha256, data, most_bytes, inside.member)


class WholeFiles:
    """Reads files of a documents' folder, checks their digests, and keeps the last one for a container's documents."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._digest, self._data = "", b""

    def read(self, path: Path, digest: str, size: int) -> bytes | None:
        """The bytes of a file; None if their SHA-256 differs.

        Raises:
            UnreadableForNow: the file cannot be opened.
        """
        if digest != self._digest:
            self._digest, self._data = "", b""
            try:
                data = read_regular(self._folder, path, size)
            except OSError as error:
                raise UnreadableForNow(f"cannot be opened ({error.strerror})") from None
            if sha256(data).hexdigest() != digest:
                return None
            self._digest, self._data = digest, data
        return self._data
