"""Reads drawings in Office files: charts as tables, diagrams as lists, pictures by their descriptions.

Drawings without text, or with unreadable text, are counted as left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from qa.reading.decode import clean, clean_line
from qa.reading.draft import Draft
from qa.reading.left_out import LeftOut
from qa.reading.office.charts import chart_rows
from qa.reading.office.diagrams import diagram_lines
from qa.reading.office.names import qn
from qa.reading.office.package import Package, Relation
from qa.reading.office.slide_text import lines as slide_lines
from qa.records import BlockKind

_FILE_NAME = re.compile(r"\S+\.\w{2,5}|(?i:(?:picture|image|grafik|bild|graphic|photo|logo|img)[\s_-]*\d*)")
_MADE_UP = ("Description automatically generated", "AI-generated content may be incorrect")


class Drawings:
    """Reads the drawings in the parts of a package."""

    def __init__(self, package: Package, left_out: LeftOut) -> None:
        self._package = package
        self._left_out = left_out

    def chart(self, name: str | None) -> Iterator[Draft]:
        """A chart's title, then its rows."""
        root = self._package.find_xml(name)
        title, rows = ("", []) if root is None else chart_rows(root)
        if not title and not rows:
            self._left_out.add("chart")
            return
        if title:
            yield Draft(BlockKind.PARAGRAPH, clean(title))
        if rows:
            text = "\n".join(" | ".join(map(clean_line, row)) for row in rows)
            yield Draft(BlockKind.TABLE, text)

    def diagram(self, name: str | None, drawn: str | None) -> Iterator[Draft]:
        """The text of a diagram, a line for each point; without its data, the text of its drawing."""
        root = self._package.find_xml(name)
        lines = [] if root is None else diagram_lines(root)
        picture = self._package.find_xml(drawn) if not lines else None
        if picture is not None:
            lines = list(slide_lines(picture))
        if not lines:
            self._left_out.add("diagram")
        for text in lines:
            yield Draft(BlockKind.LIST_ITEM, clean(text), tight=True)

    def graphic(self, element: etree._Element, relations: Mapping[str, Relation]) -> Iterator[Draft]:
        """The chart or diagram in a frame, if any."""
        for found in element.iter(qn("c:chart"), qn("cx:chart")):
            yield from self.chart(_target(relations, found.get(qn("r:id"))))
        for found in element.iter(qn("dgm:relIds")):
            drawings = [each.target for each in relations.values() if each.kind == "diagramDrawing"]
            drawn = drawings[0] if len(drawings) == 1 else None
            yield from self.diagram(_target(relations, found.get(qn("r:dm"))), drawn)

    def picture(self, description: str | None) -> Iterator[Draft]:
        """Count a picture; its description by the author is text."""
        self._left_out.add("picture")
        text = clean_line(description or "")
        for phrase in _MADE_UP:
            text = text.partition(phrase)[0].rstrip()
        if text and not _FILE_NAME.fullmatch(text):
            yield Draft(BlockKind.PARAGRAPH, text)

    def embedded(self, program: str | None) -> None:
        """Count an embedded object by its program."""
        self._left_out.add("formula" if (program or "").startswith("Equation") else "embedded file")


def _target(relations: Mapping[str, Relation], name: str | None) -> str | None:
    relation = relations.get(str(name))
    return relation.target if relation and not relation.external else None
