"""Runs of text on a PDF page: what PDFium draws at once, with place, size, weight, direction, and whether it is seen.

Not seen is text that is drawn with nothing, outside the page, in no size, or in white where the page is white. Text
drawn with nothing over a picture of the whole page is what text recognition found in it, and counts as seen.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2 as pdfium
from pypdfium2 import raw

from qa.errors import UnreadableFile
from qa.reading.decode import clean

_MOST_CHARS_OF_PAGE = 2_000_000
_HYPHEN_AT_LINE_END = "\x02"  # PDFium's stand-in
_BOLD = re.compile(r"bold|black|heavy|semib|demi|CMBX", re.IGNORECASE)
_RTL = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_STEP = 12  # characters of one drawing are looked for in such steps
_WIDE_CHAR_EM = 0.62  # in the mean, of a run that may hold wide gaps
_WIDE_GAP_EM = 1.2
_SMALLEST = 1.0  # size of text that can be seen
_WHITE = 245  # of 255, in each colour
_PICTURE_SHARE = 0.5  # of the page, that a scanned page's picture covers at least
_MODE_INVISIBLE = 3


@dataclass(frozen=True, slots=True)
class Run:
    """Text drawn at once. `x0`, `x1` and the base `y` are along and across its direction, of `angle` degrees.

    `gap` is the text that PDFium puts before it: "" inside a word, a blank between words, a line's end.
    """

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    angle: int
    gap: str
    rtl: bool


class PageRuns:
    """Reads the runs of one page after the other."""

    def __init__(self) -> None:
        self._bold: dict[int, bool] = {}

    def read(self, page: pdfium.PdfPage, number: int) -> list[Run]:
        """The runs of a page that are seen, in the order in which they are drawn.

        Raises:
            UnreadableFile: the page holds more characters than are read.
        """
        text_page = page.get_textpage()
        try:
            return list(self._runs(page, text_page, number))
        finally:
            text_page.close()

    def _runs(self, page: pdfium.PdfPage, text_page: pdfium.PdfTextPage, number: int) -> Iterator[Run]:
        count = text_page.count_chars()
        if count > _MOST_CHARS_OF_PAGE:
            raise UnreadableFile(f"page {number} holds {count} characters; at most {_MOST_CHARS_OF_PAGE} are read")
        text = _text(text_page, count)
        sight = _Sight(page)
        gap = ""
        for start, end, drawn in _stretches(text_page.raw, text):
            if not drawn:
                gap += text[start:end]
                continue
            for first, last in _parts(text_page.raw, text, start, end):
                run = self._run(text_page.raw, text, first, last, drawn, gap)
                gap = " " if last < end else ""
                if run is not None and sight.sees(drawn, run):
                    yield run
                elif run is not None:
                    gap = "\n"

    def _run(
        self, page: raw.FPDF_TEXTPAGE, text: str, start: int, end: int, drawn: raw.FPDF_PAGEOBJECT, gap: str
    ) -> Run | None:
        shown = text[start:end]
        inner = shown.strip()
        if not inner:
            return None
        first = start + len(shown) - len(shown.lstrip())
        last = first + len(inner) - 1
        matrix = raw.FS_MATRIX()
        raw.FPDFText_GetMatrix(page, first, matrix)
        size = float(raw.FPDFText_GetFontSize(page, first)) * math.hypot(matrix.c, matrix.d)
        angle = round(math.degrees(math.atan2(matrix.b, matrix.a))) % 360
        x0, x1, y = _place(page, first, last, angle, size)
        if len(shown) > len(shown.lstrip()):
            gap = gap or " "
        rtl = bool(_RTL.search(inner))
        cleaned = clean(inner.replace("\u00ad", "-").replace(_HYPHEN_AT_LINE_END, "-"))
        return Run(cleaned, x0, x1, y, round(size, 1), self._is_bold(drawn), angle, gap, rtl) if cleaned else None

    def _is_bold(self, drawn: raw.FPDF_PAGEOBJECT) -> bool:
        font = raw.FPDFTextObj_GetFont(drawn)
        key = ctypes.cast(font, ctypes.c_void_p).value or 0
        if key not in self._bold:
            name = ctypes.create_string_buffer(128)
            raw.FPDFFont_GetBaseFontName(font, name, 128)
            self._bold[key] = bool(_BOLD.search(name.value.decode("latin-1")))
        return self._bold[key]


def _text(text_page: pdfium.PdfTextPage, count: int) -> str:
    """The page's characters, one for each of PDFium's places; it counts in UTF-16 on some systems."""
    get, page = raw.FPDFText_GetUnicode, text_page.raw
    codes = [get(page, place) for place in range(count)]
    out: list[str] = []
    for place, code in enumerate(codes):
        if 0xD800 <= code < 0xDC00 and place + 1 < count and 0xDC00 <= codes[place + 1] < 0xE000:
            out.append(chr(0x10000 + ((code - 0xD800) << 10) + (codes[place + 1] - 0xDC00)))
        elif 0xD800 <= code < 0xE000 or code == 0:
            out.append("\0")  # keeps the places aligned; cleaning drops it
        else:
            out.append(chr(code) if code < 0x110000 else "\0")
    return "".join(out)


def _stretches(page: raw.FPDF_TEXTPAGE, text: str) -> Iterator[tuple[int, int, raw.FPDF_PAGEOBJECT | None]]:
    """Stretches of characters that are drawn at once; None for what PDFium adds between them."""

    def drawn(place: int) -> tuple[int, raw.FPDF_PAGEOBJECT]:
        found = raw.FPDFText_GetTextObject(page, place)
        return ctypes.cast(found, ctypes.c_void_p).value or 0, found

    count, start = len(text), 0
    while start < count:
        key, handle = drawn(start)
        end = start + 1
        while key and end < count:
            ahead = min(end + _STEP, count) - 1
            if drawn(ahead)[0] == key:
                end = ahead + 1
                continue
            while drawn(end)[0] == key:
                end += 1
            break
        yield start, end, handle if key else None
        start = end


def _parts(page: raw.FPDF_TEXTPAGE, text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A drawing in one piece, or in several where wide gaps part them, as the cells of a table."""
    inner = text[start:end]
    spaces = [start + match.start() for match in re.finditer(r"(?<=\S)\s+(?=\S)", inner)]
    if spaces and _width_em(page, start, end) > _WIDE_CHAR_EM:
        size = float(raw.FPDFText_GetFontSize(page, start)) or 1.0
        for space in spaces:
            after = space + 1
            while after < end and text[after].isspace():
                after += 1
            if _left(page, after) - _right(page, space - 1) > _WIDE_GAP_EM * size:
                yield start, space
                start = after
    yield start, end


