r"""Decodes bytes as clean text.

Guarantees: the result is Unicode NFC with `\n` line ends, without NUL, control characters other than tab and newline,
    and lone surrogates, so JSON, SQLite and browsers keep it unchanged. `Decoded.guess` reports a guessed encoding, and
    bytes that do not fit the encoding.

How the encoding is found, in order:

1. A byte order mark determines it. Without one, codes for terminals and letters printed over each other are removed.
2. Zero bytes, or many control bytes, mean UTF-16 or UTF-32 without a mark, if the result of decoding looks like text.
3. The file's own label (`label`), if the bytes fit it. Labels have the meaning that browsers give them.
4. UTF-8, even if some bytes do not fit, as long as more sequences of several bytes fit than do not. Each byte that does
   not fit is read as Windows-1252.
5. The most likely encoding, if the text does not look like Windows-1252 (`guessed_encoding`).
6. Windows-1252.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from qa.errors import UnreadableFile
from qa.reading.guessed_encoding import OPEN, guessed_text, shifted_text
from qa.text.safe_text import compose

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Including soft hyphens and word joiners, which are invisible and would split words.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u2060\ufeff\ufffe\uffff\ud800-\udfff]")
_LINE_ENDS = re.compile(r"\r\n?|[\v\x85\u2028\u2029]")
_CONTROL_BYTES = bytes({*range(32), 127} - {*b"\t\n\v\f\r\x1b"})
_OTHER_CONTROL_BYTES = _CONTROL_BYTES.translate(None, b"\a\b")
_TERMINAL = re.compile(rb"\x1b\[[\d;:?]*+[ -/]*+[@-~]|\x1b\][^\x07\x1b\n]*+(?:\x07|\x1b\\)")  # ECMA-48
_UNDERLINED = re.compile(rb"([^_\n])\x08_")
_OVERPRINTED = re.compile(rb"(?:[\xc2-\xf4][\x80-\xbf]{1,3}|[^\n])\x08")
_MOST_NULS = 0.01  # share of the bytes
_MOST_CONTROLS = 0.05
_MOST_MISFITS = 0.01  # share of the characters that may not fit the encoding
_SAMPLE_BYTES = 64 << 10
# Rare in texts: control characters, lone surrogates, private characters and undecodable bytes.
_UNLIKELY = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufffd-\uffff]")
_ASCII_TEXT = bytes([*b"\t\n\r", *range(32, 127)])
_LEAST_ASCII = 0.9  # share of the nonzero bytes; above it, a few zeros are stray bytes, not UTF-16
_MOST_STRAY_NULS = 0.2
_LONGEST_UNBROKEN_CHARS = 200  # characters for each white space or ideographic stop, in a text
_LEFT = "left as \ufffd"
_ESCAPED = re.compile(r"[\udc80-\udcff]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f\udc80-\udcff]")
_C1 = re.compile(r"[\x80-\x9f]")
_STOPS = "、。，"
_BREAKS = re.compile(rf"[\s{_STOPS}]")

# Labels that browsers treat as a larger character set (WHATWG Encoding Standard, section 4.2).
_LARGER = {
    "iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs",
    "utf-16": "utf-8", "utf-16-le": "utf-8", "utf-16-be": "utf-8",
}  # fmt: skip
_ALIASES = {
    "windows-874": "cp874",
    "dos-874": "cp874",
    "windows-31j": "cp932",
    "koi": "koi8-r",
    "iso-8859-8-i": "iso8859-8",
}
_PARTS_OF_8859 = re.compile(r"iso[-_]?8859[-_]?(\d+)")
_SHIFTED = ("iso2022", "hz")  # encode other letters as ASCII
_NO_TEXT_CODECS = frozenset({"utf-7", "idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined"})


@dataclass(frozen=True, slots=True)
class Decoded:
    """Clean text, and a note on a guessed encoding, or None."""

    text: str
    guess: str | None = None


def decode(data: bytes, label: str | None = None) -> Decoded:
    """Decode a text file.

    Args:
        data: Its bytes.
        label: The encoding named in the file, if any.

    Raises:
        UnreadableFile: the bytes are not text in any tried encoding.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _marked(data[len(mark) :], encoding)
    data = _printed(data)
    sample = data[:_SAMPLE_BYTES]
    controls = len(sample) - len(sample.translate(None, _CONTROL_BYTES))
    if _is_wide(sample, controls):
        return _wide(data)
    named = _codec(label)
    try:
        strict = data.decode()
    except UnicodeDecodeError:
        strict = None
    if named is None and data.isascii() and (shifted := shifted_text(data)):
        return Decoded(clean(shifted[0]), f"read as {shifted[1]}, which nothing in it says")
    if strict is not None and not (data.isascii() and named is not None and named.startswith(_SHIFTED)):
        # Text in another encoding is hardly ever valid UTF-8; pure ASCII is the same in nearly all encodings.
        return Decoded(
            clean(strict),
            f"labelled {label}, read as UTF-8" if named not in (None, "utf-8") and not data.isascii() else None,
        )
    if named is not None and named != "utf-8" and (labelled := _labelled(data, named)):
        return labelled
    return _utf8_or_western(data)


def _printed(data: bytes) -> bytes:
    """Text for a terminal without codes for its colours and titles, and with letters that are printed twice once."""
    if b"\x1b" not in data and b"\b" not in data:
        return data
    if len(data) - len(data.translate(None, _OTHER_CONTROL_BYTES)):
        return data  # UTF-16 or binary data
    return _OVERPRINTED.sub(b"", _UNDERLINED.sub(rb"\1", _TERMINAL.sub(b"", data)))


