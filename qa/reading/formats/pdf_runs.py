"""Runs of text on a PDF page: what PDFium draws at once, with place, size, weight, direction, and whether it is seen.

Not seen is text that is drawn with nothing, outside the page, in no size, or in white where the page is white. Text
drawn with nothing over a picture of the whole page is what text recognition found in it, and counts as seen.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

from qa.errors import UnreadableFile
from qa.reading.decode import clean

_MOST_CHARS_OF_PAGE = 2_000_000
_BLANKS = re.compile(r"(?<=\S)\s+(?=\S)")
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
        self._matrix = raw.FS_MATRIX()

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
        address = ctypes.cast(text_page.raw, ctypes.c_void_p).value
        gap = ""
        for start, end, drawn in _stretches(address, text):
            if not drawn:
                gap += text[start:end]
                continue
            size, angle = self._size(address, start)
            for first, last in _parts(address, text, start, end, size):
                shown = text[first:last]
                inner = shown.strip()
                if inner:
                    first += len(shown) - len(shown.lstrip())  # noqa: PLW2901
                    gap = gap or (" " if shown[0].isspace() else "")
                    x0, x1, y = _place(address, first, first + len(inner) - 1, angle, size)
                    cleaned, rtl = _cleaned(inner)
                    run = Run(cleaned, x0, x1, y, round(size, 1), self._is_bold(drawn), angle, gap, rtl)
                    if sight.sees(drawn, run):
                        yield run
                    gap = " " if last < end or shown[-1].isspace() else ""

    def _size(self, page: int | None, place: int) -> tuple[float, int]:
        """The size of a character on the page, and the direction in which it is written, in degrees."""
        matrix = self._matrix
        _matrix_of(page, place, ctypes.addressof(matrix))
        size = _size_of(page, place) * math.hypot(matrix.c, matrix.d)
        return size, round(math.degrees(math.atan2(matrix.b, matrix.a))) % 360 if matrix.b or matrix.a < 0 else 0

    def _is_bold(self, drawn: int) -> bool:
        font = _font_of(drawn)
        if font not in self._bold:
            name = ctypes.create_string_buffer(128)
            raw.FPDFFont_GetBaseFontName(ctypes.cast(font, raw.FPDF_FONT), name, 128)
            self._bold[font] = bool(_BOLD.search(name.value.decode("latin-1")))
        return self._bold[font]


def _plain(function: Callable[..., object], result: type, *takes: type) -> Callable[..., Any]:
    """A function of PDFium that takes and gives addresses as plain numbers, which are quicker than pointers."""
    return ctypes.cast(function, ctypes.CFUNCTYPE(result, *takes))  # type: ignore[arg-type]


_address = ctypes.c_void_p
_drawing_of = _plain(raw.FPDFText_GetTextObject, _address, _address, ctypes.c_int)
_font_of = _plain(raw.FPDFTextObj_GetFont, _address, _address)
_mode_of = _plain(raw.FPDFTextObj_GetTextRenderMode, ctypes.c_int, _address)
_fill_of = _plain(raw.FPDFPageObj_GetFillColor, ctypes.c_int, *[_address] * 5)


_code_of = _plain(raw.FPDFText_GetUnicode, ctypes.c_uint, _address, ctypes.c_int)
_size_of = _plain(raw.FPDFText_GetFontSize, ctypes.c_double, _address, ctypes.c_int)
_matrix_of = _plain(raw.FPDFText_GetMatrix, ctypes.c_int, _address, ctypes.c_int, _address)
_origin_of = _plain(raw.FPDFText_GetCharOrigin, ctypes.c_int, _address, ctypes.c_int, _address, _address)
_box_of = _plain(raw.FPDFText_GetLooseCharBox, ctypes.c_int, _address, ctypes.c_int, _address)


def _text(text_page: pdfium.PdfTextPage, count: int) -> str:
    """The page's characters, one for each of PDFium's places; it counts in UTF-16 on some systems."""
    page = ctypes.cast(text_page.raw, ctypes.c_void_p).value
    codes = [_code_of(page, place) for place in range(count)]
    if max(codes, default=0) < 0xD800 and 0 not in codes:
        return "".join(map(chr, codes))
    out: list[str] = []
    for place, code in enumerate(codes):
        if 0xD800 <= code < 0xDC00 and place + 1 < count and 0xDC00 <= codes[place + 1] < 0xE000:
            out.append(chr(0x10000 + ((code - 0xD800) << 10) + (codes[place + 1] - 0xDC00)))
        elif 0xD800 <= code < 0xE000 or code == 0:
            out.append("\0")  # keeps the places aligned; cleaning drops it
        else:
            out.append(chr(code) if code < 0x110000 else "\0")
    return "".join(out)


def _cleaned(text: str) -> tuple[str, bool]:
    """Clean text, and whether it is written from right to left."""
    if text.isascii() and text.isprintable():
        return text, False
    cleaned = clean(text.replace("\u00ad", "-").replace(_HYPHEN_AT_LINE_END, "-")).strip()
    return cleaned, _RTL.search(text) is not None


def _stretches(address: int | None, text: str) -> Iterator[tuple[int, int, int]]:
    """Stretches of characters that are drawn at once, with the drawing's address; 0 for what PDFium adds between."""
    count, start = len(text), 0
    while start < count:
        key = _drawing_of(address, start) or 0
        end = start + 1
        while key and end < count:
            ahead = min(end + _STEP, count) - 1
            if _drawing_of(address, ahead) == key:
                end = ahead + 1
                continue
            while _drawing_of(address, end) == key:
                end += 1
            break
        yield start, end, key
        start = end


