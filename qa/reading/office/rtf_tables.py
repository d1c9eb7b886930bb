"""The tables before the text of an RTF file: character sets (with the bytes to decode), colours, and styles."""

from __future__ import annotations

import re

from qa.reading.office.names import chain
from qa.reading.office.symbols import as_unicode

_CHARSETS = {0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gbk", 136: "big5", 161: "cp1253",
             162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
             238: "cp1250"}  # fmt: skip
_PARTS = (b"red", b"green", b"blue")
_HEADING = re.compile(r"heading\s*([1-9])|title$", re.IGNORECASE)
_BACKGROUND = re.compile(rb"\\(?:highlight|cb|chcbpat|cbpat|clcbpat|clshdng|shading|chshdng)[1-9]|\\background")
_SYMBOLS = 2  # the character set of symbol fonts
_LARGEST_CODE = 0x10FFFF


class EncodedText:
    """Bytes of text to be decoded: a character may have several bytes.

    Attributes:
        to_skip: The number of bytes to skip, since a Unicode character replaces them.
    """

    def __init__(self) -> None:
        self.to_skip = 0
        self._bytes = bytearray()
        self._high = 0  # the first half of a pair
        self._of_file = "cp1252"
        self._by_font: dict[int, str] = {}
        self._symbols: dict[int, str] = {}  # names of symbol fonts

    def name_font(self, font: int, name: str) -> None:
        """Record the name of a font, which determines its symbols."""
        if font in self._symbols:
            self._symbols[font] += name.strip().rstrip(";")

    def set_charset(self, word: bytes, value: int, font: int) -> None:
        """Handle a control word for the character set of the file or of a font; ignore others."""
        match word:
            case b"fcharset":
                self._by_font[font] = _CHARSETS.get(value, self._of_file)
                if value == _SYMBOLS:
                    self._symbols[font] = ""
            case b"ansicpg":
                self._of_file = f"cp{value}"
            case b"mac" | b"pc" | b"pca":
                self._of_file = {b"mac": "mac_roman", b"pc": "cp437", b"pca": "cp850"}[word]

    def add(self, data: bytes) -> None:
        """Add bytes, except those to be skipped."""
        dropped = min(self.to_skip, len(data))
        self.to_skip -= dropped
        self._bytes += data[dropped:]

    def take_code(self, code: int) -> str:
        """The character of a Unicode code; for a surrogate pair, first nothing and then the character."""
        high, self._high = self._high, code if 0xD800 <= code < 0xDC00 else 0
        if 0xDC00 <= code < 0xE000 and high:
            return chr(0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00))
        return chr(code) if code <= _LARGEST_CODE and not 0xD800 <= code < 0xE000 else ""

    def take(self, font: int) -> str:
        """The text of the bytes since the last call, in the character set of a font."""
        data = bytes(self._bytes)
        self._bytes.clear()
        if (symbols := self._symbols.get(font)) is not None:
            return as_unicode(data.decode("latin-1"), symbols)
        try:
            return data.decode(self._by_font.get(font, self._of_file), "replace")
        except LookupError:
            return data.decode("cp1252", "replace")


class Colours:
    """The file's colours, to find those that make text invisible on a white page."""

    def __init__(self, data: bytes) -> None:
        self._has_backgrounds = _BACKGROUND.search(data) is not None
        self._parts = [0, 0, 0]
        self._whites: list[bool] = []

    def set_part(self, word: bytes, value: int) -> None:
        """Set the red, green or blue of the next colour."""
        self._parts[_PARTS.index(word)] = value

    def end(self, count: int) -> None:
        """End some colours."""
        for _ in range(count):
            self._whites.append(min(self._parts) == 255)
            self._parts = [0, 0, 0]

    def hides(self, number: int) -> bool:
        """Whether text of a colour is invisible: it is white, and the file has no backgrounds of text."""
        return not self._has_backgrounds and 0 <= number < len(self._whites) and self._whites[number]


class Styles:
    """The styles that are headings, by the names and levels in the style sheet, and by their base styles.

    Attributes:
        current: The number of the style that is being read or used; None for the default one.
    """

    def __init__(self) -> None:
        self.current: int | None = None
        self._levels: dict[int, int] = {}
        self._bases: dict[int, int] = {}

    def set_base(self, base: int) -> None:
        """Set the style on which the current one is based."""
        if self.current is not None:
            self._bases[self.current] = base

    def name(self, text: str, level: int | None) -> None:
        """Set the name of the current style, and its outline level if it has one."""
        heading = _HEADING.match(text.strip().rstrip(";"))
        if self.current is not None and (heading or level):
            self._levels[self.current] = int(heading[1] or 1) if heading else level or 1

    def level(self) -> int | None:
        """The heading level of the current style."""
        styles = () if self.current is None else chain(self.current, self._bases.get)
        return next((self._levels[each] for each in styles if each in self._levels), None)
