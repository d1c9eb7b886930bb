"""Reads the runs of text on a PDF page: text drawn at once, with position, size, weight, direction, and visibility.

`pdf_sight` determines the visibility.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

import pypdfium2 as pdfium
from pypdfium2 import raw

from qa.errors import UnreadableFile
from qa.reading.formats.pdf_characters import ADDRESS, RTL, cleaned_run, page_text, plain
from qa.reading.formats.pdf_drawings import Box, Drawings
from qa.reading.formats.pdf_drawn_order import ends_of_words, in_logical_order
from qa.reading.formats.pdf_sight import SMALLEST, Sight
from qa.reading.formats.pdf_strikes import strike
from qa.reading.office.symbols import symbol_font

_MOST_CHARS_OF_PAGE = 2_000_000
_BLANKS = re.compile(r"(?<=\S)\s+(?=\S)")
_NUMBER = re.compile(r"(?<!\S)[$€£(+−–-]?\d[\d.,:/-]*+[\w%)*†]{0,3}(?!\S)")
NUMBERS_GAP_EM = 0.65  # minimum between cells with numbers
_BOLD = re.compile(r"bold|black|heavy|semib|demi|CMBX", re.IGNORECASE)
_LONGEST_STEP = 64
_LONGEST_SCRIPT = 3  # characters, drawn with glyphs for superscripts or subscripts
_NARROW_EM = 0.42
_LEAST_RAISED_EM = 0.25  # above the baseline
_LEAST_LOWERED_EM = 0.08  # below the baseline
_MOST_LOWERED_EM = 0.45
_SCRIPT_SIZE = 0.6
_WIDE_CHAR_EM = 0.62  # on average, in a run that may have wide gaps
_WIDE_NUMBERS_EM = 0.5  # on average, in one that may have wide gaps before numbers
_WIDE_GAP_EM = 1.2
_SPACED = re.compile(r"(?:[A-ZÀ-Þ] +){4,}[A-ZÀ-Þ]")  # capitals with blanks between them
_WORD_GAP = 1.5  # times the usual gap of such letters, between words


@dataclass(slots=True)  # not frozen: a page has thousands, and creating frozen ones takes four times as long
class Run:
    """Text drawn at once. `x0`, `x1` and the baseline `y` are along and across its direction, of `angle` degrees.

    `gap` is the text that PDFium inserts before it: "" inside a word, a blank between words, a line end. `chars` are
    the indices of its characters.
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
    chars: range = field(default=range(0), kw_only=True)


def are_numbers(text: str, following: str) -> bool:
    """Whether a text ends and the following one begins with a number, which are two cells if a small gap is between."""
    return text[-1].isdigit() and _NUMBER.match(following) is not None


class PageRuns:
    """Reads the runs of one page after another.

    Attributes:
        strikes: The number of pieces of struck-out text until now.
    """

    def __init__(self) -> None:
        self.strikes = 0
        self._fonts: dict[int, tuple[bool, str | None]] = {}

    def read(self, page: pdfium.PdfPage, number: int, drawings: Drawings, struck: Iterable[Box]) -> list[Run]:
        """The visible runs of a page, in drawing order.

        Args:
            page: The page.
            number: Its number.
            drawings: All that it draws.
            struck: The boxes of text that annotations strike out.

        Raises:
            UnreadableFile: the page has too many characters.
        """
        with closing(page.get_textpage()) as text_page:
            places = _Places(text_page)
            runs = list(self._runs(text_page, places, number, Sight(page, drawings)))
            self.strikes += strike(runs, drawings, struck, places.ends)
        return runs

    def _runs(self, text_page: pdfium.PdfTextPage, places: _Places, number: int, sight: Sight) -> Iterator[Run]:
        count = text_page.count_chars()
        if count > _MOST_CHARS_OF_PAGE:
            raise UnreadableFile(f"page {number} holds {count} characters; at most {_MOST_CHARS_OF_PAGE} are read")
        text = page_text(text_page, count)
        gap = ""
        for start, end, drawn in places.stretches(count):
            if not drawn:
                gap += text[start:end]
                continue
            size, angle = places.size(start)
            bold, symbols = self._font(drawn)
            for first, last in places.parts(text, start, end, size):
                shown = text[first:last]
                inner = shown.strip()
                if inner:
                    first += len(shown) - len(shown.lstrip())  # noqa: PLW2901
                    gap = gap or (" " if shown[0].isspace() else "")
                    run = places.run(inner, first, size, angle, gap, sight.covers.over(drawn))
                    run.text, run.rtl = cleaned_run(run.text, symbols)
                    run.bold = bold
                    if sight.sees(drawn, run):
                        yield run
                    gap = " " if last < end or shown[-1].isspace() else ""

    def _font(self, drawn: int) -> tuple[bool, str | None]:
        """Whether the font of a drawing is bold, and which symbol font it is, if any."""
        font = _font_of(drawn)
        if font not in self._fonts:
            buffer = ctypes.create_string_buffer(128)
            raw.FPDFFont_GetBaseFontName(ctypes.cast(font, raw.FPDF_FONT), buffer, 128)
            name = buffer.value.decode("latin-1")
            self._fonts[font] = _BOLD.search(name) is not None, symbol_font(name)
        return self._fonts[font]


