"""Guesses the encoding of text without a label that is not Unicode and does not look like Windows-1252.

The library chardet guesses by the statistics of many languages. Its guess is accepted for other scripts if words have
letters of one script only, and for Latin letters if its confidence is higher.
"""

from __future__ import annotations

import re
import unicodedata

# Usual encodings of office files: those of the Encoding Standard (WHATWG), and DOS Cyrillic.
_KNOWN = ("cp932 shift_jis_2004 euc-jp gb18030 big5 cp949 koi8-r koi8-u cp1251 iso8859-5 cp866 cp1253 iso8859-7 "
          "cp1255 iso8859-8 cp1256 cp874 cp1250 iso8859-2 cp1254 cp1257 cp1252 iso8859-1 "
          "mac-roman").split()  # fmt: skip
_SHIFTED = re.compile(rb"\x1b\$[@B]|\x1b\$\([CD]|\x1b\([IJ]")  # switches to other letters in ISO-2022-JP and -KR
_WESTERN = ("cp1252", "iso88591")
_SAMPLE_BYTES = 32 << 10
_LEAST_SURE = 0.15  # minimum confidence for Latin letters
_MOST_MIXED = 0.05  # share of the non-ASCII words with both Latin and other letters
_WORD = re.compile(r"\w+")
_MISFIT = "\ufffd"
# A capital letter or a sign directly after a small letter, as in Windows-1252 read as Mac Roman and the reverse.
_ODD = re.compile("[a-zß-öø-ÿ][†‡‰ˆŠ‹ŒŽŸ¡-¯±´-¶¸º-¿À-ÖØ-Þ\u02d8-\u02dd]")


_DOS = re.compile(rb"[a-z][\x81\x82\x84\x87\x88\x8a\x94\xa1-\xa4][a-z]")  # signs inside words in Windows-1252
OPEN = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")  # bytes without a meaning in Windows-1252


def shifted_text(data: bytes) -> tuple[str, str] | None:
    """Text whose letters are encoded as ASCII bytes, and the encoding; None if the data is not such text."""
    if _SHIFTED.search(data, 0, _SAMPLE_BYTES):
        for codec in ("iso2022_jp_2", "iso2022_kr"):
            try:
                return data.decode(codec), codec.removesuffix("_2").replace("_", "-").upper()
            except UnicodeDecodeError:
                continue
    return None


def guessed_text(data: bytes, most_misfits: float) -> tuple[str, str, int] | None:
    """Text in its most likely encoding, the encoding, and the number of bytes that do not fit it.

    Args:
        data: Bytes that are not UTF-8.
        most_misfits: The maximum share of characters that do not fit.

    Returns:
        None if Windows-1252 is the likely encoding.
    """
    from chardet import detect  # noqa: PLC0415 - few files need it, and it takes time to load

    known = [*_KNOWN, *(["cp437"] if _DOS.search(data, 0, _SAMPLE_BYTES) else [])]
    found = detect(data, max_bytes=_SAMPLE_BYTES, include_encodings=known, compat_names=False)
    codec = found["encoding"]
    if codec is None or codec.lower().replace("-", "").replace("_", "") in _WESTERN:
        return None
    text = data.decode(codec, "replace")
    misfits = text.count(_MISFIT)
    if codec == "mac-roman":
        odd = len(_ODD.findall(data.decode("cp1252", "replace")))
        return (text, "Mac Roman", 0) if odd > 2 * len(_ODD.findall(text)) else None
    least = 0.0 if codec == "cp437" or OPEN.search(data) else _LEAST_SURE
    if misfits > most_misfits * len(text) or not _is_likely(text[:_SAMPLE_BYTES], sure=found["confidence"] >= least):
        return None
    return text, codec.upper(), misfits


def _is_likely(text: str, *, sure: bool) -> bool:
    """Whether words are of one script; Latin letters must be `sure`."""
    words = [word for word in _WORD.findall(text) if any(char > "\x7f" and char.isalpha() for char in word)]
    latin = [sum(_is_latin(char) for char in word if char.isalpha()) for word in words]
    whole = sum(count == sum(map(str.isalpha, word)) for count, word in zip(latin, words, strict=True))
    mixed = sum(map(bool, latin)) - whole
    if not words or mixed > _MOST_MIXED * len(words):
        return False
    return 2 * whole < len(words) or sure


def _is_latin(char: str) -> bool:
    return char < "\u0250" or unicodedata.name(char, "").startswith(("LATIN", "FULLWIDTH LATIN"))
