"""Lists the files of ZIP archives, with their names decoded."""

from __future__ import annotations

import zipfile
import zlib
from functools import partial
from typing import BinaryIO

from qa.containers.entries import Entry
from qa.errors import UnreadableFile

_UTF_8, _ENCRYPTED = 0x800, 1  # flags of an entry


def zip_entries(file: BinaryIO) -> list[Entry]:
    """The files of an archive.

    Raises:
        UnreadableFile: it is broken.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise UnreadableFile("is broken or cut short; zip the folder again") from None
    return [
        Entry(
            _name(entry),
            partial(_load, archive, entry),
            entry.file_size,
            entry.compress_size,
            "is encrypted; zip it without a password" if entry.flag_bits & _ENCRYPTED else None,
        )
        for entry in archive.infolist()
        if not entry.is_dir()
    ]


def _name(entry: zipfile.ZipInfo) -> str:
    """An entry's name; without the flag for UTF-8, it is still read as UTF-8 if that is valid."""
    if not entry.flag_bits & _UTF_8:
        try:
            return entry.filename.encode("cp437").decode("utf-8")
        except ValueError:
            pass
    return entry.filename


def _load(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most_bytes: int) -> bytes:
    try:
        with archive.open(entry) as part:
            return part.read(most_bytes + 1)
    except (zipfile.BadZipFile, OSError, NotImplementedError, EOFError, RuntimeError, ValueError, zlib.error):
        raise UnreadableFile("cannot be unpacked: the archive is broken there; zip the folder again") from None
