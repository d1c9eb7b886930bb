"""Unicode's normal form C in a time linear in the text.

Sorting a run of combining marks takes a time that grows with the square of its length, and nothing limits a run.
Unicode Standard Annex 15 calls a text "stream-safe" whose runs are of at most 30 marks, which is more than any script
writes.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

MOST_MARKS = 30
_FIRST_MARK, _END_OF_MARKS = 0x300, 0x20000  # no character outside has a combining class


def nfc(text: str) -> str:
    """The text in normal form C; of each run of combining marks, the first 30."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _long_runs().sub(r"\1", text))


@cache
def _long_runs() -> re.Pattern[str]:
    marks = "".join(char for char in map(chr, range(_FIRST_MARK, _END_OF_MARKS)) if unicodedata.combining(char))
    return re.compile(f"([{marks}]{{{MOST_MARKS}}})[{marks}]++")
