"""Checks by a file's first bytes whether its content fits its suffix."""

from __future__ import annotations

import re

_SIGNATURES: tuple[tuple[bytes, str, frozenset[str]], ...] = (
    (b"%PDF-", "a PDF", frozenset({".pdf"})),
    (b"PK\x03\x04", "a ZIP archive", frozenset({".docx", ".pptx", ".xlsx", ".odt", ".odp", ".ods", ".epub"})),
    (b"PK\x05\x06", "an empty ZIP archive", frozenset()),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an encrypted or old Office file", frozenset({".msg"})),
    (b"{\\rtf", "rich text (RTF)", frozenset({".rtf"})),
    (b"\x89PNG\r\n", "a PNG picture", frozenset()),
    (b"\xff\xd8\xff", "a JPEG picture", frozenset()),
    (b"GIF8", "a GIF picture", frozenset()),
    (b"II*\x00", "a TIFF picture", frozenset()),
    (b"MM\x00*", "a TIFF picture", frozenset()),
    (b"\x1f\x8b\x08", "a gzip archive", frozenset()),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", frozenset()),
    (b"Rar!\x1a\x07", "a RAR archive", frozenset()),
    (b"\x7fELF", "a program", frozenset()),
    (b"SQLite format 3\x00", "a database", frozenset()),
)
_OFFICE = frozenset({".docx", ".pptx", ".xlsx"})
_NAMES = {
    ".pdf": "a PDF",
    ".docx": "a Word document",
    ".pptx": "a PowerPoint presentation",
    ".xlsx": "an Excel workbook",
    ".odt": "an OpenDocument text",
    ".odp": "an OpenDocument presentation",
    ".ods": "an OpenDocument workbook",
    ".msg": "a message of Outlook",
    ".epub": "a book (EPUB)",
}
_HTML = re.compile(rb"\s*+(?:<!--(?>.*?-->)\s*+)*+<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_LOOKED_AT_BYTES = 1024  # PDF programs accept the signature up to this offset


def mislabelled(suffix: str, data: bytes) -> str | None:
    """Why a file's content does not fit its suffix, or None."""
    head = data[:_LOOKED_AT_BYTES]
    if suffix == ".pdf" and b"%PDF-" in head:
        return None
    for signature, name, suffixes in _SIGNATURES:
        if head.startswith(signature):
            if suffix in suffixes:
                return None
            if name == "an encrypted or old Office file" and suffix in _OFFICE:
                return "is encrypted, or an old Office file; save it without a password"
            return f"holds {name}, not what {suffix} stands for; give it its right name"
    if suffix in _NAMES:
        holds = "HTML" if _HTML.match(head) else "something else" if data.strip(b"\0") else "nothing but zeros"
        return f"is not {_NAMES[suffix]}: it holds {holds}"
    return None
