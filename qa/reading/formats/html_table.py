"""Reads the tables of a page row by row, with an empty cell for each position that another cell spans."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml import etree

from qa.reading.draft import Draft
from qa.reading.formats.html_styles import COLLAPSED, HIDDEN
from qa.records import BlockKind

_MOST_SPANNED = 50
_MOST_NESTED = 4  # maximum depth of nested data tables

_Text = Callable[[etree._Element], str]  # noqa: SLF001 - lxml's name for its elements
_Test = Callable[[etree._Element], bool]  # noqa: SLF001


def is_layout(table: etree._Element) -> bool:
    """Whether a table is only layout: it has one column, or contains headings or tables and no column heads."""
    if table.get("role") in ("presentation", "none"):
        return True
    rows = _own_rows(table)
    if next(table.iterdescendants("table", "h1", "h2", "h3", "article", "form"), None) is not None:
        ruled = table.get("border", "0") not in ("", "0") or any(row.find("th") is not None for row in rows)
        deep = sum(1 for _ in table.iterancestors("table")) >= _MOST_NESTED
        if not ruled or deep:
            return True
    return max((sum(cell.tag in ("td", "th") for cell in row) for row in rows), default=0) < 2


def _own_rows(table: etree._Element) -> list[etree._Element]:
    return [row for row in table.iter("tr") if next(row.iterancestors("table"), None) is table]


def read_table(table: etree._Element, text_of: _Text, is_dropped: _Test) -> Iterator[Draft]:
    """A data table as one draft, after its caption.

    Args:
        table: The element.
        text_of: Returns the text of a cell on one line.
        is_dropped: Whether an element is left out.
    """
    caption = table.find("caption")
    if caption is not None and not is_dropped(caption):
        yield Draft(BlockKind.PARAGRAPH, text_of(caption))
    rows: list[str] = []
    headed = False
    gone = _collapsed(table)
    below: dict[int, int] = {}  # by column: number of further rows that a cell above spans
    for row in _own_rows(table):
        if is_dropped(row) or any(each.get(HIDDEN) is not None for each in row.iterancestors("tbody", "thead")):
            continue
        cells = _row([cell for cell in row if cell.tag in ("td", "th") and not is_dropped(cell)], below, text_of)
        if gone:
            cells = [text for column, text in enumerate(cells) if column not in gone]
        if any(cells):
            headed = headed if rows else _are_heads(row)
            rows.append(" | ".join(cells))
    yield Draft(BlockKind.TABLE, "\n".join(rows), level=int(headed and len(rows) > 1))


def _collapsed(table: etree._Element) -> set[int]:
    """The columns, from 0, that styles collapse."""
    gone: set[int] = set()
    column = 0
    for each in table.iterdescendants("col", "colgroup"):
        above = each.getparent()
        if each.find("col") is not None or next(each.iterancestors("table"), None) is not table:
            continue
        width = _span(each, "span")
        if each.get(COLLAPSED) is not None or (above is not None and above.get(COLLAPSED) is not None):
            gone.update(range(column, column + width))
        column += width
    return gone


def _are_heads(row: etree._Element) -> bool:
    """Whether a row's cells are column heads."""
    parent = row.getparent()
    return (parent is not None and parent.tag == "thead") or all(cell.tag != "td" for cell in row)


def _row(row: list[etree._Element], below: dict[int, int], text_of: _Text) -> list[str]:
    """The cells of a row, with an empty one for each position that another cell spans."""
    cells: list[str] = []
    for cell in row:
        while below.get(len(cells), 0) > 0:
            below[len(cells)] -= 1
            cells.append("")
        down = _span(cell, "rowspan")
        for number in range(_span(cell, "colspan")):
            if down > 1:
                below[len(cells)] = down - 1
            cells.append("" if number else text_of(cell))
    while below.get(len(cells), 0) > 0:
        below[len(cells)] -= 1
        cells.append("")
    return cells


def _span(cell: etree._Element, name: str) -> int:
    said = (cell.get(name) or "1").strip()
    return min(_MOST_SPANNED, int(said)) if said.isdecimal() and 0 < len(said) < 6 and int(said) else 1
