"""Reads XLSX as drafts: for each sheet its name as heading, each row with its column heads, text boxes and charts.

A block's page is the number of its row. Hidden sheets, rows and columns are left out. Numbers and dates are written as
the cells show them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from qa.errors import UnreadableFile
from qa.reading.decode import clean_line
from qa.reading.draft import Draft, Read, own_title
from qa.reading.left_out import LeftOut
from qa.reading.office.drawings import Drawings
from qa.reading.office.names import qn
from qa.reading.office.package import Package
from qa.reading.office.sheets import Workbook
from qa.reading.office.slide_text import lines, struck_out
from qa.reading.tables import rows_to_drafts
from qa.records import BlockKind

_GIVEN = re.compile(r"(?i)(?:sheet|tabelle|feuil|hoja|foglio|blad|ark|arkusz)\s?\d*")


def read_xlsx(data: bytes) -> Read:
    """Read a workbook as drafts, with its own details (title, author, date).

    Raises:
        UnreadableFile: it is broken, encrypted, or not a workbook, or no sheet holds text.
    """
    package = Package(data, "xl/")
    left_out = LeftOut()
    drafts = [draft for draft in _Reader(package, left_out).read() if draft.text]
    if not any(draft.kind is not BlockKind.HEADING for draft in drafts):
        raise UnreadableFile("holds no text")
    left_out.add("macro", package.has_macros())
    return Read(drafts, own_title(package.title(), drafts), left_out.told())


class _Reader:
    """Reads the sheets of one workbook in order."""

    def __init__(self, package: Package, left_out: LeftOut) -> None:
        self._package = package
        self._left_out = left_out
        self._drawings = Drawings(package, left_out)
        main = package.main_part("xl/workbook.xml")
        self._root = package.xml(main)
        self._relations = package.relations(main)
        parts = {each.kind: each.target for each in self._relations.values()}
        properties = self._root.find(qn("s:workbookPr"))
        from_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        strings, styles = parts.get("sharedStrings"), parts.get("styles")
        self._workbook = Workbook(package, left_out, strings, styles, from_1904=from_1904)

    def read(self) -> Iterator[Draft]:
        """The drafts of all visible sheets, in order."""
        sheets = list(self._root.iterfind(f"{qn('s:sheets')}/{qn('s:sheet')}"))
        shown = [sheet for sheet in sheets if sheet.get("state") in (None, "visible")]
        self._left_out.add("hidden sheet", len(sheets) - len(shown))
        for sheet in shown:
            relation = self._relations.get(str(sheet.get(qn("r:id"))))
            name = clean_line(str(sheet.get("name") or ""))
            if relation is None or not self._package.holds(relation.target):
                self._left_out.add("broken sheet")
                continue
            if len(shown) > 1 or not _GIVEN.fullmatch(name):
                yield Draft(BlockKind.HEADING, name, level=2)
            if relation.kind == "worksheet":
                merged: dict[tuple[int, int], int] = {}
                yield from rows_to_drafts(self._workbook.rows(relation.target, merged), merged)
            yield from self._beside(relation.target)

    def _beside(self, sheet: str) -> Iterator[Draft]:
        """The text boxes, charts and pictures on a sheet; comments on cells are counted as left out."""
        for relation in self._package.relations(sheet).values():
            if relation.kind == "comments":
                root = self._package.find_xml(relation.target)
                self._left_out.add("comment", 0 if root is None else sum(1 for _ in root.iter(qn("s:comment"))))
            elif relation.kind == "drawing":
                root = self._package.find_xml(relation.target)
                if root is not None:
                    yield from self._drawn(root, relation.target)

    def _drawn(self, root: etree._Element, name: str) -> Iterator[Draft]:
        relations = self._package.relations(name)
        self._left_out.add("piece of struck-out text", struck_out(root))
        for element in root.iter("{*}sp", "{*}pic", "{*}graphicFrame"):
            kind = etree.QName(element).localname
            own = next(element.iter("{*}cNvPr"), None)
            if own is not None and own.get("hidden") in ("1", "true"):
                continue
            if kind == "sp":
                yield from (Draft(BlockKind.PARAGRAPH, text) for text in lines(element))
            elif kind == "pic":
                yield from self._drawings.picture(None if own is None else own.get("descr"))
            else:
                yield from self._drawings.graphic(element, relations)
