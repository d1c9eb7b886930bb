"""DOCX to drafts: paragraphs by their styles, lists, tables and footnotes; running headers and footers as boilerplate.

What was deleted under change tracking is left out, what was inserted is kept: the text as its last editor sees it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import docx
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph
from lxml import etree

from qa.errors import UnreadableFile
from qa.reading.decode import clean
from qa.reading.draft import Draft
from qa.reading.formats.office_package import open_package
from qa.records import BlockKind

_FOOTNOTES = "/word/footnotes.xml"
_SKIPPED = {
    qn("w:del"),
    qn("w:moveFrom"),
    qn("w:instrText"),
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
}
_HEADING = re.compile(r"heading\s*(\d)", re.IGNORECASE)


def read_docx(data: bytes) -> tuple[list[Draft], dict[str, str]]:
    """Turn a Word document into drafts, and what it says of itself.

    Raises:
        UnreadableFile: it is broken, encrypted, or no Word document.
    """
    open_package(data, "word/").close()
    try:
        document = docx.Document(io.BytesIO(data))
    except (KeyError, ValueError, etree.XMLSyntaxError) as error:
        raise UnreadableFile(f"is broken ({str(error)[:120]}); open and save it again") from None
    reader = _Reader(document)
    drafts = list(reader.read())
    own = {}
    title = clean(document.core_properties.title or "").strip()
    if title and not any(draft.kind is BlockKind.TITLE for draft in drafts):
        own["title"] = title
    return drafts, own


class _Reader:
    def __init__(self, document: docx.document.Document) -> None:
        self._document = document
        self._style_of = _styles(document)
        self._definition_of, self._levels = _numbering(document)
        self._numbers: dict[tuple[str, str], int] = {}
        self._titled = False

    def read(self) -> Iterator[Draft]:
        for block in self._document.iter_inner_content():
            if isinstance(block, Table):
                yield _table(block)
            else:
                yield from self._paragraph(block)
        yield from self._footnotes()
        yield from self._running()

    def _paragraph(self, paragraph: Paragraph) -> Iterator[Draft]:
        text = _text(paragraph._p)  # noqa: SLF001 - python-docx gives no text with footnote marks
        if not text:
            return
        style = self._style_of.get(paragraph._p.style, self._style_of[None])  # noqa: SLF001 - its id
        heading = _HEADING.match(style)
        numbering = self._numbering(paragraph)
        if style.lower() == "title" and not self._titled:
            self._titled = True
            yield Draft(BlockKind.TITLE, text, level=1)
        elif heading or style.lower() in ("title", "subtitle"):
            level = int(heading[1]) if heading else 1
            if level == 1 and not self._titled and not self._numbers:
                self._titled = True
                yield Draft(BlockKind.TITLE, text, level=1)
            else:
                yield Draft(BlockKind.HEADING, text, level=max(2, level + 1))
        elif numbering is not None or style.lower().startswith("list"):
            yield Draft(BlockKind.LIST_ITEM, self._marker(numbering, style) + text, tight=True)
        else:
            yield Draft(BlockKind.PARAGRAPH, text)

    def _numbering(self, paragraph: Paragraph) -> tuple[str, str] | None:
        properties: Any = paragraph._p.pPr  # noqa: SLF001
        numbered = None if properties is None else properties.numPr
        if numbered is None or numbered.numId is None or numbered.numId.val == 0:
            return None
        level = numbered.ilvl.val if numbered.ilvl is not None else 0
        return str(numbered.numId.val), str(level)

    def _marker(self, numbering: tuple[str, str] | None, style: str) -> str:
        counted = self._format(numbering) == "decimal" if numbering else "number" in style.lower()
        if not counted:
            return "- "
        key = numbering or (style, "0")
        self._numbers[key] = self._numbers.get(key, 0) + 1
        return f"{self._numbers[key]}. "

    def _format(self, numbering: tuple[str, str]) -> str | None:
        number, level = numbering
        return self._levels.get((self._definition_of.get(number, ""), level))

    def _footnotes(self) -> Iterator[Draft]:
        for part in self._document.part.package.iter_parts():
            if str(part.partname) == _FOOTNOTES:
                root = etree.fromstring(part.blob, etree.XMLParser(resolve_entities=False, no_network=True))
                for note in root.iter(qn("w:footnote")):
                    text = " ".join(filter(None, (_text(each) for each in _paragraphs(note))))
                    if text and note.get(qn("w:type")) in (None, "normal"):
                        yield Draft(BlockKind.FOOTNOTE, f"[{note.get(qn('w:id'))}] {text}")

    def _running(self) -> Iterator[Draft]:
        seen: set[str] = set()
        read: set[str] = set()  # sections may share a header
        for section in self._document.sections:
            for part in (section.header, section.footer):
                if part.is_linked_to_previous or part.part.partname in read:
                    continue
                read.add(part.part.partname)
                for paragraph in part.paragraphs:
                    text = _text(paragraph._p)  # noqa: SLF001
                    if text and text not in seen and not text.isdigit():
                        seen.add(text)
                        yield Draft(BlockKind.BOILERPLATE, text)


def _styles(document: docx.document.Document) -> dict[str | None, str]:
    """The names of paragraph styles by their ids; under None that of the style of paragraphs that name none.

    As python-docx finds them, which looks through all styles anew for each paragraph.
    """
    default = ""
    found: dict[str, str | None] = {}
    for style in document.styles.element.iterchildren(qn("w:style")):
        named = style.find(qn("w:name"))
        name = "" if named is None else str(named.get(qn("w:val")) or "")
        ours = style.get(qn("w:type")) == "paragraph"
        if ours and style.get(qn("w:default")) in ("1", "true", "on"):
            default = name
        if (style_id := style.get(qn("w:styleId"))) is not None:
            found.setdefault(style_id, name if ours else None)  # of two with one id the first counts
    return {None: default, **{style_id: default if name is None else name for style_id, name in found.items()}}


def _numbering(document: docx.document.Document) -> tuple[dict[str, str], dict[tuple[str, str], str | None]]:
    """Which definition each list's number stands for, and the format of each level of each definition."""
    definition_of: dict[str, str] = {}
    formats: dict[tuple[str, str], str | None] = {}
    try:
        root = document.part.numbering_part.element
    except (KeyError, NotImplementedError):
        return definition_of, formats
    for definition in root.iterchildren(qn("w:abstractNum")):
        name = str(definition.get(qn("w:abstractNumId")))
        for level in definition.iterchildren(qn("w:lvl")):
            form = level.find(qn("w:numFmt"))
            if form is not None:
                formats.setdefault((name, str(level.get(qn("w:ilvl")))), form.get(qn("w:val")))
    for number in root.iterchildren(qn("w:num")):
        reference = number.find(qn("w:abstractNumId"))
        if reference is not None:
            definition_of.setdefault(str(number.get(qn("w:numId"))), str(reference.get(qn("w:val"))))
    return definition_of, formats


