"""Reads the styles of a Word document: properties of paragraphs and characters, including inherited ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from lxml import etree

from qa.reading.office.names import OFF, chain, is_on, number, qn, value
from qa.reading.superscripts import Script

_HEADING = re.compile(r"(?i)heading\s*(\d)")
_VALUE, _ALIGN, _POSITION, _FONTS, _COLOUR, _SHADING, _HIGHLIGHT, _SIZE, _VANISH, _STRIKE, _TWICE, _BOLD = (
    qn(f"w:{name}") for name in "val vertAlign position rFonts color shd highlight sz vanish strike dstrike b".split()
)
LEAST_SHIFT = 3  # in half points: a smaller one only adjusts the line
_SCRIPTS = {"superscript": Script.RAISED, "subscript": Script.LOWERED, "baseline": Script.BASE}
_LEAST_WHITE = 0xF8  # of each colour component
_TINY_HALF_POINTS = 4
_BACKGROUNDS = {"background1", "light1"}  # theme colours of the page, white by default
_HIGHLIGHTS = {
    "black": "000000", "blue": "0000FF", "cyan": "00FFFF", "green": "00FF00", "magenta": "FF00FF", "red": "FF0000",
    "yellow": "FFFF00", "white": "FFFFFF", "darkBlue": "000080", "darkCyan": "008080", "darkGreen": "008000",
    "darkMagenta": "800080", "darkRed": "800000", "darkYellow": "808000", "darkGray": "808080", "lightGray": "C0C0C0",
}  # fmt: skip


class Look(NamedTuple):
    """The character properties that affect what is read. None: not set here."""

    hidden: bool | None = None
    script: Script | None = None
    font: str | None = None
    colour: str | None = None
    fill: str | None = None  # the background colour
    shaded: bool | None = None
    tiny: bool | None = None
    struck: bool | None = None
    bold: bool | None = None

    @property
    def white(self) -> bool:
        """Whether the characters are white."""
        return is_white(self.colour or "")

    @property
    def covered(self) -> bool:
        """Whether the characters have the colour of their background."""
        return self.colour is not None and self.colour == self.fill

    def over(self, other: Look) -> Look:
        """These properties, with unset ones taken from another."""
        return other._replace(**{name: own for name, own in self._asdict().items() if own is not None})


_PLAIN = Look()


@dataclass(frozen=True, slots=True)
class Style:
    """A style. `outline` is the heading level from 1; `numbering` the list's number and level."""

    name: str = ""
    outline: int | None = None
    numbering: tuple[str | None, int | None] = (None, None)
    look: Look = _PLAIN


def look_of(properties: etree._Element | None) -> Look:
    """Parse character properties (`w:rPr`)."""
    if properties is None or not len(properties):
        return Look()
    found = {child.tag: child.attrib for child in properties.iterchildren("*")}
    said = {tag: str(attributes.get(_VALUE, "")) for tag, attributes in found.items()}
    fonts, colour, fill = (found.get(tag, {}) for tag in (_FONTS, _COLOUR, _SHADING))
    script = _SCRIPTS.get(said.get(_ALIGN, ""))
    shift = number(said.get(_POSITION, "").removesuffix("pt"))
    if script is None and abs(shift) >= LEAST_SHIFT:
        script = Script.RAISED if shift > 0 else Script.LOWERED
    highlight, size = said.get(_HIGHLIGHT, ""), said.get(_SIZE)
    return Look(
        hidden=None if _VANISH not in said else said[_VANISH] not in OFF,
        script=script,
        font=fonts.get(qn("w:ascii")) or fonts.get(qn("w:hAnsi")),
        colour=_colour_of(colour),
        fill=_HIGHLIGHTS.get(highlight) or _fill_of(fill),
        shaded=True if (fill and _is_background(fill)) or highlight not in ("", "none", "white") else None,
        tiny=None if size is None else number(size, 99) <= _TINY_HALF_POINTS,
        struck=next((said[tag] not in OFF for tag in (_STRIKE, _TWICE) if tag in said), None),
        bold=None if _BOLD not in said else said[_BOLD] not in OFF,
    )


def is_white(colour: str) -> bool:
    """Whether a colour (RRGGBB) is white, or too close to white to be visible on a white page."""
    try:
        return len(colour) == 6 and min(bytes.fromhex(colour)) >= _LEAST_WHITE
    except ValueError:
        return False


