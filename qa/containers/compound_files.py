"""Reads compound files, the format of Outlook messages ([MS-CFB], [MS-OXMSG]), and lists attachments."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import BinaryIO

import olefile

from qa.containers.entries import Entry
from qa.errors import UnreadableFile

_ATTACHMENT = "__attach_version1.0_"  # prefix of the storages of attachments
_DATA = "__substg1.0_37010102"
_NAMES = ("3707", "3704")  # long and short file name


class CompoundFile:
    """A compound file, open for reading."""

    def __init__(self, file: olefile.OleFileIO) -> None:
        self._file = file

    def exists(self, *path: str) -> bool:
        """Whether a stream or storage exists."""
        return bool(self._file.exists(list(path)))

    def stream(self, *path: str) -> bytes:
        """The bytes of a stream; empty if it is missing."""
        return bytes(self._file.openstream(list(path)).read()) if self.exists(*path) else b""

    def attachments(self) -> list[str]:
        """The storages of a message's attachments."""
        found = {path[0] for path in self._file.listdir(streams=False, storages=True)}
        return sorted(name for name in found if name.startswith(_ATTACHMENT))


@contextmanager
def open_compound(file: BinaryIO) -> Iterator[CompoundFile]:
    """Open a compound file.

    Raises:
        UnreadableFile: it is broken; the context raises this also while it is read.
    """
    try:
        with olefile.OleFileIO(file) as opened:
            yield CompoundFile(opened)
    except (OSError, ValueError, IndexError, struct.error):  # errors of the library for broken files
        raise UnreadableFile("is broken or cut short; open and save it again") from None


def outlook_entries(file: BinaryIO) -> list[Entry]:
    """The attachments of a message that are files; attached messages are left out.

    Raises:
        UnreadableFile: it is broken.
    """
    with open_compound(file) as opened:
        return [
            Entry(_name(opened, storage) or f"attachment {number}", partial(_load, file, storage))
            for number, storage in enumerate(opened.attachments(), 1)
            if opened.exists(storage, _DATA)
        ]


def _name(file: CompoundFile, storage: str) -> str:
    for tag in _NAMES:
        if wide := file.stream(storage, f"__substg1.0_{tag}001F"):
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        if narrow := file.stream(storage, f"__substg1.0_{tag}001E"):
            return narrow.decode("cp1252", "replace").rstrip("\0")
    return ""


def _load(file: BinaryIO, storage: str, most_bytes: int) -> bytes:
    with open_compound(file) as opened:
        return opened.stream(storage, _DATA)[: most_bytes + 1]
