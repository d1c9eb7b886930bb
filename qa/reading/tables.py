"""Makes a block of each row of cells, with its column heads, so that the row can be cited alone.

1. Rows without an empty row between them form a region. Rows of one cell before its table are text.
2. The first row with several cells, all words, has the column heads if the next rows confirm it: numbers below words,
   bold type, or at least three columns. A head that spans columns precedes those below it, and units follow: rows of
   words above numbers, none in the first column. Consecutive years and months count as words above other numbers.
3. A later region without heads that is not wider than the last one inherits its heads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, pairwise
from typing import NamedTuple

from qa.reading.draft import Draft
from qa.records import BlockKind

_LOOKED_AHEAD = 20  # rows that are checked to decide whether the first row has the heads
_LONGEST_HEAD_CHARS = 80
_LEAST_COLUMNS = 3
_PERIOD = re.compile(
    r"(?:1[89]|20|21)\d\d(?:[-/](?:\d\d(?:\d\d)?|\d\d[-/]\d\d))?|[^\W\d]{3,9}\.?[ -](?:(?:1[89]|20|21)\d\d|\d\d)"
    r"|\d\d?[./]\d\d?[./](?:\d\d)?\d\d|\d\d?[- ][^\W\d]{3,9}"
)


class Cell(NamedTuple):
    """A non-empty cell: its column from 1, its text, whether that is words and not a number, and whether it is bold."""

    column: int
    text: str
    is_text: bool
    bold: bool = False


Row = tuple[int, Sequence[Cell]]  # its number and non-empty cells


def rows_to_drafts(
    rows: Iterable[Row], merged: Mapping[tuple[int, int], int] | None = None, *, headed: bool = False
) -> Iterator[Draft]:
    """The rows of one sheet as drafts, with the row numbers as pages.

    Args:
        rows: The rows in order; an empty one ends a region.
        merged: The width of merged cells by row and column.
        headed: Whether a first row of words has the heads regardless of the next rows.
    """
    heads: dict[int, str] = {}
    for opening, following in _regions(rows):
        yield from _region(opening, following, heads, merged or {}, headed=headed)
        headed = False


def cells_to_drafts(rows: Iterable[tuple[Sequence[str], Sequence[Draft]]]) -> Iterator[Draft]:
    """A table inside a text as one draft, with a line for each row that has text.

    Args:
        rows: Each row's cells, and the tables and boxes inside them, which follow the row and divide the table.
    """
    lines: list[str] = []
    for cells, inner in rows:
        if any(cells):
            lines.append(" | ".join(cells))
        if inner:
            yield Draft(BlockKind.TABLE, "\n".join(lines))
            yield from inner
            lines = []
    yield Draft(BlockKind.TABLE, "\n".join(lines))


def _regions(rows: Iterable[Row]) -> Iterator[tuple[list[Row], Iterator[Row]]]:
    """Each region as its first rows and all its rows."""
    source = iter(rows)

    def region(first: Row) -> Iterator[Row]:
        yield first
        for row in source:
            if not row[1]:
                return
            yield row

    while True:
        first = next((row for row in source if row[1]), None)
        if first is None:
            return
        inside = region(first)
        yield list(islice(inside, _LOOKED_AHEAD)), inside


def _region(
    opening: list[Row],
    following: Iterator[Row],
    heads: dict[int, str],
    merged: Mapping[tuple[int, int], int],
    *,
    headed: bool,
) -> Iterator[Draft]:
    at = 0
    while at < len(opening) and len(opening[at][1]) == 1 and any(len(cells) > 1 for _, cells in opening[at:]):
        number, (cell,) = opening[at]
        yield Draft(BlockKind.PARAGRAPH, cell.text, page=number)
        at += 1
    found, depth = _heads(opening[at:], merged, headed=headed)
    if found:
        heads.clear()
        heads.update(found)
        at += depth
    elif not _fits(opening[at:], heads):
        heads.clear()
    for number, cells in chain(opening[at:], following):
        yield _row(number, cells, heads)


def _heads(rows: list[Row], merged: Mapping[tuple[int, int], int], *, headed: bool) -> tuple[dict[int, str], int]:
    """The column heads, and the number of rows with them; none if the first row has no heads."""
    if len(rows) < 2:
        return {}, 0
    rows = _with_periods(rows)
    rows = rows[:1] + _with_periods(rows[1:])
    if not _may_be_heads(rows[0][1]):
        return {}, 0
    number, cells = rows[0]
    wide = {cell.column: merged.get((number, cell.column), 1) for cell in cells}
    if max(wide.values()) == 1:
        wide = _widths(cells, rows[1:])
    if max(wide.values()) > 1 and len(rows) > 2 and _may_be_heads(rows[1][1], different=False):
        above = {cell.column + each: cell.text for cell in cells for each in range(wide[cell.column])}
        found, depth = _joined(above, rows[1][1]), 2
    elif headed or _follow(rows):
        found, depth = {cell.column: cell.text for cell in cells}, 1
    else:
        return {}, 0
    while _adds_units(rows[depth:], found):
        found, depth = _joined(found, rows[depth][1]), depth + 1
    return found, depth


def _joined(heads: Mapping[int, str], cells: Sequence[Cell]) -> dict[int, str]:
    """Heads with those of the row below them."""
    below = {cell.column: cell.text for cell in cells}
    columns = sorted({*heads, *below})
    return {each: " ".join(filter(None, (heads.get(each), below.get(each)))) for each in columns}


def _adds_units(rows: list[Row], heads: Mapping[int, str]) -> bool:
    """Whether the first row has words below heads, but none below the first head, and numbers below each."""
    cells = rows[0][1] if rows else []
    columns = {cell.column for cell in cells}
    numbers = {cell.column for _, row in rows[1:] for cell in row if not cell.is_text}
    return _may_be_heads(cells, different=False) and min(columns) > min(heads) and columns <= heads.keys() & numbers


def _widths(cells: Sequence[Cell], rows: Sequence[Row]) -> dict[int, int]:
    """The widths of heads in a file without merged cells: to the next one, if heads are below all and numbers below."""
    widths = {cell.column: 1 for cell in cells}
    below = {cell.column for cell in rows[0][1]}
    if any(not cell.is_text for _, row in rows[1:] for cell in row) and all(cell.is_text for cell in rows[0][1]):
        for cell, end in pairwise([*widths, max(below) + 1]):
            if all(column in below for column in range(cell, end)):
                widths[cell] = end - cell
    return widths


def _with_periods(rows: list[Row]) -> list[Row]:
    """The rows, with consecutive years, months or days in the first row above other numbers marked as words."""
    number, cells = rows[0]
    periods = [cell for cell in cells if not cell.is_text]
    beside = len(periods) < len(cells) or any(row[0].column < cells[0].column for _, row in rows[1:])
    if len(periods) < 2 or not beside or not all(_PERIOD.fullmatch(cell.text) for cell in periods):
        return rows
    columns = {cell.column for cell in periods}
    below = [cell.text for _, row in rows[1:] for cell in row if cell.column in columns]
    if not below or any(map(_PERIOD.fullmatch, below)):
        return rows
    return [(number, [cell._replace(is_text=True) for cell in cells]), *rows[1:]]


def _may_be_heads(cells: Sequence[Cell], *, different: bool = True) -> bool:
    texts = [cell.text for cell in cells]
    return (
        len(cells) > 1
        and all(cell.is_text and len(cell.text) <= _LONGEST_HEAD_CHARS for cell in cells)
        and (not different or len(set(texts)) == len(texts))
    )


def _follow(rows: list[Row]) -> bool:
    """Whether the next rows confirm that the first row has the heads."""
    cells = rows[0][1]
    columns = {cell.column for cell in cells}
    numbers = any(cell.column in columns and not cell.is_text for _, row in rows[1:] for cell in row)
    bold = all(cell.bold for cell in cells) and not all(cell.bold for cell in rows[1][1])
    return numbers or bold or len(cells) >= _LEAST_COLUMNS


def _fits(rows: list[Row], heads: Mapping[int, str]) -> bool:
    return bool(heads) and all(len(cells) > 1 and all(cell.column in heads for cell in cells) for _, cells in rows)


def _row(number: int, cells: Sequence[Cell], heads: Mapping[int, str]) -> Draft:
    parts = [f"{heads[cell.column]}: {cell.text}" if cell.column in heads else cell.text for cell in cells]
    run_in = len(parts[0]) if heads and len(parts) > 1 else 0
    return Draft(BlockKind.TABLE, " | ".join(parts), run_in=run_in, page=number, tight=True)