def _colour_of(colour: Mapping[str, str]) -> str | None:
    said = colour.get(_VALUE)
    if said is None:
        return "FFFFFF" if colour.get(qn("w:themeColor")) in _BACKGROUNDS else None
    return "FFFFFF" if said == "white" else said.upper()


def _fill_of(shading: Mapping[str, str]) -> str | None:
    fill = shading.get(qn("w:fill"))
    return None if fill in (None, "auto") or shading.get(_VALUE) != "clear" else str(fill).upper()


def is_shaded(properties: etree._Element | None) -> bool:
    """Whether properties of characters, a paragraph, a row or a cell set a background."""
    shading = None if properties is None else properties.find(_SHADING)
    return shading is not None and _is_background(shading.attrib)


def _is_background(shading: Mapping[str, str]) -> bool:
    plain = shading.get(_VALUE) in ("clear", "nil", None)
    fill = shading.get(qn("w:fill"))
    return not plain or not (fill in (None, "auto") or is_white(str(fill)))


class Styles:
    """The styles of a document by their ids."""

    def __init__(self, root: etree._Element | None) -> None:
        self._elements: dict[str, etree._Element] = {}
        self._default: str | None = None
        self._known: dict[str, Style] = {}
        self._base = Look()
        for style in () if root is None else root.iterchildren(qn("w:style")):
            style_id = style.get(qn("w:styleId"))
            if style_id is not None:
                self._elements.setdefault(style_id, style)  # the first of two with the same id
                if style.get(qn("w:type")) == "paragraph" and style.get(qn("w:default")) in ("1", "true", "on"):
                    self._default = style_id
        if root is not None:
            self._base = look_of(root.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}"))

    @cached_property
    def plain(self) -> Style:
        """The default paragraph style."""
        return self._style(self._default) if self._default else Style(look=self._base)

    def paragraph(self, style_id: str | None) -> Style:
        """The paragraph style with this id; the default style if there is none."""
        element = self._elements.get(style_id or "")
        if style_id is None or element is None or element.get(qn("w:type")) != "paragraph":
            return self.plain
        return self._style(style_id)

    def character(self, style_id: str | None) -> Look:
        """The character properties of a style."""
        return self._style(style_id).look if style_id in self._elements and style_id else Look()

    def hides_table(self, style_id: str | None) -> bool:
        """Whether the text of tables with this style is hidden."""
        return bool(style_id in self._elements and style_id and self._style(style_id).look.hidden)

    def hidden_parts(self, style_id: str | None) -> set[str]:
        """The parts of tables with this style whose text is hidden, such as "firstRow"."""
        names = chain(style_id, self._base_of) if style_id and style_id in self._elements else ()
        parts = (part for name in names for part in self._elements[name].iterchildren(qn("w:tblStylePr")))
        return {str(part.get(qn("w:type"))) for part in parts if is_on(part.find(qn("w:rPr")), "w:vanish")}

    def _style(self, style_id: str) -> Style:
        known = self._known.get(style_id)
        if known is not None:
            return known
        style = Style()
        for each in reversed(chain(style_id, self._base_of)):
            style = self._known[each] = self._known.get(each) or _based(self._elements[each], style)
        return style

    def _base_of(self, style_id: str) -> str | None:
        base = value(self._elements[style_id], "w:basedOn")
        return base if base in self._elements else None


def _based(element: etree._Element, base: Style) -> Style:
    """A style's own properties, completed by those of its base style."""
    name = value(element, "w:name") or ""
    properties = element.find(qn("w:pPr"))
    outline = base.outline
    if (heading := _HEADING.match(name)) is not None:
        outline = int(heading[1])
    elif (level := value(properties, "w:outlineLvl")) is not None:
        outline = outline_of(level)
    numbered = None if properties is None else properties.find(qn("w:numPr"))
    number_id, level_id = base.numbering
    if numbered is not None:
        number_id = value(numbered, "w:numId") or number_id
        own_level = value(numbered, "w:ilvl")
        level_id = number(own_level) if own_level is not None else level_id
    look = look_of(element.find(qn("w:rPr")))
    shaded = True if is_shaded(properties) else look.shaded
    return Style(name, outline, (number_id, level_id), look._replace(shaded=shaded).over(base.look))


def outline_of(level: str | None) -> int | None:
    """The heading level from 1, or None for body text (level 10, stored as 9)."""
    found = number(level, 9)
    return found + 1 if 0 <= found < 9 else None
