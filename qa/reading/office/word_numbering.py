"""Computes the automatic numbers of a Word document's paragraphs, as Word shows them: "2.1", "(b)", "Article IV".

1. A list's number (`w:num`) refers to a definition of nine levels (`w:abstractNum`), and may override levels.
2. Lists with the same definition share their counts; a list that overrides a level's start restarts on first use.
3. A paragraph increments its level's count and resets the deeper levels, unless these are set not to restart.
4. In the level's text, "%1" to "%9" are replaced by the counts of the levels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from lxml import etree

from qa.reading.office.names import is_on, number, qn, value
from qa.text.number_words import ordinal, roman

_LEVELS = 9
_PLACE = re.compile(r"%([1-9])")
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщыэюя"  # letters used for numbering
BULLET = "- "  # for any bullet character
FORM_OF_SIGN = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}


@dataclass(frozen=True, slots=True)
class _Level:
    start: int = 1
    form: str = "decimal"
    text: str = ""
    restart: int | None = None  # the level that resets this one, counted from 1; 0: none does
    legal: bool = False
    joined: bool = False  # without a blank between number and text


class Numbering:
    """The numbers of a document's paragraphs, to be called in document order."""

    def __init__(self, root: etree._Element | None) -> None:
        self._definitions: dict[str, etree._Element] = {}
        self._lists: dict[str, etree._Element] = {}
        self._levels: dict[str, list[_Level]] = {}
        self._styles: dict[str, str] = {}  # definitions by numbering style
        self._linked: dict[tuple[str, str], int] = {}
        self._counts: dict[str, list[int | None]] = {}
        self._begun: set[str] = set()
        for each in () if root is None else root.iterchildren(qn("w:abstractNum")):
            name = str(each.get(qn("w:abstractNumId")))
            self._definitions.setdefault(name, each)
            if (style := value(each, "w:styleLink")) is not None:
                self._styles.setdefault(style, name)
        for each in () if root is None else root.iterchildren(qn("w:num")):
            self._lists.setdefault(str(each.get(qn("w:numId"))), each)

    def marker(self, list_id: str | None, level: int | None, style_id: str | None) -> str | None:
        """Count a paragraph.

        Args:
            list_id: The number of its list.
            level: Its level from 0; None: the level linked with its style.
            style_id: Its style.

        Returns:
            The number that Word shows before it, with the blank after it; `BULLET` for any bullet; "" for a level
            without a number; None if the paragraph is not in a list.
        """
        if list_id is None or list_id not in self._lists:
            return None
        levels = self._levels_of(list_id)
        if level is None:
            level = self._linked.get((list_id, style_id or ""), 0)
        level = min(max(level, 0), _LEVELS - 1)
        counts = self._count(list_id, levels, level)
        at = levels[level]
        if at.form == "bullet":
            return BULLET if at.text.strip() else ""
        shown = _PLACE.sub(lambda place: self._shown(levels, counts, at, int(place[1]) - 1), at.text)
        return shown.strip() + ("" if at.joined or not shown.strip() else " ")

    def _shown(self, levels: list[_Level], counts: list[int | None], at: _Level, level: int) -> str:
        count = counts[level]
        each = levels[level]
        return formatted(each.start if count is None else count, "decimal" if at.legal else each.form)

    def _count(self, list_id: str, levels: list[_Level], level: int) -> list[int | None]:
        definition = self._definition(list_id)
        counts = self._counts.setdefault(definition, [None] * _LEVELS)
        if list_id not in self._begun:
            self._begun.add(list_id)
            for at, _ in self._starts(list_id):
                counts[at] = None
        count = counts[level]
        counts[level] = levels[level].start if count is None else count + 1
        for deeper in range(level + 1, _LEVELS):
            restart = levels[deeper].restart
            if restart is None or level < restart:
                counts[deeper] = None
        return counts

    def _definition(self, list_id: str) -> str:
        name = value(self._lists[list_id], "w:abstractNumId") or ""
        element = self._definitions.get(name)
        link = None if element is None else value(element, "w:numStyleLink")
        return self._styles.get(link, name) if link else name

    def _levels_of(self, list_id: str) -> list[_Level]:
        known = self._levels.get(list_id)
        if known is not None:
            return known
        levels = [_Level() for _ in range(_LEVELS)]
        definition = self._definitions.get(self._definition(list_id))
        elements = [] if definition is None else list(definition.iterchildren(qn("w:lvl")))
        for override in self._lists[list_id].iterchildren(qn("w:lvlOverride")):
            elements += override.iterchildren(qn("w:lvl"))
        for element in elements:
            at = number(element.get(qn("w:ilvl")), -1)
            if 0 <= at < _LEVELS:
                levels[at] = _level(element)
                if (style := value(element, "w:pStyle")) is not None:
                    self._linked[list_id, style] = at
        for at, start in self._starts(list_id):
            levels[at] = replace(levels[at], start=start)
        self._levels[list_id] = levels
        return levels

    def _starts(self, list_id: str) -> Iterator[tuple[int, int]]:
        """The levels at which a list begins with a number of its own, and these numbers."""
        for override in self._lists[list_id].iterchildren(qn("w:lvlOverride")):
            at, start = number(override.get(qn("w:ilvl")), -1), value(override, "w:startOverride")
            if 0 <= at < _LEVELS and start is not None:
                yield at, number(start, 1)


def _level(element: etree._Element) -> _Level:
    restart = value(element, "w:lvlRestart")
    return _Level(
        start=number(value(element, "w:start"), 0),
        form=value(element, "w:numFmt") or "decimal",
        text="" if is_on(element.find(qn("w:rPr")), "w:vanish") else value(element, "w:lvlText") or "",
        restart=None if restart is None else number(restart),
        legal=bool(is_on(element, "w:isLgl")),
        joined=value(element, "w:suff") == "nothing",
    )


def formatted(count: int, form: str) -> str:
    """A number in one of Word's formats; in digits if the format is unknown or does not support the number."""
    if form == "none":
        return ""
    writer = _FORMS.get(form)
    return str(count) if writer is None or count < 1 else writer(count)


def _letters(count: int, alphabet: str = _LATIN) -> str:
    times, place = divmod(count - 1, len(alphabet))
    return alphabet[place] * min(times + 1, 30)  # after z Word writes aa, bb


_FORMS: dict[str, Callable[[int], str]] = {
    "upperRoman": lambda count: roman(count).upper(),
    "lowerRoman": roman,
    "upperLetter": lambda count: _letters(count).upper(),
    "lowerLetter": _letters,
    "russianLower": lambda count: _letters(count, _RUSSIAN),
    "russianUpper": lambda count: _letters(count, _RUSSIAN).upper(),
    "decimalZero": lambda count: f"{count:02d}",
    "ordinal": ordinal,
    "numberInDash": lambda count: f"- {count} -",
    "decimalEnclosedCircle": lambda count: chr(0x245F + count) if count <= 20 else str(count),
}
