"""Determines which text of a PDF page is visible.

Text is not visible if it is drawn without fill, outside the page or its clip path, with no size, in white on white, or
below a filled path, where the drawn page shows one colour. Text drawn without fill over a picture of the whole page is
the result of text recognition, and counts as visible.
"""

from __future__ import annotations

import ctypes
from math import prod
from typing import Protocol

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray
from pypdfium2 import raw

from qa.reading.formats.pdf_characters import ADDRESS, plain
from qa.reading.formats.pdf_drawings import WHITE, Box, Drawings

SMALLEST = 1.0  # smallest size of visible text
_PICTURE_SHARE = 0.5  # minimum share of the page that the picture of a scanned page covers
_MODE_INVISIBLE = 3

_LEAST_COVER = 3.0  # points, of each side of a path that can hide text
_MOST_COVERS = 50  # maximum per page; the largest are checked
_SCALE = 1  # pixels per point, of the picture in which hidden text is detected
_MIDDLE = 0.15  # share of the height of text above and below its middle, where each letter has a stroke
_ONE_COLOUR = 16  # of 255, between the lightest and the darkest pixel

_mode_of = plain(raw.FPDFTextObj_GetTextRenderMode, ctypes.c_int, ADDRESS)


class _Placed(Protocol):
    """Text at a position: the needed part of `qa.reading.formats.pdf_runs.Run`."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    angle: int


class Sight:
    """The visibility of a page's text; `covers` are the shapes drawn over it."""

    def __init__(self, page: pdfium.PdfPage, drawings: Drawings) -> None:
        self._page, self._drawings = page, drawings
        self._box = self._left, self._bottom, right, top = page.get_cropbox()
        # Files with an invalid page rotation are read anyway.
        self._side = max(right - self._left, top - self._bottom)
        self._is_scan: bool | None = None
        self._backgrounds: list[Box] | None = None
        self.covers = Covers(page, drawings)
        self._clipped = 0, False  # the last drawing, and whether it is clipped away

    def sees(self, drawn: int, run: _Placed) -> bool:
        """Whether a run of a drawing is visible."""
        if not run.text or run.size < SMALLEST or not (run.angle or self._on_page(run)):
            return False
        if self._clipped[0] != drawn:
            self._clipped = drawn, self._drawings.is_clipped(drawn)
        if self._clipped[1]:
            return False
        darkest, opacity = self._drawings.fill(drawn) or (0, 255)
        if not opacity or _mode_of(drawn) == _MODE_INVISIBLE:
            return self._scanned()
        return darkest < WHITE or self._on_background(drawn) or self._shows(drawn)

    def _on_page(self, run: _Placed) -> bool:
        left, bottom, side = self._left, self._bottom, self._side
        inside: bool = left - 1 < run.x1 and run.x0 < left + side + 1  # pypdfium2 declares no types
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
                item.get_bounds() for item in self._page.get_objects(filter=kinds, max_depth=3) if self._paints(item)
            ]
        left, bottom, right, top = self._drawings.box(drawn)
        x, y = (left + right) / 2, (bottom + top) / 2
        return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in self._backgrounds)

    def _shows(self, drawn: int) -> bool:
        """Whether the drawn page shows white text after all, as with a fill of several colours."""
        left, bottom, right, top = self._drawings.box(drawn)
        middle, margin = (bottom + top) / 2, _MIDDLE * (top - bottom)
        return (self.covers.contrast((left, middle - margin, right, middle + margin), margin=0) or 0) >= _ONE_COLOUR

    def _paints(self, item: pdfium.PdfObject) -> bool:
        if item.type != raw.FPDF_PAGEOBJ_PATH:
            return True
        return self._drawings.is_coloured(ctypes.cast(item.raw, ADDRESS).value or 0)


class Covers:
    """Filled paths of a page that are drawn over its text."""

    def __init__(self, page: pdfium.PdfPage, drawings: Drawings) -> None:
        self._page, self._drawings = page, drawings
        self._picture: NDArray[np.uint8] | None = None
        over_text = (path for path in drawings.paths if path.place > drawings.first_text)
        large = (path for path in over_text if min(path.sides) >= _LEAST_COVER)
        filled = [path for path in large if drawings.paint(path.drawn)[1] == 255]
        self._paths = sorted(filled, key=lambda path: prod(path.sides))[-_MOST_COVERS:]

    def over(self, drawn: int) -> list[tuple[float, float]]:
        """The horizontal ranges of a drawing that paths hide, which are drawn later."""
        if not self._paths or (order := self._drawings.order.get(drawn)) is None:
            return []
        left, bottom, right, top = self._drawings.box(drawn)
        found = []
        for place, _, (x0, y0, x1, y1) in self._paths:
            if place > order and x0 < right and left < x1 and y0 - 1 <= bottom and top <= y1 + 1:
                whole = x0 - 1 <= left and right <= x1 + 1
                part = max(left, x0), bottom, min(right, x1), top
                contrast = self.contrast(part, margin=1 if whole else -1)  # a narrow letter fills its area
                if contrast is not None and contrast < _ONE_COLOUR:
                    found.append((x0 - 1, x1 + 1) if whole else (x0, x1))
        return found

    def contrast(self, sides: Box, margin: float) -> int | None:
        """The difference of the lightest and the darkest colour of an area with a margin; None outside the page."""
        if self._picture is None:
            upright = -self._page.get_rotation() % 360
            self._picture = self._page.render(scale=_SCALE, grayscale=True, rotation=upright).to_numpy()
        from_left, _, _, from_top = self._page.get_bbox()
        left, bottom, right, top = sides
        x0, x1 = (max(0, round((x - from_left) * _SCALE)) for x in (left - margin, right + margin))
        y0, y1 = (max(0, round((from_top - y) * _SCALE)) for y in (top, bottom))
        shown = self._picture[y0 : y1 + 1, x0 : x1 + 1]
        return int(shown.max()) - int(shown.min()) if shown.size else None
