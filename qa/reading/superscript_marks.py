"""Marks superscripts and subscripts by control characters until the text is complete and they are written as text.

Clean text has none of these characters, so they cannot be confused with the document's text.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from qa.reading.superscripts import Script, in_line

RAISED, LOWERED, RESET = "\x0e", "\x10", "\x0f"

_SPAN = re.compile("([\x0e\x10])([^\x0e-\x10]*)\x0f")
_STRAY = re.compile("[\x0e-\x10]")


def written_out(text: str, notes: Collection[str] = ()) -> str:
    """A text with its superscripts and subscripts as plain text; marks of `notes` are in brackets."""
    if RAISED not in text and LOWERED not in text:
        return text
    pieces: list[tuple[str, Script]] = []
    position = 0
    for span in _SPAN.finditer(text):
        pieces.append((text[position : span.start()], Script.BASE))
        mark = bare_mark(span[2])
        if span[1] == RAISED and mark in notes and any(map(str.isalnum, mark)):
            pieces.append((f"[{mark}]", Script.BASE))
        else:
            pieces.append((span[2], Script.RAISED if span[1] == RAISED else Script.LOWERED))
        position = span.end()
    pieces.append((text[position:], Script.BASE))
    return _STRAY.sub("", in_line(pieces))


def bare_mark(mark: str) -> str:
    """A note's mark without brackets, full stops and blanks: "[1]" and "1)" are 1."""
    return mark.strip().strip("[]().:,^ \u00a0").strip()
