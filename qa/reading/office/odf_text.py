"""Reads text of OpenDocument files: paragraphs with superscripts, lists with numbers, tables, notes, text boxes.

Tracked deletions, hidden and struck-out text, annotations and empty placeholders are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lxml import etree

from qa.reading.decode import clean_line, clean_lines
from qa.reading.draft import Draft, Headings
from qa.reading.left_out import LeftOut
from qa.reading.office.names import number
from qa.reading.office.odf_objects import Parts, chart_of, formula_of, titles_of
from qa.reading.office.odf_styles import OUTLINE, Look, OdfStyles, local
from qa.reading.office.word_numbering import BULLET, FORM_OF_SIGN, formatted
from qa.reading.superscripts import Script, in_line
from qa.reading.tables import cells_to_drafts
from qa.records import BlockKind

_SKIPPED = {"tracked-changes", "annotation", "annotation-end", "hidden-text", "sequence-decls", "forms", "placeholder"}
_BLANKS = {"s": " ", "tab": " ", "line-break": "\n"}
_HIDDEN = ("collapse", "filter")  # of rows and columns
_MOST_BLANKS = 100
_MOST_REPEATED = 64  # repeated cells of a row
_SPACE = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_TEXT, _TABLE, _STYLE = (_SPACE % name for name in ("text", "table", "style"))


class _ListNumbers:
    """The numbers and bullets of a file's list items, counted by the style and level of their lists."""

    def __init__(self, styles: dict[str, etree._Element]) -> None:
        self.styles = styles
        self._counts: dict[str, dict[int, int]] = {}

    def begin(self, style: str, level: int) -> None:
        """Begin a list that does not continue another."""
        self._counts.setdefault(style, {}).pop(level, None)

    def marker(self, style: str, level: int, item: etree._Element) -> str:
        """Count an item; return its number or bullet, and a space."""
        form = next((each for each in self.styles.get(style, ()) if each.get(f"{_TEXT}level") == str(level)), None)
        counts = self._counts.setdefault(style, {})
        start = number(None if form is None else form.get(f"{_TEXT}start-value"), 1)
        own = item.get(f"{_TEXT}start-value")
        counts[level] = number(own, 1) if own else counts[level] + 1 if level in counts else start
        for deeper in [each for each in counts if each > level]:
            del counts[deeper]
        if form is None or local(form) not in ("list-level-style-number", "outline-level-style"):
            return BULLET
        shown = max(1, level - number(form.get(f"{_TEXT}display-levels"), 1) + 1)
        kind = FORM_OF_SIGN.get(str(form.get(f"{_STYLE}num-format") or ""))
        if kind is None:
            return ""
        parts = [formatted(counts.get(each, 1), kind) for each in range(shown, level + 1)]
        return f"{form.get(f'{_STYLE}num-prefix') or ''}{'.'.join(parts)}{form.get(f'{_STYLE}num-suffix') or ''} "


