"""Handles fields of a Word document: which text is a field's code, and the text of fields without a result."""

from __future__ import annotations

import re

from lxml import etree

from qa.reading.office.names import is_on, number, qn, value
from qa.reading.office.symbols import as_unicode

_SYMBOL = re.compile(r'\s*SYMBOL\s+(\d{1,6}|0[xX][0-9a-fA-F]{1,5})\b(?:.*?\\f\s*"?([^"\\]+))?', re.IGNORECASE)
_LARGEST_CODE = 0x10FFFF


class Fields:
    """The open fields at a place of a text. A field that never ends is ignored: it would hide all following text."""

    def __init__(self, root: etree._Element | None = None) -> None:
        """Start a text: find its fields that end.

        Args:
            root: The element with the whole text.
        """
        self._open: list[bool] = []  # for each, whether its code continues
        self._codes = 0  # the number of those
        self._code = ""  # of the innermost field
        self._whole: set[etree._Element] = set()
        if root is None or next(root.iter(qn("w:fldChar")), None) is None:
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
        """Whether the current place is in a field's code."""
        return self._codes > 0

    def add_code(self, text: str) -> None:
        """Add a piece of a field's code."""
        self._code += text if self._open else ""

    def take(self, mark: etree._Element) -> str:
        """Handle a mark that begins, separates or ends a field; return visible text that is in no run."""
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
    """The character of a symbol field without a result."""
    found = _SYMBOL.match(code)
    char = int(found[1], 0) if found else 0
    return as_unicode(chr(char), found[2]) if found and 0 < char <= _LARGEST_CODE else ""


def _form_field(data: etree._Element | None) -> str:
    """The visible text of an old form's list or box."""
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
