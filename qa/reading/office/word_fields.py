"""Fields of a Word document: which text is a field's code, and what fields without a result show."""

from __future__ import annotations

import re

from lxml import etree

from qa.reading.office.names import is_on, number, qn, value
from qa.reading.office.symbols import as_unicode

_SYMBOL = re.compile(r'\s*SYMBOL\s+(\d{1,6}|0[xX][0-9a-fA-F]{1,5})\b(?:.*?\\f\s*"?([^"\\]+))?', re.IGNORECASE)
_LARGEST_CODE = 0x10FFFF


class Fields:
    """The fields that are open at a place of a text. One that never ends is none: it would hide all that follows."""

    def __init__(self, root: etree._Element | None = None) -> None:
        """Begin a text: find the fields in it that end.

        Args:
            root: What holds the text whole.
        """
        self._open: list[bool] = []  # whether the code of each is still going on
        self._codes = 0  # how many of them are
        self._code = ""  # of the innermost one
        self._whole: set[etree._Element] = set()
        if root is None:
            return
        opened: list[etree._Element] = []
        walker = etree.iterwalk(root, events=("start",), tag=(qn("w:fldChar"), qn("w:del"), qn("w:moveFrom")))
        for _, element in walker:
            kind = element.get(qn("w:fldCharType"))
            if element.tag != qn("w:fldChar"):
                walker.skip_subtree()
            elif kind == "begin":
                opened.append(element)
            elif kind == "end" and opened:
                self._whole.update((opened.pop(), element))

    @property
    def in_code(self) -> bool:
        """Whether what stands here is a field's code."""
        return self._codes > 0

    def add_code(self, text: str) -> None:
        """Take a piece of a field's code."""
        self._code += text if self._open else ""

    def take(self, mark: etree._Element) -> str:
        """Take a mark that begins, parts or ends a field; returns what stands in no run but is shown."""
        kind = mark.get(qn("w:fldCharType"))
        if kind == "begin":
            shown = "" if self.in_code else _form_field(mark.find(qn("w:ffData")))
            if mark in self._whole:
                self._open.append(True)
                self._codes += 1
                self._code = ""
            return shown
        if kind == "separate" and self._open:
            self._codes -= self._open[-1]
            self._open[-1] = False
        elif kind == "end" and self._open and mark in self._whole:
            without_result = self._open.pop()
            self._codes -= without_result
            if without_result and not self.in_code:
                return _symbol(self._code)
        return ""


def _symbol(code: str) -> str:
    """The character that a field without a result names."""
    found = _SYMBOL.match(code)
    char = int(found[1], 0) if found else 0
    return as_unicode(chr(char), found[2]) if found and 0 < char <= _LARGEST_CODE else ""


def _form_field(data: etree._Element | None) -> str:
    """What an old form's list or box shows."""
    choices = None if data is None else data.find(qn("w:ddList"))
    box = None if data is None else data.find(qn("w:checkBox"))
    if choices is not None:
        entries = [str(each.get(qn("w:val")) or "") for each in choices.iterchildren(qn("w:listEntry"))]
        chosen = number(value(choices, "w:result") or value(choices, "w:default"))
        return entries[chosen] if 0 <= chosen < len(entries) else ""
    if box is not None:
        checked = is_on(box, "w:checked")
        return "☒" if (is_on(box, "w:default") if checked is None else checked) else "☐"
    return ""
