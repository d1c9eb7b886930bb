"""Tables of a quote as terminal text: aligned columns with heads, or one line per cell if too wide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qa.cli.terminal import Terminal, width_of
from qa.records import Quote, QuotedTable, Span

_GAP = "  "
_Cell = tuple[str, bool]  # the cell's words, and whether they are marked


def quote_lines(quote: Quote, terminal: Terminal, margin: str) -> Iterator[str]:
    """A quote's text with its marks; tables are laid out as tables."""
    start = 0
    for table in (*quote.tables, None):
        end = table.start if table else len(quote.text)
        if text := quote.text[start:end].strip("\n"):
            first = quote.text.index(text, start)
            marks = [Span(mark.start - first, mark.end - first) for mark in quote.highlights]
            yield from terminal.wrapped(text, [mark for mark in marks if mark.end > 0], margin)
        if table:
            yield from _table_lines(quote, table, terminal, margin)
            start = table.end


def _table_lines(quote: Quote, table: QuotedTable, terminal: Terminal, margin: str) -> Iterator[str]:
    rows = [[_cell(quote, place) for place in row] for row in table.rows]
    heads: list[list[_Cell]] = [[(" ".join(head.split()), False) for head in table.heads]] if table.heads else []
    grid = [*heads, *rows]
    columns = zip(*grid, strict=True)
    widths = [max(width_of(terminal.shown(text)) for text, _ in column) for column in columns]
    if sum(widths) + len(_GAP) * (len(widths) - 1) > terminal.columns - width_of(margin):
        for number, row in enumerate(rows):
            yield from [margin.rstrip()] if number else []
            yield from _listed(row, table.heads, terminal, margin)
        return
    for number, row in enumerate(grid):
        yield from _line([*zip(row, widths, strict=True)], terminal, margin)
        if heads and not number:
            yield from terminal.wrapped(_GAP.join("-" * width for width in widths), margin=margin)


def _cell(quote: Quote, place: Span | None) -> _Cell:
    if place is None:
        return "", False
    marked = any(mark.start < place.end and place.start < mark.end for mark in quote.highlights)
    return " ".join(quote.text[place.start : place.end].split()), marked


def _line(row: Sequence[tuple[_Cell, int]], terminal: Terminal, margin: str) -> Iterator[str]:
    """A row with its cells aligned to the columns."""
    line, marks = "", []
    for (text, marked), width in row:
        if marked and text:
            marks.append(Span(len(line), len(line) + len(text)))
        line += text + " " * (width - width_of(terminal.shown(text))) + _GAP
    return terminal.wrapped(line.rstrip(), marks, margin)


def _listed(row: Sequence[_Cell], heads: Sequence[str], terminal: Terminal, margin: str) -> Iterator[str]:
    """A row as one line per cell, each with its column head."""
    for column, (text, marked) in enumerate(row):
        if text:
            head = f"{heads[column]}: " if heads and heads[column] else ""
            marks = [Span(len(head), len(head) + len(text))] if marked else []
            yield from terminal.wrapped(head + text, marks, margin)
