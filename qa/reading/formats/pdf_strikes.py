"""Finds struck-out text on a PDF page: text with a line through its middle, drawn by the page or by an annotation.

1. Thin horizontal paths at one height that touch are one line.
2. A line is a strike if it crosses small letters, is no thicker than a stroke, is on text for most of its length, and
   ends where words end. Underlines, rules of tables and grid lines do not.
3. Each struck character is followed by `STRUCK`, so that the layout still knows the place of the text.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from qa.reading.formats.pdf_drawings import Box, Drawings
from qa.reading.page_lines import STRUCK

if TYPE_CHECKING:
    from qa.reading.formats.pdf_runs import Run

_THIN = 2.5  # points; maximum height of a line
_THIN_EM = 0.2
_SHORTEST = 2.0
_MOST_PATHS = 5_000  # of a page; one with more is a drawing
_NEAR = 1.0  # maximum distance of lines that touch
_LOW_EM, _HIGH_EM = 0.13, 0.52  # of a strike above the baseline
_BEYOND_EM = 0.6  # maximum length of a line beyond the text at each end
_COVERED = 0.6  # minimum share of a line's length that is on text
_FEWEST_LETTERS = 2
_LARGEST = 200.0  # points; size of text

Ends = Callable[[int], tuple[float, float]]  # of the character with an index


class _Line(NamedTuple):
    at: float
    start: float
    end: float
    height: float
    sure: bool  # that of an annotation, and so never a rule


@dataclass(slots=True)
class _Text:
    """A run, the index of its first character, their number, and the places of the struck ones in its text."""

    run: Run
    first: int
    count: int
    struck: set[int] = field(default_factory=set)

    def under(self, line: _Line, ends: Ends) -> dict[int, tuple[float, float]]:
        """The places in the text of the characters that a line covers, with their ends."""
        run, size = self.run, len(self.run.text)
        width = (run.x1 - run.x0) / size
        if line.start <= run.x0 + width / 2 and run.x1 - width / 2 <= line.end:
            return {place: (run.x0 + place * width, run.x0 + (place + 1) * width) for place in range(size)}
        if run.rtl or size != self.count:
            return {}
        places = {place: ends(self.first + place) for place in range(size)}
        return {place: each for place, each in places.items() if line.start <= sum(each) / 2 <= line.end}

    def divides_word(self, struck: Collection[int]) -> bool:
        """Whether some struck characters begin or end inside a word."""
        text = self.run.text
        return any(
            text[place].isalnum() and text[other].isalnum()
            for place, other in ((min(struck), min(struck) - 1), (max(struck), max(struck) + 1))
            if 0 <= other < len(text)
        )


def strike(placed: Iterable[tuple[Run, int, int]], drawings: Drawings, marked: Iterable[Box], ends: Ends) -> int:
    """Put `STRUCK` after each struck character of a page.

    Args:
        placed: The page's runs, each with the index of its first character, and the number of characters.
        drawings: What the page draws.
        marked: The boxes of text that annotations strike out.
        ends: The left and right ends of a character.

    Returns:
        The number of strikes.
    """
    lines = [*_drawn(drawings), *(_Line((low + high) / 2, left, right, 0, True) for left, low, right, high in marked)]
    if not lines:
        return 0
    texts = sorted((_Text(*each) for each in placed if not each[0].angle), key=lambda text: text.run.y)
    heights = [text.run.y for text in texts]
    found = 0
    for line in lines:
        near = texts[bisect_left(heights, line.at - _HIGH_EM * _LARGEST) : bisect_left(heights, line.at)]
        crossed = [
            text
            for text in near
            if text.run.x0 < line.end
            and line.start < text.run.x1
            and _LOW_EM < (line.at - text.run.y) / text.run.size < _HIGH_EM
        ]
        found += bool(crossed) and _strike(line, crossed, ends)
    for text in texts:
        if text.struck:
            text.run.text = "".join(char + STRUCK * (at in text.struck) for at, char in enumerate(text.run.text))
    return found


def _strike(line: _Line, texts: list[_Text], ends: Ends) -> bool:
    """Note the characters that a line strikes out; return whether there are new ones."""
    under = [(text, found) for text in texts if (found := text.under(line, ends))]
    places = [each for _, found in under for each in found.values()]
    if not places:
        return False
    if not line.sure:
        size = min(text.run.size for text, _ in under)
        letters = sum(text.run.text[place].isalnum() for text, found in under for place in found)
        if (
            letters < _FEWEST_LETTERS
            or line.height > _THIN_EM * size
            or min(left for left, _ in places) - line.start > _BEYOND_EM * size
            or line.end - max(right for _, right in places) > _BEYOND_EM * size
            or sum(right - left for left, right in places) < _COVERED * (line.end - line.start)
            or any(text.divides_word(found) for text, found in under)
        ):
            return False
    is_new = any(not text.struck.issuperset(found) for text, found in under)  # and not the second line of two
    for text, found in under:
        text.struck.update(found)
    return is_new


def _drawn(drawings: Drawings) -> list[_Line]:
    """The lines that a page draws."""
    paths = drawings.paths if len(drawings.paths) < _MOST_PATHS else ()
    thin = [
        path for path in paths if path.sides[1] <= _THIN and path.sides[0] >= _SHORTEST and drawings.shows(path.drawn)
    ]
    found: list[_Line] = []
    for _, same in groupby(sorted(thin, key=lambda path: path.box[1]), key=lambda path: round(path.box[1], 1)):
        start = len(found)
        for left, bottom, right, top in sorted(path.box for path in same):
            if len(found) > start and left - found[-1].end <= _NEAR:
                found[-1] = found[-1]._replace(end=max(found[-1].end, right))
            else:
                found.append(_Line((bottom + top) / 2, left, right, top - bottom, sure=False))
    return found
