"""Formats the numbers of a page's lists, and ruby annotations (readings above words)."""

from __future__ import annotations

from lxml import etree

from qa.reading.formats.html_styles import HIDDEN, NUMBERS
from qa.reading.office.names import number
from qa.reading.office.word_numbering import FORM_OF_SIGN, formatted

_FORMS = FORM_OF_SIGN | {
    "lower-alpha": "lowerLetter", "lower-latin": "lowerLetter", "upper-alpha": "upperLetter",
    "upper-latin": "upperLetter", "lower-roman": "lowerRoman", "upper-roman": "upperRoman",
    "decimal-leading-zero": "decimalZero",
}  # fmt: skip
_BULLETS = frozenset({"none", "disc", "circle", "square"})


class Numbers:
    """The numbers of a list's items."""

    def __init__(self, element: etree._Element) -> None:
        said = element.get(NUMBERS) or element.get("type") or "1"
        self._form = _FORMS.get(said, "decimal")
        self._numbered = element.tag == "ol" and said not in _BULLETS
        back = element.get("reversed") is not None
        self._step = -1 if back else 1
        self._next = number(element.get("start"), sum(1 for _ in element.iterchildren("li")) if back else 1)

    def marker(self, item: etree._Element) -> str:
        """Count an item; return its number or bullet."""
        if not self._numbered:
            return "- "
        place = number(item.get("value"), self._next)
        self._next = place + self._step
        return f"{formatted(place, self._form) if place > 0 else place}. "


def ruby_line(element: etree._Element) -> str:
    """Words followed by their reading in brackets: 東京(とうきょう)."""
    texts: dict[bool, list[str]] = {False: [], True: []}  # True: readings, False: words
    readings = 0
    walker = etree.iterwalk(element, events=("start", "end"))
    for event, each in walker:
        readings += (each.tag in ("rt", "rtc")) * (1 if event == "start" else -1)
        text = each.text if event == "start" else each.tail if each is not element else ""
        if event == "start" and (each.tag == "rp" or each.get(HIDDEN) is not None):
            walker.skip_subtree()
        elif text and text.strip():
            texts[readings > 0].append(text)
    base, reading = ("".join(texts[each]).strip() for each in (False, True))
    return f"{base}({reading})" if base and reading else base + reading
