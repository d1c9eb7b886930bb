"""Office files as packages: opened only if whole, not encrypted, of the right kind, and of a bearable size."""

from __future__ import annotations

import io
import zipfile

from qa.errors import UnreadableFile

_MOST_UNPACKED_BYTES = 400 << 20
# Of Word's the reading library compares each with all before it, and follows some by recursion.
_MOST_PARTS = {"word/": 4_000, "ppt/": 20_000}
_KINDS = {"word/": "Word document", "ppt/": "PowerPoint presentation", "xl/": "Excel workbook"}


def open_package(data: bytes, folder: str) -> zipfile.ZipFile:
    """Open an Office file.

    Args:
        data: Its bytes.
        folder: Where the wanted kind keeps its parts, "word/" or "ppt/".

    Raises:
        UnreadableFile: it is broken, encrypted, of another kind, or unpacks to more than is read.
    """
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
        entries = package.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableFile(f"is broken or cut short ({error}); open and save it again") from None
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > _MOST_UNPACKED_BYTES or len(entries) > _MOST_PARTS[folder]:
        raise UnreadableFile(f"unpacks to {unpacked / 1e6:.0f} MB in {len(entries)} parts, more than is read")
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableFile("is encrypted; save it without a password")
    names = {entry.filename for entry in entries}
    if not any(name.startswith(folder) for name in names):
        held = next((kind for start, kind in _KINDS.items() if any(name.startswith(start) for name in names)), None)
        raise UnreadableFile(f"is no {_KINDS[folder]}: it holds {f'a {held}' if held else 'other files'}")
    return package
