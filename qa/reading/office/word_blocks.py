"""Reads the blocks of a Word document: paragraphs by style and number, tables, and anchored objects."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import partial

from lxml import etree

from qa.reading.decode import clean, clean_lines
from qa.reading.draft import Draft, Headings
from qa.reading.left_out import LeftOut
from qa.reading.office.drawings import Drawings
from qa.reading.office.names import is_on, number, qn, value
from qa.reading.office.package import Relation
from qa.reading.office.word_numbering import BULLET, Numbering
from qa.reading.office.word_styles import Style, Styles, is_shaded, outline_of
from qa.reading.office.word_text import Line, ParagraphReader, is_prompt
from qa.reading.superscripts import Script, in_line
from qa.reading.tables import cells_to_drafts
from qa.records import BlockKind

_LONGEST_HEADING_CHARS = 300  # a longer paragraph is text, regardless of its style
_MOST_BEFORE_TITLE = 1000  # characters of paragraphs
_MOST_SPANNED = 50
_TRANSPARENT = {qn("w:customXml"), qn("w:ins"), qn("w:moveTo"), qn("w:sdtContent"), qn("w:smartTag")}
_DELETED = (qn("w:del"), qn("w:moveFrom"))
_PLAIN_TABLES = {None, "TableNormal", "TableGrid"}


class BlockReader:
    """Reads the blocks of one document in order; titles and numbers depend on the previous blocks."""

    def __init__(
        self, styles: Styles, numbering: Numbering, text: ParagraphReader, drawings: Drawings, left_out: LeftOut
    ) -> None:
        self._styles = styles
        self._numbering = numbering
        self._text = text
        self._drawings = drawings
        self._left_out = left_out
        self._relations: Mapping[str, Relation] = {}
        self._headings = Headings()  # no title follows a list, or much text
        self._chars_before = 0
        self._carried: list[tuple[str, Script]] = []  # a paragraph with a deleted end continues in the next one

    def read(
        self, story: etree._Element, parent: etree._Element, relations: Mapping[str, Relation], *, shaded: bool
    ) -> Iterator[Draft]:
        """The blocks of a text.

        Args:
            story: The element with the whole text: the root of a part, or one note.
            parent: The parent element of its blocks.
            relations: The parts that its drawings refer to.
            shaded: Whether it may have a background, so that white text may be visible.
        """
        self._relations = relations
        self._text.begin_story(story)
        yield from self._blocks(parent, shaded=shaded)

    def _blocks(self, parent: etree._Element, *, shaded: bool) -> Iterator[Draft]:
        """The blocks in a body, a cell, a text box or a note."""
        for child in parent.iterchildren("*"):
            if child.tag == qn("w:p"):
                yield from self._paragraph(child, shaded=shaded)
            elif child.tag == qn("w:tbl"):
                yield from self._table(child, shaded=shaded)
            elif child.tag == qn("w:sdt"):
                content = child.find(qn("w:sdtContent"))
                if content is not None and not is_prompt(child):
                    yield from self._blocks(content, shaded=shaded)
            elif child.tag in _TRANSPARENT:
                yield from self._blocks(child, shaded=shaded)
            elif child.tag in (qn("m:oMathPara"), qn("m:oMath")):
                around = etree.Element(qn("w:p"))
                around.append(deepcopy(child))
                yield from self._paragraph(around, shaded=shaded)
            elif child.tag in (qn("w:altChunk"), qn("w:subDoc")):
                self._left_out.add("embedded document")
        if self._carried:
            yield Draft(BlockKind.PARAGRAPH, _written(self._carried))
            self._carried = []

    def _paragraph(self, paragraph: etree._Element, *, shaded: bool) -> Iterator[Draft]:
        line = self._text.line(paragraph, shaded=shaded)
        if line.runs_on:
            self._carried += line.pieces
        else:
            properties = paragraph.find(qn("w:pPr"))
            style_id = value(properties, "w:pStyle")
            style = self._styles.paragraph(style_id)
            text = _written([*self._carried, *line.pieces])
            self._carried = []
            marker = None if line.hidden and not text else self._marker(properties, style_id, style)
            if text:
                outline = value(properties, "w:outlineLvl")
                level = style.outline if outline is None else outline_of(outline)
                yield self._block(text, marker, style, level, bold=line.bold and marker != BULLET)
        yield from self._anchored(line)

    def _marker(self, properties: etree._Element | None, style_id: str | None, style: Style) -> str | None:
        """The automatic number before a paragraph; None if it is not in a list."""
        numbered = None if properties is None else properties.find(qn("w:numPr"))
        list_id, level = style.numbering
        if numbered is not None:
            own_level = value(numbered, "w:ilvl")
            list_id = value(numbered, "w:numId") or list_id
            level = level if own_level is None else number(own_level)
        return self._numbering.marker(list_id, level, style_id)

    def _block(self, text: str, marker: str | None, style: Style, level: int | None, *, bold: bool) -> Draft:
        name = style.name.lower()
        number_of = "" if marker in (None, BULLET) else str(marker)
        if name in ("title", "subtitle") or (level is not None and len(text) <= _LONGEST_HEADING_CHARS):
            level = 0 if name == "subtitle" else 1 if level is None or name == "title" else level
            return self._headings.draft(f"{number_of}{text}", level)
        self._chars_before += len(text)
        self._headings.titled = self._headings.titled or marker is not None or self._chars_before > _MOST_BEFORE_TITLE
        if marker is None:
            return Draft(BlockKind.PARAGRAPH, text, bold=bold)
        return Draft(BlockKind.LIST_ITEM, marker + text, tight=True, bold=bold)

    def _anchored(self, line: Line) -> Iterator[Draft]:
        """The text boxes, charts, diagrams and pictures that are anchored in a paragraph, in order."""
        for element in line.anchored:
            frame = element.find(f".//{qn('wp:docPr')}")
            if frame is not None and frame.get("hidden") in ("1", "true"):
                continue
            yield from self._drawings.graphic(element, self._relations)
            described = None if frame is None else frame.get("descr")
            yield from _drawn(element, described, self._drawings, partial(self._blocks, shaded=True))

    def _table(self, table: etree._Element, *, shaded: bool) -> Iterator[Draft]:
        """A table's rows; tables and anchored text boxes inside a cell follow its row."""
        style = value(table.find(qn("w:tblPr")), "w:tblStyle")
        if self._styles.hides_table(style):
            return
        shaded = shaded or style not in _PLAIN_TABLES or is_shaded(table.find(qn("w:tblPr")))
        rows = [row for row in _through(table, qn("w:tr")) if not _is_row_gone(row)]
        rows = _without_hidden_rows(rows, table, self._styles.hidden_parts(style))
        deleted = f"{qn('w:tcPr')}/{qn('w:cellDel')}"
        cells = [[cell for cell in _through(row, qn("w:tc")) if cell.find(deleted) is None] for row in rows]
        before = [number(value(row.find(qn("w:trPr")), "w:gridBefore")) for row in rows]
        if len(cells) == 1 and len(cells[0]) == 1:  # a frame around text
            yield from self._blocks(cells[0][0], shaded=True)
            return
        yield from cells_to_drafts(
            self._row(row, empty, shaded=shaded) for row, empty in zip(cells, before, strict=True)
        )

    def _row(self, cells: list[etree._Element], empty: int, *, shaded: bool) -> tuple[list[str], list[Draft]]:
        """A row's cells, with empty ones for columns that another spans and for the `empty` columns before the row."""
        inner: list[Draft] = []
        texts = [""] * min(empty, _MOST_SPANNED)
        for place, cell in enumerate(cells, 1):
            properties = cell.find(qn("w:tcPr"))
            texts.append(self._cell(cell, inner, shaded=shaded or is_shaded(properties)))
            if place < len(cells):
                texts += [""] * min(number(value(properties, "w:gridSpan"), 1) - 1, _MOST_SPANNED)
        return texts, inner

    def _cell(self, cell: etree._Element, inner: list[Draft], *, shaded: bool) -> str:
        """A cell's text on one line. Tables and anchored objects in the cell are added to `inner`."""
        merged = None if (properties := cell.find(qn("w:tcPr"))) is None else properties.find(qn("w:vMerge"))
        if merged is not None and merged.get(qn("w:val")) in (None, "continue"):
            return ""  # continues the cell above
        words: list[str] = []
        for child in _through(cell, qn("w:p"), qn("w:tbl")):
            if child.tag == qn("w:tbl"):
                inner.extend(self._table(child, shaded=shaded))
                continue
            line = self._text.line(child, shaded=shaded)
            properties = child.find(qn("w:pPr"))
            style_id = value(properties, "w:pStyle")
            marker = self._marker(properties, style_id, self._styles.paragraph(style_id)) or ""
            words.append(f"{'' if marker == BULLET else marker}{_written(line.pieces)}")
            inner.extend(self._anchored(line))
        return " ".join(" ".join(words).split())


