"""The text of a quote as a page shows it: running text, and tables as tables.

Guarantees: the parts, joined by the line ends between them, are the quote.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.errors import UnknownDocument
from qa.records import Block, BlockKind, Quote, Span
from qa.web.backend import Backend
from qa.web.pages.marked_text import cut
from qa.web.pages.table_rows import CELL_SEPARATOR, Line, Row, rows_of


@dataclass(frozen=True, slots=True)
class Part:
    """Running text, or the rows of a table."""

    line: Line = ()
    rows: tuple[Row, ...] = ()


def tables_in(service: Backend, quote: Quote) -> tuple[Span, ...]:
    """The places of tables in a quote's text; the document is read only where the text looks like one."""
    if CELL_SEPARATOR not in quote.text:
        return ()
    try:
        blocks = service.document(quote.citation.document_id).blocks
    except UnknownDocument:  # a rebuild has just removed it
        return ()
    return tuple(_within(blocks, Span(quote.citation.start, quote.citation.end)))


def parts_of(quote: Quote, tables: Sequence[Span]) -> tuple[Part, ...]:
    """A quote's text with its marks, cut at the places of its tables."""
    text = quote.text
    parts = []
    start = 0
    for table in tables:
        parts += _running(quote, Span(start, table.start))
        rows = rows_of(text, table, lambda span: cut(text, span, quote.highlights))
        parts.append(Part(rows=tuple(rows)))
        start = table.end
    return (*parts, *_running(quote, Span(start, len(text))))


def _running(quote: Quote, span: Span) -> list[Part]:
    stripped = quote.text[span.start : span.end].strip("\n")
    start = quote.text.find(stripped, span.start)
    return [Part(cut(quote.text, Span(start, start + len(stripped)), quote.highlights))] if stripped else []


def _within(blocks: Sequence[Block], place: Span) -> Iterator[Span]:
    """The table blocks that lie in a place of a document, as offsets into that place."""
    for block in blocks:
        start, end = max(block.start, place.start), min(block.end, place.end)
        if block.kind is BlockKind.TABLE and start < end:
            yield Span(start - place.start, end - place.start)
