"""Finds which elements a page hides, raises, lowers or shows on separate lines, by styles and attributes.

Rules of the page's style sheets (`css_rules`, `css_match`) and `style` attributes are read.

An element that a click opens is not hidden: one that a button, a tab or a summary controls or directly precedes, and
one that a rule with a state (`:checked`, `.panel.open`) shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lxml import etree

from qa.reading.formats.css_match import Cascade, Declared
from qa.reading.formats.css_paint import ON_PAGE, Paint, may_hide, paint_of
from qa.reading.formats.css_rules import PAINTED, SHOWN, Rule, blocks_of, holds_on_screen, rules_of
from qa.reading.formats.html_controls import controlled_ids, opens

HIDDEN = "data-qa-hidden"  # set on invisible elements
OPENED = "data-qa-opened"  # set on elements that are visible after a click
APART = "data-qa-apart"  # set on inline elements: "block" on a separate line, "cell" spaced from neighbours
COLLAPSED = "data-qa-collapsed"  # set on columns that are not shown
NUMBERS = "data-qa-numbers"  # set on lists: the kind of numbers in their style

_FAR_OFF = re.compile(r"-(?:[5-9]\d\d|\d{4,}|\d{3,}r?em)")
_MOVED = re.compile(r"(?:translate(?:x|y|3d)?\([^)]{0,40})?-(?:9\d{3}|\d{5}|9\d\dr?em)")  # further than any slider
_CLIPPED = re.compile(r"inset\((?:[5-9]\d|100)%|circle\(0[^.\d]|polygon\((?:0(?:px|%)?[, ]*)+\)")
_SIZE = re.compile(r"(\d*\.?\d+)(px|pt|em|rem|%)?")
_RAISED = re.compile(r"super|text-top|0*+\.?+0*+[1-9][\d.]*+(?:px|pt|r?em|ex|%)")
_LOWERED = re.compile(r"sub|text-bottom|-0*+\.?+0*+[1-9][\d.]*+(?:px|pt|r?em|ex|%)")
_SMALLER = re.compile(r"(?:x+-)?small(?:er)?|0?\.\d+r?em|[1-9]\dpx|\dpx|\d\d?%|[1-8]pt")
_INLINE = frozenset("a abbr b bdi cite code em font i ins label mark small span strong u var".split())
_COLUMNS = ("col", "colgroup")
_LINES = ("block", "list-item", "table", "table-row", "flow-root", "table-caption")
_ROWS = ("flex", "grid", "inline-flex", "inline-grid")
_TINY_PIXELS = 1
_SIDES = ("max-height", "height", "max-width", "width")
_HIDDEN_BY = frozenset({"hidden", "popover"})  # attributes


@dataclass(frozen=True, slots=True)
class _Above:
    """The state inherited from the parent element: whether text is not drawn or too small, and the layout."""

    unseen: bool = False
    tiny: bool = False
    paint: Paint = ON_PAGE
    row: bool = False  # its children are side by side


def mark_styles(tree: etree._Element, more_sheets: Iterable[str] = ()) -> None:
    """Set `HIDDEN`, `OPENED`, `APART` and `NUMBERS`; put text that styles raise, lower or strike out into `sup`, `sub`
    and `s`.

    Args:
        tree: The page.
        more_sheets: The texts of the linked style sheets that are available.
    """
    own = (each.text or "" for each in tree.iter("style") if holds_on_screen(each.get("media") or ""))
    known = list(more_sheets)
    sheets = "\n".join([*known, *own])
    linked = any("stylesheet" in (link.get("rel") or "").lower() for link in tree.iter("link"))
    complete = not linked or (bool(known) and all(known))
    blocks = list(blocks_of(sheets))
    painted = complete and may_hide(sheets, blocks, tree)
    properties = PAINTED if painted else SHOWN
    _Marker(Cascade(rules_of(blocks, properties), tree, properties), controlled_ids(tree), painted).mark(tree)


class _Marker:
    def __init__(self, cascade: Cascade, opened: frozenset[str], painted: bool) -> None:
        self._cascade = cascade
        self._opened = opened
        self._painted = painted  # whether colours matter
        self._moved: list[tuple[etree._Element, str]] = []

    def mark(self, tree: etree._Element) -> None:
        around = [_Above()]
        walker = etree.iterwalk(tree, events=("start", "end"))
        for event, element in walker:
            if event == "end":
                around.pop()
            else:
                around.append(self._mark(element, around[-1]))
                if element.get(HIDDEN) is not None:
                    walker.skip_subtree()
        for element, tag in self._moved:
            _wrap(element, tag)

    def _mark(self, element: etree._Element, above: _Above) -> _Above:
        said = self._cascade.declared(element)
        if said or not _HIDDEN_BY.isdisjoint(element.attrib):
            rule = _hidden_by(element, said)
            if rule is not None and not _shows_formula(element):
                if not self._shown_after(element, rule[0]):
                    element.set(HIDDEN, "")
                    return above
                element.set(OPENED, "")
        unseen, tiny = self._unseen(element, said, above), _is_tiny(said, above)
        paint = (
            paint_of(element, {name: each[0] for name, each in said.items()}, above.paint) if self._painted else ON_PAGE
        )
        if element.tag in _COLUMNS and _value(said, "visibility").startswith("collapse"):
            element.set(COLLAPSED, "")
        if unseen or tiny or paint.unseen:
            _clear(element)
        self._lay_out(element, said, above)
        return _Above(unseen, tiny, paint, _value(said, "display") in _ROWS)

    def _shown_after(self, element: etree._Element, rule: Rule | None) -> bool:
        if rule is not None and any(_shows(each) for each in self._cascade.beside(rule, element)):
            return True
        return opens(element, self._opened)

    def _unseen(self, element: etree._Element, said: Declared, above: _Above) -> bool:
        """Whether `visibility` hides an element's own text; its children may override it."""
        value, rule = said.get("visibility", ("", None))
        if not value.startswith(("hidden", "collapse")):
            return above.unseen and value != "visible"
        if self._shown_after(element, rule):
            element.set(OPENED, "")
            return False
        return not _shows_formula(element)

    def _lay_out(self, element: etree._Element, said: Declared, above: _Above) -> None:
        tag = element.tag
        if "text-decoration" in said or "text-decoration-line" in said:
            self._moved.append((element, "s"))
        if tag in ("ol", "ul"):
            kind = _value(said, "list-style-type" if "list-style-type" in said else "list-style")
            if kind:
                element.set(NUMBERS, kind.split()[0] if "none" not in kind.split() else "none")
        if tag not in _INLINE:
            return
        display = _value(said, "display")
        if display in _LINES:
            element.set(APART, "block")
        elif above.row or display == "table-cell":
            element.set(APART, "cell")
        elif (script := _script(said)) and next(element.iter("sup", "sub"), None) is None:
            self._moved.append((element, script))