def _drawn(
    element: etree._Element,
    description: str | None,
    drawings: Drawings,
    blocks: Callable[[etree._Element], Iterator[Draft]],
) -> Iterator[Draft]:
    """The text boxes, pictures and text in a drawing, in order; `blocks` reads the content of a box."""
    walker = etree.iterwalk(element, events=("start",))
    for _, inner in walker:
        if inner.tag == qn("w:txbxContent"):
            walker.skip_subtree()
            yield from blocks(inner)
        elif inner.tag == qn("a:txBody"):
            walker.skip_subtree()
            for paragraph in inner.iter(qn("a:p")):
                words = "".join(text.text or "" for text in paragraph.iter(qn("a:t")))
                yield Draft(BlockKind.PARAGRAPH, clean(words))
        elif inner.tag == qn("pic:pic"):
            own = inner.find(f"{qn('pic:nvPicPr')}/{qn('pic:cNvPr')}")
            yield from drawings.picture(description or (None if own is None else own.get("descr")))
            description = None
        elif inner.tag == qn("v:shape") and "visibility:hidden" in (inner.get("style") or "").replace(" ", ""):
            walker.skip_subtree()
        elif inner.tag == qn("v:textpath"):
            yield Draft(BlockKind.PARAGRAPH, clean(inner.get("string") or ""))
        elif inner.tag == qn("v:imagedata") and element.tag == qn("w:pict"):
            shape = inner.getparent()
            yield from drawings.picture(None if shape is None else shape.get("alt"))
        elif inner.tag == qn("o:OLEObject"):
            drawings.embedded(inner.get("ProgID"))


