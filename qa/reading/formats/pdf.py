"""PDF to drafts: PDFium finds the lines of each page; `qa.reading.layout` makes paragraphs of them.

Pages that hold pictures of text rather than text cannot be read here; they are named among what was left out.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator

import pypdfium2 as pdfium
from pypdfium2 import raw

from qa.errors import UnreadableFile
from qa.reading.decode import clean
from qa.reading.draft import Read
from qa.reading.layout import Line, lay_out
from qa.reading.left_out import LeftOut
from qa.records import BlockKind

_MOST_PAGES = 20_000
_MOST_CHARS_OF_PAGE = 2_000_000
_HYPHEN_AT_LINE_END = "\x02"  # PDFium's stand-in, which also swallows the line's end
_BOLD = re.compile(r"bold|black|heavy|semib|demi|CMBX", re.IGNORECASE)
_NO_TITLES = frozenset({"untitled", "(anonymous)", "unknown", "document", "title"})  # what programs put there
_TROUBLE = {
    raw.FPDF_ERR_PASSWORD: "is encrypted; save it without a password",
    raw.FPDF_ERR_SECURITY: "is encrypted in a way that is not read; save it without a password",
    raw.FPDF_ERR_FORMAT: "is broken or cut short; open and save it again",
}


def read_pdf(data: bytes) -> Read:
    """Turn a PDF into drafts, and what it says of itself.

    Raises:
        UnreadableFile: it is encrypted or broken, or no page holds text.
    """
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        code = getattr(error, "err_code", None)
        raise UnreadableFile(_TROUBLE.get(code, "is broken; open and save it again")) from None
    count = len(document)
    if count > _MOST_PAGES:
        raise UnreadableFile(f"has {count} pages; at most {_MOST_PAGES} are read")
    pages: list[list[Line]] = []
    bare: list[int] = []
    for number in range(1, count + 1):
        lines = _page_lines(document, number)
        pages.append(lines)
        if not lines:
            bare.append(number)
    if len(bare) == count:
        what = "page holds" if count == 1 else "pages hold"
        raise UnreadableFile(f"is without text: its {count} {what} pictures at most; run text recognition (OCR) on it")
    drafts = lay_out(pages)
    own = {}
    left_out = LeftOut()
    left_out.add_places("without text", "page", bare)
    title = clean(document.get_metadata_value("Title")).strip()
    if title and title.lower() not in _NO_TITLES and not any(draft.kind is BlockKind.TITLE for draft in drafts):
        own["title"] = " ".join(title.split())
    return Read(drafts, own, left_out.told())


def _page_lines(document: pdfium.PdfDocument, number: int) -> list[Line]:
    try:
        page = document[number - 1]
        text_page = page.get_textpage()
    except pdfium.PdfiumError:
        return []
    try:
        return list(_lines(text_page, number))
    finally:
        text_page.close()
        page.close()


def _lines(text_page: pdfium.PdfTextPage, number: int) -> Iterator[Line]:
    count = text_page.count_chars()
    if count > _MOST_CHARS_OF_PAGE:
        raise UnreadableFile(f"page {number} holds {count} characters; at most {_MOST_CHARS_OF_PAGE} are read")
    text = _text(text_page, count)
    start = 0
    for match in re.finditer(f"\r\n|\r|\n|{_HYPHEN_AT_LINE_END}|$", text):
        end = match.start()
        hyphen = match[0] == _HYPHEN_AT_LINE_END
        line = clean(text[start:end].replace("\u00ad", "-")).strip()
        if line:
            yield _line(text_page, text, start, end, line + ("-" if hyphen else ""), number)
        start = match.end()


def _text(text_page: pdfium.PdfTextPage, count: int) -> str:
    """The page's characters, one for each of PDFium's places; it counts in UTF-16 on some systems."""
    get = raw.FPDFText_GetUnicode
    codes = [get(text_page, place) for place in range(count)]
    out: list[str] = []
    for place, code in enumerate(codes):
        if 0xD800 <= code < 0xDC00 and place + 1 < count and 0xDC00 <= codes[place + 1] < 0xE000:
            out.append(chr(0x10000 + ((code - 0xD800) << 10) + (codes[place + 1] - 0xDC00)))
        elif 0xD800 <= code < 0xE000 or code == 0:
            out.append("\0")  # keeps the places aligned; cleaning drops it
        else:
            out.append(chr(code) if code < 0x110000 else "\0")
    return "".join(out)


def _line(text_page: pdfium.PdfTextPage, text: str, start: int, end: int, shown: str, number: int) -> Line:
    first = next(place for place in range(start, end) if not text[place].isspace())
    last = next(place for place in range(end - 1, start - 1, -1) if not text[place].isspace())
    left, low, _, high = text_page.get_charbox(first, loose=True)
    _, low_last, right, _ = text_page.get_charbox(last, loose=True)
    middle = next((place for place in range((start + end) // 2, end) if text[place].isalnum()), first)
    buffer = ctypes.create_string_buffer(128)
    raw.FPDFText_GetFontInfo(text_page, middle, buffer, 128, ctypes.byref(ctypes.c_int()))
    return Line(
        text=shown,
        page=number,
        size=round(_size(text_page, middle, high - low), 1),
        bold=bool(_BOLD.search(buffer.value.decode("latin-1"))),
        left=left,
        right=max(left, right),
        y=min(low, low_last),
    )


def _size(text_page: pdfium.PdfTextPage, place: int, box: float) -> float:
    """A character's size on the page; the stated size knows nothing of scaling, its box does."""
    stated = float(raw.FPDFText_GetFontSize(text_page, place))
    return stated if 4 <= stated <= 100 and stated <= 1.8 * box else box / 1.15
