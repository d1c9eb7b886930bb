"""Finds the elements that a page hides by its styles or attributes, and those that a click shows.

Rules on `display`, `visibility` and clipping are read, in `style` attributes and in the page's own style sheets, with
selectors of tags, classes and ids, also nested. Rules for print or for certain widths are not read.

An element that a click opens is not hidden: one that a button, a tab or a summary controls or is right before, and one
that a rule with a state (`:checked`, `.panel.open`) shows again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

HIDDEN = "data-qa-hidden"  # set on elements that a reader does not see
OPENED = "data-qa-opened"  # set on elements that a reader sees after a click

_COMMENT = re.compile(r"/\*(?:[^*]|\*(?!/))*+(?:\*/)?|<!--|-->")
_BRACE = re.compile(r"[{}]")
_SHOWN_MEDIA = re.compile(
    r"@(?:media\s+(?:only\s+)?(?:screen|all)\s*|supports\b.*|layer\b.*)", re.IGNORECASE | re.DOTALL
)
_DECLARATION = re.compile(
    r"(?<![\w-])(display|visibility|position|clip|clip-path|left|top|width|height)\s*+:\s*+([^;]{1,80})"
)
_COMPOUND = re.compile(r"(?:[.#]?-?[A-Za-z_][\w-]*|\*)+")
_PART = re.compile(r"([.#]?)(-?[A-Za-z_][\w-]*|\*)")
_STATE = re.compile(r"::?[a-z-]+(?:\([^()]*\))?|\[[^\]]*\]", re.IGNORECASE)
_FAR_OFF = re.compile(r"-(?:[5-9]\d\d|\d{4,})")
_CONTROLS = ("aria-controls", "data-target", "data-bs-target", "data-controls", "data-collapse-toggle")
_MOST_RULES = 400  # that hide or show; a page written by hand or program has fewer
_MOST_PARTS = 6
_PANELS = ("div", "section", "article", "dd", "ul", "ol")


@dataclass(frozen=True, slots=True)
class _Compound:
    tag: str
    names: frozenset[str]  # ".class" and "#id"

    def fits(self, tag: str, names: frozenset[str]) -> bool:
        """Whether an element with this tag, these classes and this id is selected."""
        return self.tag in ("", "*", tag) and self.names <= names


@dataclass(frozen=True, slots=True)
class _Rule:
    """A selector and whether it hides or shows. `state` says that it holds only after something was done."""

    compounds: tuple[_Compound, ...]
    weight: tuple[bool, int, int]
    hides: bool
    state: bool


def mark_hidden(tree: etree._Element) -> None:
    """Set `HIDDEN` on each element that is hidden, but `OPENED` if a click shows it."""
    rules = _Rules(list(_rules(tree)))
    opened = _controlled(tree)
    for element in tree.iter(etree.Element):
        names = _names(element)
        hidden = _hidden_by_itself(element)
        if hidden is None:
            hidden = rules.hide(element, names)
        if hidden and not _shows_formula(element):
            element.set(OPENED if _opens(element, opened) else HIDDEN, "")


def _shows_formula(element: etree._Element) -> bool:
    """Whether an element holds a formula that scripts have drawn elsewhere: its only form in letters."""
    return next(element.iter("math"), None) is not None


def _names(element: etree._Element) -> frozenset[str]:
    classes, own = element.get("class"), element.get("id")
    if not classes and not own:
        return frozenset()
    return frozenset([*(f".{name}" for name in (classes or "").split()), *([f"#{own.strip()}"] if own else [])])


def _hidden_by_itself(element: etree._Element) -> bool | None:
    """By its attributes; None where they say nothing."""
    style = element.get("style")
    said = _effect(style.lower()) if style else None
    hidden = element.get("hidden")
    if said is not None or hidden is None:
        return said
    return bool(hidden.strip().lower() != "until-found")


class _Rules:
    """The rules of a page's style sheets, by what they may fit."""

    def __init__(self, rules: list[_Rule]) -> None:
        latest = {(rule.compounds, rule.hides, rule.state): rule for rule in rules}
        self._by_key: dict[str, list[_Rule]] = {}
        for rule in latest.values():
            last = rule.compounds[-1]
            # One name is enough to find a rule that hides; one that shows is wanted by elements that lack a name, too.
            keys = [min(last.names)] if last.names and rule.hides else last.names or [last.tag]
            for key in keys:
                self._by_key.setdefault(key, []).append(rule)
        self._known: dict[tuple[str, frozenset[str]], bool] = {}  # of elements whose rules look at nothing above them

    def hide(self, element: etree._Element, names: frozenset[str]) -> bool:
        """Whether the rules hide an element, and none of them shows it again once something is done."""
        tag = str(element.tag)
        known = self._known.get((tag, names))
        if known is not None:
            return known
        found = [rule for key in (*names, tag, "*") for rule in self._by_key.get(key, ())]
        hidden = _hidden_by(found, element, tag, names)
        if all(len(rule.compounds) == 1 for rule in found):
            self._known[tag, names] = hidden
        return hidden


def _hidden_by(rules: list[_Rule], element: etree._Element, tag: str, names: frozenset[str]) -> bool:
    best: _Rule | None = None
    shown_after: list[_Rule] = []
    for rule in rules:
        fits = not rule.state and rule.compounds[-1].fits(tag, names) and _above_fits(element, rule.compounds[:-1])
        if fits and (best is None or rule.weight >= best.weight):
            best = rule
        elif not fits and not rule.hides:
            shown_after.append(rule)  # a state, a further class, or an ancestor's opens it
    if best is None or not best.hides:
        return False
    own = best.compounds[-1].names
    return not any(own & rule.compounds[-1].names for rule in shown_after)


