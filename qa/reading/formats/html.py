"""HTML to drafts: the main text with its headings, lists and tables; navigation, forms and scripts left out.

How it works: the page's `main` or `article` is taken where there is exactly one; elements that are navigation by their
tag, role or class are dropped, and so is a list or block that is nearly all links. What is left is walked in order,
and whatever a browser sets on a line of its own becomes a block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from qa.reading.draft import Draft
from qa.reading.formats.html_tree import parse_html
from qa.records import BlockKind

_DROPPED = frozenset(
    "script style noscript template nav aside form button select input textarea svg canvas iframe object audio video "
    "head dialog menu map".split()
)
_FURNITURE_ROLES = frozenset("navigation banner search complementary contentinfo menu menubar toolbar dialog".split())
_FURNITURE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|sidebar|breadcrumbs?|cookies?|consent|share|social|related|comments?"
    r"|pagination|pager|toolbar|skip-link|newsletter|subscribe|advert|ads?|promo|popup|modal)(?:$|[\s_-])",
    re.IGNORECASE,
)
_BLOCKS = frozenset(
    "address article blockquote body center dd details dir div dl dt fieldset figcaption figure footer h1 h2 h3 h4 h5 "
    "h6 header hgroup html li main ol p pre section summary table tbody td tfoot th thead tr ul hr".split()
)
_MOST_LINKS = 0.7  # share of a list's or block's characters that may stand in links
_FEWEST_LINKS = 3
_SHORTEST_MAIN_CHARS = 200
_LINKS_ONLY = "data-links-only"
_HAS_MAIN = "data-has-main"
_META = {
    "author": "author", "article:author": "author", "og:site_name": "publisher", "publisher": "publisher",
    "date": "date", "dc.date": "date", "article:published_time": "date", "og:title": "title",
    "citation_publication_date": "date", "dcterms.date": "date",
}  # fmt: skip


def read_html(data: bytes) -> tuple[list[Draft], dict[str, str]]:
    """Turn a page into drafts, and what it says of itself.

    Raises:
        UnreadableFile: it is no text, or nested too deeply.
    """
    tree = parse_html(data)
    if tree is None:
        return [], {}
    own = _own(tree)
    main = _main(tree)
    _mark_main(main)
    _mark_links(main)
    drafts = list(_Walk().walk(main))
    first = next((number for number, draft in enumerate(drafts) if draft.kind is BlockKind.HEADING), None)
    if (
        first is not None
        and drafts[first].level == 2
        and not any(draft.kind is not BlockKind.BOILERPLATE for draft in drafts[:first])
    ):
        drafts[first] = Draft(BlockKind.TITLE, drafts[first].text, level=1)
        own.pop("title", None)  # the page's name in the browser's bar often carries the site's
    return drafts, own


def _own(tree: etree._Element) -> dict[str, str]:
    own: dict[str, str] = {}
    for meta in tree.iter("meta"):
        name = str(meta.get("name") or meta.get("property") or "").lower()
        value = " ".join(str(meta.get("content") or "").split())
        if name in _META and value:
            own.setdefault(_META[name], value[:10] if _META[name] == "date" else value)
    title = next(iter(tree.iter("title")), None)
    if title is not None and (said := " ".join(str(title.text or "").split())):
        own.setdefault("title", said)
    return own


def _main(tree: etree._Element) -> etree._Element:
    long: dict[str, list[etree._Element]] = {"main": [], "article": []}
    open_at: list[tuple[etree._Element, int]] = []  # with how many characters came before
    seen = 0  # characters of text so far, one more for each piece of it
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if event == "start":
            if element.tag in long:
                open_at.append((element, seen))
            seen += len(element.text) + 1 if element.text else 0
            continue
        if element.tag in long:
            _, before = open_at.pop()
            if seen - before - 1 > _SHORTEST_MAIN_CHARS:
                long[element.tag].append(element)
        seen += len(element.tail) + 1 if element.tail else 0
    for found in long.values():
        if len(found) == 1:
            return found[0]
    body = tree.find("body")
    return tree if body is None else body


class _Walk:
    """Walks elements in order; text gathers until a block begins or ends."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._kind = BlockKind.PARAGRAPH
        self._level = 0
        self._lists: list[int | None] = []
        self._marker = ""
        self._in_item = False

    def walk(self, root: etree._Element) -> Iterator[Draft]:
        """The drafts of an element and all in it. Without recursion: pages nest as deep as they like."""
        skip: etree._Element | None = None
        for event, element in etree.iterwalk(root, events=("start", "end")):
            if skip is not None:
                if event == "end" and element is skip:
                    skip = None
                    self._text.append(element.tail or "" if element is not root else "")
                continue
            tag = element.tag
            if event == "start":
                if element is not root and self._dropped(element):
                    if tag in _BLOCKS:
                        yield from self._flush()
                    skip = element
                elif tag in ("table", "pre"):
                    yield from self._flush()
                    yield from _table(element) if tag == "table" else _code(element)
                    skip = element
                else:
                    yield from self._start(element)
            else:
                yield from self._end(element, root)

    def _start(self, element: etree._Element) -> Iterator[Draft]:
        tag = element.tag
        if tag in _BLOCKS:
            yield from self._flush()
        if tag == "br":
            self._text.append("\n")
        elif tag == "img":
            self._text.append(str(element.get("alt") or ""))
        elif tag in ("ul", "ol", "dir"):
            start = str(element.get("start") or "1")
            first = int(start) if start.isdecimal() and len(start) < 10 else 1
            self._lists.append(first if tag == "ol" else None)
        elif tag == "li":
            number = self._lists[-1] if self._lists else None
            self._marker = "- " if number is None else f"{number}. "
            if self._lists and number is not None:
                self._lists[-1] = number + 1
            self._in_item = True
        elif re.fullmatch(r"h[1-6]", str(tag)):
            self._kind, self._level = BlockKind.HEADING, max(2, int(tag[1]))
        elif tag == "footer":
            self._kind = BlockKind.BOILERPLATE
        self._text.append(element.text or "")

    def _end(self, element: etree._Element, root: etree._Element) -> Iterator[Draft]:
        tag = element.tag
        if tag in _BLOCKS:
            yield from self._flush()
        if tag in ("ul", "ol", "dir") and self._lists:
            self._lists.pop()
        elif tag == "li":
            self._in_item = False
            self._marker = ""
        elif re.fullmatch(r"h[1-6]|footer", str(tag)):
            self._kind, self._level = BlockKind.PARAGRAPH, 0
        if element is not root:
            self._text.append(element.tail or "")

    def _flush(self) -> Iterator[Draft]:
        lines = (" ".join(line.split()) for line in "".join(self._text).split("\n")) if "\n" in self._text else None
        text = "\n".join(filter(None, lines)) if lines else " ".join("".join(self._text).split())
        self._text = []
        if not text:
            return
        if self._in_item and self._kind is BlockKind.PARAGRAPH:
            kind = BlockKind.LIST_ITEM if self._marker else BlockKind.PARAGRAPH
            yield Draft(kind, self._marker + text, tight=True)
            self._marker = ""
        else:
            yield Draft(self._kind, text, level=self._level)

    def _dropped(self, element: etree._Element) -> bool:
        tag = str(element.tag)
        if tag in _DROPPED or element.get("hidden") is not None or element.get("aria-hidden") == "true":
            return True
        if str(element.get("role") or "").lower() in _FURNITURE_ROLES:
            return True
        if tag in ("body", "html", "main", "article"):
            return False
        named = f"{element.get('class') or ''} {element.get('id') or ''}"
        if tag in _BLOCKS and (_FURNITURE_CLASS.search(named[:300]) or "display:none" in _style(element)):
            return element.get(_HAS_MAIN) is None
        return element.get(_LINKS_ONLY) is not None


