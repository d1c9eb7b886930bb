"""Streams the rows of a workbook's sheets as shown; hidden rows and columns are skipped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from lxml import etree

from qa.reading.decode import clean_line
from qa.reading.left_out import LeftOut
from qa.reading.office.archive_parts import broken_xml
from qa.reading.office.names import OFF, number
from qa.reading.office.number_formats import BUILT_IN, Writer, general, hides_text, writer_of
from qa.reading.office.package import Package
from qa.reading.office.word_styles import is_white
from qa.reading.superscripts import Script, in_line
from qa.reading.tables import Cell

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_PAINTED = re.compile(rb"<(?:\w+:)?(?:tablePart|conditionalFormatting)\b")
_CHUNK_BYTES = 1 << 20
_LONGEST_MERGED = 200  # bytes of one entry
_MOST_MERGED_CELLS = 200_000
_NOTHING = ("0", "0.0")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_WORDS = frozenset({"s", "str", "inlineStr"})
_SCRIPTS = {"superscript": Script.RAISED, "subscript": Script.LOWERED}


class _Ranges(NamedTuple):
    """The cells of a sheet that merged ranges cover, and whether rules for tables or conditions may paint cells."""

    covered: set[tuple[int, int]]
    painted: bool


class _Format(NamedTuple):
    """The format of cells: for numbers, whether bold, why they are not read ("white"), and whether text is hidden."""

    writer: Writer = general
    bold: bool = False
    unread: str = ""
    no_text: bool = False


class Workbook:
    """The strings and formats that the sheets of a workbook share."""

    def __init__(
        self, package: Package, left_out: LeftOut, strings: str | None, styles: str | None, *, from_1904: bool
    ) -> None:
        self._package = package
        self._left_out = left_out
        self._from_1904 = from_1904
        shared = _elements(package, strings, ("{*}si",)) if strings and package.holds(strings) else ()
        self._strings = [_rich(element, left_out) for element in shared]
        self._formats: list[_Format] = []
        self._by_style: dict[str | None, _Format] = {}
        root = package.find_xml(styles)
        if root is not None:
            self._read_formats(root)

    def rows(self, name: str, merged: dict[tuple[int, int], int]) -> Iterator[tuple[int, list[Cell]]]:
        """The visible rows of a sheet's part with their numbers; one empty row replaces consecutive missing rows.

        Args:
            name: The sheet's part.
            merged: Gets the width of each merged range by its first cell, before the first row.
        """
        ranges = self._merged(name, merged)
        columns: set[int] = set()
        expected = 1
        for element in _elements(self._package, name, ("{*}col", "{*}row")):
            if etree.QName(element).localname == "col":
                if element.get("hidden") in ("1", "true") or element.get("width") in _NOTHING:
                    first, last = number(element.get("min"), 1), number(element.get("max"), 1)
                    found = set(range(first, min(last, 16_384) + 1)) - columns
                    self._left_out.add("hidden column", len(found))
                    columns |= found
                continue
            row = number(element.get("r"), expected)
            if row > expected:
                yield expected, []
            expected = row + 1
            if element.get("hidden") in ("1", "true") or element.get("ht") in _NOTHING:
                self._left_out.add("hidden row")
            else:
                cells = list(self._cells(element, row, ranges))
                shown = [cell for cell in cells if cell.text and cell.column not in columns]
                if shown or not cells:
                    yield row, shown

    def _cells(self, element: etree._Element, row: int, ranges: _Ranges) -> Iterator[Cell]:
        """The cells of a row that have text; the text is empty if it is left out."""
        covered = ranges.covered
        column = 0
        for cell in element:
            reference = cell.get("r")
            column = _column(reference.rstrip("0123456789")) if reference else column + 1
            if covered and (row, column) in covered:
                continue
            kind = cell.get("t", "n")
            value = inline = None
            has_formula = False
            for child in cell:
                tag = child.tag
                if tag.endswith("}v"):
                    value = child.text
                elif tag.endswith("}is"):
                    inline = _rich(child, self._left_out)
                elif tag.endswith("}f"):
                    has_formula = True
            if value is None and inline is None:
                self._left_out.add("missing value of a formula", has_formula)
                continue
            form = self._format(cell.get("s"))
            text = inline if inline is not None else self._shown(value or "", kind, form.writer)
            text = _line(text)
            if text and form.unread and not (form.unread == "white" and ranges.painted):
                self._left_out.add(f"piece of {form.unread} text")
                yield Cell(column, "", is_text=True)
            elif text and not (form.no_text and kind in _WORDS):
                yield Cell(column, text, kind in _WORDS, form.bold)

    def _shown(self, value: str, kind: str, writer: Writer) -> str:
        """The text that a cell of this kind shows for a value."""
        if kind == "s":
            at = number(value, -1)
            return self._strings[at] if 0 <= at < len(self._strings) else ""
        if kind == "n":
            try:
                return writer(float(value))
            except (ValueError, OverflowError, ArithmeticError):
                return value
        if kind == "b":
            return "TRUE" if value.strip() in ("1", "true") else "FALSE"
        if kind == "d":
            with suppress(ValueError):
                return datetime.fromisoformat(value.strip()).isoformat(" ", "minutes").removesuffix(" 00:00")
        return value

    def _format(self, style: str | None) -> _Format:
        """The format of cells with a style."""
        known = self._by_style.get(style)
        if known is None:
            at = number(style) if style else 0
            known = self._formats[at] if at < len(self._formats) else _Format()
            self._by_style[style] = known
        return known

    def _read_formats(self, root: etree._Element) -> None:
        codes = dict(BUILT_IN)
        for each in root.iter("{*}numFmt"):
            codes[number(each.get("numFmtId"), -1)] = each.get("formatCode") or "General"
        fonts = [(font.find("{*}b") is not None, _unread(font)) for font in root.iterfind("{*}fonts/{*}font")]
        painted = [_is_painted(fill) for fill in root.iterfind("{*}fills/{*}fill")]
        for each in root.iterfind("{*}cellXfs/{*}xf"):
            font, fill = number(each.get("fontId")), number(each.get("fillId"))
            code = codes.get(number(each.get("numFmtId")), "General")
            bold, unread = fonts[font] if 0 <= font < len(fonts) else (False, "")
            if unread == "white" and 0 <= fill < len(painted) and painted[fill]:
                unread = ""
            self._formats.append(_Format(writer_of(code, self._from_1904), bold, unread, hides_text(code)))

    def _merged(self, name: str, merged: dict[tuple[int, int], int]) -> _Ranges:
        """The cells that merged ranges cover, except the first of each, whose width is added to `merged`.

        The content of these cells is not shown.
        """
        covered: set[tuple[int, int]] = set()
        painted = False
        with self._package.open(name) as part:
            rest = b""
            while chunk := part.read(_CHUNK_BYTES):
                painted = painted or _PAINTED.search(rest + chunk) is not None
                for found in _MERGED.finditer(rest + chunk):
                    left, right = _column(found[1].decode()), _column(found[3].decode())
                    top, bottom = int(found[2]), int(found[4])
                    size = (right - left + 1) * (bottom - top + 1)
                    merged[top, left] = right - left + 1
                    if size > 0 and len(covered) + size <= _MOST_MERGED_CELLS:
                        covered.update(
                            (row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)
                        )
                        covered.discard((top, left))
                rest = chunk[-_LONGEST_MERGED:]
        return _Ranges(covered, painted)


def _elements(package: Package, name: str, tags: tuple[str, ...]) -> Iterator[etree._Element]:
    """The elements with these names in a part, each freed after use."""
    with package.open(name) as part:
        try:
            for _, element in etree.iterparse(part, tag=tags, resolve_entities=False, remove_comments=True):
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
        except etree.XMLSyntaxError as error:
            raise broken_xml(name, error) from None


def _unread(font: etree._Element) -> str:
    """Why text in a font is not read: it is "struck-out" or "white", also by the theme's first background; else ""."""
    if _is_struck(font):
        return "struck-out"
    colour = font.find("{*}color")
    if colour is None:
        return ""
    by_theme = colour.get("theme") == "0" and not colour.get("tint")
    return "white" if by_theme or is_white((colour.get("rgb") or "")[-6:]) else ""


