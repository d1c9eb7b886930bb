"""Reads OpenDocument as drafts: texts (ODT), presentations (ODP; slides are pages) and sheets (ODS; rows are)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial

from lxml import etree

from qa.errors import UnreadableFile
from qa.reading.decode import clean_line
from qa.reading.draft import Draft, Read, own_title, running_lines
from qa.reading.left_out import LeftOut
from qa.reading.office.archive_parts import open_archive, read_xml
from qa.reading.office.names import number
from qa.reading.office.odf_styles import OdfStyles, local
from qa.reading.office.odf_text import OdfText, hidden_columns, is_unseen
from qa.reading.tables import Cell, Row, rows_to_drafts
from qa.records import BlockKind

_SPACE = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_OFFICE, _TABLE, _TEXT, _DRAW, _STYLE, _SHOWN = (
    _SPACE % name for name in ("office", "table", "text", "drawing", "style", "presentation")
)
_MOST_REPEATED = 1_000  # repeated rows or cells


def read_odf(data: bytes) -> Read:
    """Read an OpenDocument file as drafts, with its own details (title, author, date).

    Raises:
        UnreadableFile: it is broken, encrypted, or of another kind.
    """
    archive = open_archive(data)
    manifest = _part(archive, "META-INF/manifest.xml")  # checked first, since encrypted parts are not XML
    if manifest is not None and next(manifest.iter("{*}encryption-data"), None) is not None:
        raise UnreadableFile("is encrypted; save it without a password")
    root, styles = _part(archive, "content.xml"), _part(archive, "styles.xml")
    if root is None:
        raise UnreadableFile("is not an OpenDocument file: it lacks content.xml")
    left_out = LeftOut()
    known = OdfStyles([each for each in (styles, root) if each is not None])
    text = OdfText(known, partial(_find_part, archive), left_out)
    body = root.find(f"{_OFFICE}body")
    drafts: list[Draft] = []
    for child in () if body is None else body:
        if local(child) == "presentation":
            drafts += _slides(child, root, text, left_out)
        elif local(child) == "spreadsheet":
            drafts += _sheets(child, root, text, left_out)
        else:
            drafts += text.blocks(child)
            drafts += text.notes
            drafts += running_lines(_running(styles, text))
    meta = _part(archive, "meta.xml")
    title = clean_line((meta.findtext(".//{*}title") if meta is not None else None) or "")
    left_out.add("macro", any(name.startswith("Basic/") for name in archive.namelist()))
    return Read([draft for draft in drafts if draft.text.strip()], own_title(title, drafts), left_out.told())


def _part(archive: zipfile.ZipFile, name: str) -> etree._Element | None:
    """The root of a part, or None if there is no such part."""
    return read_xml(archive, name) if name in archive.namelist() else None


def _find_part(archive: zipfile.ZipFile, name: str) -> etree._Element | None:
    """The root of a part, or None if there is no such part or it is broken."""
    with suppress(UnreadableFile):
        return _part(archive, name)
    return None


def _running(styles: etree._Element | None, text: OdfText) -> Iterator[Draft]:
    """The blocks of the headers and footers of the pages."""
    for master in () if styles is None else styles.iter(f"{_STYLE}master-page"):
        for part in master:
            if local(part).startswith(("header", "footer")) and part.get(f"{_STYLE}display") != "false":
                yield from text.blocks(part)


def _hidden_styles(root: etree._Element, properties: str, attribute: str, values: tuple[str, ...]) -> set[str]:
    """The names of styles whose properties have one of these values."""
    return {
        str(style.get(f"{_STYLE}name"))
        for style in root.iter(f"{_STYLE}style")
        for each in style.iterfind(f"{{*}}{properties}")
        if each.get(attribute) in values
    }


def _slides(body: etree._Element, root: etree._Element, text: OdfText, left_out: LeftOut) -> Iterator[Draft]:
    hidden_styles = _hidden_styles(root, "drawing-page-properties", f"{_SHOWN}visibility", ("hidden",))
    hidden, bare = [], []
    first = True
    for place, page in enumerate((each for each in body if local(each) == "page"), 1):
        if page.get(f"{_DRAW}style-name") in hidden_styles:
            hidden.append(place)
            continue
        found = [draft for draft in _slide(page, text) if draft.text.strip()]
        if not found:
            bare.append(place)
        for draft in found:
            if draft.kind is BlockKind.HEADING and first:
                draft = replace(draft, kind=BlockKind.TITLE, level=1)  # noqa: PLW2901 - the deck's own title
            first = False
            yield replace(draft, slide=place, page=place)
    left_out.add_places("without text", "slide", bare)
    left_out.add_places("hidden", "slide", hidden)


def _slide(page: etree._Element, text: OdfText) -> Iterator[Draft]:
    text.headings.titled = True  # text in shapes is not a title
    shapes = sorted(page, key=lambda shape: shape.get(f"{_SHOWN}class") != "title")
    for shape in shapes:
        kind = shape.get(f"{_SHOWN}class")
        if kind in ("footer", "date-time", "page-number", "header") or shape.get(f"{_SHOWN}placeholder") == "true":
            continue
        if local(shape) == "notes":
            for inner in shape:
                if inner.get(f"{_SHOWN}class") == "notes" and inner.get(f"{_SHOWN}placeholder") != "true":
                    yield from (replace(each, kind=BlockKind.PARAGRAPH) for each in text.frame(inner))
            continue
        drafts = [draft for draft in text.frame(shape) if draft.text.strip()]
        if kind == "title":
            yield Draft(BlockKind.HEADING, " ".join(draft.text for draft in drafts), level=2)
        else:
            for draft in drafts:
                is_line = draft.kind is BlockKind.PARAGRAPH
                yield replace(draft, kind=BlockKind.LIST_ITEM, tight=True) if is_line else draft
    yield from text.notes
    text.notes.clear()


def _sheets(body: etree._Element, root: etree._Element, text: OdfText, left_out: LeftOut) -> Iterator[Draft]:
    hidden = _hidden_styles(root, "table-properties", f"{_TABLE}display", ("false",))
    sheets = [each for each in body if local(each) == "table"]
    shown = [sheet for sheet in sheets if sheet.get(f"{_TABLE}style-name") not in hidden]
    left_out.add("hidden sheet", len(sheets) - len(shown))
    for sheet in shown:
        yield Draft(BlockKind.HEADING, clean_line(sheet.get(f"{_TABLE}name") or ""), level=2)
        merged: dict[tuple[int, int], int] = {}
        yield from rows_to_drafts(_rows(sheet, text, left_out, merged), merged)
        for drawn in sheet.iter(f"{_DRAW}frame", f"{_DRAW}custom-shape"):
            yield from text.frame(drawn)


def _rows(sheet: etree._Element, text: OdfText, left_out: LeftOut, merged: dict[tuple[int, int], int]) -> Iterator[Row]:
    """The visible rows; the widths of merged cells are added to `merged`."""
    hidden = hidden_columns(sheet)
    left_out.add("hidden column", len(hidden))
    left_out.add("comment", sum(1 for _ in sheet.iterfind(f".//{_TABLE}table-cell/{_OFFICE}annotation")))
    looks = _column_styles(sheet)
    place = 0
    for row in sheet.iter(f"{_TABLE}table-row"):
        repeated = number(row.get(f"{_TABLE}number-rows-repeated"), 1)
        first, place = place + 1, place + repeated
        if row.get(f"{_TABLE}visibility") in ("collapse", "filter"):
            left_out.add("hidden row", repeated)
            continue
        cells = [cell for cell in _cells(row, text, left_out, looks) if cell.column not in hidden]
        column = 1
        for cell in row:
            width = number(cell.get(f"{_TABLE}number-columns-spanned"), 1)
            if width > 1 and local(cell) == "table-cell":
                merged[first, column] = width
            column += _repeated(cell)
        for each in range(min(repeated, _MOST_REPEATED) if cells else 1):
            yield first + each, cells


def _repeated(cell: etree._Element) -> int:
    return number(cell.get(f"{_TABLE}number-columns-repeated"), 1)


def _cells(row: etree._Element, text: OdfText, left_out: LeftOut, columns: list[str]) -> Iterator[Cell]:
    column = 0
    for cell in row:
        repeated = _repeated(cell)
        words = ""
        if local(cell) == "table-cell":
            of_row = row.get(f"{_TABLE}default-cell-style-name")
            of_column = columns[column] if column < len(columns) else ""
            style = str(cell.get(f"{_TABLE}style-name") or of_row or of_column)
            look = text.styles.look(style)
            white = bool(look.white) and not look.filled
            shown = () if is_unseen(cell, look, left_out) else cell.iterchildren(f"{_TEXT}p")
            words = " ".join(" ".join(text.line(each, white=white).split()) for each in shown)
        kind = cell.get(f"{_OFFICE}value-type")
        for each in range(min(repeated, _MOST_REPEATED) if words else 0):
            yield Cell(column + each + 1, words, kind in (None, "string"))
        column += repeated


def _column_styles(sheet: etree._Element) -> list[str]:
    """The default style of the cells of each column."""
    styles: list[str] = []
    for each in sheet.iter(f"{_TABLE}table-column"):
        repeated = min(_repeated(each), _MOST_REPEATED)
        styles += [str(each.get(f"{_TABLE}default-cell-style-name") or "")] * repeated
    return styles
