"""The text of a quote as a page shows it: running text, and tables as tables.

Guarantees: the parts hold all words of the quote, in its order; a table has its column heads, wherever they stand.
"""

from __future__ import annotations

from dataclasses import dataclass

from qa.records import Quote, QuotedTable, Span
from qa.web.pages.marked_text import Line, cut


@dataclass(frozen=True, slots=True)
class Table:
    """The heads of columns, or none, and the cells of each row; a cell that is missing has no pieces."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Running text, or a table."""

    line: Line = ()
    table: Table | None = None


def parts_of(quote: Quote) -> tuple[Part, ...]:
    """A quote's text with its marks, cut at the places of its tables."""
    parts = []
    start = 0
    for table in quote.tables:
        parts += _running(quote, Span(start, table.start))
        parts.append(Part(table=_table(quote, table)))
        start = table.end
    return (*parts, *_running(quote, Span(start, len(quote.text))))


def _running(quote: Quote, span: Span) -> list[Part]:
    stripped = quote.text[span.start : span.end].strip("\n")
    start = quote.text.find(stripped, span.start)
    return [Part(cut(quote.text, Span(start, start + len(stripped)), quote.highlights))] if stripped else []


def _table(quote: Quote, table: QuotedTable) -> Table:
    def line(cell: Span | None) -> Line:
        return cut(quote.text, cell, quote.highlights) if cell and cell.start < cell.end else ()

    return Table(table.heads, tuple(tuple(line(cell) for cell in row) for row in table.rows))
