"""Reads text on slides: the paragraphs of a shape or a cell, with automatic numbers, equations and superscripts.

Struck-out text is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from qa.reading.decode import clean_line
from qa.reading.office.equations import linear
from qa.reading.office.names import number, qn
from qa.reading.office.symbols import as_unicode, is_symbol_font, private_as_unicode
from qa.reading.office.word_numbering import formatted
from qa.reading.office.word_styles import is_white
from qa.reading.superscripts import Script, in_line

_AUTOMATIC = re.compile(r"(arabic|romanUc|romanLc|alphaUc|alphaLc)(Period|ParenR|ParenBoth|Plain)")
_FORMS = {"arabic": "decimal", "romanUc": "upperRoman", "romanLc": "lowerRoman", "alphaUc": "upperLetter",
          "alphaLc": "lowerLetter"}  # fmt: skip
_AROUND = {"Period": "{}.", "ParenR": "{})", "ParenBoth": "({})", "Plain": "{}"}
_TINY = 200  # hundredths of a point
_ANY_NUMBER = "‹#›"  # content of a slide number field in a template


def words(element: etree._Element, *, paper: bool = False) -> str:
    """All text of a shape or cell on one line; `paper` as for `lines`."""
    return " ".join(lines(element, paper=paper))


def lines(element: etree._Element, *, paper: bool = False) -> Iterator[str]:
    """The paragraphs with text of a shape or cell, each on one line.

    Args:
        element: The shape or the cell.
        paper: Whether the background is white, so that white text is invisible.
    """
    counts: dict[int, tuple[str, int]] = {}  # by level: the kind of the current list, and its last number
    for paragraph in element.iter(qn("a:p")):
        text = clean_line(in_line(_pieces(paragraph, paper=paper)))
        if text:
            yield _numbered(paragraph, counts) + text


def struck_out(element: etree._Element) -> int:
    """The number of struck-out runs of text in an element."""
    return sum(_is_struck(run) and bool(run.getparent().findtext(qn("a:t"))) for run in element.iter(qn("a:rPr")))


def _is_struck(properties: etree._Element) -> bool:
    return properties.get("strike") in ("sngStrike", "dblStrike")


def _numbered(paragraph: etree._Element, counts: dict[int, tuple[str, int]]) -> str:
    properties = paragraph.find(qn("a:pPr"))
    level = number(None if properties is None else properties.get("lvl"))
    listed = None if properties is None else properties.find(qn("a:buAutoNum"))
    kind = "" if listed is None else str(listed.get("type") or "")
    form = _AUTOMATIC.fullmatch(kind)
    for deeper in [each for each in counts if each > level or (each == level and form is None)]:
        del counts[deeper]
    if form is None or listed is None:
        return ""
    start = number(listed.get("startAt"), 1)
    known, last = counts.get(level, ("", 0))
    count = last + 1 if known == kind else start
    counts[level] = kind, count
    return _AROUND[form[2]].format(formatted(count, _FORMS[form[1]])) + " "


def _pieces(paragraph: etree._Element, *, paper: bool) -> Iterator[tuple[str, Script]]:
    for child in paragraph.iterchildren("*"):
        if child.tag == qn("a:br"):
            yield " ", Script.BASE
        elif child.tag in (qn("a:r"), qn("a:fld")):
            text = child.findtext(qn("a:t")) or ""
            properties = child.find(qn("a:rPr"))
            if text != _ANY_NUMBER and not _is_unseen(properties, paper=paper):
                yield _shown(text, properties), _script(properties)
        elif child.tag == qn("a14:m"):
            yield f" {linear(child)} ", Script.BASE


def _is_unseen(properties: etree._Element | None, *, paper: bool) -> bool:
    """Whether a run is too small to be visible, drawn without fill, white on white, or struck out."""
    if properties is None or _is_struck(properties):
        return properties is not None
    size = properties.get("sz")
    if size is not None and number(size, _TINY + 1) <= _TINY:
        return True
    if properties.find(qn("a:noFill")) is not None:
        return properties.find(qn("a:ln")) is None  # its outline may be drawn
    colour = properties.find(f"{qn('a:solidFill')}/*")
    if colour is None:
        return False
    alpha = colour.find(qn("a:alpha"))
    clear = alpha is not None and number((alpha.get("val") or "").rstrip("%"), 1) == 0
    return clear or (paper and is_white(colour.get("val") or ""))


def _script(properties: etree._Element | None) -> Script:
    baseline = (
        number((properties.get("baseline") or "0").rstrip("%").partition(".")[0]) if properties is not None else 0
    )
    return Script.RAISED if baseline > 0 else Script.LOWERED if baseline < 0 else Script.BASE


def _shown(text: str, properties: etree._Element | None) -> str:
    """The text as shown in the run's fonts: one for text, one for symbols in the private area."""
    if properties is None:
        return as_unicode(text, None)
    latin, symbols = (
        None if (found := properties.find(qn(name))) is None else found.get("typeface") for name in ("a:latin", "a:sym")
    )
    if is_symbol_font(latin):
        return as_unicode(text, latin)
    return private_as_unicode(text, symbols)
