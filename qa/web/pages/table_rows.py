"""The rows and cells of a table, as the canonical text writes them: a line a row, bars between cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from qa.records import Span
from qa.web.pages.marked_text import Piece

CELL_SEPARATOR = " | "  # what loaders put between the cells of a table's row

Line = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A table's cell, and the separator that follows it in the canonical text."""

    line: Line
    separator: Line


Row = tuple[Cell, ...]


def rows_of(text: str, table: Span, cut: Callable[[Span], Line]) -> Iterator[Row]:
    """The rows of the table at a place of a text.

    Args:
        text: The text.
        table: Where in it.
        cut: Makes the pieces of a span of the text.
    """
    start = table.start
    for row in text[table.start : table.end].split("\n"):
        cells = []
        end_of_row = start + len(row)
        while start <= end_of_row:
            found = text.find(CELL_SEPARATOR, start, end_of_row)
            end = end_of_row if found < 0 else found
            after = min(end + len(CELL_SEPARATOR), end_of_row) if found >= 0 else end
            cells.append(Cell(cut(Span(start, end)), cut(Span(end, after))))
            start = after if found >= 0 else end_of_row + 1
        yield tuple(cells)
