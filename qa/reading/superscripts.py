"""Writes superscripts and subscripts as plain text, separate from the word or number before them.

A superscript follows "^": 14^2, 10^6, sites^3. Exceptions are areas and volumes (m²), ordinals (19th), trade marks, and
marks that are neither letters nor digits (*, †, ®). A subscript is written in Unicode's subscript digits after a
letter, or else after "_": CO₂, x_max. References to notes in the document are not handled here: parsers write them as
"[2]".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum, auto
from itertools import groupby

_LONGEST_MARK_CHARS = 24  # longer text is small print
_TAIL_CHARS = 16  # of the line, which determine how a mark is written
_SUPERSCRIPTS = str.maketrans("1234-−", "¹²³⁴⁻⁻")
_SUBSCRIPTS = str.maketrans("0123456789-−+=()", "₀₁₂₃₄₅₆₇₈₉₋₋₊₌₍₎")
_UNIT = re.compile(r"(?:^|[\d\s(/·])(?:[kcdmµn]?m|in|ft|yd|mi|s|h)$")
_POWER = re.compile(r"[-−]?[1-4]")
_LOWERED = re.compile(r"[-−+]?\d+[-−+]?|[-−+]")
_ORDINALS = frozenset({"st", "nd", "rd", "th", "er", "ère", "ème"})
_TRADE_MARKS = {"TM": "™", "SM": "℠"}
_OPERATOR = re.compile(r"\w\s*[-−+*/=]\s*\w")


class Script(Enum):
    """The position of characters relative to the line."""

    BASE = auto()
    RAISED = auto()
    LOWERED = auto()


def in_line(pieces: Iterable[tuple[str, Script]]) -> str:
    """Write the pieces of a line, each with its script, as plain text.

    Superscripts and subscripts are separated from the words around them. If the line has nothing else, they are its
    text.
    """
    runs = [
        (script, "".join(text for text, _ in run))
        for script, run in groupby((piece for piece in pieces if piece[0]), key=lambda piece: piece[1])
    ]
    if not any(script is Script.BASE and text.strip() for script, text in runs):
        return "".join(text for _, text in runs)
    parts: list[str] = []
    before, fuses = "", True
    for script, text in runs:
        mark = text.strip()
        if script is Script.BASE or not mark:
            written, fuses_now = text, True
        else:
            lead, trail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
            shown, fuses_now = _mark(before + lead, mark, script)
            written = lead + shown + trail
        if not fuses and written[:1].isalnum() and before[-1:].isalnum():
            written = " " + written
        parts.append(written)
        before, fuses = (before + written)[-_TAIL_CHARS:], fuses_now
    return "".join(parts)


def _mark(before: str, mark: str, script: Script) -> tuple[str, bool]:
    """How a mark is written after some text, and whether a word may follow it without a blank."""
    if len(mark) > _LONGEST_MARK_CHARS:
        return ("" if not before or before[-1].isspace() else " ") + mark, False
    if not before.strip() or before.endswith("\n"):
        return mark, False  # at the beginning of the line, like that of a note
    if not any(char.isalnum() for char in mark) and not _LOWERED.fullmatch(mark):
        return mark, True
    return (_raised if script is Script.RAISED else _lowered)(before, mark)


def _raised(before: str, mark: str) -> tuple[str, bool]:
    if _POWER.fullmatch(mark) and _UNIT.search(before):
        return mark.translate(_SUPERSCRIPTS), True
    if before[-1].isdigit() and mark.lower() in _ORDINALS:
        return mark, False
    if mark in _TRADE_MARKS:
        return _TRADE_MARKS[mark], True
    return f"^({mark})" if _OPERATOR.search(mark) and not mark.startswith("(") else f"^{mark}", False


def _lowered(before: str, mark: str) -> tuple[str, bool]:
    if _LOWERED.fullmatch(mark) and (before[-1].isalpha() or before[-1] in ")]"):
        return mark.translate(_SUBSCRIPTS), True
    if before[-1].isdigit():
        return f" {mark}", False
    return f"_({mark})" if _OPERATOR.search(mark) and not mark.startswith("(") else f"_{mark}", False
