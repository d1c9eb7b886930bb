"""Names of elements and attributes in Office Open XML, and values of its switches."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TypeVar

from lxml import etree

_SPACES = {
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "a14": "http://schemas.microsoft.com/office/drawing/2010/main",
    "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
    "cx": "http://schemas.microsoft.com/office/drawing/2014/chartex",
    "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "o": "urn:schemas-microsoft-com:office:office",
    "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
    "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "v": "urn:schemas-microsoft-com:vml",
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "w14": "http://schemas.microsoft.com/office/word/2010/wordml",
    "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
    "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
    "dc": "http://purl.org/dc/elements/1.1/",
}

_LONGEST_CHAIN = 50  # of styles
_Name = TypeVar("_Name", str, int)


@cache
def qn(name: str) -> str:
    """The qualified name with its namespace of a name such as "w:p"."""
    prefix, _, local = name.partition(":")
    return f"{{{_SPACES[prefix]}}}{local}"


def value(parent: etree._Element | None, name: str, attribute: str = "w:val") -> str | None:
    """An attribute of the child of this name; None if the child or the attribute is missing."""
    child = None if parent is None else parent.find(qn(name))
    found = None if child is None else child.get(qn(attribute) if ":" in attribute else attribute)
    return None if found is None else str(found)


OFF = frozenset({"0", "false", "off"})  # the values of a switch that is off


def is_on(parent: etree._Element | None, name: str) -> bool | None:
    """Whether a switch, the child of this name, is on; None if it is not set."""
    child = None if parent is None else parent.find(qn(name))
    return None if child is None else child.get(qn("w:val")) not in OFF


def number(text: str | None, otherwise: int = 0) -> int:
    """A whole number; `otherwise` if the text is not one."""
    try:
        return int(text or "")
    except ValueError:
        return otherwise


def chain(name: _Name, above: Callable[[_Name], _Name | None]) -> list[_Name]:
    """A style's name and those of the styles on which it is based, nearest first; a chain in a circle ends.

    Args:
        name: The style.
        above: Returns the name of the style on which one is directly based, if any.
    """
    found: list[_Name] = []
    at: _Name | None = name
    while at and at not in found and len(found) < _LONGEST_CHAIN:
        found.append(at)
        at = above(at)
    return found
