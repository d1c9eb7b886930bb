"""Pages read by text recognition (OCR), as a phrase in the notes on a file: "read by OCR: pages 2-4, 7"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

PageRuns = tuple[tuple[int, int], ...]  # the first and the last page of each run

_OPENING = "read by OCR: page"
_MOST_RUNS = 40  # a longer phrase would be cut, so then all pages from the first to the last count
_RUN = re.compile(r"(\d+)(?:-(\d+))?")


def recognised_phrase(pages: Sequence[int]) -> str:
    """The phrase for some pages, in ascending order."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][1] + 1:
            runs[-1][1] = page
        else:
            runs.append([page, page])
    if len(runs) > _MOST_RUNS:
        runs = [[pages[0], pages[-1]]]
    shown = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
    return f"{_OPENING}{'s' if len(pages) > 1 else ''} {shown}"


def recognised_pages(phrases: Iterable[str]) -> PageRuns:
    """The pages read by OCR according to the phrases of a file."""
    told = next((phrase for phrase in phrases if phrase.startswith(_OPENING)), "")
    return tuple((int(first), int(last or first)) for first, last in _RUN.findall(told))


def is_recognised(runs: PageRuns, first: int, last: int) -> bool:
    """Whether OCR read any page in a range."""
    return any(start <= last and first <= end for start, end in runs)
