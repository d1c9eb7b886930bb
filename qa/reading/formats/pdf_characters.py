"""Reads the characters of a PDF page from PDFium, and makes fast variants of its functions, of which a page needs
thousands of calls.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from itertools import repeat
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

from qa.reading.decode import clean
from qa.reading.office.symbols import private_as_unicode

ADDRESS = ctypes.c_void_p
RTL = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")  # letters that are written from right to left
_HYPHEN_AT_LINE_END = "\x02"  # PDFium's replacement character
_SURROGATE = re.compile("[\ud800-\udfff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def plain(function: Callable[..., object], result: type, *takes: type) -> Callable[..., Any]:
    """A function of PDFium that takes and returns addresses as plain numbers, which are faster than pointers.

    The interpreter's lock is held during the call, since releasing it takes longer than the call.
    """
    return ctypes.cast(function, ctypes.PYFUNCTYPE(result, *takes))  # type: ignore[arg-type]


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
    codes = map(_code_of, repeat(page), range(count))
    text = "".join(chr(code) if code < 0x110000 else "\0" for code in codes)
    # The null characters keep the indexes aligned; cleaning removes them.
    whole = _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16") + "\0", text)
    return _SURROGATE.sub("\0", whole)


def cleaned_run(text: str, symbols: str | None) -> tuple[str, bool]:
    """Clean text with the characters of its symbol font, if any, and whether it is written from right to left."""
    if text.isascii() and text.isprintable():
        return text, False
    text = private_as_unicode(text, symbols)
    cleaned = clean(text.replace("\u00ad", "-").replace(_HYPHEN_AT_LINE_END, "-").replace("\t", " ")).strip()
    return cleaned, RTL.search(text) is not None