def clean(text: str) -> str:
    """Normalise decoded text to the form of canonical text."""
    return compose(_CONTROL.sub("", _LINE_ENDS.sub("\n", text.replace("\f", "\n\n"))))


def clean_line(text: str) -> str:
    """Clean text on one line, with single blanks between words."""
    return " ".join(clean(text).split())


def clean_lines(text: str) -> str:
    """Clean text without empty lines, with single blanks between words."""
    return "\n".join(filter(None, (" ".join(line.split()) for line in clean(text).split("\n"))))


def _marked(data: bytes, encoding: str) -> Decoded:
    """Text with a byte order mark."""
    try:
        return Decoded(clean(data.decode(encoding)))
    except UnicodeDecodeError as error:
        text = data.decode(encoding, "replace")
        misfits = text.count("\ufffd")
        if misfits > max(1, _MOST_MISFITS * len(text)) or len(text) < 2 * misfits + 1:
            raise UnreadableFile(f"marked as {encoding.upper()} but broken at byte {error.start}") from None
        return Decoded(clean(text), _misfits(misfits, encoding.upper(), _LEFT))


def _is_wide(sample: bytes, controls: int) -> bool:
    """Whether bytes look like UTF-16 or UTF-32, or like no text."""
    nuls = sample.count(0)
    plain = len(sample) - len(sample.translate(None, _ASCII_TEXT))
    if nuls < _MOST_STRAY_NULS * len(sample) and plain > _LEAST_ASCII * (len(sample) - nuls):
        return False
    return nuls > len(sample) * _MOST_NULS or controls > len(sample) * _MOST_CONTROLS


def _wide(data: bytes) -> Decoded:
    """UTF-16 or UTF-32 without a byte order mark, if the decoded text looks like text."""
    for encoding, unit in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        whole = data[: len(data) - len(data) % unit]
        if whole and _reads_like_text(whole[:_SAMPLE_BYTES].decode(encoding, "replace")):
            text = whole.decode(encoding, "replace")
            return Decoded(clean(text), f"read as {encoding.upper()}, which no byte order mark says")
    raise UnreadableFile("binary data, not text")


def _reads_like_text(sample: str) -> bool:
    unlikely = sum(1 for _ in _UNLIKELY.finditer(sample))
    breaks = sum(1 for _ in _BREAKS.finditer(sample))
    latin = sum(char < "\u0250" for char in sample)
    letters = sum(map(str.isalnum, sample))
    # With the wrong byte order, text has letters of many scripts and hardly any blank.
    broken = breaks * _LONGEST_UNBROKEN_CHARS >= len(sample)
    said = bool(latin) or any(stop in sample for stop in _STOPS)
    return unlikely <= _MOST_MISFITS * len(sample) and broken and letters >= 0.3 * len(sample) and said


def _codec(label: str | None) -> str | None:
    """Python's name of the encoding that browsers use for a label; None if the label is unknown."""
    said = _PARTS_OF_8859.sub(r"iso8859-\1", (label or "").strip().lower().removeprefix("x-"))
    try:
        name = codecs.lookup(_ALIASES.get(said, said)).name if said else ""
        _ = "".encode(name) if name else ""
    except (LookupError, ValueError, UnicodeError):
        return None
    return _LARGER.get(name, name) if name and name not in _NO_TEXT_CODECS else None


def _labelled(data: bytes, codec: str) -> Decoded | None:
    """Text in the encoding of its label, unless too much of it does not fit."""
    if codec == "cp1252":
        return Decoded(clean(_western(data)))
    text = data.decode(codec, "replace")
    misfits = text.count("\ufffd")
    if misfits > _MOST_MISFITS * len(text) and misfits > 1:
        return None
    return Decoded(clean(text), _misfits(misfits, codec, _LEFT) if misfits else None)


def _utf8_or_western(data: bytes) -> Decoded:
    text = data.decode("utf-8", "surrogateescape")  # a byte that does not fit becomes a lone surrogate
    misfits = sum(1 for _ in _ESCAPED.finditer(text))
    if not misfits:
        return Decoded(clean(text))
    if sum(1 for _ in _BEYOND_ASCII.finditer(text)) > misfits:
        mended = _ESCAPED.sub(lambda found: _CP1252[ord(found[0]) - 0xDC00], text)
        return Decoded(clean(mended), _misfits(misfits, "UTF-8", "read as Windows-1252"))
    if guessed := guessed_text(data, _MOST_MISFITS):
        text, encoding, misfits = guessed
        more = f"; {_misfits(misfits, encoding, _LEFT)}" if misfits else ""
        return Decoded(clean(text), f"read as {encoding}, which nothing in it says{more}")
    text = _western(data)
    undefined = sum(1 for _ in _C1.finditer(text))
    if undefined > max(1, _MOST_MISFITS * len(text)) or 2 * undefined >= len(text):
        raise UnreadableFile("neither UTF-8 nor Windows-1252 text; save it as UTF-8")
    return Decoded(clean(text), "read as Windows-1252, which nothing in it says")


def _western(data: bytes) -> str:
    """Windows-1252 as browsers decode it: undefined bytes are control characters, which are removed."""
    return data.decode("cp1252") if not OPEN.search(data) else "".join(map(_CP1252.__getitem__, data))


_CP1252 = [bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256)]


def _misfits(count: int, encoding: str, fate: str) -> str:
    return f"{count} byte{'s' if count > 1 else ''} that {'are' if count > 1 else 'is'} no {encoding}: {fate}"
