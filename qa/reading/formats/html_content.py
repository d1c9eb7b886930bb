"""Separates the text of a page from boilerplate and navigation, by structure and text density.

How it works, in one pass over the tree and a few descents:

1. Each element's characters of text, characters in links, and links are counted.
2. The main part is `main` if it holds half of the text outside navigation; else an `article` that holds the page's
   main heading, or most of the text of a page without one; else the smallest element that holds the main heading and
   most of the text; else the body. On a longer page it is narrowed to the smallest element that holds nearly all of
   its text.
3. Outside the main part, headers, footers, asides, dialogs and short or link-heavy blocks are boilerplate; longer text
   is text in any place. Inside the main part, only footers and dialogs are boilerplate.
4. Lists and blocks of several short links and almost nothing else are navigation, and left out, unless they directly
   follow a heading or the line that introduces them.

No rule uses the names of classes or ids.
"""

from __future__ import annotations

from lxml import etree

from qa.reading.formats.html_styles import HIDDEN
from qa.reading.formats.html_tree import words_of

LINKS_ONLY = "data-qa-links"  # set on navigation
FURNITURE = "data-qa-furniture"  # set on boilerplate

_MOST_LINKED = 0.7  # share of characters in links above which a list or block is navigation
_FEWEST_LINKS = 3
_LONG_LINK_WORDS = 4  # links with this many words on average are content
_LINK_HEAVY = 0.4
_SHORT_WORDS = 25  # a block outside the main part with fewer is boilerplate
_MAIN_SHARE = 0.5
_HEADED_SHARE = 0.5
_DENSE_SHARE = 0.85
_LONG_PAGE_CHARS = 1000  # of running text; the main part of a longer page is narrowed
_DENSE = frozenset({"div", "section", "form", "center", "article", "main"})
_NAVIGATION = frozenset({"nav", "menu"})
_EDGES = frozenset({"header", "footer", "aside", "nav", "dialog"})
_EDGE_ROLES = frozenset({"banner", "contentinfo", "complementary", "dialog", "alertdialog", "navigation", "search"})
_MENU_ROLES = frozenset({"navigation", "menu", "menubar", "toolbar"})
_UNREAD = frozenset({"script", "style", "noscript", "template", "head", "select", "textarea", "button", "svg"})
_CONTAINERS = frozenset({"ul", "ol", "div", "p", "td", "section", "nav", "menu", "aside", "header", "footer", "dl"})
_WORD_CHARS = 6  # average length of a word with its blank

_RUNNING_CHARS = 80  # minimum of a paragraph of running text
_SENTENCE_CHARS = 40
_PARAGRAPHS = frozenset(
    "p li td th dd dt div section article blockquote pre body main header footer aside figure figcaption h1 h2 h3 h4 "
    "h5 h6 form fieldset center details summary ul ol dl table tr tbody".split()
)

_TEXT, _LINKED, _LINKS, _MAIN_TEXT, _RUNNING, _LONGEST, _LOOSE = range(7)


def mark_content(body: etree._Element) -> None:
    """Set `LINKS_ONLY` on the navigation and `FURNITURE` on the boilerplate of a page's body."""
    for link in body.iter("a"):
        if "action=edit" in (address := link.get("href") or "") and "section=" in address:
            _edit_link_with_brackets(link).set(LINKS_ONLY, "")
    counts = _count(body)
    root = _main_part(body, counts)
    if counts[root][_MAIN_TEXT] >= _LONG_PAGE_CHARS:
        root = _densest(root, counts)
    if root is not body:
        _mark_outside(body, root, set(root.iterancestors()), counts)
    for element in root.iter(etree.Element):
        role = (element.get("role") or "").lower()
        edge = element.tag in ("footer", "dialog", "nav") or role in _EDGE_ROLES - {"complementary"}
        if element.tag == "nav" and any(len(words_of(each)) >= _SENTENCE_CHARS for each in element.iter("p")):
            continue
        if edge and element is not root and next(element.iter("h1"), None) is None:
            element.set(FURNITURE, "")


def _edit_link_with_brackets(link: etree._Element) -> etree._Element:
    """A link that opens a section in a wiki's editor ("[edit]"), or the element with its brackets and further links."""
    around = link.getparent()
    beside = "" if around is None else f"{around.text or ''}{''.join(child.tail or '' for child in around)}"
    return link if around is None or around.tag != "span" or any(map(str.isalnum, beside)) else around


_Counts = dict[etree._Element, list[int]]  # noqa: SLF001 - lxml's name for its elements


