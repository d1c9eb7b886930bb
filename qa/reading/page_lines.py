"""Lines of text on a page, the input of the layout."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

LINE_END = "\n"  # inside a cell of a table
STRUCK = "\x12"  # after each struck character
_STRUCK = re.compile(rf"((?<!\|) ?)(?:[^{STRUCK}]{STRUCK}(?: (?=[^{STRUCK}]{STRUCK}))?)+( ?)")
BULLETS = "•‣▪·◦●○■◆❖➢➔✓–—*"


@dataclass(slots=True)  # not frozen: creating frozen ones takes four times as long
class Line:
    """A line on a page; `y` is its baseline, measured from the bottom of the page. All in the page's units.

    Superscripts are between `RAISED` and `RESET`, subscripts between `LOWERED` and `RESET`.
    """

    text: str
    page: int
    size: float
    bold: bool
    left: float
    right: float
    y: float
    row: bool = False  # of a table
    upright: bool = True  # not at an angle to most of the page's text


def without_struck(text: str) -> str:
    """A text without struck characters, the blanks beside them, and rows of which nothing is left."""
    if STRUCK not in text:
        return text
    shown = _STRUCK.sub(lambda piece: " " if piece[1] or piece[2] else "", text)
    return "\n".join(line for line in shown.split("\n") if line.strip(" |")).strip()


def text_size(lines: Iterable[Line]) -> float:
    """The most frequent character size."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0