def _written(pieces: list[tuple[str, Script]]) -> str:
    """A paragraph's pieces as lines of text."""
    return clean_lines(in_line(pieces))


def _through(parent: etree._Element, *tags: str) -> Iterator[etree._Element]:
    """The rows of a table, cells of a row or blocks of a cell, including those in content controls and insertions."""
    for child in parent.iterchildren("*"):
        if child.tag in tags:
            yield child
        elif child.tag in _TRANSPARENT or (child.tag == qn("w:sdt") and not is_prompt(child)):
            yield from _through(child, *tags)


def _without_hidden_rows(rows: list[etree._Element], table: etree._Element, hidden: set[str]) -> list[etree._Element]:
    """Rows without a first or last one that the table's style hides; the table may switch off the style's parts."""
    look = table.find(f"{qn('w:tblPr')}/{qn('w:tblLook')}")
    if not hidden or look is None:
        return rows
    bits = look.get(qn("w:val")) or "0"
    value = int(bits, 16) if re.fullmatch("[0-9A-Fa-f]{1,4}", bits) else 0
    for name, bit, end in (("firstRow", 0x20, 0), ("lastRow", 0x40, -1)):
        used = look.get(qn(f"w:{name}")) in ("1", "true", "on") or value & bit
        if name in hidden and used and rows:
            rows = [row for row in rows if row is not rows[end]]
    return rows


def _is_row_gone(row: etree._Element) -> bool:
    properties = row.find(qn("w:trPr"))
    gone = properties is not None and any(properties.find(tag) is not None for tag in _DELETED)
    return gone or bool(is_on(properties, "w:hidden"))
