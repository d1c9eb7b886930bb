"""Makes foreign text safe to show: names of files, titles, reasons, and addresses that a document gives.

Guarantees: the result of `printable` cannot control a terminal, forge a line of a log or change the direction of
writing; the result of `one_line` is one line of words; the result of `web_address` is safe as a link; `compose` takes
time linear in its text.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

JOINERS = "\u200c\u200d"  # ZWNJ and ZWJ: Persian words and emoji are written with them
# Control characters, halves of surrogate pairs, line and paragraph separators, and invisible marks of format, among
# them all that change the direction of writing.
_UNSAFE = frozenset({"Cc", "Cs", "Zl", "Zp", "Cf"})

# The Stream-Safe Text Format (Unicode Standard Annex 15, section 13): at most 30 combining marks in a row, for a system
# sorts those of a row, in a time that grows with its square. Letters and blanks end a row.
_MOST_MARKS = 30
_MAYBE_MARKS = re.compile(rf"[^\w\s\x00-\x7f]{{{_MOST_MARKS // 2 + 1},}}")  # of which each may be two, decomposed
_GRAPHEME_JOINER = "\u034f"  # invisible, and no mark by its class


def compose(text: str) -> str:
    """The text in Unicode NFC, with an invisible joiner after every 30 combining marks in a row."""
    return unicodedata.normalize("NFC", _MAYBE_MARKS.sub(_broken_up, text))


def _broken_up(found: re.Match[str]) -> str:
    pieces: list[str] = []
    marks = 0
    for char in found[0]:
        parts = unicodedata.normalize("NFD", char)
        marks = marks + len(parts) if unicodedata.combining(parts[0]) else 0
        if marks > _MOST_MARKS:
            pieces.append(_GRAPHEME_JOINER)
            marks = len(parts)
        pieces.append(char)
    return "".join(pieces)


def is_safe(char: str) -> bool:
    """Whether a character only shows itself."""
    return char in JOINERS or unicodedata.category(char) not in _UNSAFE


def printable(text: str) -> str:
    r"""One line for a terminal or a log: control characters and the like become escapes such as `\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if is_safe(char) else char.encode("unicode_escape").decode("ascii") for char in text)


def one_line(text: str) -> str:
    """A title or a name without control characters and the like, and with single spaces between its words.

    Returns:
        The line; empty if nothing is left.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    spaced = (char if is_safe(char) else " " if char.isspace() else "" for char in text)
    return " ".join("".join(spaced).split())


def web_address(text: str) -> str | None:
    """An address that a link may lead to, or None: `http` or `https`, with a host, no blanks and no control characters.

    A backslash is refused too, since browsers take it for a slash and so see another host than other programs do.
    """
    address = text.strip(" \t\r\n\f")
    if any(char.isspace() or not is_safe(char) or char == "\\" for char in address):
        return None
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:  # brackets or a port that are none
        return None
    return address if parts.scheme in ("http", "https") and host else None
