"""Finds the footnotes of a page, and the links and marks that refer to them.

A note is the target of an earlier superscript or bracketed link on the page, or a block that begins with a superscript
mark that also occurs earlier.
"""

from __future__ import annotations

import re

from lxml import etree

from qa.reading.formats.html_tree import words_of
from qa.reading.superscript_marks import bare_mark

_NOTE_BLOCKS = ("li", "p", "div", "dd", "dt", "aside", "section", "td", "tr")
_LONGEST_MARK_CHARS = 6
_MARK = re.compile(r"[\[(]?(?:\d{1,4}|[^\W\d_]{1,3}|[*†‡§¶#]{1,3}|note \d{1,3}|[ivxl]{1,6})[\])]?", re.IGNORECASE)


NOTE = "data-qa-note"  # set on an element that is a note, to its mark
REFERENCE = "data-qa-reference"  # set on a link that refers to a note, to its mark
BACK = "data-qa-back"  # set on a link from a note back to the text


def mark_notes(tree: etree._Element) -> None:
    """Set `NOTE` on notes, `REFERENCE` on the references to them, and `BACK` on the links back to the text."""
    by_id: dict[str, tuple[int, etree._Element]] = {}
    links: list[tuple[int, etree._Element]] = []
    for place, element in enumerate(tree.iter(etree.Element)):
        if name := _name(element):
            by_id.setdefault(name, (place, element))
        if element.tag == "a" and (element.get("href") or "").startswith("#"):
            links.append((place, element))
    sources: set[str] = set()
    for place, link in links:
        there, target = by_id.get(str(link.get("href"))[1:], (-1, None))
        mark = bare_mark(words_of(link))
        note = _block_of(target) if there > place and _MARK.fullmatch(mark) else None
        if note is not None and not (_is_raised(link) or (_is_glued(link) and words_of(note).startswith(mark))):
            note = None
        if note is None or any(above is note for above in link.iterancestors()):
            continue
        if note.get(NOTE) is None:
            note.set(NOTE, mark)
        link.set(REFERENCE, mark)
        sources.update(filter(None, map(_name, _around(link))))
    _mark_by_raised(tree)
    _mark_back(tree, sources)


def _mark_back(tree: etree._Element, sources: set[str]) -> None:
    """Mark links that are declared to lead back, and in notes those to the references or with the note's mark."""
    links = [("", link) for link in tree.iter("a") if "doc-backlink" in (link.get("role") or "")]
    for note in (each for each in tree.iter(etree.Element) if each.get(NOTE) is not None):
        links += ((str(note.get(NOTE)), link) for link in note.iter("a"))
    for mark, link in links:
        if not mark or (link.get("href") or "")[1:] in sources or bare_mark(words_of(link)) == mark:
            link.set(BACK, "")


def _name(element: etree._Element) -> str | None:
    return element.get("id") or (element.get("name") if element.tag == "a" else None)


def _mark_by_raised(tree: etree._Element) -> None:
    """Mark notes without links: a block that begins with a superscript mark which occurs as a superscript before it."""
    carried: dict[str, list[etree._Element]] = {}
    for raised in tree.iter("sup"):
        mark = bare_mark(words_of(raised))
        block = _opened_by(raised)
        if block is not None and mark in carried and block.get(NOTE) is None and raised.find("a") is None:
            block.set(NOTE, mark)
            for carrier in carried[mark]:
                carrier.set(REFERENCE, mark)
            raised.set(BACK, "")  # the mark is always written before the note
        elif mark and _MARK.fullmatch(mark):
            carried.setdefault(mark, []).append(raised)


def _opened_by(raised: etree._Element) -> etree._Element | None:
    """The block whose text begins with a superscript."""
    element = raised
    while True:
        above = element.getparent()
        if above is None or (above.text or "").strip() or above[0] is not element:
            return None
        if above.tag in _NOTE_BLOCKS:
            return above
        element = above


def is_reference(element: etree._Element) -> bool:
    """Whether an element is declared as a reference to a note, by its EPUB 3 type or its DPUB-ARIA role."""
    return "doc-noteref" in (element.get("role") or "").split() or "noteref" in (element.get("epub:type") or "").split()


def _is_raised(link: etree._Element) -> bool:
    text = words_of(link)
    if not text or len(text) > _LONGEST_MARK_CHARS + 2:
        return False
    if is_reference(link) or text.startswith("[") or not any(map(str.isalnum, text)):
        return True
    above = link.getparent()
    return (above is not None and above.tag == "sup") or link.find("sup") is not None


def _is_glued(link: etree._Element) -> bool:
    """Whether a link directly follows a letter or digit, like a mark that scripts or other style sheets raise."""
    before, above = link.getprevious(), link.getparent()
    text = before.tail if before is not None else above.text if above is not None else ""
    return bool(text) and text[-1].isalnum()


def _around(link: etree._Element) -> list[etree._Element]:
    above = link.getparent()
    return [link, *link.iter("sup"), *([above] if above is not None else [])]


def _block_of(target: etree._Element) -> etree._Element | None:
    element: etree._Element | None = target
    for _ in range(4):
        if element is None or element.tag in ("body", "html", "main", "article"):
            return None
        if element.tag in _NOTE_BLOCKS:
            return element
        element = element.getparent()
    return None
