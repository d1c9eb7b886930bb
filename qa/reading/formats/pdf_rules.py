"""Finds ruled tables on a PDF page: rows and cells between lines that the page draws.

1. Thin paths and the sides of stroked rectangles are rules. Rules on one line that touch are one.
2. Horizontal and vertical rules that cross each other, directly or through others, are a table.
3. A cell extends up and to the left until a rule bounds it, so that merged cells are one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from math import inf
from typing import NamedTuple

import pypdfium2 as pdfium
from pypdfium2 import raw

from qa.reading.formats.pdf_sight import bounds, object_of, paths_of, ways_of

_THIN = 2.5  # points; maximum width of a rule
_SHORTEST = 4.0
_NEAR = 2.0  # maximum distance of rules that touch
_MOST_PATHS = 5_000  # of a page; one with more is a drawing
_MOST_RULES = 400  # after joining, of each direction
_MOST_OPEN = 40.0  # points; height of a row without a rule above or below it
_FEWEST = 3  # rules of each direction


class _Rule(NamedTuple):
    """A rule: its place across its direction, and its ends."""

    at: float
    start: float
    end: float

    def holds(self, place: float) -> bool:
        """Whether a place is between the ends."""
        return self.start - _NEAR <= place <= self.end + _NEAR


@dataclass(frozen=True, slots=True)
class Table:
    """The rules of a table, and the places of its rows from the top and of its columns from the left."""

    across: list[_Rule]
    down: list[_Rule]
    rows: list[float]
    columns: list[float]

    def column_at(self, x: float) -> int:
        """The column at a place, without regard to merged cells."""
        return sum(each < x + _NEAR for each in self.columns) - 1

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """The row and the column of the cell at a place; None outside the table."""
        if not (self.rows[-1] <= y < self.rows[0] and self.columns[0] < x + _NEAR <= self.columns[-1]):
            return None
        row, column = sum(each > y for each in self.rows) - 1, self.column_at(x)
        while row and not any(abs(rule.at - self.rows[row]) <= _NEAR and rule.holds(x) for rule in self.across):
            row -= 1
        while column and not any(abs(rule.at - self.columns[column]) <= _NEAR and rule.holds(y) for rule in self.down):
            column -= 1
        return row, column


def ruled_tables(page: pdfium.PdfPage) -> list[Table]:
    """The tables of a page that have at least two rows and two columns."""
    rules = _rules(page)
    found = []
    while rules[0] and rules[1]:
        across, down = [rules[0].pop()], list[_Rule]()
        latest = across
        for number in count(1):  # rules that cross the latest ones, in turn of both directions
            latest = _crossing(rules[number % 2], latest)
            (down if number % 2 else across).extend(latest)
            if not latest:
                break
        if not down:
            continue
        rows, columns = _places(across, down, _MOST_OPEN)[::-1], _places(down, across)
        if len(rows) >= _FEWEST and len(columns) >= _FEWEST:
            found.append(Table(across, down, rows, columns))
    return found


def _crossing(rules: list[_Rule], others: list[_Rule]) -> list[_Rule]:
    """Take the rules that cross others out of a list."""
    found = [rule for rule in rules if any(rule.holds(each.at) and each.holds(rule.at) for each in others)]
    rules[:] = [rule for rule in rules if rule not in found]
    return found


def _rules(page: pdfium.PdfPage) -> tuple[list[_Rule], list[_Rule]]:
    """The horizontal and the vertical rules of a page."""
    across: list[_Rule] = []
    down: list[_Rule] = []
    paths = paths_of(page, _MOST_PATHS)
    for drawn in paths if len(paths) < _MOST_PATHS else ():
        left, bottom, right, top = bounds(drawn)
        if top - bottom <= _THIN and right - left >= _SHORTEST:
            across.append(_Rule((top + bottom) / 2, left, right))
        elif right - left <= _THIN and top - bottom >= _SHORTEST:
            down.append(_Rule((left + right) / 2, bottom, top))
        elif ways_of(object_of(drawn))[1] and raw.FPDFPath_CountSegments(object_of(drawn)) in (4, 5):  # a rectangle
            across += (_Rule(top, left, right), _Rule(bottom, left, right))
            down += (_Rule(left, bottom, top), _Rule(right, bottom, top))
    return _joined(across)[:_MOST_RULES], _joined(down)[:_MOST_RULES]


def _joined(rules: Iterable[_Rule]) -> list[_Rule]:
    """Rules without parts of one line that touch or overlap."""
    lines: list[list[_Rule]] = []
    for rule in sorted(rules):
        if lines and rule.at - lines[-1][0].at <= _NEAR:
            lines[-1].append(rule)
        else:
            lines.append([rule])
    found: list[_Rule] = []
    for line in lines:
        start = len(found)
        for rule in sorted(line, key=lambda rule: rule.start):
            if len(found) > start and rule.start - found[-1].end <= _NEAR:
                found[-1] = found[-1]._replace(end=max(found[-1].end, rule.end))
            else:
                found.append(rule)
    return found


def _places(rules: list[_Rule], others: list[_Rule], most: float = inf) -> list[float]:
    """The places of rules in order, and the outermost ends of those across them, at most so far from a rule."""
    places = sorted({rule.at for rule in rules})
    ends = [min((rule.start for rule in others), default=inf), max((rule.end for rule in others), default=inf)]
    places = sorted([*places, *(end for end in ends if min(abs(end - places[0]), abs(end - places[-1])) <= most)])
    return [place for number, place in enumerate(places) if not number or place - places[number - 1] > 2 * _NEAR]