def _parts(page: int | None, text: str, start: int, end: int, size: float) -> Iterator[tuple[int, int]]:
    """A drawing in one piece, or in several where wide gaps part them, as the cells of a table."""
    inner = text[start:end]
    begin = start
    if " " in inner.strip() and _ends(page, end - 1)[1] - _ends(page, start)[0] > _WIDE_CHAR_EM * size * (end - start):
        for blank in _BLANKS.finditer(inner):
            before, after = start + blank.start(), start + blank.end()
            if _ends(page, after)[0] - _ends(page, before - 1)[1] > _WIDE_GAP_EM * size:
                yield begin, before
                begin = after
    yield begin, end


def _ends(page: int | None, place: int) -> tuple[float, float]:
    """Where a character's box begins and ends, from left to right."""
    box = raw.FS_RECTF()
    _box_of(page, place, ctypes.addressof(box))
    return box.left, box.right


def _place(page: int | None, first: int, last: int, angle: int, size: float) -> tuple[float, float, float]:
    """Where a run begins and ends along its direction, and its base across it."""
    x, y = _origin(page, first)
    if angle == 0:
        left, right = _ends(page, first)
        other_left, other_right = _ends(page, last) if last > first else (left, right)
        return min(left, other_left), max(right, other_right), y
    last_x, last_y = _origin(page, last)
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    along, end = x * cos + y * sin, last_x * cos + last_y * sin
    return min(along, end), max(along, end) + 0.5 * size, y * cos - x * sin


def _origin(page: int | None, place: int) -> tuple[float, float]:
    x, y = ctypes.c_double(), ctypes.c_double()
    _origin_of(page, place, ctypes.addressof(x), ctypes.addressof(y))
    return x.value, y.value


class _Sight:
    """What of a page's text is seen."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self._page = page
        self._box = page.get_cropbox()
        self._is_scan: bool | None = None
        self._backgrounds: list[tuple[float, float, float, float]] | None = None
        self._colours = [ctypes.c_uint() for _ in range(4)]  # red, green, blue, and how opaque they are
        self._addresses = [ctypes.addressof(colour) for colour in self._colours]

    def sees(self, drawn: int, run: Run) -> bool:
        """Whether a reader sees a run of a drawing."""
        if not run.text or run.size < _SMALLEST or not self._on_page(run):
            return False
        if _mode_of(drawn) == _MODE_INVISIBLE:
            return self._scanned()
        if not _fill_of(drawn, *self._addresses):
            return True
        *colours, opacity = (colour.value for colour in self._colours)
        return opacity > 0 and (min(colours) < _WHITE or self._on_background(drawn))

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

    def _on_background(self, drawn: int) -> bool:
        """Whether something that is not white is painted where text is drawn."""
        if self._backgrounds is None:
            kinds = [raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING]
            self._backgrounds = [
                item.get_bounds() for item in self._page.get_objects(filter=kinds, max_depth=3) if _paints(item)
            ]
        sides = [ctypes.c_float() for _ in range(4)]
        raw.FPDFPageObj_GetBounds(ctypes.cast(drawn, raw.FPDF_PAGEOBJECT), *sides)
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
