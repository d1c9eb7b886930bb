"""Reads HTML as drafts: the visible text of the page, with its headings, lists, tables and notes.

How it works: hidden elements (`html_styles`), notes (`html_notes`), navigation and boilerplate (`html_content`) are
marked on the tree. The other elements are walked in order (`html_walk`), and each that a browser shows on separate
lines becomes a block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lxml import etree

from qa.reading.draft import Draft, Read
from qa.reading.formats.html_content import mark_content
from qa.reading.formats.html_notes import mark_notes
from qa.reading.formats.html_styles import mark_styles
from qa.reading.formats.html_tree import parse_html, words_of
from qa.reading.formats.html_walk import Walk
from qa.reading.left_out import LeftOut
from qa.reading.titles import is_title
from qa.records import BlockKind

_META = {
    "author": "author", "article:author": "author", "og:site_name": "publisher", "publisher": "publisher",
    "date": "date", "dc.date": "date", "article:published_time": "date", "og:title": "title",
    "citation_publication_date": "date", "dcterms.date": "date",
}  # fmt: skip
_FEWEST_WORDS = 25
TAG = "x-tag"  # the element that stands for a tag of a site generator in Markdown
_EMBEDDED = {
    "iframe": "embedded page", "video": "video", "audio": "recording", "canvas": "drawing", "object": "object",
    "embed": "object", TAG: "tag of a site generator",
    **dict.fromkeys(("del", "s", "strike"), "piece of struck-out text"),
}  # fmt: skip


def read_html(data: bytes, sheet_of: Callable[[str], str] | None = None) -> Read:
    """Read a page as drafts, with its own details (title, author, date).

    Args:
        data: The page.
        sheet_of: Returns the text of a linked style sheet; None if linked style sheets are not available.

    Raises:
        UnreadableFile: it is not text, or is nested too deeply.
    """
    tree, guess = parse_html(data)
    if tree is None:
        return Read([], {})
    own = _own(tree)
    links = (link.get("href") for link in tree.iter("link") if link.get("rel") == "stylesheet")
    sheets = [sheet_of(str(link)) for link in links] if sheet_of else []
    drafts = list(page_drafts(tree, sheets))
    if _take_title(drafts):
        own.pop("title", None)  # the title in the browser's bar often includes the site's name
    return Read(drafts, own, (*filter(None, [guess]), *embedded_in(tree)))


def embedded_in(tree: etree._Element | None) -> tuple[str, ...]:
    """What a page has that is left out, as it is reported."""
    left_out = LeftOut()
    if tree is not None:
        for tag, name in _EMBEDDED.items():
            left_out.add(name, sum(1 for _ in tree.iter(tag)))
    return left_out.told()


def page_drafts(tree: etree._Element, sheets: Iterable[str] = ()) -> Iterator[Draft]:
    """The drafts of a page's body; those of its `noscript` elements, if it has no others.

    Args:
        tree: The page.
        sheets: The linked style sheets that are available.
    """
    body = tree.find("body")
    body = tree if body is None else body
    for template in list(body.iter("template")):
        if template.get("shadowrootmode") is not None:  # declares content that is shown (HTML, 4.12.3)
            template.tag = "div"
    mark_styles(tree, sheets)
    mark_notes(body)
    mark_content(body)
    found = False
    for draft in Walk().walk(body):
        found = True
        yield draft
    if not found:  # content for browsers without scripts, unless it only asks to enable them
        for instead in list(body.iter("noscript")):
            instead.tag = "div"
            if len("".join(instead.itertext()).split()) >= _FEWEST_WORDS:
                yield from Walk().walk(instead)


def _take_title(drafts: list[Draft]) -> bool:
    """Make the first main heading, if no text is before it, the document's title; return whether there is one."""
    for number, draft in enumerate(drafts):
        if draft.kind is BlockKind.BOILERPLATE:
            continue
        if draft.kind is BlockKind.HEADING and draft.level == 2:
            drafts[number] = Draft(BlockKind.TITLE, draft.text, level=1)
            return True
        return False
    return False


def _own(tree: etree._Element) -> dict[str, str]:
    own: dict[str, str] = {}
    for meta in tree.iter("meta"):
        name = str(meta.get("name") or meta.get("property") or "").lower()
        value = " ".join(str(meta.get("content") or "").split())
        if name in _META and value:
            own.setdefault(_META[name], value)
    titles = (each for above in tree.iter("head", "html", "body") for each in above.iterchildren("title"))
    title = next(titles, None)
    if title is not None and (said := words_of(title)):
        own.setdefault("title", said)
    if "title" in own and not is_title(own["title"]):
        del own["title"]
    return own
