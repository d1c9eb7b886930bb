r"""Bytes to clean text.

Guarantees: the result is Unicode NFC with `\n` line ends, holds no NUL, no other control characters than tab and
newline, and no lone surrogate, so that it survives JSON, SQLite and a browser unchanged.
"""

from __future__ import annotations

import codecs
import re

from qa.errors import UnreadableFile
from qa.text.safe_text import compose

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")
_LINE_ENDS = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_MOST_NULS = 0.01


def decode(data: bytes) -> str:
    """Decode a text file: by its byte order mark, else as UTF-8, else as Windows-1252.

    Raises:
        UnreadableFile: the bytes are no text in any of these.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            try:
                return clean(data[len(mark) :].decode(encoding))
            except UnicodeDecodeError as error:
                raise UnreadableFile(f"marked as {encoding.upper()} but broken at byte {error.start}") from None
    if data.count(0) > len(data) * _MOST_NULS:
        raise UnreadableFile("binary data, not text")
    for encoding in ("utf-8", "cp1252"):
        try:
            return clean(data.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise UnreadableFile("neither UTF-8 nor Windows-1252 text; save it as UTF-8")


def clean(text: str) -> str:
    """Bring decoded text to the form that canonical text is made of."""
    return compose(_CONTROL.sub("", _LINE_ENDS.sub("\n", text)))
