"""Converts characters of symbol fonts, which use code points of letters or of the private area, to Unicode.

Sources: the Symbol encoding of the PDF specification (ISO 32000-1, annex D.5) and Unicode's correspondences for
Wingdings (L2/12-130).
"""

from __future__ import annotations

import re

_PRIVATE = 0xF000  # symbol fonts have their 256 characters from here on
_PRIVATE_CHARS = re.compile("[\uf000-\uf0ff]+")
_FONT_NAME = re.compile(r"(?:[A-Z]{6}\+)?(symbol|wingdings|webdings)[ -]?([23]?)", re.IGNORECASE)

_SYMBOL = {
    **dict(zip(range(0x20, 0x40), " !∀#∃%&∍()∗+,−./0123456789:;<=>?", strict=True)),
    **dict(zip(range(0x40, 0x60), "≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_", strict=True)),
    **dict(zip(range(0x60, 0x7F), "‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼", strict=True)),
    **dict(zip(range(0xA0, 0xC0), "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵", strict=True)),
    **dict(zip(range(0xC0, 0xE0), "ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓", strict=True)),
    **dict(zip(range(0xE0, 0xF0), "◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪", strict=True)),
    **dict(zip(range(0xF1, 0xFF), "〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭", strict=True)),
}
_WINGDINGS = {
    0x20: " ", 0x21: "✏", 0x22: "✂", 0x23: "✁", 0x28: "☎", 0x29: "✆", 0x2A: "✉", 0x36: "⌛", 0x3E: "✇", 0x3F: "✍",
    0x41: "✌", 0x45: "☜", 0x46: "☞", 0x47: "☝", 0x48: "☟", 0x4A: "☺", 0x4C: "☹", 0x4E: "☠", 0x4F: "⚐", 0x51: "✈",
    0x52: "☼", 0x54: "❄", 0x58: "✠", 0x59: "✡", 0x5A: "☪", 0x5B: "☯", 0x6C: "●", 0x6D: "❍", 0x6E: "■", 0x6F: "□",
    0x71: "❑", 0x72: "❒", 0x73: "⬧", 0x74: "⧫", 0x75: "◆", 0x76: "❖", 0x77: "⬥", 0x78: "⌧", 0x79: "⍓", 0x7A: "⌘",
    0x7B: "❀", 0x7C: "✿", 0x7D: "❝", 0x7E: "❞", 0x80: "⓪", 0x8B: "⓿", 0x9E: "·", 0x9F: "•", 0xA1: "○", 0xA4: "◉",
    0xA5: "◎", 0xA7: "▪", 0xA8: "◻", 0xAA: "✦", 0xAB: "★", 0xAC: "✶", 0xAE: "✹", 0xB0: "⌖", 0xB2: "✧", 0xB4: "⍰",
    0xD8: "➢", 0xDC: "➲", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE3: "↖", 0xE4: "↗", 0xE5: "↙", 0xE6: "↘",
    0xE7: "←", 0xE8: "➔", 0xE9: "↑", 0xEA: "↓", 0xEF: "⇦", 0xF0: "⇨", 0xF1: "⇧", 0xF2: "⇩", 0xF3: "⬄", 0xF4: "⇳",
    0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
    **{0x81 + each: chr(0x2460 + each) for each in range(10)},  # ① to ⑩
    **{0x8C + each: chr(0x2776 + each) for each in range(10)},  # ❶ to ❿
}  # fmt: skip
_WINGDINGS_2 = {
    0x20: " ", 0x21: "🖊", 0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0x55: "⮾", 0x56: "⮿",
    0x96: "●", 0x97: "●", 0x98: "●", 0x99: "○", 0x9E: "■", 0x9F: "■", 0xA0: "■", 0xA2: "□", 0xA3: "□",
    **{0x6A + each: chr(0x2460 + each) for each in range(10)},
    **{0x75 + each: chr(0x2776 + each) for each in range(10)},
}  # fmt: skip
_WINGDINGS_3 = {ord(char): symbol for char, symbol in zip(' "fghin}pq', " ↔←→↑↓↔▶▲▼", strict=True)}
_WEBDINGS = {ord(char): symbol for char, symbol in zip(" arcgn3456", " ✓✗□■●◀▶▲▼", strict=True)}
_FONTS = {"symbol": _SYMBOL, "wingdings": _WINGDINGS, "wingdings 2": _WINGDINGS_2, "wingdings 3": _WINGDINGS_3,
          "webdings": _WEBDINGS}  # fmt: skip


def private_as_unicode(text: str, font: str | None) -> str:
    """Text with its private characters as shown in a font, and the others unchanged."""
    return _PRIVATE_CHARS.sub(lambda found: as_unicode(found[0], font), text)


def symbol_font(name: str) -> str | None:
    """The symbol font of a font's name in a PDF, such as "ABCDEF+Wingdings2-Regular"; None if it is another."""
    found = _FONT_NAME.match(name)
    return " ".join(filter(None, (found[1].lower(), found[2]))) if found else None


def is_symbol_font(font: str | None) -> bool:
    """Whether a font shows characters other than those of the code points."""
    return (font or "").strip().lower() in _FONTS


def as_unicode(text: str, font: str | None) -> str:
    """Text as shown in a font: "\uf0b3" in Symbol is "≥". Symbols without a known Unicode character are dropped."""
    table = _FONTS.get((font or "").strip().lower())
    if table is not None:
        codes = (ord(char) - _PRIVATE if "\uf000" <= char <= "\uf0ff" else ord(char) for char in text)
        return "".join(table.get(code, "") if code < 0x100 else chr(code) for code in codes)
    if text.isascii() or not _PRIVATE_CHARS.search(text):
        return text
    # Private characters without a symbol font are mostly those of Symbol, as written by Word.
    return _PRIVATE_CHARS.sub(lambda found: "".join(map(_of_symbol, found[0])), text)


def _of_symbol(char: str) -> str:
    code = ord(char) - _PRIVATE
    return _SYMBOL.get(code, "") if code > 0x7E else chr(code)
