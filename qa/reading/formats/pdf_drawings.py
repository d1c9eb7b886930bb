"""Asks PDFium for what a PDF page draws: the objects in drawing order, and the place and the paint of each."""

from __future__ import annotations

import ctypes
from itertools import repeat
from typing import NamedTuple

import pypdfium2 as pdfium
from pypdfium2 import raw

from qa.reading.formats.pdf_characters import ADDRESS, plain

WHITE = 245  # of 255, in each colour
_MOST_CLIPS = 8  # of one object
_MOST_POINTS = 60  # of one clip path

_count_of = plain(raw.FPDFPage_CountObjects, ctypes.c_int, ADDRESS)
_object_at = plain(raw.FPDFPage_GetObject, ADDRESS, ADDRESS, ctypes.c_int)
_kind_of = plain(raw.FPDFPageObj_GetType, ctypes.c_int, ADDRESS)
_bounds_of = plain(raw.FPDFPageObj_GetBounds, ctypes.c_int, *[ADDRESS] * 5)
_fill_of = plain(raw.FPDFPageObj_GetFillColor, ctypes.c_int, *[ADDRESS] * 5)
_ways_of = plain(raw.FPDFPath_GetDrawMode, ctypes.c_int, *[ADDRESS] * 3)
_clip_of = plain(raw.FPDFPageObj_GetClipPath, ADDRESS, ADDRESS)
_clips_in = plain(raw.FPDFClipPath_CountPaths, ctypes.c_int, ADDRESS)
_points_in = plain(raw.FPDFClipPath_CountPathSegments, ctypes.c_int, ADDRESS, ctypes.c_int)
_segment_at = plain(raw.FPDFClipPath_GetPathSegment, ADDRESS, ADDRESS, ctypes.c_int, ctypes.c_int)
_point_of = plain(raw.FPDFPathSegment_GetPoint, ctypes.c_int, *[ADDRESS] * 3)

Box = tuple[float, ...]  # left, bottom, right and top


class Path(NamedTuple):
    """A path that a page draws: its place in drawing order, its address, and the box around it."""

    place: int
    drawn: int
    box: Box

    @property
    def sides(self) -> tuple[float, float]:
        """Its width and its height."""
        left, bottom, right, top = self.box
        return right - left, top - bottom


class Drawings:
    """The objects of a page.

    Attributes:
        order: The place of each in drawing order, by its address.
        paths: The paths among them, in drawing order.
        first_text: The place of the first text.
    """

    def __init__(self, page: pdfium.PdfPage) -> None:
        handle = ctypes.cast(page.raw, ADDRESS).value
        count = _count_of(handle)
        self._sides, self._colours, self._ways = (ctypes.c_float * 4)(), (ctypes.c_uint * 4)(), (ctypes.c_int * 2)()
        self._at_sides, self._at_colours, self._at_ways = (
            [ctypes.addressof(numbers) + 4 * place for place in range(len(numbers))]
            for numbers in (self._sides, self._colours, self._ways)
        )
        objects = list(map(_object_at, repeat(handle, count), range(count)))
        kinds = list(map(_kind_of, objects))
        self.order = {drawn: place for place, drawn in enumerate(objects)}
        self.paths = [
            Path(place, objects[place], self.box(objects[place]))
            for place, kind in enumerate(kinds)
            if kind == raw.FPDF_PAGEOBJ_PATH
        ]
        self.first_text = kinds.index(raw.FPDF_PAGEOBJ_TEXT) if raw.FPDF_PAGEOBJ_TEXT in kinds else count

    def box(self, drawn: int) -> Box:
        """The box around an object."""
        _bounds_of(drawn, *self._at_sides)
        return tuple(self._sides[:])

    def fill(self, drawn: int) -> tuple[int, int] | None:
        """The darkest component of an object's fill, and its opacity, both of 255; None if PDFium does not know."""
        if not _fill_of(drawn, *self._at_colours):
            return None
        red, green, blue, opacity = self._colours[:]
        return min(red, green, blue), opacity

    def ways(self, path: int) -> tuple[bool, bool]:
        """Whether a path is filled, and whether it is stroked."""
        _ways_of(path, *self._at_ways)
        fill, stroke = self._ways[:]
        return bool(fill), bool(stroke)

    def paint(self, path: int) -> tuple[int, int]:
        """The fill of a path, with an opacity of 0 if it has none."""
        darkest, opacity = self.fill(path) or (0, 0)
        return darkest, opacity if self.ways(path)[0] else 0

    def is_coloured(self, path: int) -> bool:
        """Whether a path is filled in another colour than white."""
        darkest, opacity = self.paint(path)
        return opacity > 0 and darkest < WHITE

    def shows(self, path: int) -> bool:
        """Whether a path is stroked, or filled in another colour than white."""
        return self.ways(path)[1] or self.is_coloured(path)

    def is_clipped(self, drawn: int) -> bool:
        """Whether an object is outside the area to which the page clips it."""
        clip = _clip_of(drawn)
        count = min(_MOST_CLIPS, _clips_in(clip))
        if count <= 0:
            return False
        left, bottom, right, top = self.box(drawn)
        for path in range(count):
            points = _points_in(clip, path)
            if not 0 < points <= _MOST_POINTS:
                continue
            xs, ys = set(), set()
            for number in range(points):
                _point_of(_segment_at(clip, path, number), *self._at_sides[:2])
                xs.add(self._sides[0])
                ys.add(self._sides[1])
            if right < min(xs) or left > max(xs) or top < min(ys) or bottom > max(ys):
                return True
        return False
