"""Reads the styles of an OpenDocument file: text properties, including inherited ones, and list formats."""

from __future__ import annotations

from typing import NamedTuple

from lxml import etree

from qa.reading.office.names import chain, number
from qa.reading.office.word_styles import is_white
from qa.reading.superscripts import Script

_SPACE = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_TEXT, _STYLE, _FO, _DRAW = (_SPACE % name for name in ("text", "style", "xsl-fo-compatible", "drawing"))
OUTLINE = ""  # the name of the list that numbers headings


def local(element: etree._Element) -> str:
    """An element's name without its namespace; "" for a comment or processing instruction."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


class Look(NamedTuple):
    """The text properties that affect what is read; None: not set."""

    script: Script | None = None
    hidden: bool | None = None
    white: bool | None = None
    filled: bool | None = None
    struck: bool | None = None
    bold: bool | None = None


class OdfStyles:
    """A file's styles: text properties, backgrounds, parent styles, list formats.

    Attributes:
        lists: The list formats by name.
        parents: The parent of each style by name.
        masters: The master pages by name.
    """

    def __init__(self, roots: list[etree._Element]) -> None:
        """Read the styles in the parts with these roots."""
        self._looks: dict[str, Look] = {}
        self._known: dict[str, Look] = {}
        self.lists: dict[str, etree._Element] = {}
        self.parents: dict[str, str] = {}
        self.masters: dict[str, etree._Element] = {}
        self._painted: dict[etree._Element, bool] = {}  # pages and masters
        for root in roots:
            self.masters |= {str(each.get(f"{_STYLE}name")): each for each in root.iter(f"{_STYLE}master-page")}
            for style in root.iter(f"{_STYLE}style", f"{_TEXT}list-style", f"{_TEXT}outline-style"):
                self._add(style)

    def _add(self, style: etree._Element) -> None:
        name = str(style.get(f"{_STYLE}name"))
        if local(style) != "style":
            self.lists[name if local(style) == "list-style" else OUTLINE] = style
            return
        self.parents[name] = str(style.get(f"{_STYLE}parent-style-name") or "")
        properties = style.find("{*}text-properties")
        look = Look() if properties is None else _look_of(properties)
        others = [each for each in style if each is not properties]
        if any(map(_is_filled, others)) or any(local(each) == "map" for each in others):  # conditions may fill cells
            look = look._replace(filled=True)
        self._looks[name] = look

    def look(self, name: str) -> Look:
        """The text properties of a style, including those of its parent styles."""
        known = self._known.get(name)
        if known is not None:
            return known
        look = Look()
        for each in reversed(chain(name, self.parents.get)):
            own = self._looks.get(each, Look())
            look = look._replace(**{name: said for name, said in own._asdict().items() if said is not None})
        self._known[name] = look
        return look

    def is_bold(self, element: etree._Element, *, around: bool = False) -> bool:
        """Whether all text of an element is in bold type; `around`: whether the text around it is."""
        own = self.look(str(element.get(f"{_TEXT}style-name") or "")).bold
        bold = around if own is None else own
        plain = not bold and any((text or "").strip() for text in (element.text, *(child.tail for child in element)))
        return not plain and all(self.is_bold(child, around=bold) for child in element)

    def on_white(self, element: etree._Element) -> bool:
        """Whether the background of an element's text is the white page.

        A page of a presentation counts as painted if it, its master or anything on them has a background.
        """
        for around in (element, *element.iterancestors()):
            if self._fills(around):
                return False
            if local(around) == "page":
                master = self.masters.get(str(around.get(f"{_DRAW}master-page-name")))
                return not any(map(self._is_painted, (around, *([] if master is None else [master]))))
        return True

    def _is_painted(self, page: etree._Element) -> bool:
        if page not in self._painted:
            self._painted[page] = any(local(each) in ("image", "table") or self._fills(each) for each in page.iter())
        return self._painted[page]

    def _fills(self, element: etree._Element) -> bool:
        """Whether a style of an element sets a background."""
        names = (str(value) for name, value in element.attrib.items() if str(name).endswith("style-name"))
        return any(self.look(name).filled for name in names)


def _is_filled(properties: etree._Element) -> bool:
    """Whether properties of a shape, a cell, a paragraph or a page set a background other than white."""
    fill, colour = properties.get(f"{_DRAW}fill"), properties.get(f"{_DRAW}fill-color")
    if fill not in (None, "none"):
        return fill != "solid" or not is_white((colour or "").lstrip("#"))
    return properties.get(f"{_FO}background-color") not in (None, "transparent", "#ffffff")


def _look_of(properties: etree._Element) -> Look:
    position = str(properties.get(f"{_STYLE}text-position") or "").split(" ")[0]
    script = None
    if position == "super" or number(position.rstrip("%")) > 0:
        script = Script.RAISED
    elif position == "sub" or position.startswith("-"):
        script = Script.LOWERED
    elif position:
        script = Script.BASE
    display, colour = properties.get(f"{_TEXT}display"), properties.get(f"{_FO}color")
    fill, through = properties.get(f"{_FO}background-color"), properties.get(f"{_STYLE}text-line-through-style")
    weight = properties.get(f"{_FO}font-weight")
    return Look(
        script,
        None if display is None else display == "none",
        None if colour is None else is_white(colour.lstrip("#")),
        None if fill is None else fill not in ("transparent", "#ffffff"),
        None if through is None else through != "none",
        None if weight is None else weight in ("bold", "700", "800", "900"),
    )
