"""Puts the characters of one drawing on a PDF page into logical order: accents, ligatures, words from right to left."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from qa.reading.formats.pdf_characters import RTL

_COMBINING = {
    "´": "\u0301", "`": "\u0300", "¨": "\u0308", "ˆ": "\u0302", "˜": "\u0303", "˘": "\u0306", "ˇ": "\u030c",
    "˚": "\u030a", "¯": "\u0304", "˙": "\u0307", "˝": "\u030b", "¸": "\u0327", "˛": "\u0328",
}  # fmt: skip
# Words of another direction, with all that is between them, and numbers with their signs.
_LEFT_TO_RIGHT = re.compile(
    rf"(?!{RTL.pattern})[^\W\d_](?:(?:(?!{RTL.pattern}).)*(?<=\w))?|[$€£]?\d(?:[\d.,:/\u066b\u066c-]*\d)?[%‰°]?"
)
_WORD = re.compile(r"\S+")
_OVERLAID = re.compile(f"([آأإاٱ]ل)|[{''.join(_COMBINING)}]")  # lam and alef drawn as one glyph, and accents

Ends = Callable[[int], tuple[float, float]]  # the left and the right of the character with an index on the page


def in_logical_order(text: str, first: int, ends: Ends) -> str:
    """Text with accents joined to the letters below them, and ligatures of right-to-left text in logical order.

    PDFium reverses right-to-left text, and with it the characters of one glyph, such as lam and alef.

    Args:
        text: The characters of the drawing.
        first: The index of its first character.
        ends: Finds the place of a character.
    """
    chars = list(text)
    for found in _OVERLAID.finditer(text):
        at = found.start()
        if found[1]:
            if ends(first + at) == ends(first + at + 1):
                chars[at], chars[at + 1] = chars[at + 1], chars[at]
            continue
        left, right = ends(first + at)
        for base in (at - 1, at + 1):
            if 0 <= base < len(text):
                low, high = ends(first + base)
                joined = accented(text[base], text[at]) if low <= (left + right) / 2 <= high else ""
                if joined:
                    chars[base], chars[at] = joined, ""
                    break
    whole = "".join(chars)
    rtl = len(RTL.findall(text))
    return _by_place(chars, first, ends) if rtl and 2 * rtl > sum(map(str.isalpha, text)) else whole


def _by_place(chars: list[str], first: int, ends: Ends) -> str:
    """Characters from right to left, by their places, with numbers and words of the other direction from the left."""
    places: list[float] = []
    for at, char in enumerate(chars):
        on_letter = places and unicodedata.combining(char[:1] or " ")
        places.append(places[-1] if on_letter else sum(ends(first + at)))
    order = sorted(range(len(chars)), key=places.__getitem__, reverse=True)
    shown = "".join(chars[at] for at in order)[::-1]
    return _LEFT_TO_RIGHT.sub(lambda found: found[0][::-1], shown)[::-1]


def ends_of_words(text: str, first: int, ends: Ends) -> tuple[float, float]:
    """The left and right ends of text whose words are in any order; `first` is the index of its first character."""
    found = [ends(first + place) for word in _WORD.finditer(text) for place in (word.start(), word.end() - 1)]
    return min(left for left, _ in found), max(right for _, right in found)


def is_accent(char: str) -> bool:
    """Whether a character is an accent."""
    return char in _COMBINING or unicodedata.combining(char) > 0


def accented(letter: str, accent: str) -> str:
    """A letter with an accent; "" if there is no such letter."""
    mark = _COMBINING.get(accent, accent)
    composed = unicodedata.normalize("NFC", ("i" if letter == "ı" else letter) + mark)
    return composed if letter.isalpha() and (len(composed) == 1 or mark == accent) else ""
