"""Lists the files of ZIP archives, with their names decoded."""

from __future__ import annotations

import unicodedata
import zipfile
import zlib
from contextlib import suppress
from functools import partial
from typing import BinaryIO

from qa.containers.entries import Entry
from qa.errors import UnreadableFile

_UTF_8, _ENCRYPTED = 0x800, 1  # flags of an entry
# Encodings of names in archives of Unix and of Windows in several languages, with the first words of their letters'
# Unicode names.
_LATIN, _EAST_ASIAN = ("LATIN",), ("CJK UNIFIED", "HIRAGANA", "KATAKANA", "IDEOGRAPHIC", "FULLWIDTH")
_SCRIPTS = {"utf-8": ("",), "cp437": _LATIN, "cp850": _LATIN, "cp866": ("CYRILLIC",), "cp932": _EAST_ASIAN,
            "gbk": _EAST_ASIAN}  # fmt: skip


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
    """An entry's name; without the flag for UTF-8, in the first encoding that gives only letters of its script."""
    if entry.flag_bits & _UTF_8 or entry.filename.isascii():
        return entry.filename
    data = entry.filename.encode("cp437")
    for encoding, scripts in _SCRIPTS.items():
        with suppress(ValueError):
            name = data.decode(encoding)
            if all(char.isascii() or unicodedata.name(char, "").startswith(scripts) for char in name):
                return name
    return entry.filename


def _load(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most_bytes: int) -> bytes:
    try:
        with archive.open(entry) as part:
            return part.read(most_bytes + 1)
    except (zipfile.BadZipFile, OSError, NotImplementedError, EOFError, RuntimeError, ValueError, zlib.error):
        raise UnreadableFile("cannot be unpacked: the archive is broken there; zip the folder again") from None
