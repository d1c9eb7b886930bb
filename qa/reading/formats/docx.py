"""Reads DOCX as drafts: the body's blocks, then its notes; running headers and footers as boilerplate.

Tracked deletions are left out, and tracked insertions are kept.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from qa.errors import UnreadableFile
from qa.reading.draft import Draft, Read, own_title, running_lines
from qa.reading.left_out import LeftOut
from qa.reading.office.drawings import Drawings
from qa.reading.office.names import is_on, qn, value
from qa.reading.office.package import Package
from qa.reading.office.word_blocks import BlockReader
from qa.reading.office.word_numbering import Numbering
from qa.reading.office.word_styles import Styles
from qa.reading.office.word_text import ParagraphReader
from qa.records import BlockKind


def read_docx(data: bytes) -> Read:
    """Read a Word document as drafts, with its own details (title, author, date).

    Raises:
        UnreadableFile: it is broken, encrypted, or not a Word document.
    """
    package = Package(data, "word/")
    left_out = LeftOut()
    reader = _Reader(package, left_out)
    drafts = list(reader.read())
    left_out.add("macro", package.has_macros())
    return Read(drafts, own_title(package.title(), drafts), left_out.told())


class _Reader:
    """Reads the parts of one document in order."""

    def __init__(self, package: Package, left_out: LeftOut) -> None:
        self._package = package
        self._left_out = left_out
        self._main = package.main_part("word/document.xml")
        self._root = package.xml(self._main)
        self._relations = package.relations(self._main)
        self._parts = {each.kind: each.target for each in self._relations.values() if not each.external}
        self._settings = package.find_xml(self._parts.get("settings"))
        styles = Styles(package.find_xml(self._parts.get("styles")))
        numbering = Numbering(package.find_xml(self._parts.get("numbering")))
        self._text = ParagraphReader(styles, left_out, _note_forms(self._settings))
        self._blocks = BlockReader(styles, numbering, self._text, Drawings(package, left_out), left_out)

    def read(self) -> Iterator[Draft]:
        """The drafts of the document, in text order."""
        body = self._root.find(qn("w:body"))
        if body is None:
            raise UnreadableFile("is broken (it has no body); open and save it again")
        coloured = self._root.find(qn("w:background")) is not None
        yield from self._blocks.read(self._root, body, self._relations, shaded=coloured)
        yield from self._notes()
        yield from running_lines(self._running())
        comments = self._package.find_xml(self._parts.get("comments"))
        self._left_out.add("comment", 0 if comments is None else len(comments.findall(qn("w:comment"))))

    def _notes(self) -> Iterator[Draft]:
        """The notes that the text refers to, each with its mark."""
        found = {}
        for kind in ("footnote", "endnote"):
            name = self._parts.get(f"{kind}s", "")
            root = self._package.find_xml(name)
            relations = self._package.relations(name)
            for note in () if root is None else root.iterchildren(qn(f"w:{kind}")):
                found[kind, str(note.get(qn("w:id")))] = note, relations
        for key, mark in list(self._text.notes.items()):
            note, relations = found.get(key, (None, {}))
            drafts = () if note is None else self._blocks.read(note, note, relations, shaded=False)
            words = [draft.text for draft in drafts if draft.text.strip()]
            if words:
                yield Draft(BlockKind.FOOTNOTE, " ".join([mark, *words]).strip())

    def _running(self) -> Iterator[Draft]:
        """The blocks of the visible headers and footers."""
        for name in self._shown_headers():
            root = self._package.find_xml(name)
            if root is not None:
                yield from self._blocks.read(root, root, self._package.relations(name), shaded=True)

    def _shown_headers(self) -> dict[str, None]:
        """The names of the parts with headers and footers that some page shows, in order."""
        shown: dict[str, None] = {}
        named: dict[tuple[str, str], str] = {}  # a section without a header inherits that of the previous one
        odd_and_even = bool(is_on(self._settings, "w:evenAndOddHeaders"))
        for section in self._root.iter(qn("w:sectPr")):
            parent = section.getparent()
            if parent is not None and parent.tag == qn("w:sectPrChange"):
                continue  # the section's properties before a tracked change
            for reference in section.iterchildren(qn("w:headerReference"), qn("w:footerReference")):
                relation = self._relations.get(str(reference.get(qn("r:id"))))
                if relation is not None:
                    named[str(reference.tag), str(reference.get(qn("w:type"), "default"))] = relation.target
            first = bool(is_on(section, "w:titlePg"))
            on = {"default": True, "first": first, "even": odd_and_even}
            shown |= dict.fromkeys(target for (_, kind), target in named.items() if on.get(kind))
        return shown


def _note_forms(settings: etree._Element | None) -> dict[str, str]:
    """The number format of each kind of note: by default, footnotes 1, 2 and endnotes i, ii."""
    forms = {}
    for kind, usual in (("footnote", "decimal"), ("endnote", "lowerRoman")):
        properties = None if settings is None else settings.find(qn(f"w:{kind}Pr"))
        form = value(properties, "w:numFmt")
        forms[kind] = form if form in ("decimal", "lowerRoman", "upperRoman") else usual
    return forms
