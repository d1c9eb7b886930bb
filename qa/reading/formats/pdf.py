"""Reads PDF as drafts: PDFium finds the text, `pdf_order` its lines, `qa.reading.layout` makes paragraphs of them.

Pages that hold pictures of text rather than text cannot be read here; they are named among what was left out.
"""

from __future__ import annotations

import pypdfium2 as pdfium
from pypdfium2 import raw

from qa.errors import UnreadableFile
from qa.reading.decode import clean_line
from qa.reading.draft import Read, own_title
from qa.reading.formats.pdf_forms import form_values
from qa.reading.formats.pdf_order import lines_of
from qa.reading.formats.pdf_runs import PageRuns
from qa.reading.layout import Line, lay_out
from qa.reading.left_out import LeftOut
from qa.reading.titles import is_title

_MOST_PAGES = 20_000
_TROUBLE = {
    raw.FPDF_ERR_PASSWORD: "is encrypted; save it without a password",
    raw.FPDF_ERR_SECURITY: "is encrypted in a way that is not read; save it without a password",
    raw.FPDF_ERR_FORMAT: "is broken or cut short; open and save it again",
}


def read_pdf(data: bytes) -> Read:
    """Read a PDF as drafts, with its own details (title, author, date).

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
    reader = PageRuns()
    for number in range(1, count + 1):
        lines = _page_lines(document, number, reader)
        pages.append(lines)
        if not lines:
            bare.append(number)
    if len(bare) == count:
        what = "page holds" if count == 1 else "pages hold"
        raise UnreadableFile(f"is without text: its {count} {what} pictures at most; run text recognition (OCR) on it")
    drafts = lay_out(pages)
    left_out = LeftOut()
    left_out.add_places("without text", "page", bare)
    title = clean_line(document.get_metadata_value("Title"))
    return Read(drafts, own_title(title if is_title(title) else "", drafts), left_out.told())


def _page_lines(document: pdfium.PdfDocument, number: int, reader: PageRuns) -> list[Line]:
    try:
        page = document[number - 1]
    except pdfium.PdfiumError:
        return []
    try:
        runs = reader.read(page, number)
        return lines_of([*runs, *form_values(page, runs)], number)
    except pdfium.PdfiumError:
        return []
    finally:
        page.close()
