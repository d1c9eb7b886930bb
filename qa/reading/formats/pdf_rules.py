"""Finds ruled tables on a PDF page: rows and cells between lines that the page draws.

1. Thin paths and the sides of stroked rectangles are rules. Rules on one line that touch are one.
2. Horizontal and vertical rules that cross each other, directly or through others, are a table.
3. A cell extends up and to the left until a rule bounds it, so that merged cells are one.
"""

from __future__ import annotations

import ctypes
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from math import inf
from operator import neg
from typing import NamedTuple

from pypdfium2 import raw

from qa.reading.formats.pdf_characters import ADDRESS, plain
from qa.reading.formats.pdf_drawings import Drawings

_THIN = 2.5  # points; maximum width of a rule
_SHORTEST = 4.0
_NEAR = 2.0  # maximum distance of rules that touch
_MOST_PATHS = 5_000  # of a page; one with more is a drawing
_MOST_RULES = 400  # after joining, of each direction
_MOST_OPEN = 40.0  # points; height of a row without a rule above or below it
_MOST_OPEN_TABLES = 40  # with horizontal rules only, since they may overlap
_FEWEST = 3  # rules of each direction


_segments_of = plain(raw.FPDFPath_CountSegments, ctypes.c_int, ADDRESS)


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
    """The places of a table's rows from the top and of its columns from the left, with the rules at each place."""

    rows: list[float]
    columns: list[float]
    across: list[list[_Rule]]
    down: list[list[_Rule]]

    @property
    def is_open(self) -> bool:
        """Whether it has no rules between columns."""
        return len(self.columns) < _FEWEST

    def column_at(self, x: float) -> int:
        """The column at a place, without regard to merged cells."""
        return bisect_left(self.columns, x + _NEAR) - 1

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """The row and the column of the cell at a place; None outside the table."""
        if not (self.rows[-1] <= y < self.rows[0] and self.columns[0] < x + _NEAR <= self.columns[-1]):
            return None
        row, column = bisect_left(self.rows, -y, key=neg) - 1, self.column_at(x)
        while row and not any(rule.holds(x) for rule in self.across[row]):
            row -= 1
        while column and not any(rule.holds(y) for rule in self.down[column]):
            column -= 1
        return row, column


def ruled_tables(drawings: Drawings) -> list[Table]:
    """The tables of a page that have at least two rows between rules."""
    rules = _rules(drawings)
    found = []
    alone: list[_Rule] = []
    while rules[0]:
        across, down = [rules[0].pop()], list[_Rule]()
        latest = across
        for number in count(1):  # rules that cross the latest ones, in turn of both directions
            latest = _crossing(rules[number % 2], latest)
            (down if number % 2 else across).extend(latest)
            if not latest:
                break
        rows, columns = _places(across, down, _MOST_OPEN)[::-1], _places(down, across) if down else []
        if len(columns) < _FEWEST:
            alone += across
        elif len(rows) >= _FEWEST:
            found.append(Table(rows, columns, _by_place(across, rows), _by_place(down, columns)))
    return [*found, *islice(_open_tables(alone), _MOST_OPEN_TABLES)]


def _open_tables(rules: list[_Rule]) -> Iterator[Table]:
    """The tables of horizontal rules with the same ends."""
    while rules:
        first = rules[0]
        same = [rule for rule in rules if max(abs(rule.start - first.start), abs(rule.end - first.end)) <= _NEAR]
        rules = [rule for rule in rules if rule not in same]
        rows = _places(same, [], 0)[::-1]
        if len(rows) >= _FEWEST:
            rows = [rows[0] + _MOST_OPEN, *rows, rows[-1] - _MOST_OPEN]
            yield Table(rows, [first.start, first.end], _by_place(same, rows), [[], []])


def _by_place(rules: list[_Rule], places: list[float]) -> list[list[_Rule]]:
    """The rules at each place."""
    return [[rule for rule in rules if abs(rule.at - place) <= _NEAR] for place in places]


def _crossing(rules: list[_Rule], others: list[_Rule]) -> list[_Rule]:
    """Take the rules that cross others out of a list."""
    found = [rule for rule in rules if any(rule.holds(each.at) and each.holds(rule.at) for each in others)]
    rules[:] = [rule for rule in rules if rule not in found]
    return found


def _rules(drawings: Drawings) -> tuple[list[_Rule], list[_Rule]]:
    """The horizontal and the vertical rules of a page."""
    across: list[_Rule] = []
    down: list[_Rule] = []
    for _, drawn, (left, bottom, right, top) in drawings.paths if len(drawings.paths) < _MOST_PATHS else ():
        if top - bottom <= _THIN and right - left >= _SHORTEST:
            across.append(_Rule((top + bottom) / 2, left, right))
        elif right - left <= _THIN and top - bottom >= _SHORTEST:
            down.append(_Rule((left + right) / 2, bottom, top))
        elif drawings.ways(drawn)[1] and _segments_of(drawn) in (4, 5):  # a rectangle
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
