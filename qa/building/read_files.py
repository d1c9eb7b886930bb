"""Reads the files of the documents' folder that no earlier build has read.

A file fails because of its bytes, which is stored under their digest, or for now: it changed while it was read, or
there was not enough time or memory, or no parser. A file that fails for now is read again by the next build; until then
its content is kept if the same bytes are stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from qa.building.folder import SourceFile
from qa.building.regular_files import read_regular
from qa.building.reuse import Reuse
from qa.errors import UnreadableFile, UnreadableForNow
from qa.index.build_notes import Progress, Step, read_report
from qa.reading.parsed import Content
from qa.reading.parser_process import Parser
from qa.settings import Settings

_AGAIN = "for now: the next build tries again"
_KEPT = "for now it is served as it was read before, and the next build tries again"


@dataclass(frozen=True, slots=True)
class Reading:
    """Why files were not read, by source.

    Attributes:
        failed: Verdicts on what they hold, and files that could not be opened when the folder was listed.
        for_now: Not read for now, and not in the index.
        kept: Not read for now; the index has them as they were read before.
    """

    failed: dict[str, str] = field(default_factory=dict)
    for_now: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> dict[str, str]:
        """Why files are not in the index, by source."""
        return self.failed | self.for_now


def read_files(
    files: Sequence[SourceFile],
    failed: Mapping[str, str],
    reuse: Reuse,
    settings: Settings,
    on_progress: Callable[[Progress], None],
) -> Reading:
    """Read every file whose content is not known, and keep what it holds.

    Args:
        files: The files whose documents are to be written.
        failed: Why other files are not read, by source.
        reuse: What earlier builds have read; takes up what this one reads.
        settings: The limits of reading, and where the last build's report is.
        on_progress: Called before each file.
    """
    reading = Reading(dict(failed))
    done, total = 0, sum(file.bytes for file in files)
    whole = _Whole()
    with Parser(settings.parse_seconds, settings.parse_memory_mb, _tried_before(settings)) as parser:
        for file in files:
            on_progress(Progress(Step.READING, done, total))
            done += file.bytes
            if file.for_now:
                _not_read(reading, reuse, file, file.trouble)
                continue
            if reuse.has_content(file) or reuse.content(file) is not None:
                continue
            try:
                content = _content(file, parser, whole, settings)
                if content is None:
                    reading.for_now[file.source] = "was changed while the build ran; build again"
                else:
                    reuse.keep_content(file, content)
            except UnreadableForNow as error:
                _not_read(reading, reuse, file, error)
            except UnreadableFile as error:
                reading.failed[file.source] = str(error)
    on_progress(Progress(Step.READING, done, total))
    return reading


def _not_read(reading: Reading, reuse: Reuse, file: SourceFile, why: object) -> None:
    """Note that a file was not read for now."""
    if reuse.has_served(file):
        reading.kept[file.source] = f"{why}; {_KEPT}"
    else:
        reading.for_now[file.source] = f"{why}; {_AGAIN}"


def content_of(file: SourceFile, reading: Reading, reuse: Reuse) -> Content | None:
    """What a file holds, as it was read now or before; None if it could not be read."""
    if file.source in reading.kept:
        return reuse.served(file)
    return None if file.source in reading.missing else reuse.content(file)


def _tried_before(settings: Settings) -> set[str]:
    """The files that the last build could not read for now."""
    report = read_report(settings.index_dir)
    return {file.source for file in report.files if file.for_now} if report else set()


def _content(file: SourceFile, parser: Parser, whole: _Whole, settings: Settings) -> Content | None:
    """What a file holds; None if it, or the container that it is in, was changed since it was listed."""
    inside = file.inside
    if inside is None:
        data = whole.read(file.path, file.sha256, file.bytes)
        return None if data is None else parser.read(file.source, data)
    data = whole.read(file.path, inside.sha256, inside.bytes)
    if data is None:
        return None
    return parser.read_member(inside.source, inside.sha256, data, settings.max_file_mb << 20, inside.member)


class _Whole:
    """Reads files, and keeps the last one, since the documents of a container are read one after another."""

    def __init__(self) -> None:
        self._digest, self._data = "", b""

    def read(self, path: Path, digest: str, size: int) -> bytes | None:
        """The bytes of a file; None if their SHA-256 is another.

        Raises:
            UnreadableForNow: the file cannot be opened.
        """
        if digest != self._digest:
            self._digest, self._data = "", b""
            try:
                data = read_regular(path, size)
            except OSError as error:
                raise UnreadableForNow(f"cannot be opened ({error.strerror})") from None
            if sha256(data).hexdigest() != digest:
                return None
            self._digest, self._data = digest, data
        return self._data