def _count(body: etree._Element) -> _Counts:
    """For each element: its characters, characters in links, links, characters of running text outside navigation and
    edges, and characters of its longest paragraph.

    Running text is the text of long paragraphs, or all text on a page without any. Also marks lists of links.
    """
    counts: _Counts = {}
    open_counts: list[list[int]] = [[0] * 7]
    in_link = skipped = edges = 0
    for event, element in etree.iterwalk(body, events=("start", "end")):
        tag = element.tag
        unread = tag in _UNREAD or element.get(HIDDEN) is not None
        edge = element is not body and _is_edge(element)
        if event == "start":
            skipped += unread
            edges += edge
            in_link += tag == "a" and bool(element.get("href") or element.get("name") is None)
            here = 0 if skipped else len((element.text or "").strip())
            plain = 0 if edges or in_link else here
            open_counts.append([here, here if in_link else 0, int(tag == "a" and not skipped), plain, 0, 0, plain])
            continue
        skipped -= unread
        edges -= edge
        in_link -= tag == "a" and bool(element.get("href") or element.get("name") is None)
        own = open_counts.pop()
        above = open_counts[-1]
        if tag in _PARAGRAPHS:
            own[_LONGEST] = max(own[_LONGEST], own[_LOOSE])
            own[_RUNNING] += own[_LOOSE] if own[_LOOSE] >= _RUNNING_CHARS else 0
        else:
            above[_LOOSE] += own[_LOOSE]
        counts[element] = own
        if element is not body and _is_navigation(element, own):
            element.set(LINKS_ONLY, "")
        tail = 0 if skipped else len((element.tail or "").strip())
        above[_TEXT] += own[_TEXT] + tail
        above[_LINKED] += own[_LINKED] + (tail if in_link else 0)
        above[_LINKS] += own[_LINKS]
        plain = 0 if edges or in_link else tail
        above[_MAIN_TEXT] += own[_MAIN_TEXT] + plain
        above[_LOOSE] += plain
        above[_RUNNING] += own[_RUNNING]
        above[_LONGEST] = max(above[_LONGEST], own[_LONGEST])
    measure = _RUNNING if counts[body][_RUNNING] else _MAIN_TEXT
    for own in counts.values():
        own[_MAIN_TEXT] = own[measure]
    return counts


def _is_edge(element: etree._Element) -> bool:
    return element.tag in _EDGES or (element.get("role") or "").lower() in _EDGE_ROLES


def _is_navigation(element: etree._Element, own: list[int]) -> bool:
    text, linked, links = own[:_MAIN_TEXT]
    role = (element.get("role") or "").lower()
    if element.tag in _NAVIGATION or role in _MENU_ROLES:
        return element.tag != "menu" and 2 * linked >= text
    if element.tag in ("header", "footer") and text == linked:
        return True
    if element.tag not in _CONTAINERS or links < _FEWEST_LINKS or linked <= _MOST_LINKED * text:
        return False
    if linked >= _LONG_LINK_WORDS * _WORD_CHARS * links:
        return False
    return not (element.tag in ("ul", "ol", "p", "dl") and _is_introduced(element))


def _is_introduced(element: etree._Element) -> bool:
    above = next(element.itersiblings("*", preceding=True), None)
    if above is None:
        return False
    return str(above.tag) in ("h2", "h3", "h4", "h5", "h6", "dt") or (
        above.tag == "p" and "".join(above.itertext()).rstrip().endswith(":")
    )


def _main_part(body: etree._Element, counts: _Counts) -> etree._Element:
    whole = counts[body][_MAIN_TEXT]
    mains = [each for each in body.iter("main") if each.get(HIDDEN) is None]
    mains += [each for each in body.iter(etree.Element) if each.get("role") == "main" and each.tag != "main"]
    if mains:
        best = max(mains, key=lambda each: counts[each][_TEXT])
        if counts[best][_MAIN_TEXT] >= _MAIN_SHARE * whole:
            return best
    headings = [each for each in body.iter("h1") if counts[each][_TEXT]]
    articles = [each for each in body.iter("article") if counts[each][_MAIN_TEXT] >= _MAIN_SHARE * whole]
    for article in articles:
        if not headings or any(True for _ in article.iter("h1")):
            return article
    if headings:
        for above in headings[0].iterancestors():
            if above is body:
                break
            if counts[above][_MAIN_TEXT] >= _HEADED_SHARE * whole and not _is_edge(above):
                return above
        return body
    return _densest(body, counts)


def _densest(body: etree._Element, counts: _Counts) -> etree._Element:
    """The smallest element that holds nearly all of the text."""
    whole = counts[body][_MAIN_TEXT]
    element = body
    while True:
        inside = [child for child in element if child in counts and child.tag in _DENSE]
        dense = next((child for child in inside if counts[child][_MAIN_TEXT] >= _DENSE_SHARE * whole), None)
        if dense is None or not whole:
            return element
        element = dense


def _mark_outside(body: etree._Element, root: etree._Element, inside: set[etree._Element], counts: _Counts) -> None:
    """Mark the boilerplate outside the main part."""
    pending = [body]
    while pending:
        element = pending.pop()
        for child in element:
            if child is root or child not in counts:
                continue
            if child in inside:
                pending.append(child)
                continue
            text, linked, *_, longest, _ = counts[child]
            if next(child.iter("h1"), None) is not None and not _is_edge(child):
                continue
            if _is_edge(child) or linked > _LINK_HEAVY * text or longest < _SHORT_WORDS * _WORD_CHARS:
                child.set(FURNITURE, "")
