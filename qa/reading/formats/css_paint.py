"""Finds text in white on a white page, by the style sheets and attributes of a web page.

Text counts as visible if it or an element around it has a background other than white, or a position of its own, where
it may cover a picture. The same holds for all text of a page whose linked style sheets are not available, or that
paints backgrounds in other ways.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from qa.reading.formats.css_match import Cascade
from qa.reading.formats.css_rules import blocks_of, rules_of

_PROPERTIES = re.compile(
    r"(?:^|;)\s*+(color|background|background-color|background-image|position|text-shadow|-webkit-text-stroke"
    r"|mix-blend-mode|filter|margin|margin-top|margin-left|margin-bottom|margin-right|grid-area|transform)"
    r"\s*+:\s*+([^;]{1,80})"
)
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


class Painter:
    """The colours and backgrounds of one page."""

    def __init__(self, sheets: str, tree: etree._Element, *, complete: bool) -> None:
        """Start a page.

        Args:
            sheets: Its style sheets.
            tree: Its tree.
            complete: Whether these are all of its style sheets.
        """
        own = [*tree.xpath("//@style"), *(f'color="{colour}"' for colour in tree.xpath("//font/@color | //body/@text"))]
        known = complete and _SAYS_WHITE.search("\n".join([sheets, *own])) and not _is_unsure(sheets.lower())
        self._cascade = Cascade(rules_of(sheets, _PROPERTIES), tree, _PROPERTIES) if known else None

    def paint(self, element: etree._Element, above: Paint) -> Paint:
        """The state of an element's text, with that of the element around it."""
        if self._cascade is None:
            return above
        said = {name: value for name, (value, _) in self._cascade.declared(element).items()}
        tag = element.tag
        attribute = _COLOUR_ATTRIBUTES.get(tag)
        said.setdefault("color", (element.get(attribute) or "").strip().lower() if attribute else "")
        painted = above.painted or tag in _PAINTED_TAGS or _is_painted(said)
        painted = painted or bool(element.get("background") or _is_other(element.get("bgcolor")))
        white = bool(_WHITE.fullmatch(said["color"])) if said["color"] not in ("", "inherit") else above.white
        return Paint(white, painted)


def _is_unsure(sheets: str) -> bool:
    """Whether style sheets paint backgrounds that are not those of elements around the text."""
    beside = (_BESIDE.search(selectors) and "background" in body for selectors, body in blocks_of(sheets))
    return bool(_UNSURE.search(sheets)) or any(beside)


def _is_painted(said: dict[str, str]) -> bool:
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
