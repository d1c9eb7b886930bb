"""Superscripts and subscripts as text that never fuses with the word or number beside them.

| written | text | why |
|---|---|---|
| 14 with a raised 2, and a note 2 exists | 14[2] | a reference to a note |
| 14 with a raised 2, no such note | 14^2 | an exponent, or a note that stands elsewhere |
| m, x or R with a raised 2 | m² | a unit or a variable of at most three letters |
| survey with a raised a | survey[a] | a reference |
| 1 with a raised st | 1st | an ordinal |
| CO with a lowered 2 | CO₂ | a formula |
| log with a lowered 10 | log_10 | an index |
"""

from __future__ import annotations

import re

_UP = str.maketrans("0123456789+-−–=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿ")
_DOWN = str.maketrans("0123456789+-−–=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎")
_NUMBER = re.compile(r"[+\-−–]?\d{1,4}[+\-−–]?|[+\-−–]")
_ORDINALS = frozenset("st nd rd th er re ère ème eme ᵉ".split())
_SIGNS = {"tm": "™", "sm": "℠", "r": "®", "®": "®", "™": "™", "℠": "℠", "o": "°", "°": "°"}
_SHORT_BASE = re.compile(r"(?:^|[^\w])(?:[^\W\d_]{1,3}|[^\W_]{0,8}[A-Z][a-z]?)$|[)\]\d][A-Z][a-z]?$|\)$")
_LONGEST_NOTE_CHARS = 6


def bare_mark(mark: str) -> str:
    """A note's mark without brackets, full stops and blanks: "[1]" and "1)" are 1."""
    return mark.strip().strip("[]().:,^ \u00a0").strip()


def raised(before: str, mark: str, *, note: bool) -> str:
    """A superscript as it stands in the text.

    Args:
        before: The text up to it.
        mark: What is raised.
        note: Whether it refers to a note that the document holds.
    """
    mark = " ".join(mark.split())
    inner = bare_mark(mark)
    last = before[-1:]
    apart = not last or last.isspace() or last in '([{"“‘'
    if not any(map(str.isalnum, mark)) or (last.isdigit() and inner.lower() in _ORDINALS):
        return mark  # an asterisk or a dagger fuses with nothing, and an ordinal should
    if note:
        return f"[{inner}]"
    if inner.lower() in _SIGNS and not apart and not last.isdigit():
        return _SIGNS[inner.lower()]
    if _NUMBER.fullmatch(mark):
        return _raised_number(before, mark, apart)
    if last.isalnum() and len(inner) == 1 and _is_variable(before):
        return f"^{mark}"
    return mark if apart or (len(inner) > _LONGEST_NOTE_CHARS and not last.isalnum()) else f"[{inner}]"


def _raised_number(before: str, mark: str, apart: bool) -> str:
    if apart or _SHORT_BASE.search(before[-12:]):
        return mark.translate(_UP)
    return f"^{mark}" if before[-1].isdigit() else f"[{mark}]"


def lowered(before: str, mark: str) -> str:
    """A subscript as it stands in the text."""
    mark = " ".join(mark.split())
    if not mark or not any(map(str.isalnum, mark)):
        return mark
    if _NUMBER.fullmatch(mark) and _SHORT_BASE.search(before[-12:]):
        return mark.translate(_DOWN)
    return f"_{mark}" if before[-1:].isalnum() or before[-1:] == ")" else mark


def _is_variable(before: str) -> bool:
    return bool(re.search(r"(?:^|[^\w])[^\W\d_]$", before[-2:]))