class OdfText:
    """Reads the text of one file in order."""

    def __init__(self, styles: OdfStyles, parts: Parts, left_out: LeftOut) -> None:
        """Start a file; `left_out` counts parts that are not read."""
        self.styles = styles
        self._parts = parts
        self._left_out = left_out
        self._numbers = _ListNumbers(styles.lists)
        self._boxes: list[etree._Element] = []
        self.notes: list[Draft] = []
        self.headings = Headings()

    def blocks(self, parent: etree._Element) -> Iterator[Draft]:
        """The blocks in a body, a cell, a text box or a note."""
        for child in parent:
            name = local(child)
            if name in ("p", "h"):
                yield from self._paragraph(child, name)
            elif name == "list":
                yield from self._list(child, "", 1)
            elif name == "table":
                yield from self.table(child)
            elif name in ("frame", "text-box", "custom-shape", "rect", "g", "object", "image"):
                yield from self.frame(child)
            elif name and name not in _SKIPPED and not _is_section_hidden(child):
                yield from self.blocks(child)

    def line(self, element: etree._Element, *, white: bool = False) -> str:
        """A paragraph's text; `white`: whether characters are white unless its styles say otherwise."""
        look = self.styles.look(str(element.get(f"{_TEXT}style-name") or ""))
        white = white if look.white is None else look.white
        if is_unseen(element, look, self._left_out):
            return ""
        return clean_lines(in_line(self._pieces(element, Script.BASE, white=white)))

    def _paragraph(self, element: etree._Element, name: str, marker: str | None = None) -> Iterator[Draft]:
        style = str(element.get(f"{_TEXT}style-name") or "")
        marks = element.iterchildren(f"{_TEXT}hidden-paragraph")
        gone = any(each.get(f"{_TEXT}is-hidden") == "true" for each in marks)
        text = "" if gone else self.line(element)
        boxes, self._boxes = self._boxes, []
        if text and (name == "h" or "Title" in (style, self.styles.parents.get(style))):
            level = number(element.get(f"{_TEXT}outline-level"), 1)
            number_of = ""
            if name == "h" and marker is None and element.get(f"{_TEXT}is-list-header") != "true":
                number_of = self._numbers.marker(OUTLINE, level, element).removeprefix(BULLET)
            yield self.headings.draft(f"{number_of}{text}", level)
        elif text and marker is not None:
            yield Draft(BlockKind.LIST_ITEM, marker + text, tight=True)
        elif text:
            yield Draft(BlockKind.PARAGRAPH, text, bold=any(element.itertext()) and self.styles.is_bold(element))
        for box in boxes:
            yield from self.frame(box)

    def _pieces(self, element: etree._Element, script: Script, *, white: bool) -> Iterator[tuple[str, Script]]:
        """The text of an element; `white`: whether its characters are white."""
        unseen = white and self.styles.on_white(element)
        if unseen and any((text or "").strip() for text in (element.text, *(child.tail for child in element))):
            self._left_out.add("piece of white text")
        yield "" if unseen else element.text or "", script
        for child in element:
            yield from self._inside(child, script, white=white)
            yield "" if unseen else child.tail or "", script

    def _inside(self, child: etree._Element, script: Script, *, white: bool) -> Iterator[tuple[str, Script]]:
        """The text of an element inside a paragraph."""
        name = local(child)
        if name in _BLANKS:
            repeated = min(number(child.get(f"{_TEXT}c"), 1), _MOST_BLANKS)
            yield _BLANKS[name] * repeated, Script.BASE
        elif name == "note":
            yield self._note(child), Script.BASE
        elif name == "frame" and (formula := formula_of(child, self._parts)):
            yield f" {formula} ", Script.BASE
        elif name in ("frame", "custom-shape", "rect", "g"):
            self._boxes.append(child)
        elif name == "annotation":
            self._left_out.add("comment")
        elif name == "ruby":  # words followed by their reading in brackets
            for part in child.iterchildren(f"{_TEXT}ruby-base", f"{_TEXT}ruby-text"):
                before, after = ("(", ")") if local(part) == "ruby-text" else ("", "")
                yield before, Script.BASE
                yield from self._pieces(part, script, white=white)
                yield after, Script.BASE
        elif name and name not in _SKIPPED:
            look = self.styles.look(str(child.get(f"{_TEXT}style-name") or ""))
            if not is_unseen(child, look, self._left_out):
                yield from self._pieces(child, look.script or script, white=white if look.white is None else look.white)

    def _note(self, element: etree._Element) -> str:
        mark = f"[{(element.findtext('{*}note-citation') or '').strip()}]"
        body = element.find("{*}note-body")
        boxes, self._boxes = self._boxes, []
        words = [] if body is None else [" ".join(draft.text.split()) for draft in self.blocks(body)]
        self._boxes = boxes
        self.notes.append(Draft(BlockKind.FOOTNOTE, f"{mark} {' '.join(words)}"))
        return mark

    def _list(self, element: etree._Element, style: str, level: int) -> Iterator[Draft]:
        style = str(element.get(f"{_TEXT}style-name") or style)
        if element.get(f"{_TEXT}continue-numbering") != "true" and not element.get(f"{_TEXT}continue-list"):
            self._numbers.begin(style, level)
        for item in element:
            if local(item) not in ("list-item", "list-header"):
                continue
            marker: str | None = self._numbers.marker(style, level, item) if local(item) == "list-item" else ""
            for child in item:
                if local(child) == "list":
                    yield from self._list(child, style, level + 1)
                elif local(child) in ("p", "h"):
                    yield from self._paragraph(child, local(child), marker)
                    marker = ""

    def frame(self, element: etree._Element) -> Iterator[Draft]:
        """The content of a frame or a shape: text, a table, a picture, or an object, which is counted."""
        for child in element if local(element) in ("frame", "g") else (element,):
            name = local(child)
            if name in ("text-box", "custom-shape", "rect", "g", "frame"):
                yield from self.frame(child) if name in ("g", "frame") else self.blocks(child)
            elif name == "table":
                yield from self.table(child)
            elif name == "object":
                yield from self._object(child)
                return  # the picture next to it shows the same
            elif name == "image":
                self._left_out.add("picture")
                described = element.findtext("{*}desc") or element.findtext("{*}title") or ""
                yield Draft(BlockKind.PARAGRAPH, clean_line(described))
                return

    def _object(self, element: etree._Element) -> Iterator[Draft]:
        """A formula, or the titles of a chart and the rows of its data; other objects are counted."""
        chart = chart_of(element, self._parts)
        if formula := formula_of(element, self._parts):
            yield Draft(BlockKind.PARAGRAPH, formula)
        elif chart is None:
            self._left_out.add("embedded file")
        else:
            yield Draft(BlockKind.PARAGRAPH, "\n".join(titles_of(chart)))
            for table in chart.iter(f"{_TABLE}table"):
                yield from self.table(table)

    def table(self, element: etree._Element) -> Iterator[Draft]:
        """The rows of a table; tables and boxes inside its cells follow their row."""
        rows = (each for each in element.iter(f"{_TABLE}table-row") if each.get(f"{_TABLE}visibility") not in _HIDDEN)
        own = (row for row in rows if next(row.iterancestors(f"{_TABLE}table")) is element)
        hidden = hidden_columns(element)
        yield from cells_to_drafts(_row(row, hidden, self.blocks) for row in own)


