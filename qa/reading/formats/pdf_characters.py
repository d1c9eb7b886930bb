"""Reads the characters of a PDF page from PDFium, and cleans the text of its runs."""

from __future__ import annotations

import ctypes
import re
from itertools import repeat

import pypdfium2 as pdfium
from pypdfium2 import raw

from qa.reading.decode import clean
from qa.reading.formats.pdf_functions import ADDRESS, plain

RTL = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")  # letters that are written from right to left
_HYPHEN_AT_LINE_END = "\x02"  # PDFium's replacement character
_SURROGATE = re.compile("[\ud800-\udfff]")

_code_of = plain(raw.FPDFText_GetUnicode, ctypes.c_uint, ADDRESS, ctypes.c_int)


def page_text(text_page: pdfium.PdfTextPage, count: int) -> str:
    """The page's characters, one for each index of PDFium, which counts in UTF-16 on some systems."""
    buffer = (ctypes.c_ushort * (count + 1))()
    if raw.FPDFText_GetText(text_page.raw, 0, count, buffer) == count + 1:
        whole = bytes(buffer)[: 2 * count].decode("utf-16-le", "surrogatepass")
        if len(whole) == count and "\0" not in whole and not _SURROGATE.search(whole):
            return whole.replace("\ufffe", _HYPHEN_AT_LINE_END)
        # Otherwise indexes and characters may differ: PDFium leaves out some characters here.
    page = ctypes.cast(text_page.raw, ctypes.c_void_p).value
    codes: list[int] = list(map(_code_of, repeat(page), range(count)))
    if max(codes, default=0) < 0xD800 and 0 not in codes:
        return "".join(map(chr, codes))
    out: list[str] = []
    for place, code in enumerate(codes):
        if 0xD800 <= code < 0xDC00 and place + 1 < count and 0xDC00 <= codes[place + 1] < 0xE000:
            out.append(chr(0x10000 + ((code - 0xD800) << 10) + (codes[place + 1] - 0xDC00)))
        elif 0xD800 <= code < 0xE000 or code == 0:
            out.append("\0")  # keeps the indexes aligned; cleaning removes it
        else:
            out.append(chr(code) if code < 0x110000 else "\0")
    return "".join(out)


def cleaned_run(text: str) -> tuple[str, bool]:
    """Clean text, and whether it is written from right to left."""
    if text.isascii() and text.isprintable():
        return text, False
    cleaned = clean(text.replace("\u00ad", "-").replace(_HYPHEN_AT_LINE_END, "-")).strip()
    return cleaned, RTL.search(text) is not None
