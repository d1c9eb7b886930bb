"""Reads the styles of an OpenDocument file: text properties, including inherited ones, and list formats."""

from __future__ import annotations

from typing import NamedTuple

from lxml import etree

from qa.reading.office.names import chain, number
from qa.reading.office.word_styles import is_white
from qa.reading.superscripts import Script

_SPACE = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_TEXT, _STYLE, _FO = (_SPACE % name for name in ("text", "style", "xsl-fo-compatible"))
OUTLINE = ""  # the name of the list that numbers headings


def local(element: etree._Element) -> str:
    """An element's name without its namespace; "" for a comment or processing instruction."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


class _Look(NamedTuple):
    """The text properties that affect what is read; None: not set."""

    script: Script | None = None
    hidden: bool | None = None
    white: bool | None = None
    filled: bool | None = None


class OdfStyles:
    """A file's styles: text properties (superscript, subscript, hidden), parent styles, and list formats."""

    def __init__(self, roots: list[etree._Element]) -> None:
        """Read the styles in the parts with these roots."""
        self._looks: dict[str, _Look] = {}
        self._known: dict[str, _Look] = {}
        self.lists: dict[str, etree._Element] = {}
        self.parents: dict[str, str] = {}
        for root in roots:
            for style in root.iter(f"{_STYLE}style", f"{_TEXT}list-style", f"{_TEXT}outline-style"):
                self._add(style)

    def _add(self, style: etree._Element) -> None:
        name = str(style.get(f"{_STYLE}name"))
        if local(style) != "style":
            self.lists[name if local(style) == "list-style" else OUTLINE] = style
            return
        self.parents[name] = str(style.get(f"{_STYLE}parent-style-name") or "")
        properties = style.find("{*}text-properties")
        if properties is not None:
            self._looks[name] = _look_of(properties)

    def look(self, name: str) -> _Look:
        """The text properties of a style, including those of its parent styles."""
        known = self._known.get(name)
        if known is not None:
            return known
        look = _Look()
        for each in reversed(chain(name, self.parents.get)):
            own = self._looks.get(each, _Look())
            look = look._replace(**{name: said for name, said in own._asdict().items() if said is not None})
        self._known[name] = look
        return look


def _look_of(properties: etree._Element) -> _Look:
    position = str(properties.get(f"{_STYLE}text-position") or "").split(" ")[0]
    script = None
    if position == "super" or number(position.rstrip("%")) > 0:
        script = Script.RAISED
    elif position == "sub" or position.startswith("-"):
        script = Script.LOWERED
    elif position:
        script = Script.BASE
    display, colour = properties.get(f"{_TEXT}display"), properties.get(f"{_FO}color")
    fill = properties.get(f"{_FO}background-color")
    return _Look(
        script,
        None if display is None else display == "none",
        None if colour is None else is_white(colour.lstrip("#")),
        None if fill is None else fill not in ("transparent", "#ffffff"),
    )
