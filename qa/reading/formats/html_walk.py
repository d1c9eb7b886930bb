"""Walks the elements of a page in order, and makes a draft of the text between two block boundaries."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from qa.reading.draft import Draft
from qa.reading.formats.html_content import FURNITURE, LINKS_ONLY
from qa.reading.formats.html_inline import InlineReader
from qa.reading.formats.html_lists import Numbers, ruby_line
from qa.reading.formats.html_notes import BACK, NOTE, REFERENCE, is_reference
from qa.reading.formats.html_styles import APART, HIDDEN, OPENED
from qa.reading.formats.html_table import is_layout, read_table
from qa.reading.formats.html_tree import words_of
from qa.reading.formats.mathml import linear
from qa.reading.superscript_marks import LOWERED, RAISED, RESET, written_out
from qa.records import BlockKind

_DROPPED = frozenset(
    "script style template noscript select datalist textarea canvas iframe object embed audio video head map meter "
    "progress input rp annotation annotation-xml title desc metadata defs del s strike".split()
)
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup html legend li main menu nav ol p pre search section summary table "
    "tbody td text tfoot th thead tr ul hr".split()
)
_LISTS = ("ul", "ol", "dir", "menu")
_HEADING = re.compile(r"h[1-6]")
_PAGE_ID = re.compile(r"(?:page|pg|p)[_.-]?0*(\d{1,4}|[ivxlc]{1,8})", re.IGNORECASE)
_LONGEST_QUESTION_WORDS = 30  # of an opener's text that becomes the panel's heading
_LINE_BREAK = " / "  # replaces a line break in a cell
_STOPPED = re.compile(r"[.!?:;,…/]$")
_WRITTEN = {"math": linear, "ruby": ruby_line}


class Walk:
    """Walks elements once, without recursion except for table cells, since pages may be nested very deeply."""

    def __init__(self) -> None:
        self._inline = InlineReader()
        self._kind = BlockKind.PARAGRAPH
        self._level = 0
        self._lists: list[Numbers] = []
        self._marker = ""
        self._in_item = False
        self._note: str | None = None  # the mark of the note that is being read
        self._furniture = 0

    def walk(self, root: etree._Element) -> Iterator[Draft]:
        """The drafts of an element and its descendants."""
        skip: etree._Element | None = None
        for event, element in etree.iterwalk(root, events=("start", "end")):
            if skip is not None:
                if event == "end" and element is skip:
                    skip = None
                    self._inline.say(element.tail if element is not root else "")
                continue
            if event == "end":
                yield from self._end(element, root)
            elif element is not root and _is_dropped(element):
                if element.tag in _BLOCKS:
                    yield from self._flush()
                skip = element
            elif self._takes_whole(element):
                skip = element
            elif element.tag == "pre" or (element.tag == "table" and not is_layout(element)):
                yield from self._flush()
                yield from self._placed(
                    read_table(element, _cell, _is_dropped) if element.tag == "table" else _code(element)
                )
                skip = element
            else:
                yield from self._start(element)

    def _takes_whole(self, element: etree._Element) -> bool:
        """Add an element that is written as a unit (a mark, a formula, ruby); return whether it is one."""
        if element.get(REFERENCE) is not None and element.tag not in ("sup", "sub"):
            self._inline.say(f"[{element.get(REFERENCE)}]")
        elif element.tag in ("sup", "sub") or is_reference(element):
            self._inline.say_raised(element)
        elif element.tag in _WRITTEN:
            self._inline.say(_WRITTEN[element.tag](element))
        else:
            return False
        return True

    def _placed(self, drafts: Iterator[Draft]) -> Iterator[Draft]:
        for draft in drafts:
            yield Draft(BlockKind.BOILERPLATE, draft.text) if self._furniture else draft

    def _start(self, element: etree._Element) -> Iterator[Draft]:
        tag = str(element.tag)
        yield from self._part(element)
        self._furniture += element.get(FURNITURE) is not None
        if element.get(NOTE) is not None:
            self._note = element.get(NOTE)
        if tag in _LISTS:
            self._lists.append(Numbers(element))
        elif tag == "li":
            self._marker = self._lists[-1].marker(element) if self._lists else "- "
            self._in_item = True
        elif _HEADING.fullmatch(tag):
            self._kind, self._level = BlockKind.HEADING, max(2, int(tag[1]))
        elif _opens_panel(element) and self._kind is BlockKind.PARAGRAPH:
            yield from self._flush()
            self._kind, self._level = BlockKind.HEADING, 4
        else:
            self._inline.start(element)
        self._inline.say(element.text)

    def _part(self, element: etree._Element) -> Iterator[Draft]:
        """Part the text at the boundary of an element, if a browser shows it separately."""
        if element.tag in _BLOCKS or element.get(APART) == "block":
            yield from self._flush()
        elif element.get(APART):
            self._inline.say(" ")

    def _end(self, element: etree._Element, root: etree._Element) -> Iterator[Draft]:
        tag = str(element.tag)
        yield from self._part(element)
        if tag in _LISTS and self._lists:
            self._lists.pop()
        elif tag == "li":
            self._in_item = False
            self._marker = ""
        elif _HEADING.fullmatch(tag):
            self._kind, self._level = BlockKind.PARAGRAPH, 0
        elif self._level == 4 and _opens_panel(element):
            yield from self._flush()
            self._kind, self._level = BlockKind.PARAGRAPH, 0
        else:
            self._inline.end(element)
        if element.get(NOTE) is not None:
            self._note = None
        self._furniture -= element.get(FURNITURE) is not None
        if element is not root:
            self._inline.say(element.tail)

    def _flush(self) -> Iterator[Draft]:
        text, bold_chars, bold, leads_nowhere = self._inline.take()
        if not text:
            return
        if self._note is not None and not leads_nowhere:  # also outside the main part
            yield from self._note_draft(text)
        elif self._furniture or leads_nowhere:
            yield Draft(BlockKind.BOILERPLATE, text)
        elif self._in_item and self._kind is BlockKind.PARAGRAPH:
            kind = BlockKind.LIST_ITEM if self._marker else BlockKind.PARAGRAPH
            yield Draft(kind, self._marker + text, tight=True)
            self._marker = ""
        else:
            run_in = bold_chars if self._kind is BlockKind.PARAGRAPH else 0
            yield Draft(self._kind, text, level=self._level, run_in=run_in, bold=bold and not self._level)

    def _note_draft(self, text: str) -> Iterator[Draft]:
        """The draft of a note's block; the first has the note's mark."""
        mark, self._marker = self._note, ""
        if mark:
            self._note = ""
            bare = text.removeprefix(f"[{mark}]").lstrip()
            yield Draft(BlockKind.FOOTNOTE, f"[{mark}] {bare}")
        else:
            yield Draft(BlockKind.FOOTNOTE, text, tight=True)


def _is_dropped(element: etree._Element) -> bool:
    tag = str(element.tag)
    if tag in _DROPPED or element.get(HIDDEN) is not None or element.get(LINKS_ONLY) is not None:
        return True
    if element.get(BACK) is not None or _is_page_number(element) or (tag == "a" and _leads_here(element)):
        return True
    if tag == "dialog":
        return element.get("open") is None
    if tag == "button" and not _opens_panel(element):
        return not any(_HEADING.fullmatch(str(above.tag)) for above in element.iterancestors())
    return element.get("aria-hidden") == "true" and _is_decoration(element)


def _is_page_number(element: etree._Element) -> bool:
    """Whether an element is the number of a printed page, by its type, its role, or an id such as "page_23"."""
    if "pagebreak" in (element.get("epub:type") or "") or element.get("role") == "doc-pagebreak":
        return True
    named = _PAGE_ID.fullmatch(element.get("id") or "") if element.tag in ("span", "a") else None
    return named is not None and words_of(element).strip("[]{}()").lower() in (named[1], f"pg {named[1]}")


def _leads_here(element: etree._Element) -> bool:
    """Whether a link leads to the heading or section in which it is, and has only signs: "¶", "#"."""
    target = (element.get("href") or "").partition("#")[2]
    if not target or any(map(str.isalnum, words_of(element))) or next(element.iter("img"), None) is not None:
        return False
    return any(above.get("id") == target for above in (element, *element.iterancestors()))


def _is_decoration(element: etree._Element) -> bool:
    """Whether an element hidden only from screen readers is an icon, a sign, or a copy of a formula."""
    if element.tag in _BLOCKS:
        return False
    before = element.getprevious()
    if before is not None and next(before.iter("math"), None) is not None:
        return True
    return len(words_of(element).split()) <= 1


def _opens_panel(element: etree._Element) -> bool:
    """Whether an element opens a panel on a click, and its text describes the panel."""
    if element.tag == "summary":
        return len(words_of(element).split()) <= _LONGEST_QUESTION_WORDS
    if element.tag != "button" and element.get("role") != "button":
        return False
    if element.get("aria-expanded") is None and element.get("aria-controls") is None and not _has_panel(element):
        return False
    return 2 <= len(words_of(element).split()) <= _LONGEST_QUESTION_WORDS


def _has_panel(element: etree._Element) -> bool:
    """Whether an element that a click opens directly follows a button."""
    after = element.getnext()
    return after is not None and after.get(OPENED) is not None


def _cell(cell: etree._Element) -> str:
    """A cell's text on one line."""
    out = ""
    for draft in Walk().walk(cell):
        for line in draft.text.split("\n"):
            gap = "" if not out else " " if _STOPPED.search(out) else _LINE_BREAK
            out += gap + line.replace(" | ", " ")
    return out


def _code(element: etree._Element) -> Iterator[Draft]:
    parts: list[str] = []
    walker = etree.iterwalk(element, events=("start", "end"))
    for event, each in walker:
        if event == "end":
            parts.append(each.tail or "" if each is not element else "")
        elif each is not element and _is_dropped(each):
            walker.skip_subtree()
        elif each.tag in ("sup", "sub"):
            parts.append((RAISED if each.tag == "sup" else LOWERED) + words_of(each) + RESET)
            walker.skip_subtree()
        else:
            parts.append("\n" if each.tag == "br" else each.text or "")
    yield Draft(BlockKind.CODE, written_out("".join(parts)).strip("\n"))