def _style(element: etree._Element) -> str:
    return str(element.get("style") or "").replace(" ", "").lower()


def _mark_main(root: etree._Element) -> None:
    """Mark what holds a main heading, or the page's main part: that is no furniture, whatever it is called."""
    for element in root.iter("h1", "main", "article"):
        inside = element
        while inside is not None and inside is not root and inside.get(_HAS_MAIN) is None:
            inside.set(_HAS_MAIN, "")
            inside = inside.getparent()


def _mark_links(root: etree._Element) -> None:
    """Mark lists and blocks that are several links and next to nothing else, in one pass over the tree."""
    counts: list[list[int]] = [[0, 0, 0]]  # for each open element: characters, characters in links, links
    in_link = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            in_link += element.tag == "a"
            here = len((element.text or "").strip())
            counts.append([here, here if in_link else 0, int(element.tag == "a")])
            continue
        in_link -= element.tag == "a"
        characters, linked, links = counts.pop()
        listed = element.tag in ("ul", "ol", "div", "p", "td", "section") and element is not root
        if listed and links >= _FEWEST_LINKS and linked > _MOST_LINKS * characters:
            element.set(_LINKS_ONLY, "")
        tail = len((element.tail or "").strip())
        above = counts[-1]
        above[0] += characters + tail
        above[1] += linked + (tail if in_link else 0)
        above[2] += links


def _table(table: etree._Element) -> Iterator[Draft]:
    """A table of data, row by row; one that only lays out a page gives its cells as paragraphs."""
    rows = []
    for row in table.iter("tr"):
        cells = [" ".join(_own_text(cell).split()) for cell in row if cell.tag in ("td", "th")]
        if any(cells):
            rows.append(cells)
    layout = (
        any(True for _ in table.iterdescendants("table", "p", "h1", "h2", "h3")) or max(map(len, rows), default=0) < 2
    )
    caption = table.find("caption")
    if caption is not None:
        yield Draft(BlockKind.PARAGRAPH, " ".join("".join(caption.itertext()).split()))
    if layout:
        for cells in rows:
            for cell in cells:
                yield Draft(BlockKind.PARAGRAPH, cell)
    else:
        yield Draft(BlockKind.TABLE, "\n".join(" | ".join(cells) for cells in rows))


def _own_text(cell: etree._Element) -> str:
    """A cell's text without that of tables in it, whose rows come by themselves."""
    parts = []
    walker = etree.iterwalk(cell, events=("start", "end"))
    for event, element in walker:
        if event == "start":
            if element.tag == "table":
                walker.skip_subtree()
            else:
                parts.append(element.text or "")
        elif element is not cell:
            parts.append(element.tail or "")
    return "".join(parts)


def _code(element: etree._Element) -> Iterator[Draft]:
    yield Draft(BlockKind.CODE, "".join(element.itertext()).strip("\n"))
