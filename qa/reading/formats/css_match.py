"""Finds the rules of style sheets that apply to an element, and their declarations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from lxml import etree

from qa.reading.formats.css_rules import Compound, Rule, declarations, names_of

_MOST_SIBLINGS = 20  # maximum number of preceding siblings that are checked
_MOST_LOOKS = 100  # maximum number of checks of selectors for each element of a page; usual pages need a tenth
Declared = dict[str, tuple[str, Rule | None]]  # by property: its value, and the rule; None: its `style` attribute


class Cascade:
    """The rules of a page, indexed by the elements that they may match."""

    def __init__(self, rules: Iterable[Rule], tree: etree._Element, properties: re.Pattern[str]) -> None:
        self._properties = properties
        self._names = {element: names_of(element) for element in tree.iter(etree.Element)}
        self._looks_left = _MOST_LOOKS * len(self._names)
        there = {"", "*"}.union(*self._names.values(), (str(element.tag) for element in self._names))
        self._by_key: dict[str, list[Rule]] = {}
        self._by_name: dict[str, list[Rule]] = {}
        self._places: dict[etree._Element, dict[str, int]] = {}
        self._known: dict[tuple[str, frozenset[str]], Declared] = {}  # if rules depend on names only
        for rule in rules:
            last = rule.compounds[-1]
            for name in last.names:
                self._by_name.setdefault(name, []).append(rule)
            if not rule.state and all(there.issuperset((each.tag, *each.names)) for each in rule.compounds):
                self._by_key.setdefault(min(last.names) if last.names else last.tag or "*", []).append(rule)

    def declared(self, element: etree._Element) -> Declared:
        """The declarations for an element by the rules and its `style` attribute."""
        tag, names = str(element.tag), self._names[element]
        found = self._known.get((tag, names))
        if found is None:
            keys = (*names, tag, "*") if self._looks_left > 0 else ()
            may_fit = [rule for key in keys for rule in self._by_key.get(key, ())]
            found = _strongest([rule for rule in may_fit if self.fits(rule, element)])
            if all(len(rule.compounds) == 1 and _looks_at_names(rule.compounds[0]) for rule in may_fit):
                self._known[tag, names] = found
        style = element.get("style")
        if not style:
            return found
        found = dict(found)
        for name, (value, important) in declarations(style, self._properties).items():
            rule = found[name][1] if name in found else None
            if important or rule is None or not rule.declared[name][1]:
                found[name] = value, None
        return found

    def beside(self, rule: Rule, element: etree._Element) -> list[Rule]:
        """Rules of the same class or id that do not apply to an element, but may after an action."""
        by_name = (each for name in rule.compounds[-1].names for each in self._by_name.get(name, ()))
        return [each for each in by_name if each.state or not self.fits(each, element)]

    def fits(self, rule: Rule, element: etree._Element) -> bool:
        """Whether a rule applies to an element, regardless of states."""
        at: etree._Element | None = element if self._is(element, rule.compounds[-1]) else None
        for wanted, joint in zip(rule.compounds[-2::-1], rule.joints[::-1], strict=True):
            if at is None:
                return False
            # Of several, the nearest one leaves the most elements for the rest of the selector.
            at = next((other for other in _joined_by(joint, at) if self._is(other, wanted)), None)
        return at is not None

    def _is(self, element: etree._Element, wanted: Compound) -> bool:
        self._looks_left -= 1
        return self._looks_left > 0 and (
            wanted.tag in ("", "*", element.tag)
            and (not wanted.names or wanted.names <= self._names[element])
            and all(
                (said := element.get(name)) is not None and _COMPARE[sign](said, value)
                for name, sign, value in wanted.attributes
            )
            and all(self._stands(element, *each) for each in wanted.places)
            and not any(self._is(element, other) for other in wanted.others)
        )

    def _stands(self, element: etree._Element, kind: str, step: int, offset: int) -> bool:
        parent = element.getparent()
        if parent is None:
            return False
        if element not in self._places:
            self._count(parent)
        place = self._places[element]["last-" * ("last" in kind) + ("type" if kind.endswith("type") else "child")]
        return place == offset if not step else (place - offset) % step == 0 and (place - offset) // step >= 0

    def _count(self, parent: etree._Element) -> None:
        children = [child for child in parent if isinstance(child.tag, str)]
        for prefix, order in (("", children), ("last-", children[::-1])):
            of_type: dict[str, int] = {}
            for place, child in enumerate(order, 1):
                of_type[child.tag] = of_type.get(child.tag, 0) + 1
                self._places.setdefault(child, {}).update(
                    {f"{prefix}child": place, f"{prefix}type": of_type[child.tag]}
                )


def _joined_by(joint: str, element: etree._Element) -> Iterator[etree._Element]:
    """The elements that a combinator allows before an element, from the nearest one."""
    if joint in "+~":
        return islice(element.itersiblings("*", preceding=True), 1 if joint == "+" else _MOST_SIBLINGS)
    return islice(element.iterancestors(), 1 if joint == ">" else None)


def _looks_at_names(compound: Compound) -> bool:
    inside = all(_looks_at_names(each) for each in compound.others)
    return not compound.attributes and not compound.places and inside


def _strongest(rules: Iterable[Rule]) -> Declared:
    found: Declared = {}
    important: set[str] = set()
    for rule in sorted(rules, key=lambda rule: rule.weight):
        for name, (value, is_important) in rule.declared.items():
            if is_important or name not in important:
                found[name] = value, rule
                important |= {name} if is_important else set()
    return found


_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "": lambda _, __: True,
    "=": lambda said, value: said.strip() == value,
    "~=": lambda said, value: value in said.split(),
    "^=": lambda said, value: bool(value) and said.startswith(value),
    "$=": lambda said, value: bool(value) and said.endswith(value),
    "*=": lambda said, value: bool(value) and value in said,
    "|=": lambda said, value: said == value or said.startswith(f"{value}-"),
}
