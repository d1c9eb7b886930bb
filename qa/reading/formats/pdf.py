"""Reads PDF as drafts: PDFium extracts the text, `pdf_order` finds its lines, `qa.reading.layout` forms paragraphs.

Pages with pictures of text instead of text are read by text recognition, if it is installed (`text_recognition`). Pages
read in this way are reported, and others are listed as left out.
"""

from __future__ import annotations

from contextlib import ExitStack, closing, suppress

import pypdfium2 as pdfium
from pypdfium2 import raw

from qa.errors import UnreadableFile
from qa.reading.decode import clean_line
from qa.reading.draft import Read, own_title
from qa.reading.formats.pdf_drawings import Drawings
from qa.reading.formats.pdf_forms import Fields
from qa.reading.formats.pdf_order import lines_of
from qa.reading.formats.pdf_rules import ruled_tables
from qa.reading.formats.pdf_runs import PageRuns
from qa.reading.formats.text_recognition import TextRecognition
from qa.reading.layout import lay_out
from qa.reading.left_out import LeftOut
from qa.reading.page_lines import STRUCK, Line, without_struck
from qa.reading.tesseract_data import recognition_identity
from qa.text.ocr_pages import recognised_phrase

_MOST_PAGES = 20_000
_REMEDY = "pictures of text are read with the extra ocr and Tesseract's languages installed"
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
    if document.get_formtype() == raw.FORMTYPE_ACRO_FORM:
        document.init_forms()
    count = len(document)
    if count > _MOST_PAGES:
        raise UnreadableFile(f"has {count} pages; at most {_MOST_PAGES} are read")
    reader = PageRuns()
    pages = [_page_lines(document, number, reader) for number in range(1, count + 1)]
    bare = [number for number, lines in enumerate(pages, 1) if not lines]
    can_recognise = bool(bare and recognition_identity())
    recognised = _recognise(document, pages, bare) if can_recognise else []
    bare = [number for number in bare if number not in recognised]
    if len(bare) == count:
        what = "page holds" if count == 1 else "pages hold"
        found = "text recognition (OCR) found none" if can_recognise else _REMEDY
        raise UnreadableFile(f"has no text: its {count} {what} only pictures, or nothing; {found}")
    lines = [line for page in pages for line in page]
    if not any(without_struck(line.text) for line in lines):  # nothing else is there to read
        reader.strikes = 0
        for line in lines:
            line.text = line.text.replace(STRUCK, "")
    drafts = lay_out(pages)
    left_out = LeftOut()
    left_out.add("piece of struck-out text", reader.strikes)
    left_out.add_places("without text", "page", bare)
    told = left_out.told()
    if bare and not can_recognise:
        told = (*told, _REMEDY)
    if recognised:
        told = (recognised_phrase(recognised), *told)
    title = clean_line(document.get_metadata_value("Title"))
    return Read(drafts, own_title(title, drafts), told)


def _recognise(document: pdfium.PdfDocument, pages: list[list[Line]], bare: list[int]) -> list[int]:
    """Read the pages without lines by text recognition; return the numbers of those with text."""
    with closing(TextRecognition()) as recognition:
        for number in bare:
            with suppress(pdfium.PdfiumError), closing(document[number - 1]) as page:
                pages[number - 1] = recognition.lines(page, number)
    return [number for number in bare if pages[number - 1]]


def _page_lines(document: pdfium.PdfDocument, number: int, reader: PageRuns) -> list[Line]:
    with suppress(pdfium.PdfiumError), ExitStack() as opened:
        page = opened.enter_context(closing(document[number - 1]))
        fields = Fields(page)
        if fields.drawn:
            page = opened.enter_context(closing(document[number - 1]))
        drawings = Drawings(page)
        runs = reader.read(page, number, drawings, fields.struck)
        return lines_of([*runs, *fields.runs(runs)], number, ruled_tables(drawings))
    return []
