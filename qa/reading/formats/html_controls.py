"""Finds the elements that a click on a button, a tab or a summary opens."""

from __future__ import annotations

from lxml import etree

_CONTROLS = ("aria-controls", "data-target", "data-bs-target", "data-controls", "data-collapse-toggle", "popovertarget")
_PANELS = ("div", "section", "article", "dd", "ul", "ol")


def controlled_ids(tree: etree._Element) -> frozenset[str]:
    """The ids of the elements that buttons and tabs of the page open."""
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


def opens(element: etree._Element, controlled: frozenset[str]) -> bool:
    """Whether a click opens a hidden element.

    Args:
        element: The element.
        controlled: The page's `controlled_ids`.
    """
    if element.tag in ("dialog", "input", "script", "style", "template"):
        return False
    if element.get("role") == "tabpanel" or (element.get("id") or "") in controlled:
        return True
    above = next(element.itersiblings("*", preceding=True), None)
    return above is not None and _is_opener(above, plain=element.tag in _PANELS and element.get("hidden") is None)


def _is_opener(element: etree._Element, *, plain: bool) -> bool:
    """Whether an element is, or only contains, a button that opens something; `plain` allows undeclared buttons."""
    while True:
        if element.tag == "summary" or (plain and element.tag == "button") or element.get("role") == "button":
            return True
        if element.get("aria-expanded") is not None or element.get("onclick") is not None:
            return True
        inside = [child for child in element if isinstance(child.tag, str)]
        if len(inside) != 1 or (element.text or "").strip():
            return False
        element = inside[0]
