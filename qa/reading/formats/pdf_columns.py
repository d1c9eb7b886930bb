"""Finds parts of a PDF page in which the rows of text are two columns of running text, beside parts of full width.

1. A strip is a range that no chunk of consecutive rows crosses. Rows are added below while one remains.
2. The rows up to the first wide gap are columns if running text fills most of the width on both sides of a strip.
3. Lines above them that are at the same distance in the second column belong to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from qa.reading.formats.pdf_runs import Run
from qa.reading.formats.pdf_tables import Row

_FEWEST_LINES = 4
_FEWEST_CHARS = 18  # median of the lines
_FEWEST_WORDS = 3  # median of the lines
_LEAST_FILL = 0.7  # median of the lines' width, as a share of their side's
_LEAST_WHOLE = 0.6  # share of the lines that are not divided again, like rows of a table
_LEAST_STRIP_EM = 0.7
_MOST_STEP = 1.35  # times the median distance of the rows
_MOST_STRIPS = 20  # the widest
_SAME_STRIP = 10.0  # points; maximum distance of the strips of one pair of columns
_MOST_CHUNKS = 32  # of a row; one with more is part of a table, or hostile

_Strip = tuple[float, float]


class Band(NamedTuple):
    """Rows that are columns: the first row, the one after the last, and the place of the strip between the sides."""

    first: int
    end: int
    strip: float


def find_bands(rows: Sequence[Row]) -> list[Band]:
    """The parts of some rows, from top to bottom, that are divided into two columns."""
    strips_of = cache(lambda place: _strips_of(rows[place]))
    bands: list[Band] = []
    while (band := _next_band(rows, strips_of, bands[-1].end if bands else 0)) is not None:
        last = bands[-1] if bands else None
        if last is not None and last.end == band.first and abs(last.strip - band.strip) < _SAME_STRIP:
            bands[-1] = last._replace(end=band.end)  # the same columns after a wider step, as between paragraphs
        else:
            bands.append(band)
    return bands


def _next_band(rows: Sequence[Row], strips_of: Callable[[int], list[_Strip]], start: int) -> Band | None:
    """The first part from row `start` on that is divided into two columns; `strips_of` finds the strips of a row."""
    first = start
    while first < len(rows) - _FEWEST_LINES:
        if len(rows[first].chunks) < 2:
            first += 1
            continue
        strips, end = _widest(strips_of(first)[1:-1]), first + 1
        while end < len(rows) and (left := _shared(strips, strips_of(end), rows[end].chunks[0].size)):
            strips, end = _widest(left), end + 1
        for low, high in sorted(strips, key=_narrow):
            strip = (low + high) / 2
            if (last := _last_row(rows[first:end], strip)) is not None:
                step = _MOST_STEP * _step(rows[first], rows[first + 1])
                begin = first  # the second column may begin above the first one
                while (
                    begin > start
                    and rows[begin - 1].chunks[0].x0 > strip
                    and _step(rows[begin - 1], rows[begin]) <= step
                ):
                    begin -= 1
                return Band(begin, first + last, strip)
        first += max(1, (end - first) // 4)
    return None


def _step(above: Row, row: Row) -> float:
    return above.chunks[0].y - row.chunks[0].y


def _narrow(strip: _Strip) -> float:
    return strip[0] - strip[1]


def _widest(strips: list[_Strip]) -> list[_Strip]:
    """The widest strips, in their order from the left."""
    return strips if len(strips) <= _MOST_STRIPS else sorted(sorted(strips, key=_narrow)[:_MOST_STRIPS])


def _strips_of(row: Row) -> list[_Strip]:
    """The gaps between the chunks of a row, and the space on both sides; none of a row with too many chunks."""
    if len(row.chunks) > _MOST_CHUNKS:
        return []
    chunks = sorted(row.chunks, key=lambda chunk: chunk.x0)
    inner = [(left.x1, right.x0) for left, right in pairwise(chunks) if right.x0 > left.x1]
    return [(float("-inf"), chunks[0].x0), *inner, (chunks[-1].x1, float("inf"))]


def _shared(strips: list[_Strip], others: list[_Strip], size: float) -> list[_Strip]:
    """The common parts of two rows' strips, each row's from the left, that are wide enough."""
    found: list[_Strip] = []
    one = other = 0
    while one < len(strips) and other < len(others):
        low, high = max(strips[one][0], others[other][0]), min(strips[one][1], others[other][1])
        if high - low >= _LEAST_STRIP_EM * size:
            found.append((low, high))
        if strips[one][1] < others[other][1]:
            one += 1
        else:
            other += 1
    return found


def _last_row(rows: Sequence[Row], strip: float) -> int | None:
    """The number of rows that are columns on both sides of a strip; None if they are none."""
    steps = [_step(above, row) for above, row in pairwise(rows)]
    if len(rows) < _FEWEST_LINES:
        return None
    most = _MOST_STEP * median(steps[: 2 * _FEWEST_LINES])
    near = 1 + next((place for place, step in enumerate(steps) if step > most), len(steps))
    for right in (False, True):
        side = [[chunk for chunk in row.chunks if (chunk.x0 > strip) is right] for row in rows[:near]]
        if not _is_running([chunks for chunks in side if chunks]):
            return None
    return near


def _is_running(lines: list[list[Run]]) -> bool:
    """Whether the lines of one side are running text."""
    whole = sum(len(line) == 1 for line in lines)
    if len(lines) < _FEWEST_LINES or whole < _LEAST_WHOLE * len(lines):
        return False
    widths = [max(chunk.x1 for chunk in line) - min(chunk.x0 for chunk in line) for line in lines]
    words = median(sum(len(chunk.text.split()) for chunk in line) for line in lines)
    chars = median(sum(len(chunk.text) for chunk in line) for line in lines)
    return chars >= _FEWEST_CHARS and words >= _FEWEST_WORDS and median(widths) >= _LEAST_FILL * max(widths)