def _value(said: Declared, name: str) -> str:
    """The value of a property; "" if it is not declared."""
    return said.get(name, ("", None))[0]


def _hidden_by(element: etree._Element, said: Declared) -> tuple[Rule | None] | None:
    """The rule that hides an element with its content, `(None,)` for an attribute; None if it is not hidden."""
    if "display" in said:
        value, rule = said["display"]
        if value.startswith("none"):
            return (rule,)
    elif any((element.get(name) or "").strip().lower() != "until-found" for name in _HIDDEN_BY & {*element.attrib}):
        return (None,)
    for name, test in _TESTS.items():
        if name in said and test(said):
            return (said[name][1],)
    return None


def _is_cut(said: Declared) -> bool:
    """Whether an element has no size and clips its content."""
    if not any(_value(said, name).startswith(("hidden", "clip")) for name in ("overflow", "overflow-x", "overflow-y")):
        return False
    if any(re.search("[1-9]", _value(said, name)) for name in ("padding", "padding-top", "padding-bottom")):
        return False  # padding that keeps a picture's aspect ratio
    return any(re.fullmatch(r"[01]?(?:px)?|0\w*", _value(said, name) or "x") for name in _SIDES)


def _is_away(said: Declared) -> bool:
    if not _value(said, "position").startswith(("absolute", "fixed")):
        return False
    clipped = _value(said, "clip").replace(" ", "").startswith(("rect(0", "rect(1px"))
    return clipped or any(_FAR_OFF.match(_value(said, side)) for side in ("left", "top"))