def _above_fits(element: etree._Element, compounds: tuple[_Compound, ...]) -> bool:
    """Whether ancestors fit the compounds in order, the last nearest."""
    wanted = list(compounds)
    above = element.getparent()
    while wanted and above is not None:
        if wanted[-1].fits(str(above.tag), _names(above)):
            wanted.pop()
        above = above.getparent()
    return not wanted


def _controlled(tree: etree._Element) -> frozenset[str]:
    """The ids of what buttons and tabs of the page open."""
    found: set[str] = set()
    for element in tree.iter(etree.Element):
        for name in _CONTROLS:
            if value := element.get(name):
                found.update(part.lstrip("#") for part in value.split())
        href = element.get("href") or ""
        if href.startswith("#") and (
            element.get("role") in ("tab", "button") or element.get("data-toggle") or element.get("data-bs-toggle")
        ):
            found.add(href[1:])
        if element.tag == "label" and element.get("for"):
            found.add(str(element.get("for")))
    return frozenset(found)


def _opens(element: etree._Element, controlled: frozenset[str]) -> bool:
    """Whether a click opens an element that is hidden."""
    if element.tag in ("dialog", "input", "script", "style", "template"):
        return False
    if element.get("role") == "tabpanel" or (element.get("id") or "") in controlled:
        return True
    above = next(element.itersiblings("*", preceding=True), None)
    return above is not None and _is_opener(above, plain=element.tag in _PANELS and element.get("hidden") is None)


def _is_opener(element: etree._Element, *, plain: bool) -> bool:
    """Whether an element is, or is all about, a button that opens something; `plain`: a button that says nothing so."""
    while True:
        if element.tag == "summary" or (plain and element.tag == "button") or element.get("role") == "button":
            return True
        if element.get("aria-expanded") is not None or element.get("onclick") is not None:
            return True
        inside = [child for child in element if isinstance(child.tag, str)]
        if len(inside) != 1 or (element.text or "").strip():
            return False
        element = inside[0]


def _rules(tree: etree._Element) -> Iterator[_Rule]:
    order = 0
    for sheet in tree.iter("style"):
        media = (sheet.get("media") or "all").strip().lower()
        if media not in ("", "all", "screen"):
            continue
        for selectors, body in _blocks(sheet.text or ""):
            hides = _effect(body.lower())
            if hides is None:
                continue
            for selector in selectors.split(","):
                order += 1
                if order > _MOST_RULES:
                    return
                if rule := _rule(selector, hides, order, important="!important" in body.lower()):
                    yield rule


def _blocks(sheet: str) -> Iterator[tuple[str, str]]:
    """The selectors and declarations of a sheet's rules that hold on a screen of any width."""
    within: list[tuple[bool, str]] = []  # of each open brace: whether what it holds is read, and what stands before it
    sheet, end = _COMMENT.sub(" ", sheet), 0
    for brace in _BRACE.finditer(sheet):
        text = sheet[end : brace.start()].strip()
        end = brace.end()
        read = within[-1][0] if within else True
        if brace[0] == "{":
            text = text.rsplit(";", 1)[-1].strip()
            within.append((read and (not text.startswith("@") or bool(_SHOWN_MEDIA.fullmatch(text))), text))
        elif within:
            inside, before = within.pop()
            if inside and text and not before.startswith("@"):
                yield before, text


def _effect(declarations: str) -> bool | None:
    """Whether declarations hide (True) or show (False) an element; None where they do neither."""
    said = {name: value.strip() for name, value in _DECLARATION.findall(declarations)}
    display, visibility = said.get("display", ""), said.get("visibility", "")
    if display.startswith("none") or visibility.startswith(("hidden", "collapse")):
        return True
    if said.get("position", "").startswith(("absolute", "fixed")):
        clipped = said.get("clip", "").replace(" ", "").startswith(("rect(0", "rect(1px")) or "inset(50%" in said.get(
            "clip-path", ""
        )
        if clipped or any(_FAR_OFF.match(said.get(side, "")) for side in ("left", "top")):
            return True
    return False if display or visibility else None


def _rule(selector: str, hides: bool, order: int, *, important: bool) -> _Rule | None:
    plain = _STATE.sub("", selector)
    parts = plain.replace(">", " ").replace("+", " ~ ").replace("~", " ~ ").split()
    state = plain != selector or "~" in parts
    if "~" in parts:
        parts = parts[-1:]  # siblings are not followed
    if not parts or len(parts) > _MOST_PARTS or not all(_COMPOUND.fullmatch(part) for part in parts):
        return None
    if state and hides:
        return None
    compounds = tuple(_compound(part) for part in parts)
    names = [name for compound in compounds for name in compound.names]
    ids = sum(name.startswith("#") for name in names)
    tags = sum(compound.tag not in ("", "*") for compound in compounds)
    return _Rule(compounds, (important, 10_000 * ids + 100 * (len(names) - ids) + tags, order), hides, state)


def _compound(text: str) -> _Compound:
    tag, names = "", set()
    for sign, name in _PART.findall(text):
        if sign:
            names.add(sign + name)
        else:
            tag = name.lower()
    return _Compound(tag, frozenset(names))
