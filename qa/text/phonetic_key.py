"""A key for the approximate sound of an English word: words that sound alike have the same key.

It uses a few rules of Metaphone (Philips, "Hanging on the Metaphone", 1990): vowels count only at the beginning, and
spellings of the same consonant are equal.
"""

from __future__ import annotations

import re
from functools import lru_cache

_RULES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"^(?:kn|gn|pn)", "n"), (r"^wr", "r"), (r"^ps", "s"), (r"^x", "s"), (r"ph", "f"), (r"ght", "t"), (r"gh", ""),
        (r"t?ch|tion|sion|sh|cia|tia", "C"), (r"dge|dg", "j"), (r"g(?=[eiy])", "j"), (r"sc(?=[eiy])", "s"),
        (r"c(?=[eiy])", "s"), (r"ck|[cq]", "k"), (r"x", "ks"), (r"z", "s"), (r"(?<!^)[aeiouyhw]", ""),
        (r"^[aeiouy]", "a"), (r"(.)\1+", r"\1"),
    )
)  # fmt: skip


@lru_cache(maxsize=4096)
def sound(word: str) -> str:
    """The key of a folded word."""
    for pattern, replacement in _RULES:
        word = pattern.sub(replacement, word)
    return word
