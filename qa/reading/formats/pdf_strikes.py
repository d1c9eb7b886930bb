"""Finds struck-out text on a PDF page: text with a line through its middle, drawn by the page or by an annotation.

1. Thin horizontal paths at one height that touch are one line.
2. A line is a strike if it crosses small letters, is no thicker than a stroke, is on text for most of its length, and
   ends where words end. Underlines, rules of tables and grid lines do not.
3. Each struck character is followed by `STRUCK`, so that the layout still knows the place of the text.
"""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import groupby
from operator import itemgetter
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

Ends = Callable[[int], tuple[float, float]]  # of the character with an index


class _Line(NamedTuple):
    at: float
    start: float
    end: float
    height: float
    sure: bool  # that of an annotation, and so never a rule


class _Part(NamedTuple):
    """The characters of a run that a line covers: their places in its text, and their left and right ends."""

    run: Run
    ends: dict[int, tuple[float, float]]


def strike(runs: Iterable[Run], drawings: Drawings, marked: Iterable[Box], ends: Ends) -> int:
    """Put `STRUCK` after each struck character of a page.

    Args:
        runs: The page's runs.
        drawings: What the page draws.
        marked: The boxes of text that annotations strike out.
        ends: The left and right ends of a character.

    Returns:
        The number of strikes.
    """
    boxes = (_Line((low + high) / 2, left, right, 0, True) for left, low, right, high in marked)
    lines = sorted([*_drawn(drawings), *boxes])
    heights = [line.at for line in lines]
    crossed: defaultdict[_Line, list[_Part]] = defaultdict(list)
    for run in (run for run in runs if lines and not run.angle):
        low, high = (bisect(heights, run.y + share * run.size) for share in (_LOW_EM, _HIGH_EM))
        for line in lines[low:high]:
            if line.start < run.x1 and run.x0 < line.end and (part := _under(line, run, ends)).ends:
                crossed[line].append(part)
    struck: dict[int, tuple[Run, set[int]]] = {}
    found = 0
    for line, parts in crossed.items():
        if line.sure or _is_strike(line, parts):
            known = [(struck.setdefault(id(part.run), (part.run, set()))[1], part.ends) for part in parts]
            found += any(not places.issuperset(inside) for places, inside in known)  # and not the second line of two
            for places, inside in known:
                places.update(inside)
    for run, places in struck.values():
        run.text = "".join(char + STRUCK * (at in places) for at, char in enumerate(run.text))
    return found


def _under(line: _Line, run: Run, ends: Ends) -> _Part:
    size = len(run.text)
    width = (run.x1 - run.x0) / size
    places = {place: (run.x0 + place * width, run.x0 + (place + 1) * width) for place in range(size)}
    if line.start > run.x0 + width / 2 or run.x1 - width / 2 > line.end:  # a part of the run
        is_exact = not run.rtl and size == len(run.chars)
        places = {place: ends(char) for place, char in enumerate(run.chars)} if is_exact else {}
    return _Part(run, {place: each for place, each in places.items() if line.start <= sum(each) / 2 <= line.end})


def _is_strike(line: _Line, parts: list[_Part]) -> bool:
    """Whether a line strikes out the text below it."""
    places = [each for part in parts for each in part.ends.values()]
    size = min(part.run.size for part in parts)
    return (
        sum(part.run.text[place].isalnum() for part in parts for place in part.ends) >= _FEWEST_LETTERS
        and line.height <= _THIN_EM * size
        and min(left for left, _ in places) - line.start <= _BEYOND_EM * size
        and line.end - max(right for _, right in places) <= _BEYOND_EM * size
        and sum(right - left for left, right in places) >= _COVERED * (line.end - line.start)
        and not any(
            part.run.text[place - 1 : place + 1].isalnum()
            for part in parts
            for place in (min(part.ends), max(part.ends) + 1)
            if 0 < place < len(part.run.text)
        )
    )


def _drawn(drawings: Drawings) -> list[_Line]:
    """The lines that a page draws."""
    paths = drawings.paths if len(drawings.paths) < _MOST_PATHS else ()
    thin = (path for path in paths if path.sides[1] <= _THIN and path.sides[0] >= _SHORTEST)
    boxes = sorted((round(path.box[1], 1), *path.box) for path in thin if drawings.shows(path.drawn))
    found: list[_Line] = []
    for _, same in groupby(boxes, key=itemgetter(0)):
        start = len(found)
        for _, left, bottom, right, top in same:
            if len(found) > start and left - found[-1].end <= _NEAR:
                found[-1] = found[-1]._replace(end=max(found[-1].end, right))
            else:
                found.append(_Line((bottom + top) / 2, left, right, top - bottom, sure=False))
    return found
