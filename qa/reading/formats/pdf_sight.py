"""Determines which text of a PDF page is visible.

Text is not visible if it is drawn without fill, outside the page or its clip path, with no size, in white on white, or
below a filled path, where the drawn page shows one colour. Text drawn without fill over a picture of the whole page is
the result of text recognition, and counts as visible.
"""

from __future__ import annotations

import ctypes
from itertools import islice
from typing import Protocol

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray
from pypdfium2 import raw

from qa.reading.formats.pdf_characters import ADDRESS, plain

_SMALLEST = 1.0  # smallest size of visible text
_WHITE = 245  # of 255, in each colour
_PICTURE_SHARE = 0.5  # minimum share of the page that the picture of a scanned page covers
_MODE_INVISIBLE = 3

_LEAST_COVER = 3.0  # points, of each side of a path that can hide text
_MOST_COVERS = 50  # maximum per page; the largest are checked
_SCALE = 2  # pixels per point, of the picture in which hidden text is detected
_MOST_CLIPS = 8  # of one drawing
_MOST_POINTS = 60  # of one clip path
_ONE_COLOUR = 16  # of 255, between the lightest and the darkest pixel

_count_of = plain(raw.FPDFPage_CountObjects, ctypes.c_int, ADDRESS)
_object_at = plain(raw.FPDFPage_GetObject, ADDRESS, ADDRESS, ctypes.c_int)
_kind_of = plain(raw.FPDFPageObj_GetType, ctypes.c_int, ADDRESS)
_mode_of = plain(raw.FPDFTextObj_GetTextRenderMode, ctypes.c_int, ADDRESS)
_clip_of = plain(raw.FPDFPageObj_GetClipPath, ADDRESS, ADDRESS)
_clips_in = plain(raw.FPDFClipPath_CountPaths, ctypes.c_int, ADDRESS)
_points_in = plain(raw.FPDFClipPath_CountPathSegments, ctypes.c_int, ADDRESS, ctypes.c_int)
_segment_at = plain(raw.FPDFClipPath_GetPathSegment, ADDRESS, ADDRESS, ctypes.c_int, ctypes.c_int)
_point_of = plain(raw.FPDFPathSegment_GetPoint, ctypes.c_int, ADDRESS, ADDRESS, ADDRESS)
_fill_of = plain(raw.FPDFPageObj_GetFillColor, ctypes.c_int, *[ADDRESS] * 5)


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

    def __init__(self, page: pdfium.PdfPage) -> None:
        self._page = page
        self._box = self._left, self._bottom, right, top = page.get_cropbox()
        # Files with an invalid page rotation are read anyway.
        self._side = max(right - self._left, top - self._bottom)
        self._is_scan: bool | None = None
        self._backgrounds: list[tuple[float, float, float, float]] | None = None
        self.covers = Covers(page)
        self._colours = [ctypes.c_uint() for _ in range(4)]  # red, green, blue and alpha
        self._addresses = [ctypes.addressof(colour) for colour in self._colours]
        self._clipped = 0, False  # the last drawing, and whether it is clipped away

    def sees(self, drawn: int, run: _Placed) -> bool:
        """Whether a run of a drawing is visible."""
        if not run.text or run.size < _SMALLEST or not (run.angle or self._on_page(run)):
            return False
        if self._clipped[0] != drawn:
            self._clipped = drawn, _is_clipped(drawn)
        if self._clipped[1]:
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
                item.get_bounds() for item in self._page.get_objects(filter=kinds, max_depth=3) if _paints(item)
            ]
        left, bottom, right, top = bounds(drawn)
        x, y = (left + right) / 2, (bottom + top) / 2
        return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in self._backgrounds)