def _is_struck(font: etree._Element | None) -> bool:
    strike = None if font is None else font.find("{*}strike")
    return strike is not None and strike.get("val") not in OFF


def _is_painted(fill: etree._Element) -> bool:
    """Whether a fill is not white."""
    pattern = fill.find("{*}patternFill")
    if pattern is None or pattern.get("patternType") not in (None, "none", "solid"):
        return True
    colour = pattern.find("{*}fgColor")
    return pattern.get("patternType") == "solid" and (colour is None or not is_white((colour.get("rgb") or "")[-6:]))


def _line(text: str) -> str:
    """Clean text on one line. Most cells are clean already, which is checked first because it is fast."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return clean_line(text)


@lru_cache(maxsize=32_768)
def _column(letters: str) -> int:
    """The number of a column from 1: "B" is 2."""
    column = 0
    for char in letters.upper():
        column = column * 26 + ord(char) - 64
    return column


def _rich(element: etree._Element, left_out: LeftOut) -> str:
    """The text of a string's runs, without struck-out ones and phonetic readings of Chinese or Japanese characters."""
    if len(element) == 1 and element[0].tag.endswith("}t"):
        return _unescaped(element[0].text or "")
    pieces: list[tuple[str, Script]] = []
    for child in element:
        tag = child.tag.rpartition("}")[2]
        if tag == "t":
            pieces.append((child.text or "", Script.BASE))
        elif tag == "r" and _is_struck(child.find("{*}rPr")):
            left_out.add("piece of struck-out text")
        elif tag == "r":
            align = child.find("{*}rPr/{*}vertAlign")
            script = Script.BASE if align is None else _SCRIPTS.get(align.get("val") or "", Script.BASE)
            pieces.append(("".join(text.text or "" for text in child.iterfind("{*}t")), script))
    return _unescaped(in_line(pieces))


def _unescaped(text: str) -> str:
    """Decode characters that XML cannot contain, written as `_x000D_` (a line end)."""
    return text if "_x" not in text else _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
