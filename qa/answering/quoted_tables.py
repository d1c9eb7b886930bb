"""Finds tables in quotes: rows of cells and column heads, in the text form that the parsers write.

1. A row is a line with cells divided by bars. In a text, tables are the blocks of kind table; in sheets and objects,
   each such line is a row.
2. The heads of a text's table are its first row, if the parser marked it so, or if it has words above numbers or at
   least three columns. They may be outside the quote.
3. A row of a sheet has the head in each cell: "Item: Lamp | Crowns: 900".

A cell that contains a bar between blanks is read as two cells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from qa.records import Block, BlockKind, Document, QuotedTable, Span
from qa.text.page_units import unit_of

BAR = " | "
_LONGEST_HEAD_CHARS = 80
_LEAST_COLUMNS = 3
_LOOKED_AT = 20  # rows examined to decide whether the first one has heads
_HEADED = re.compile(rf"([^:\n]{{1,{_LONGEST_HEAD_CHARS}}}): (?=\S)")
_NUMBER = re.compile(r"[^\w\s]*\d[\d.,'\s\u2019-]*[^\w\s]*\s*(?:\w{1,3}|[^\w\s])?")


def tables_in(text: str, start: int, source: str, document: Callable[[], Document]) -> tuple[QuotedTable, ...]:
    """The tables of a quote, in their order.

    Args:
        text: The quote.
        start: Its offset in the document.
        source: The document's path.
        document: Reads the document; called only if the quote may contain a table of a text.
    """
    if BAR not in text:
        return ()
    if unit_of(source) in ("row", "line"):
        return tuple(_of_sheet(text))
    whole = document()
    place = Span(start, start + len(text))
    within = (block for block in whole.blocks if block.kind is BlockKind.TABLE)
    found = (_of_text(whole.text, block, place) for block in within if block.start < place.end and block.end > start)
    return tuple(table for table in found if table)


def in_cells(marks: Sequence[Span], tables: Sequence[QuotedTable]) -> tuple[Span, ...]:
    """The marks of a quote's text; marks within tables are extended to whole cells."""
    cells = [cell for table in tables for row in table.rows for cell in row if cell]
    found = [Span(cell.start, cell.end) for cell in cells if any(_touch(mark, cell) for mark in marks)]
    for mark in marks:
        begin = mark.start
        for table in tables:
            if table.start < mark.end and begin < table.end:
                if begin < table.start:
                    found.append(Span(begin, table.start))
                begin = table.end
        if begin < mark.end:
            found.append(Span(begin, mark.end))
    return tuple(sorted(found, key=lambda span: span.start))


def cells_of(text: str, start: int, end: int) -> list[Span]:
    """The cells of the row `text[start:end]`; an empty cell is an empty span."""
    cells: list[Span] = []
    at = start
    if text.startswith(BAR[1:], start, end):
        cells.append(Span(start, start))
        at = start + len(BAR) - 1
    while (bar := text.find(BAR, at, end)) >= 0:
        cells.append(Span(at, bar))
        at = bar + len(BAR)
    if at < end and text.endswith(BAR[:-1], at, end):
        cells += [Span(at, end - len(BAR) + 1), Span(end, end)]
    else:
        cells.append(Span(at, end))
    return cells


def _touch(mark: Span, cell: Span) -> bool:
    return mark.start < cell.end and cell.start < mark.end


def _lines(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        if stop > start:
            yield Span(start, stop)
        start = stop + 1


def rows_of(text: str, block: Block) -> tuple[list[list[Span]], bool]:
    """The rows of a table block as cells, and whether the first row has the column heads."""
    rows = [cells_of(text, line.start, line.end) for line in _lines(text, block.start, block.end)]
    return rows, len(rows) > 1 and (bool(block.level) or _are_heads(text, rows[:_LOOKED_AT]))


def _of_text(text: str, block: Block, place: Span) -> QuotedTable | None:
    """The part of a table block within a place of a document; offsets are relative to that place."""
    rows, has_heads = rows_of(text, block)
    heads = rows[0] if has_heads else []
    inside = [row for row in rows if row[0].start < place.end and row[-1].end > place.start and row is not heads]
    width = max(map(len, rows))
    if width < 2:
        return None
    named = [text[head.start : head.end] for head in heads]
    return QuotedTable(
        max(block.start, place.start) - place.start,
        min(block.end, place.end) - place.start,
        tuple(named + [""] * (width - len(named))) if named else (),
        tuple(tuple(_clipped(cell, place) for cell in row) + (None,) * (width - len(row)) for row in inside),
    )


def _clipped(cell: Span, place: Span) -> Span | None:
    start, end = max(cell.start, place.start), min(cell.end, place.end)
    return Span(start - place.start, end - place.start) if start < end else None


def _are_heads(text: str, rows: Sequence[Sequence[Span]]) -> bool:
    """Whether the first row has the column heads."""
    first, *others = ([text[cell.start : cell.end] for cell in row] for row in rows)
    words = [cell for cell in first if cell]
    if len(words) < 2 or len(set(words)) < len(words) or any(map(_is_no_head, words)):
        return False
    numbers = any(_NUMBER.fullmatch(cell) for row in others for cell, head in zip(row, first, strict=False) if head)
    return numbers or len(first) >= _LEAST_COLUMNS


def _is_no_head(cell: str) -> bool:
    return len(cell) > _LONGEST_HEAD_CHARS or _NUMBER.fullmatch(cell) is not None


def _of_sheet(text: str) -> Iterator[QuotedTable]:
    """The rows of a sheet, joined to tables while their heads are equal."""
    run: list[tuple[Span, list[tuple[str, Span]]]] = []
    for line in _lines(text, 0, len(text)):
        cells = [_headed(text, cell) for cell in cells_of(text, line.start, line.end)]
        if not all(head for head, _ in cells):
            cells = [("", cell) for cell in cells_of(text, line.start, line.end)]
        if run and not _share(run[-1][1], cells):
            yield _table(run)
            run = []
        if len(cells) > 1 or run:
            run.append((line, cells))
    if run:
        yield _table(run)


def _share(above: Sequence[tuple[str, Span]], cells: Sequence[tuple[str, Span]]) -> bool:
    return not {head for head, _ in above}.isdisjoint(head for head, _ in cells)


def _headed(text: str, cell: Span) -> tuple[str, Span]:
    """The head in a cell, and the cell without it."""
    found = _HEADED.match(text, cell.start, cell.end)
    return (found[1], Span(found.end(), cell.end)) if found else ("", cell)


def _table(run: Sequence[tuple[Span, Sequence[tuple[str, Span]]]]) -> QuotedTable:
    place = Span(run[0][0].start, run[-1][0].end)
    if not any(head for _, cells in run for head, _ in cells):
        width = max(len(cells) for _, cells in run)
        rows = tuple(tuple(cell for _, cell in cells) + (None,) * (width - len(cells)) for _, cells in run)
        return QuotedTable(place.start, place.end, (), rows)
    heads = tuple(dict.fromkeys(head for _, cells in run for head, _ in cells))
    rows = tuple(tuple(dict(cells).get(head) for head in heads) for _, cells in run)
    return QuotedTable(place.start, place.end, heads, rows)
