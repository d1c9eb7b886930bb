"""ZIP archives that hold a document: opened only if whole, not encrypted, and of a bearable size."""

from __future__ import annotations

import io
import zipfile

from qa.errors import UnreadableFile

_MOST_UNPACKED_BYTES = 400 << 20
_MOST_PARTS = 20_000


def open_archive(data: bytes) -> zipfile.ZipFile:
    """Open an archive.

    Raises:
        UnreadableFile: it is broken, encrypted, or unpacks to more than is read.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise UnreadableFile("is broken or cut short; open and save it again") from None
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > _MOST_UNPACKED_BYTES or len(entries) > _MOST_PARTS:
        raise UnreadableFile(f"unpacks to {unpacked / 1e6:.0f} MB in {len(entries)} parts, more than is read")
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableFile("is encrypted; save it without a password")
    return archive
