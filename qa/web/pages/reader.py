"""Prepares a document for the reader page: blocks in order, lists and slides grouped; quote and found words marked.

Guarantees: the elements contain every character of every block, unchanged and in order. The marked pieces, joined, are
    the quote without the line ends between blocks.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice, pairwise

from qa.answering.quoted_tables import rows_of
from qa.records import Block, BlockKind, Document, Span
from qa.text.page_units import unit_of
from qa.text.safe_text import as_typed, compose
from qa.web.pages.marked_text import Line, Piece, cut

_MARKER = re.compile(r"(?:[-*•‣▪\u2013·+]|\(?\d{1,3}[.)])[ \t]+")
_MOST_MARKED = 200  # places of found words; more marks do not help a reader
_MOST_COUNTED = 10_000
_LONGEST_CHARS = 200  # of the words to find
_FEWEST_ENTRIES = 3  # the entries of a shorter list are visible anyway
_PAGED = frozenset({"page", "chapter", "message"})  # rows and lines are too short, and slides show their own number


@dataclass(frozen=True, slots=True)
class Item:
    """A list item; `own_marker` says that its text includes its bullet or number."""

    line: Line
    own_marker: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell, and the bar that follows it in the canonical text."""

    line: Line
    separator: Line


@dataclass(frozen=True, slots=True)
class Element:
    """A block, or a run of list items.

    Attributes:
        new_page: The page that begins with it, if the format has pages.
        has_heads: Whether the first row of a table has the column heads.
        anchor: Its id in the page, if the table of contents links to it.
    """

    kind: str
    line: Line = ()
    level: int = 0
    items: tuple[Item, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    has_heads: bool = False
    new_page: int | None = None
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the table of contents: a heading, or a page of a document without headings."""

    text: str
    anchor: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Section:
    """The elements of one slide, or of the text between slides."""

    slide: int | None
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A document prepared for the template. Without a title block, the template writes the title itself."""

    sections: tuple[Section, ...]
    has_title: bool
    contents: tuple[Entry, ...] = ()
    unit: str = "page"  # the unit of `new_page`


def view_of(
    document: Document,
    quote: Span | None = None,
    anchor: str | None = None,
    answers: Sequence[Span] = (),
    found: Sequence[Span] = (),
) -> View:
    """Prepare a document.

    Args:
        document: The document.
        quote: The place to mark, if any.
        anchor: The id for the first answering piece, or else for the first marked one.
        answers: The answering places in the quote, if known.
        found: The places of the reader's search words in order; their ids are f1, f2, ...
    """
    unit = unit_of(document.source)
    writer = _Writer(document.text, quote, anchor, answers, found, paged=unit in _PAGED)
    sections = tuple(
        Section(slide, tuple(writer.elements(blocks)))
        for slide, blocks in groupby(document.blocks, key=lambda block: block.slide)
    )
    return View(sections, writer.has_title, _contents(sections, unit), unit)


def outline_of(document: Document) -> tuple[Entry, ...]:
    """A document's headings, or else its pages; empty if there are too few."""
    return view_of(document).contents


def page_numbers(document: Document) -> tuple[int, ...]:
    """The numbers of a document's pages that have text, in order."""
    on = {block.page for block in document.blocks} | {page for block in document.blocks for _, page in block.breaks}
    return tuple(sorted(page for page in on if page is not None))


def _contents(sections: Iterable[Section], unit: str) -> tuple[Entry, ...]:
    """The headings below the title, or else the pages; empty if there are too few."""
    elements = [element for section in sections for element in section.elements if element.anchor]
    headings = [
        Entry(" ".join("".join(piece.text for piece in element.line).split()), element.anchor or "", element.level)
        for element in elements
        if element.kind == "heading"
    ]
    pages = [
        Entry(f"{unit.capitalize()} {element.new_page}", element.anchor or "")
        for element in elements
        if element.new_page
    ]
    entries = headings or pages
    return tuple(entries) if len(entries) >= _FEWEST_ENTRIES else ()


class _Writer:
    """Converts the blocks to elements in one pass, with the state that later blocks need."""

    def __init__(
        self,
        text: str,
        quote: Span | None,
        anchor: str | None,
        answers: Sequence[Span],
        found: Sequence[Span],
        *,
        paged: bool,
    ) -> None:
        self._text = text
        self._paged = paged
        self._marked = (quote,) if quote else ()
        self._answers = answers
        self._anchor = anchor
        self._found = found
        self._found_starts = [span.start for span in found]
        self._numbers = {span.start: number for number, span in enumerate(found, 1)}
        self._page: int | None = None
        self._level = 1
        self.has_title = False

    def elements(self, blocks: Iterable[Block]) -> Iterator[Element]:
        """The elements for some blocks in order; adjacent list items form one list."""
        for is_list, run in groupby(blocks, key=lambda block: block.kind is BlockKind.LIST_ITEM):
            if is_list:
                items = list(run)
                page = self._new_page(items[0])
                anchor = None if page is None else f"at-{items[0].start}"
                yield Element("list", items=tuple(map(self._item, items)), new_page=page, anchor=anchor)
            else:
                for block in run:
                    page = self._new_page(block)
                    element = self._element(block)
                    named = page is not None or (element.kind == "heading" and element.level > 1)
                    yield replace(element, new_page=page, anchor=f"at-{block.start}" if named else None)

    def _element(self, block: Block) -> Element:
        match block.kind:
            case BlockKind.TITLE if not self.has_title:
                self.has_title = True
                return Element("heading", self._line(block), level=1)
            case BlockKind.TITLE | BlockKind.HEADING:
                # Screen readers need an outline without skipped levels.
                self._level = max(2, min(block.level, self._level + 1, 6))
                return Element("heading", self._line(block), level=self._level)
            case BlockKind.TABLE:
                return self._table(block)
            case _:
                return Element(block.kind.value, self._line(block))

    def _table(self, block: Block) -> Element:
        rows, has_heads = rows_of(self._text, block)
        return Element("table", rows=tuple(map(self._row, rows)), has_heads=has_heads)

    def _row(self, cells: Sequence[Span]) -> tuple[Cell, ...]:
        bars = (Span(cell.end, after.start) for cell, after in pairwise(cells))
        return tuple(map(Cell, map(self._cut, cells), (*map(self._cut, bars), ())))

    def _item(self, block: Block) -> Item:
        return Item(self._line(block), bool(_MARKER.match(self._text, block.start, block.end)))

    def _line(self, block: Block) -> Line:
        run_in = (Span(block.start, block.start + block.run_in),) if block.run_in else ()
        return self._cut(Span(block.start, block.end), run_in)

    def _cut(self, within: Span, strong: tuple[Span, ...] = ()) -> Line:
        pieces = cut(self._text, within, self._marked, strong, self._answers, self._found_in(within))
        return tuple(self._named(pieces, within.start))

    def _named(self, pieces: Line, start: int) -> Iterator[Piece]:
        """The pieces with the ids of the quote and of each found place."""
        for piece in pieces:
            anchor = None
            if piece.marked and (piece.answers or not self._answers):
                anchor, self._anchor = self._anchor, None
            number = self._numbers.get(start)
            found = f"f{number}" if number and piece.found is not None else piece.found
            yield replace(piece, anchor=anchor, found=found)
            start += len(piece.text)

    def _found_in(self, within: Span) -> Sequence[Span]:
        """The found places that overlap a part of the text; they are in order and do not overlap."""
        first = max(0, bisect_right(self._found_starts, within.start) - 1)
        last = bisect_left(self._found_starts, within.end)
        return self._found[first:last]

    def _new_page(self, block: Block) -> int | None:
        if not self._paged or block.page is None or block.page == self._page:
            return None
        self._page = block.page
        return block.page


@dataclass(frozen=True, slots=True)
class Matches:
    """The first places of some words, and the number of all places."""

    places: tuple[Span, ...] = ()
    total: int = 0


def find_words(text: str, words: str) -> Matches:
    """The places in a text where some words follow each other, with any case, blanks, quotes and hyphens."""
    parts = as_typed(compose(words[:_LONGEST_CHARS])).split()
    if not parts:
        return Matches()
    pattern = re.compile(r"\s+".join(map(re.escape, parts)), re.IGNORECASE)
    found = [Span(*match.span()) for match in islice(pattern.finditer(as_typed(text)), _MOST_COUNTED)]
    return Matches(tuple(found[:_MOST_MARKED]), len(found))