class Covers:
    """Filled paths of a page that are drawn over its text."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self._page = page
        self._areas: list[tuple[int, tuple[float, ...]]] = []  # for each: its index in drawing order, and its bounds
        self._order: dict[int, int] = {}
        self._picture: NDArray[np.uint8] | None = None
        handle = ctypes.cast(page.raw, ADDRESS).value
        texts = False
        for place in range(_count_of(handle)):
            drawn = _object_at(handle, place)
            kind = _kind_of(drawn)
            texts = texts or kind == raw.FPDF_PAGEOBJ_TEXT
            if kind == raw.FPDF_PAGEOBJ_PATH and texts:
                left, bottom, right, top = area = bounds(drawn)
                if min(right - left, top - bottom) >= _LEAST_COVER and _fill_of_path(object_of(drawn))[1] == 255:
                    self._areas.append((place, area))
        if self._areas:
            sizes = {place: (right - left) * (top - bottom) for place, (left, bottom, right, top) in self._areas}
            self._areas = sorted(self._areas, key=lambda area: sizes[area[0]])[-_MOST_COVERS:]
            self._order = {_object_at(handle, place): place for place in range(_count_of(handle))}

    def over(self, drawn: int) -> list[tuple[float, float]]:
        """The horizontal ranges of a drawing that paths hide, which are drawn later."""
        if not self._areas or drawn not in self._order:
            return []
        left, bottom, right, top = bounds(drawn)
        found = []
        for place, (x0, y0, x1, y1) in self._areas:
            if place > self._order[drawn] and x0 < right and left < x1 and y0 - 1 <= bottom and top <= y1 + 1:
                whole = x0 - 1 <= left and right <= x1 + 1
                if self._is_plain((max(left, x0), bottom, min(right, x1), top), margin=1 if whole else -1):
                    found.append((x0 - 1, x1 + 1) if whole else (x0, x1))
        return found

    def _is_plain(self, sides: tuple[float, ...], margin: float) -> bool:
        """Whether the drawn page shows one colour in an area with a margin, since a narrow letter fills its area."""
        if self._page.get_rotation():
            return False
        if self._picture is None:
            self._picture = self._page.render(scale=_SCALE, grayscale=True).to_numpy()
        from_left, _, _, from_top = self._page.get_cropbox()
        left, bottom, right, top = sides
        x0, x1 = (max(0, round((x - from_left) * _SCALE)) for x in (left - margin, right + margin))
        y0, y1 = (max(0, round((from_top - y) * _SCALE)) for y in (top, bottom))
        shown = self._picture[y0 : y1 + 1, x0 : x1 + 1]
        return bool(shown.size) and int(shown.max()) - int(shown.min()) < _ONE_COLOUR


def paths_of(page: pdfium.PdfPage, most: int) -> list[int]:
    """The paths that a page draws, at most so many."""
    handle = ctypes.cast(page.raw, ADDRESS).value
    drawn = (_object_at(handle, place) for place in range(_count_of(handle)))
    return list(islice((each for each in drawn if _kind_of(each) == raw.FPDF_PAGEOBJ_PATH), most))


def _is_clipped(drawn: int) -> bool:
    """Whether a drawing is outside the area to which the page clips it."""
    clip = _clip_of(drawn)
    count = min(_MOST_CLIPS, _clips_in(clip))
    if count <= 0:
        return False
    left, bottom, right, top = bounds(drawn)
    x, y = ctypes.c_float(), ctypes.c_float()
    at_x, at_y = ctypes.addressof(x), ctypes.addressof(y)
    for path in range(count):
        points = _points_in(clip, path)
        if not 0 < points <= _MOST_POINTS:
            continue
        places = []
        for number in range(points):
            _point_of(_segment_at(clip, path, number), at_x, at_y)
            places.append((x.value, y.value))
        xs, ys = zip(*places, strict=True)
        if right < min(xs) or left > max(xs) or top < min(ys) or bottom > max(ys):
            return True
    return False


def bounds(drawn: int) -> tuple[float, ...]:
    """The left, bottom, right and top of what is drawn."""
    sides = [ctypes.c_float() for _ in range(4)]
    raw.FPDFPageObj_GetBounds(object_of(drawn), *sides)
    return tuple(side.value for side in sides)


def object_of(drawn: int) -> raw.FPDF_PAGEOBJECT:
    """What is drawn, as PDFium's functions take it."""
    return ctypes.cast(drawn, raw.FPDF_PAGEOBJECT)


def ways_of(path: raw.FPDF_PAGEOBJECT) -> tuple[bool, bool]:
    """Whether a path is filled, and whether it is stroked."""
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(path, mode, stroke)
    return bool(mode.value), bool(stroke.value)


def _fill_of_path(path: raw.FPDF_PAGEOBJECT) -> tuple[int, int]:
    """The darkest component of a path's fill, and its opacity; an opacity of 0 without a fill."""
    *colours, alpha = (ctypes.c_uint() for _ in range(4))
    raw.FPDFPageObj_GetFillColor(path, *colours, alpha)
    return min(colour.value for colour in colours), alpha.value if ways_of(path)[0] else 0


def _paints(item: pdfium.PdfObject) -> bool:
    darkest, opacity = _fill_of_path(item.raw) if item.type == raw.FPDF_PAGEOBJ_PATH else (0, 255)
    return opacity > 0 and darkest < _WHITE
