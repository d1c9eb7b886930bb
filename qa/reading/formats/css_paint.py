"""Finds text in white on a white page, by the style sheets and attributes of a web page.

Text counts as visible if it or an element around it has a background other than white, or a position of its own, where
it may cover a picture. The same holds for all text of a page whose linked style sheets are not available, or that
paints backgrounds in other ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lxml import etree

_WHITES = r"(?:#f[0-9a-f]f[0-9a-f]f[0-9a-f]|#fff|white|rgba?\(\s*+25\d[, ]\s*+25\d[, ]\s*+25\d\b[^)]*+\))"
_WHITE = re.compile(r"#fff(?:f?|fff(?:ff)?)|white|transparent|rgba?\(\s*+255[, ]\s*+255[, ]\s*+255\b[^)]*+\)")
_UNPAINTED = re.compile(rf"(?:(?:{_WHITES}|none|transparent|initial|unset|inherit|0)(?:\s++|$))++")
_SAYS_WHITE = re.compile(r"color\s*+[:=]\s*+[\"']?(?:#fff|white|transparent|rgba?\(255)", re.IGNORECASE)
_UNSURE = re.compile(r"z-index\s*+:\s*+-|color-scheme\s*+:\s*+(?:light\s++)?dark")
_BESIDE = re.compile(":(?:before|after)")
_COLOUR_ATTRIBUTES = {"font": "color", "body": "text"}
_PAINTED_TAGS = frozenset({"mark", "button", "input", "select", "textarea", "svg"})


@dataclass(frozen=True, slots=True)
class Paint:
    """The inherited state of an element's text: whether its colour is white, and whether it may have a background."""

    white: bool = False
    painted: bool = False

    @property
    def unseen(self) -> bool:
        """Whether the text is white on white."""
        return self.white and not self.painted


ON_PAGE = Paint()


def may_hide(sheets: str, blocks: Iterable[tuple[str, str]], tree: etree._Element) -> bool:
    """Whether a page may have white text, and no backgrounds that are not around the text.

    Args:
        sheets: Its style sheets.
        blocks: Their rules.
        tree: The page.
    """
    own = [*tree.xpath("//@style"), *(f'color="{colour}"' for colour in tree.xpath("//font/@color | //body/@text"))]
    if not _SAYS_WHITE.search("\n".join([sheets, *own])) or _UNSURE.search(sheets.lower()):
        return False
    return not any(_BESIDE.search(names.lower()) and "background" in body.lower() for names, body in blocks)


def paint_of(element: etree._Element, said: Mapping[str, str], above: Paint) -> Paint:
    """The state of an element's text.

    Args:
        element: The element.
        said: Its declarations.
        above: The state of the element around it.
    """
    attribute = _COLOUR_ATTRIBUTES.get(element.tag)
    colour = said.get("color", (element.get(attribute) or "").strip().lower() if attribute else "")
    painted = above.painted or element.tag in _PAINTED_TAGS or _is_painted(said)
    painted = painted or bool(element.get("background") or _is_other(element.get("bgcolor")))
    return Paint(bool(_WHITE.fullmatch(colour)) if colour not in ("", "inherit") else above.white, painted)


def _is_painted(said: Mapping[str, str]) -> bool:
    """Whether declarations set a background, or move the element to where there may be one."""
    return (
        any(_is_other(said.get(name)) for name in ("background", "background-color", "background-image"))
        or said.get("position") in ("absolute", "fixed", "sticky")
        or any("-" in value for name, value in said.items() if name.startswith("margin"))
        or any(said.get(name, "none") != "none" for name in
               ("text-shadow", "-webkit-text-stroke", "mix-blend-mode", "filter", "grid-area", "transform"))
    )  # fmt: skip


def _is_other(background: str | None) -> bool:
    """Whether a background is not white."""
    return background is not None and not _UNPAINTED.fullmatch(background.strip().lower())
