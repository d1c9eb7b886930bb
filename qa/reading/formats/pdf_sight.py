"""Determines which text of a PDF page is visible.

Text is not visible if it is drawn without fill, outside the page, with no size, or in white on white. Text drawn
without fill over a picture of the whole page is the result of text recognition, and counts as visible.
"""

from __future__ import annotations

import ctypes
from typing import Protocol

import pypdfium2 as pdfium
from pypdfium2 import raw

from qa.reading.formats.pdf_functions import ADDRESS, plain

_SMALLEST = 1.0  # smallest size of visible text
_WHITE = 245  # of 255, in each colour
_PICTURE_SHARE = 0.5  # minimum share of the page that the picture of a scanned page covers
_MODE_INVISIBLE = 3

_mode_of = plain(raw.FPDFTextObj_GetTextRenderMode, ctypes.c_int, ADDRESS)
_fill_of = plain(raw.FPDFPageObj_GetFillColor, ctypes.c_int, *[ADDRESS] * 5)


class _Placed(Protocol):
    """Text at a place: the needed part of `qa.reading.formats.pdf_runs.Run`."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    angle: int


class Sight:
    """The visibility of a page's text."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self._page = page
        self._box = self._left, self._bottom, right, top = page.get_cropbox()
        # Files with a wrong rotation of a page are read all the same.
        self._side = max(right - self._left, top - self._bottom)
        self._is_scan: bool | None = None
        self._backgrounds: list[tuple[float, float, float, float]] | None = None
        self._colours = [ctypes.c_uint() for _ in range(4)]  # red, green, blue and alpha
        self._addresses = [ctypes.addressof(colour) for colour in self._colours]

    def sees(self, drawn: int, run: _Placed) -> bool:
        """Whether a run of a drawing is visible."""
        if not run.text or run.size < _SMALLEST or not (run.angle or self._on_page(run)):
            return False
        if _mode_of(drawn) == _MODE_INVISIBLE:
            return self._scanned()
        if not _fill_of(drawn, *self._addresses):
            return True
        red, green, blue, opacity = self._colours
        if not opacity.value:
            return False
        seen: bool = red.value < _WHITE or green.value < _WHITE or blue.value < _WHITE
        return seen or self._on_background(drawn)

    def _on_page(self, run: _Placed) -> bool:
        left, bottom, side = self._left, self._bottom, self._side
        inside: bool = left - 1 < run.x1 and run.x0 < left + side + 1  # pypdfium2 names no types
        return inside and bottom - run.size < run.y < bottom + side + run.size

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
        """Whether the background of text is not white."""
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
