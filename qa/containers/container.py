"""Lists the documents in a container at every level of nesting, and reads their bytes, within limits.

Guarantees: a document's name depends only on the container's bytes, is safe to show, and is unique. The size limit of a
    document bounds the memory for any archive: sizes, compression ratios, counts and levels of nesting have limits, and
    members beyond a limit are listed with the reason. Nothing is written to disk.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import PurePosixPath
from typing import BinaryIO

from qa.containers.entries import Entry, with_safe_names
from qa.containers.messages import mailbox_entries, message_entries
from qa.containers.zip_files import zip_entries
from qa.errors import UnreadableFile
from qa.text.document_names import suffix_of

_MOST_ENTRIES = 10_000  # in one container
_MOST_LEVELS = 3  # nested containers
_MOST_TOTAL_BYTES = 4 << 30  # unpacked, in total
_BEYOND = f"stands behind the first {_MOST_TOTAL_BYTES / 1e9:.0f} GB of its container; unpack it"
_MOST_RATIO = 200  # unpacked to packed bytes; text compresses to a tenth, a sheet of equal rows to a hundredth
_SMALL_BYTES = 10 << 20  # for smaller members any ratio is allowed


def _outlook_entries(file: BinaryIO) -> list[Entry]:
    from qa.containers.compound_files import outlook_entries  # noqa: PLC0415 - its library is not there to serve

    return outlook_entries(file)


_ENTRIES: Mapping[str, Callable[[BinaryIO], list[Entry]]] = {
    ".zip": zip_entries,
    ".eml": message_entries,
    ".mbox": mailbox_entries,
    ".msg": _outlook_entries,
}
CONTAINERS = frozenset(_ENTRIES)


def file_of(source: str, is_folder: Callable[[str], bool]) -> str:
    """The path of the file that holds a document: its own, or that of the outermost container on its path.

    `is_folder` is called with paths that have a container's suffix, since a folder may have such a name.
    """
    above = map(str, reversed(PurePosixPath(source).parents[:-1]))
    return next((each for each in above if suffix_of(each) in CONTAINERS and not is_folder(each)), source)


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a container: its name there, SHA-256 in hexadecimal digits and size.

    The digest is empty if the file's format is not read, or if `trouble` says why it cannot be read.
    """

    name: str
    sha256: str = ""
    bytes: int = 0
    trouble: str | None = None


class Container:
    """An open container. Not thread-safe."""

    def __init__(self, name: str, file: BinaryIO, most_bytes: int, level: int = 1) -> None:
        """List the first level.

        Args:
            name: The container's name; its suffix is the format.
            file: Its bytes; must stay open.
            most_bytes: The size limit of a document.
            level: Its level of nesting, from 1.

        Raises:
            UnreadableFile: it is broken, or has too many files.
        """
        self._most_bytes = most_bytes
        self._level = level
        entries = with_safe_names(_ENTRIES[suffix_of(name)](file))
        if len(entries) > _MOST_ENTRIES:
            raise UnreadableFile(f"holds {len(entries)} files; at most {_MOST_ENTRIES} are read")
        self._entries = {entry.name: entry for entry in entries}
        self._opened: tuple[str, Container] | None = None  # the nested container used last

    def members(self, suffixes: Collection[str]) -> Iterator[Member]:
        """All files; those of a nested container follow it.

        Args:
            suffixes: The suffixes of supported formats.
        """
        yield from self._members(suffixes, Counter())

    def take(self, name: str) -> bytes:
        """The bytes of a file by its name, which may be in nested containers.

        Raises:
            UnreadableFile: the file does not exist or cannot be read.
        """
        entry = self._entries.get(name)
        if entry:
            return self._load(entry)
        for folder in map(str, reversed(PurePosixPath(name).parents)):
            if folder in self._entries and suffix_of(folder) in CONTAINERS:
                return self._nested(folder).take(name[len(folder) + 1 :])
        raise UnreadableFile("is not in its container any more")

    def _members(self, suffixes: Collection[str], total: Counter[str]) -> Iterator[Member]:
        """The files of all levels; `total` counts the bytes unpacked before."""
        for entry in self._entries.values():
            suffix = suffix_of(entry.name)
            if suffix not in suffixes and suffix not in CONTAINERS:
                yield Member(entry.name)
                continue
            if self._level > _MOST_LEVELS:
                told = f"stands in {self._level} containers, one in another; at most {_MOST_LEVELS} are opened"
                yield Member(entry.name, trouble=told)
                continue
            is_listed = False
            try:
                data = b"" if total["bytes"] > _MOST_TOTAL_BYTES else self._load(entry)
                total["bytes"] += len(data)
                if total["bytes"] > _MOST_TOTAL_BYTES:
                    yield Member(entry.name, trouble=_BEYOND)
                    continue
                if suffix in suffixes:
                    is_listed = True
                    yield Member(entry.name, sha256(data).hexdigest(), len(data))
                if suffix in CONTAINERS:
                    for each in self._nested(entry.name, data)._members(suffixes, total):  # noqa: SLF001 - of the same class
                        yield replace(each, name=f"{entry.name}/{each.name}")
            except UnreadableFile as error:
                if not is_listed:  # otherwise reading it reports this
                    yield Member(entry.name, trouble=str(error))

    def _load(self, entry: Entry) -> bytes:
        most = self._most_bytes
        if entry.trouble:
            raise UnreadableFile(entry.trouble)
        if entry.bytes > max(_SMALL_BYTES, _MOST_RATIO * entry.packed_bytes) and entry.packed_bytes:
            raise UnreadableFile(f"unpacks to {entry.bytes // entry.packed_bytes} times its size, as no document does")
        data = entry.load(most) if entry.bytes <= most else b""
        if len(data) > most or entry.bytes > most:
            size = max(len(data), entry.bytes) / 1e6
            raise UnreadableFile(f"has {size:.0f} MB; at most {most / 1e6:.0f} are read (QA_MAX_FILE_MB)")
        return data

    def _nested(self, name: str, data: bytes | None = None) -> Container:
        if self._opened is None or self._opened[0] != name:
            file = io.BytesIO(self._load(self._entries[name]) if data is None else data)
            self._opened = name, Container(name, file, self._most_bytes, self._level + 1)
        return self._opened[1]