def _is_clear(said: Declared) -> bool:
    """Whether an element is permanently transparent, unlike one that scripts fade in."""
    fades = any(_value(said, name) not in ("", "none") for name in said if name.startswith(("animation", "transition")))
    return bool(re.fullmatch(r"0?\.?0*%?", _value(said, "opacity"))) and not fades


_TESTS: dict[str, Callable[[Declared], bool]] = {
    "position": _is_away,
    "overflow": _is_cut,
    "overflow-y": _is_cut,
    "overflow-x": _is_cut,
    "opacity": _is_clear,
    "text-indent": lambda said: bool(_FAR_OFF.match(_value(said, "text-indent"))),
    "content-visibility": lambda said: _value(said, "content-visibility") == "hidden",
    "transform": lambda said: bool(re.match(r"scale\(0\)", value := _value(said, "transform")) or _MOVED.match(value)),
    "margin-left": lambda said: bool(_MOVED.match(_value(said, "margin-left"))),
    "margin-top": lambda said: bool(_MOVED.match(_value(said, "margin-top"))),
    "clip-path": lambda said: bool(_CLIPPED.match(_value(said, "clip-path"))),
}


def _shows(rule: Rule) -> bool:
    """Whether a rule that does not apply yet would show the element."""
    said: Declared = {name: (value, rule) for name, (value, _) in rule.declared.items()}
    if any(_value(said, name).startswith(("none", "hidden")) for name in ("display", "visibility")):
        return False
    height = _value(said, "max-height") or _value(said, "height")
    return "display" in said or "visibility" in said or bool(re.match("[1-9a-z]", height)) or bool(
        re.search("[1-9]", _value(said, "opacity"))
    )  # fmt: skip


def _is_tiny(said: Declared, above: _Above) -> bool:
    """Whether an element's own text is too small to be visible; its children may override the size."""
    found = _SIZE.match(_value(said, "font-size"))
    if found is None:
        return above.tiny and not _value(said, "font-size")
    size, unit = float(found[1]), found[2] or "px"
    if unit in ("em", "%") and size:
        return above.tiny
    return size <= _TINY_PIXELS if unit in ("px", "pt") else size == 0


def _script(said: Declared) -> str:
    """The tag "sup" or "sub" if styles raise or lower the text; else ""."""
    if not said:
        return ""
    align = _value(said, "vertical-align")
    if _RAISED.fullmatch(align):
        return "sup"
    if _LOWERED.fullmatch(align):
        return "sub"
    if _value(said, "position") == "relative" and _SMALLER.fullmatch(_value(said, "font-size")):
        top = _value(said, "top")
        return "sup" if re.match(r"-[\d.]", top) else "sub" if re.match(r"[\d.]*[1-9]", top) else ""
    return ""


def _clear(element: etree._Element) -> None:
    """Remove an element's own text, but not that of its children."""
    element.text = None
    for child in element:
        child.tail = None
    if not len(element):
        element.set(HIDDEN, "")


def _wrap(element: etree._Element, tag: str) -> None:
    """Put an element's content into one of another tag."""
    inside = etree.Element(tag)
    inside.text, element.text = element.text, None
    inside.extend(element)
    element.append(inside)


def _shows_formula(element: etree._Element) -> bool:
    """Whether an element holds a formula's only form as text, if scripts draw the formula elsewhere."""
    return next(element.iter("math"), None) is not None
