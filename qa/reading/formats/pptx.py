"""Reads PPTX as drafts: for each slide the title as heading, then its text in reading order, then its notes.

The slide's number is its page. Hidden slides and shapes, and dates and slide numbers that a template repeats, are left
out; footers and text of the template itself are boilerplate, each once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from lxml import etree

from qa.errors import UnreadableFile
from qa.reading.draft import Draft, Read
from qa.reading.left_out import LeftOut
from qa.reading.office.drawings import Drawings
from qa.reading.office.names import qn
from qa.reading.office.package import Package, Relation
from qa.reading.office.slide_shapes import Places, emu, is_hidden, is_outside, is_paper, placeholder_of, properties_of
from qa.reading.office.slide_text import lines, struck_out, words
from qa.records import BlockKind

_RUNNING = {"ftr", "hdr"}
_REPEATED = {"dt", "sldNum", *_RUNNING}
_TITLES = {"title", "ctrTitle"}
_DEEPEST_GROUP = 20


def read_pptx(data: bytes) -> Read:
    """Read a presentation as drafts, with its own details (title, author, date).

    Raises:
        UnreadableFile: it is broken, encrypted, or not a presentation, or no slide holds text.
    """
    package = Package(data, "ppt/")
    left_out = LeftOut()
    reader = _Reader(package, left_out)
    drafts = list(reader.read())
    if all(draft.kind is BlockKind.BOILERPLATE for draft in drafts):
        raise UnreadableFile(reader.trouble or "has no text: its slides hold only pictures, or nothing")
    left_out.add("macro", package.has_macros())
    return Read(drafts, {}, left_out.told())


@dataclass(frozen=True, slots=True)
class _Slide:
    """The current slide."""

    relations: Mapping[str, Relation]
    places: Places
    paper: bool  # the background of its text is white


@dataclass(frozen=True, slots=True)
class _Layout:
    """A layout: the positions of its placeholders, and the lines that each of its slides shows."""

    places: Places
    text: list[str]
    parts: tuple[etree._Element | None, ...]


class _Reader:
    """Reads the slides of one presentation in order."""

    def __init__(self, package: Package, left_out: LeftOut) -> None:
        self._package = package
        self._left_out = left_out
        self._drawings = Drawings(package, left_out)
        self._layouts: dict[str, _Layout] = {}
        self._titled = False
        self._running: dict[str, None] = {}
        self._size = (0, 0)
        self.trouble: str | None = None  # the reason why the first unreadable slide was not read

    def read(self) -> Iterator[Draft]:
        """The drafts of the visible slides in order, then of footers and template text."""
        main = self._package.main_part("ppt/presentation.xml")
        relations = self._package.relations(main)
        size = self._package.xml(main).find(qn("p:sldSz"))
        if size is not None:
            self._size = emu(size.get("cx")), emu(size.get("cy"))
        bare, hidden, broken = [], [], []
        shown: set[str] = set()
        for number, listed in enumerate(self._package.xml(main).iterfind(f"{qn('p:sldIdLst')}/{qn('p:sldId')}"), 1):
            relation = relations.get(str(listed.get(qn("r:id"))))
            name = relation.target if relation else ""
            if name in shown:
                continue  # a valid deck has a slide once; a broken one may list it any number of times
            shown.add(name)
            try:
                root = self._package.xml(name)
            except UnreadableFile as error:
                self.trouble = self.trouble or str(error)
                broken.append(number)
                continue
            if root.get("show") in ("0", "false"):
                hidden.append(number)
                continue
            found = [draft for draft in self._slide(root, name) if draft.text.strip()]
            yield from (replace(draft, slide=number, page=number) for draft in found)
            if not found:
                bare.append(number)
        yield from (Draft(BlockKind.BOILERPLATE, text) for text in self._running)
        self._left_out.add_places("without text", "slide", bare)
        self._left_out.add_places("hidden", "slide", hidden)
        self._left_out.add_places("broken", "slide", broken)

    def _slide(self, root: etree._Element, name: str) -> Iterator[Draft]:
        relations = self._package.relations(name)
        layout = self._layout(next((each.target for each in relations.values() if each.kind == "slideLayout"), ""))
        slide = _Slide(relations, layout.places, is_paper(root, *layout.parts))
        tree = root.find(f"{qn('p:cSld')}/{qn('p:spTree')}")
        shapes = [] if tree is None else [shape for shape in slide.places.in_order(tree) if not is_hidden(shape)]
        inside = [shape for shape in shapes if not is_outside(shape, self._size)]
        self._left_out.add(
            "piece of text beside a slide", sum(bool(words(each)) for each in shapes if each not in inside)
        )
        shapes = inside
        self._left_out.add("piece of struck-out text", struck_out(root))
        heading = next((shape for shape in shapes if (placeholder_of(shape) or ("",))[0] in _TITLES), None)
        title = "" if heading is None else words(heading, paper=slide.paper)
        if title:
            kind, level = (BlockKind.HEADING, 2) if self._titled else (BlockKind.TITLE, 1)
            yield Draft(kind, title, level=level)
        self._titled = True
        if _shows_master(root):
            self._running.update(dict.fromkeys(layout.text))
        for shape in shapes:
            if shape is not heading:
                yield from self._shape(shape, slide, 0)
        for relation in relations.values():
            if relation.kind == "notesSlide":
                yield from self._notes(self._package.find_xml(relation.target))
            elif relation.kind == "comments":
                comments = self._package.find_xml(relation.target)
                self._left_out.add("comment", 0 if comments is None else len(comments))

    def _layout(self, name: str) -> _Layout:
        """The layout with its master: the positions of placeholders, and the text that each slide shows."""
        if name not in self._layouts:
            masters = (each.target for each in self._package.relations(name).values() if each.kind == "slideMaster")
            layout, master = self._package.find_xml(name or None), self._package.find_xml(next(masters, None))
            text = [*_fixed_text(layout), *(_fixed_text(master) if _shows_master(layout) else ())]
            self._layouts[name] = _Layout(Places(layout, master), text, (layout, master))
        return self._layouts[name]

    def _shape(self, shape: etree._Element, slide: _Slide, depth: int) -> Iterator[Draft]:
        held = (placeholder_of(shape) or ("",))[0]
        if held in _REPEATED:
            if held in _RUNNING:
                self._running[words(shape)] = None
            return
        if shape.tag == qn("p:grpSp"):
            for inner in slide.places.in_order(shape) if depth < _DEEPEST_GROUP else ():
                if not is_hidden(inner):
                    yield from self._shape(inner, slide, depth + 1)
        elif shape.tag == qn("p:pic"):
            yield from self._picture(shape)
        elif shape.tag == qn("p:graphicFrame"):
            yield from self._frame(shape, slide)
        else:  # shapes with text, and unknown kinds
            for text in lines(shape, paper=slide.paper):
                yield Draft(BlockKind.LIST_ITEM, text, tight=True)

    def _picture(self, shape: etree._Element) -> Iterator[Draft]:
        own = shape.find(f"{qn('p:nvPicPr')}/{qn('p:nvPr')}")
        media = [] if own is None else [etree.QName(each).localname for each in own.iterchildren("*")]
        if "videoFile" in media:
            self._left_out.add("video")
        elif any("audio" in each.lower() for each in media):
            self._left_out.add("sound")
        else:
            properties = properties_of(shape)
            yield from self._drawings.picture(None if properties is None else properties.get("descr"))

    def _frame(self, frame: etree._Element, slide: _Slide) -> Iterator[Draft]:
        for table in frame.iter(qn("a:tbl")):
            yield Draft(BlockKind.TABLE, _table_text(table))
        yield from self._drawings.graphic(frame, slide.relations)
        for embedded in frame.iter(qn("p:oleObj")):
            self._drawings.embedded(embedded.get("progId"))

    @staticmethod
    def _notes(root: etree._Element | None) -> Iterator[Draft]:
        for shape in () if root is None else root.iter(qn("p:sp"), qn("a:tbl")):
            if shape.tag == qn("a:tbl"):
                yield Draft(BlockKind.TABLE, _table_text(shape))
            elif (placeholder_of(shape) or ("body",))[0] == "body" and not is_hidden(shape):
                yield from (Draft(BlockKind.PARAGRAPH, text) for text in lines(shape))


def _shows_master(part: etree._Element | None) -> bool:
    """Whether a slide or a layout shows the shapes of its layout or master."""
    return part is None or part.get("showMasterSp") not in ("0", "false")


def _fixed_text(template: etree._Element | None) -> Iterator[str]:
    """The lines of a layout or a master that are not prompts of placeholders."""
    for shape in () if template is None else template.iter(qn("p:sp")):
        around = [shape, *shape.iterancestors(qn("p:grpSp"))]
        if placeholder_of(shape) is None and not any(map(is_hidden, around)):
            yield from lines(shape)


def _table_text(table: etree._Element) -> str:
    """The rows of a table; a merged cell's text is in its first row and column."""
    lines: list[str] = []
    for row in table.iterchildren(qn("a:tr")):
        cells = [cell for cell in row.iterchildren(qn("a:tc")) if cell.get("hMerge") not in ("1", "true")]
        texts = ["" if cell.get("vMerge") in ("1", "true") else words(cell) for cell in cells]
        lines += [" | ".join(texts)] if any(texts) else []
    return "\n".join(lines)
