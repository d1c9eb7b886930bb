"""Makes untrusted text safe to show: file names, titles, reasons, and addresses in documents.

Guarantees: the result of `printable` cannot control a terminal, forge a log line or change the writing direction; the
    result of `one_line` is one line of words; the result of `web_address` is safe as a link; `compose` takes linear
    time.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

JOINERS = "\u200c\u200d"  # ZWNJ and ZWJ: used in Persian words and emoji
# Control characters, lone surrogates, line and paragraph separators, and invisible format characters, including those
# that change the writing direction.
_UNSAFE = frozenset({"Cc", "Cs", "Zl", "Zp", "Cf"})

_TYPED = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
)

# The Stream-Safe Text Format (Unicode Standard Annex 15, section 13): at most 30 combining marks in a row, since
# normalisation sorts a row in quadratic time. Letters and blanks end a row.
_MOST_MARKS = 30
_MAYBE_MARKS = re.compile(rf"[^\w\s\x00-\x7f]{{{_MOST_MARKS // 2 + 1},}}")  # each may decompose into two
_GRAPHEME_JOINER = "\u034f"  # invisible, and not a combining mark by its class


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
    """Whether a character is visible and has no effect on other text."""
    return char in JOINERS or unicodedata.category(char) not in _UNSAFE


def printable(text: str) -> str:
    r"""One line for a terminal or a log: control and format characters become escapes such as `\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if is_safe(char) else char.encode("unicode_escape").decode("ascii") for char in text)


def one_line(text: str) -> str:
    """A title or name without control and format characters, and with single spaces between words.

    Returns:
        The line; empty if nothing remains.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    spaced = (char if is_safe(char) else " " if char.isspace() else "" for char in text)
    return " ".join("".join(spaced).split())


def as_typed(text: str) -> str:
    """The text with a keyboard's quotation marks and hyphens, character by character, so that typed words are found."""
    return text.translate(_TYPED)


def web_address(text: str) -> str | None:
    """An address that is safe for a link, or None: `http` or `https` with a host, no blanks and no control characters.

    A backslash is refused too, since browsers read it as a slash and so use another host than other programs.
    """
    address = text.strip(" \t\r\n\f")
    if any(char.isspace() or not is_safe(char) or char == "\\" for char in address):
        return None
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:  # invalid brackets or port
        return None
    return address if parts.scheme in ("http", "https") and host else None