def _width_em(page: raw.FPDF_TEXTPAGE, start: int, end: int) -> float:
    size = float(raw.FPDFText_GetFontSize(page, start)) or 1.0
    return (_right(page, end - 1) - _left(page, start)) / (size * (end - start))


def _box(page: raw.FPDF_TEXTPAGE, place: int) -> raw.FS_RECTF:
    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(page, place, box)
    return box


def _left(page: raw.FPDF_TEXTPAGE, place: int) -> float:
    return float(_box(page, place).left)


def _right(page: raw.FPDF_TEXTPAGE, place: int) -> float:
    return float(_box(page, place).right)


def _place(page: raw.FPDF_TEXTPAGE, first: int, last: int, angle: int, size: float) -> tuple[float, float, float]:
    """Where a run begins and ends along its direction, and its base across it."""
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(page, first, x, y)
    if angle == 0:
        left, right = _left(page, first), _right(page, last)
        return min(left, right), max(left, right, _left(page, last), _right(page, first)), y.value
    last_x, last_y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(page, last, last_x, last_y)
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    along = x.value * cos + y.value * sin
    end = last_x.value * cos + last_y.value * sin
    return min(along, end), max(along, end) + 0.5 * size, y.value * cos - x.value * sin


class _Sight:
    """What of a page's text is seen."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self._page = page
        self._box = page.get_cropbox()
        self._is_scan: bool | None = None
        self._backgrounds: list[tuple[float, float, float, float]] | None = None

    def sees(self, drawn: raw.FPDF_PAGEOBJECT, run: Run) -> bool:
        if run.size < _SMALLEST or not self._on_page(run):
            return False
        if raw.FPDFTextObj_GetTextRenderMode(drawn) == _MODE_INVISIBLE:
            return self._scanned()
        red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
        if not raw.FPDFPageObj_GetFillColor(drawn, red, green, blue, alpha):
            return True
        if alpha.value == 0:
            return False
        return min(red.value, green.value, blue.value) < _WHITE or self._on_background(drawn)

    def _on_page(self, run: Run) -> bool:
        left, bottom, right, top = self._box
        side = max(right - left, top - bottom)  # files that say wrongly how a page is turned are read all the same
        return bool(run.angle) or (
            left - 1 < run.x1 and run.x0 < left + side + 1 and bottom - run.size < run.y < bottom + side + run.size
        )

    def _scanned(self) -> bool:
        """Whether a picture covers most of the page."""
        if self._is_scan is None:
            left, bottom, right, top = self._box
            whole = max(1.0, (right - left) * (top - bottom))
            area = 0.0
            for item in self._page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
                x0, y0, x1, y1 = item.get_bounds()
                area += max(0.0, x1 - x0) * max(0.0, y1 - y0)
            self._is_scan = area >= _PICTURE_SHARE * whole
        return self._is_scan

    def _on_background(self, drawn: raw.FPDF_PAGEOBJECT) -> bool:
        """Whether something that is not white is painted where text is drawn."""
        if self._backgrounds is None:
            kinds = [raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING]
            self._backgrounds = [
                item.get_bounds() for item in self._page.get_objects(filter=kinds, max_depth=3) if _paints(item)
            ]
        sides = [ctypes.c_float() for _ in range(4)]
        raw.FPDFPageObj_GetBounds(drawn, *sides)
        left, bottom, right, top = (side.value for side in sides)
        x, y = (left + right) / 2, (bottom + top) / 2
        return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in self._backgrounds)


def _paints(item: pdfium.PdfObject) -> bool:
    if item.type != raw.FPDF_PAGEOBJ_PATH:
        return True
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(item.raw, mode, stroke)
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    raw.FPDFPageObj_GetFillColor(item.raw, red, green, blue, alpha)
    return bool(mode.value) and alpha.value > 0 and min(red.value, green.value, blue.value) < _WHITE