def _row(
    row: etree._Element, hidden: set[int], blocks: Callable[[etree._Element], Iterator[Draft]]
) -> tuple[list[str], list[Draft]]:
    """A row's cells, and the tables and boxes inside them; `blocks` reads the content of a cell."""
    texts: list[str] = []
    inner: list[Draft] = []
    for cell in row:
        words = _cell_text(blocks(cell), inner) if local(cell) == "table-cell" else ""
        repeated = number(cell.get(f"{_TABLE}number-columns-repeated"), 1)
        texts += [words] * min(repeated, _MOST_REPEATED if words else 1)
    if hidden:
        texts = [text for column, text in enumerate(texts, 1) if column not in hidden]
    while texts and not texts[-1]:
        texts.pop()
    return texts, inner


def _cell_text(drafts: Iterable[Draft], inner: list[Draft]) -> str:
    """A cell's blocks on one line, without its tables, which are added to `inner`."""
    words: list[str] = []
    for draft in drafts:
        if draft.kind is BlockKind.TABLE:
            inner.append(draft)
        else:
            listed = draft.kind is BlockKind.LIST_ITEM
            words.append(" ".join((draft.text.removeprefix(BULLET) if listed else draft.text).split()))
    return " ".join(words)


def is_unseen(element: etree._Element, look: Look, left_out: LeftOut) -> bool:
    """Whether an element's text is hidden, or struck out, which is counted."""
    if look.struck and not look.hidden and "".join(element.itertext()).strip():
        left_out.add("piece of struck-out text")
    return bool(look.hidden or look.struck)


def _is_section_hidden(section: etree._Element) -> bool:
    display = section.get(f"{_TEXT}display")
    return bool(display == "none" or (display == "condition" and section.get(f"{_TEXT}is-hidden") == "true"))


def hidden_columns(sheet: etree._Element) -> set[int]:
    """The numbers of a table's hidden columns, from 1."""
    hidden: set[int] = set()
    column = 0
    for each in sheet.iter(f"{_TABLE}table-column"):
        repeated = number(each.get(f"{_TABLE}number-columns-repeated"), 1)
        if each.get(f"{_TABLE}visibility") in _HIDDEN:
            hidden.update(range(column + 1, column + 1 + min(repeated, 16_384)))
        column += repeated
    return hidden
