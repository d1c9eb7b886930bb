"""Draws a page of a PDF with boxes around the words of a quote.

The quote's words are searched among the page's characters. Only letters and digits are compared, since canonical text
and a page's text differ in white space, hyphens at line ends and order. If words occur more than once, the canonical
text before them determines the occurrence. Words that are not found get no box.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, NamedTuple

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray
from pypdfium2 import raw

_WIDTH = 1000  # pixels, of a page in portrait
_MOST_HEIGHT = 2000
_LINE = 3  # pixels, of a box
_MARGIN = 5
_COLOUR = (13, 92, 99)
_FEWEST_WORDS = 4  # of a piece that is searched separately if the whole is not found
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n")


class Rectangle(NamedTuple):
    """A rectangle in pixels, from the upper left corner."""

    left: int
    top: int
    right: int
    bottom: int

    def around(self, other: Rectangle) -> Rectangle:
        """The smallest rectangle around both."""
        return Rectangle(*map(min, self[:2], other[:2]), *map(max, self[2:], other[2:]))


@dataclass(frozen=True, slots=True)
class Drawing:
    """A page as a PNG, its size in pixels, and its boxes."""

    png: bytes
    width: int
    height: int
    boxes: tuple[Rectangle, ...]


def draw_page(file: IO[bytes], number: int, page_text: str, quotes: Sequence[tuple[int, int]]) -> Drawing | None:
    """Draw a page.

    Args:
        file: The PDF, open for reading.
        number: The page, from 1.
        page_text: The canonical text of the page.
        quotes: The spans of the quote's pieces in it.

    Returns:
        The drawing; None if the file has no such page.
    """
    document = pdfium.PdfDocument(file)
    if not 1 <= number <= len(document):
        return None
    document.init_forms()
    page = document[number - 1]
    width, height = page.get_size()
    scale = min(_WIDTH / min(width, height), _WIDTH * 1.5 / width, _MOST_HEIGHT / height)
    bitmap = page.render(scale=scale, rev_byteorder=True)
    pixels = bitmap.to_numpy()[:, :, :3].copy()
    places = _CharacterPlaces(page, bitmap)
    boxes = tuple(
        box for start, end in quotes for box in _blocks([*places.of(page_text[start:end], page_text[:start])])
    )
    for box in boxes:
        _outline(pixels, box)
    return Drawing(_png(pixels), bitmap.width, bitmap.height, boxes)


class _CharacterPlaces:
    """The letters and digits of a page with their positions."""

    def __init__(self, page: pdfium.PdfPage, bitmap: pdfium.PdfBitmap) -> None:
        self._text = page.get_textpage()
        self._convert = bitmap.get_posconv(page)
        letters = [_letters(chr(raw.FPDFText_GetUnicode(self._text, n))) for n in range(self._text.count_chars())]
        self._letters = "".join(letters)
        self._indices = [index for index, of_one in enumerate(letters) for _ in of_one]

    def of(self, quote: str, before: str) -> Iterator[Rectangle]:
        """The rectangles of a quote's characters in the page's order, or of its parts if the whole is not found."""
        spans = [self._span(quote, before)]
        if spans[0] is None:
            spans = [self._span(piece, before) for piece in _pieces(quote)]
        for span in filter(None, spans):
            for index in self._indices[span[0] : span[1]]:
                yield self._rectangle(index)

    def _span(self, quote: str, before: str) -> tuple[int, int] | None:
        wanted = _letters(quote)
        if not wanted:
            return None
        place = -1
        for _ in range(_letters(before).count(wanted) + 1):
            following = self._letters.find(wanted, place + 1)
            if following < 0:
                break  # the page has fewer occurrences than its text: use the last one
            place = following
        return None if place < 0 else (place, place + len(wanted))

    def _rectangle(self, index: int) -> Rectangle:
        left, bottom, right, top = self._text.get_charbox(index, loose=True)
        corners = [self._convert.to_bitmap(left, bottom), self._convert.to_bitmap(right, top)]
        across, down = zip(*corners, strict=True)
        return Rectangle(min(across), min(down), max(across), max(down))


def _letters(text: str) -> str:
    """The letters and digits of a text, in one case and without ligatures."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())


def _pieces(quote: str) -> Iterator[str]:
    """The sentences and lines of a quote, and the runs of words of long ones."""
    for sentence in _SENTENCE_END.split(quote):
        words = sentence.split()
        for start in range(0, len(words), 2 * _FEWEST_WORDS):
            piece = words[start : start + 2 * _FEWEST_WORDS]
            if len(piece) >= _FEWEST_WORDS or not start:
                yield " ".join(piece)


def _blocks(characters: Sequence[Rectangle]) -> list[Rectangle]:
    """The rectangles of characters joined to lines, and of close lines to blocks."""
    blocks: list[Rectangle] = []
    line_height = 0
    for each in characters:
        last = blocks[-1] if blocks else None
        line_height = max(line_height, each.bottom - each.top)
        if last and _follows(last, each, line_height):
            blocks[-1] = last.around(each)
        else:
            blocks.append(each)
    return blocks


def _follows(block: Rectangle, character: Rectangle, line_height: int) -> bool:
    """Whether a character belongs to a block: below its top, on its last line or the next, and not far to a side."""
    is_below = block.top - line_height // 2 <= character.top <= block.bottom + 1.5 * line_height
    is_beside = block.left - 8 * line_height <= character.right and character.left <= block.right + 8 * line_height
    return is_below and is_beside


def _outline(pixels: NDArray[np.uint8], box: Rectangle) -> None:
    left, top = max(0, box.left - _MARGIN), max(0, box.top - _MARGIN)
    inside = pixels[top : max(0, box.bottom + _MARGIN), left : max(0, box.right + _MARGIN)]
    for side in (inside[:_LINE], inside[-_LINE:], inside[:, :_LINE], inside[:, -_LINE:]):
        side[:] = _COLOUR


def _png(pixels: NDArray[np.uint8]) -> bytes:
    """Pixels as a PNG (W3C Recommendation, third edition): rows without a filter, one compressed chunk."""
    height, width, _ = pixels.shape
    rows = np.pad(pixels.reshape(height, 3 * width), ((0, 0), (1, 0)))
    header = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 2, 0, 0, 0])  # 8 bits each of red, green and blue
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4) for kind, data in chunks
    )