def _table(table: Table) -> Draft:
    rows = []
    for row in table._tbl.tr_lst:  # noqa: SLF001 - its cells as they are stored: merged ones once
        cells = [" ".join(filter(None, (_text(each) for each in _paragraphs(cell)))) for cell in row.tc_lst]
        if any(cells):
            rows.append(" | ".join(cells))
    return Draft(BlockKind.TABLE, "\n".join(rows))


def _paragraphs(root: etree._Element) -> Iterator[etree._Element]:
    """The paragraphs in an element, but not those inside another, as in a text box: its text holds theirs."""
    walker = etree.iterwalk(root, events=("start",))
    for _, element in walker:
        if element.tag == qn("w:p"):
            yield element
            walker.skip_subtree()


def _text(paragraph: etree._Element) -> str:
    """A paragraph's text, with "[n]" where it refers to a footnote."""
    parts: list[str] = []
    pending = [paragraph]
    while pending:
        element = pending.pop()
        tag = element.tag
        if tag in _SKIPPED:
            continue
        if tag == qn("w:t"):
            parts.append(element.text or "")
        elif tag == qn("w:tab"):
            parts.append(" ")
        elif tag in (qn("w:br"), qn("w:cr")):
            parts.append("\n")
        elif tag == qn("w:noBreakHyphen"):
            parts.append("-")
        elif tag == qn("w:footnoteReference"):
            parts.append(f"[{element.get(qn('w:id'))}]")
        pending.extend(reversed(element))
    lines = (" ".join(line.split()) for line in clean("".join(parts)).split("\n"))
    return "\n".join(filter(None, lines))
