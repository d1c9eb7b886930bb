"""Divides a quote's text into running text and tables for a page.

Guarantees: the parts contain all words of the quote in order. A table has its column heads, even if they are outside
    the quote.
"""

from __future__ import annotations

from dataclasses import dataclass

from qa.records import Quote, QuotedTable, Span
from qa.web.pages.marked_text import Line, cut


@dataclass(frozen=True, slots=True)
class Table:
    """The column heads, if any, and the cells of each row; a missing cell has no pieces."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Running text, or a table."""

    line: Line = ()
    table: Table | None = None


def parts_of(quote: Quote) -> tuple[Part, ...]:
    """A quote's text with its marks, divided at its tables."""
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
