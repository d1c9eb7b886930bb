"""Accents that a PDF draws as characters of their own over their letters."""

from __future__ import annotations

import unicodedata

_COMBINING = {
    "´": "\u0301", "`": "\u0300", "¨": "\u0308", "ˆ": "\u0302", "˜": "\u0303", "˘": "\u0306", "ˇ": "\u030c",
    "˚": "\u030a", "¯": "\u0304", "˙": "\u0307", "˝": "\u030b", "¸": "\u0327", "˛": "\u0328",
}  # fmt: skip
ACCENTS = "".join(_COMBINING)


def is_accent(char: str) -> bool:
    """Whether a character is an accent."""
    return char in _COMBINING or unicodedata.combining(char) > 0


def accented(letter: str, accent: str) -> str:
    """A letter with an accent; "" if there is no such letter."""
    mark = _COMBINING.get(accent, accent)
    composed = unicodedata.normalize("NFC", ("i" if letter == "ı" else letter) + mark)
    return composed if letter.isalpha() and (len(composed) == 1 or mark == accent) else ""