_drawing_of = plain(raw.FPDFText_GetTextObject, ADDRESS, ADDRESS, ctypes.c_int)
_font_of = plain(raw.FPDFTextObj_GetFont, ADDRESS, ADDRESS)
_size_of = plain(raw.FPDFText_GetFontSize, ctypes.c_double, ADDRESS, ctypes.c_int)
_matrix_of = plain(raw.FPDFText_GetMatrix, ctypes.c_int, ADDRESS, ctypes.c_int, ADDRESS)
_origin_of = plain(raw.FPDFText_GetCharOrigin, ctypes.c_int, ADDRESS, ctypes.c_int, ADDRESS, ADDRESS)
_box_of = plain(raw.FPDFText_GetLooseCharBox, ctypes.c_int, ADDRESS, ctypes.c_int, ADDRESS)


class _Places:
    """The positions of the characters on one page."""

    def __init__(self, text_page: pdfium.PdfTextPage) -> None:
        self._text_page = text_page.raw
        self._page = ctypes.cast(text_page.raw, ctypes.c_void_p).value
        # Made once for all characters: a page has thousands.
        self._matrix, self._box = raw.FS_MATRIX(), raw.FS_RECTF()
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._at_matrix, self._at_box = ctypes.addressof(self._matrix), ctypes.addressof(self._box)
        self._at_x, self._at_y = ctypes.addressof(self._x), ctypes.addressof(self._y)

    def stretches(self, count: int) -> Iterator[tuple[int, int, int]]:
        """Ranges of characters drawn at once, with the drawing's address; 0 for characters that PDFium inserts.

        The end of each is searched by doubling steps, starting with the length of the last drawing, and then by
        bisection.
        """
        page, start, length = self._page, 0, 1
        following = _drawing_of(page, 0) if count else None
        while start < count:
            key = following
            inside, step = start, length if key else 1
            beyond = min(start + step, count)
            while beyond < count:
                following = _drawing_of(page, beyond)
                if following != key or not key:
                    break
                inside, step = beyond, 2 * step
                beyond = min(beyond + step, count)
            while beyond - inside > 1:
                middle = (inside + beyond) // 2
                other = _drawing_of(page, middle)
                if other == key:
                    inside = middle
                else:
                    beyond, following = middle, other
            yield start, beyond, key or 0
            length = min(beyond - start, _LONGEST_STEP) if key else length
            start = beyond

    def size(self, place: int) -> tuple[float, int]:
        """The size of a character on the page, and its writing direction in degrees."""
        matrix = self._matrix
        _matrix_of(self._page, place, self._at_matrix)
        b, c, d = matrix.b, matrix.c, matrix.d
        size = _size_of(self._page, place) * (abs(d) if not c else math.hypot(c, d))
        if size < 0:  # the font is turned upside down, and mostly the matrix too
            return -size, round(math.degrees(math.atan2(-b, -matrix.a))) % 360
        if size < SMALLEST:  # of a font whose glyphs have a scale of their own
            low, high = self.ends(place, 90)
            size = high - low
        if b or matrix.a < 0:
            return size, round(math.degrees(math.atan2(b, matrix.a))) % 360
        return size, 0

    def parts(self, text: str, start: int, end: int, size: float) -> Iterator[tuple[int, int]]:
        """A drawing as one piece, or as several if wide gaps separate them, like cells of a table.

        In text that is hardly wide on average, half of the gaps must be before numbers: justified lines have others.
        """
        inner = text[start:end]
        ends = [start]
        if " " in inner.strip():
            width, unit = self.ends(end - 1)[1] - self.ends(start)[0], size * len(inner)
            least = _WIDE_NUMBERS_EM if _NUMBER.search(inner) else _WIDE_CHAR_EM
            for blank in _BLANKS.finditer(inner) if width > least * unit else ():
                before, after = start + blank.start(), start + blank.end()
                gap = self.ends(after)[0] - self.ends(before - 1)[1]
                if gap > (NUMBERS_GAP_EM if are_numbers(text[:before], text[after:]) else _WIDE_GAP_EM) * size:
                    ends += before, after
            numbers = sum(_NUMBER.match(text, after) is not None for after in ends[2::2])
            if width <= _WIDE_CHAR_EM * unit and 4 * numbers < len(ends) - 1:
                ends = [start]
        yield from zip(ends[::2], [*ends[1::2], end], strict=True)

    def run(self, text: str, first: int, size: float, angle: int, gap: str, covered: list[tuple[float, float]]) -> Run:
        """A run with its place.

        Args:
            text: Its characters.
            first: The index of the first one.
            size: Their size.
            angle: Their direction.
            gap: The text before them.
            covered: The ranges along the line that are hidden.
        """
        x0, x1, y = self._place(first, first + len(text) - 1, angle, size)
        run = Run(text, x0, x1, y, round(size, 1), bold=False, angle=angle, gap=gap, rtl=False)
        run.chars = range(first, first + len(text))
        if not gap and x1 - x0 < _NARROW_EM * size * len(text) and len(text) <= _LONGEST_SCRIPT:
            self._set_script(run, first)
        if covered:
            middles = [sum(self.ends(first + place)) / 2 for place in range(len(text))]
            run.text = "".join(
                char
                for char, middle in zip(text, middles, strict=True)
                if not any(low <= middle <= high for low, high in covered)
            )
        elif _SPACED.fullmatch(text):
            run.text = _unspaced(text, first, self.ends)
        elif not text.isascii():
            if not angle and " " in text and RTL.search(text):
                run.x0, run.x1 = ends_of_words(text, first, self.ends)
            run.text = in_logical_order(text, first, self.ends)
        return run

    def _place(self, first: int, last: int, angle: int, size: float) -> tuple[float, float, float]:
        """The start and end of a run along its direction, and its baseline."""
        x, y = self._origin(first)
        if angle % 90 == 0:
            start, end = self.ends(first, angle)
            if last != first:
                other_start, other_end = self.ends(last, angle)
                start, end = min(start, other_start), max(end, other_end)
            return start, end, (y, -x, -y, x)[angle // 90]
        last_x, last_y = self._origin(last)
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        along, end = x * cos + y * sin, last_x * cos + last_y * sin
        return min(along, end), max(along, end) + 0.5 * size, y * cos - x * sin

    def _set_script(self, run: Run, first: int) -> None:
        """Move and shrink a run of small glyphs of the font for superscripts or subscripts, as if it were drawn so."""
        if run.angle or not (run.text.isascii() and run.text.isalnum()):
            return
        left, right, low, high = (ctypes.c_double() for _ in range(4))
        raw.FPDFText_GetCharBox(self._text_page, first, left, right, low, high)
        bottom, top = (low.value - run.y) / run.size, (high.value - run.y) / run.size
        if bottom > _LEAST_RAISED_EM:
            run.y, run.size = run.y + _LEAST_RAISED_EM * run.size, _SCRIPT_SIZE * run.size
        elif run.text.isdigit() and bottom < -_LEAST_LOWERED_EM and top < _MOST_LOWERED_EM:
            run.y, run.size = run.y - _LEAST_LOWERED_EM * run.size, _SCRIPT_SIZE * run.size

    def ends(self, place: int, angle: int = 0) -> tuple[float, float]:
        """The ends of a character's box along a direction that is a multiple of 90 degrees."""
        box = self._box
        _box_of(self._page, place, self._at_box)
        if angle == 0:
            return box.left, box.right
        low, high = (box.left, box.right) if angle == 180 else sorted((box.bottom, box.top))
        return (low, high) if angle == 90 else (-high, -low)

    def _origin(self, place: int) -> tuple[float, float]:
        _origin_of(self._page, place, self._at_x, self._at_y)
        return self._x.value, self._y.value


def _unspaced(text: str, first: int, ends: Callable[[int], tuple[float, float]]) -> str:
    """Words that are drawn with a blank after each letter; the gaps between words are wider."""
    places = [first + place for place, char in enumerate(text) if not char.isspace()]
    gaps = [ends(right)[0] - ends(left)[1] for left, right in pairwise(places)]
    most = _WORD_GAP * median(gaps)
    return text[0] + "".join(
        " " * (gap > most) + text[place - first] for gap, place in zip(gaps, places[1:], strict=True)
    )
