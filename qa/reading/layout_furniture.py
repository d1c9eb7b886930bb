"""Finds running headers, footers and page numbers: lines at the edge of pages that recur.

A number in such a line matches from page to page if it is constant, like a year, or grows with the page number. A
number alone at an edge is left out only if another page also has one, or if it is the page's own number.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise, product
from statistics import median

from qa.reading.page_lines import Line
from qa.text.number_words import roman

LARGER = 1.12  # times the text size, for a heading
_EDGE_LINES = 2  # lines at each end of a page that may be a running header or footer
_SET_APART = 1.25  # times the usual line distance, for a header or footer
_FEWEST_LARGE = 3
_OFTEN = 0.4  # minimum share of the pages
_MOST_NUMBERS = 4  # numbers of a line that are compared
_NUMBER = re.compile(r"\d{1,9}")
_NUMBER_ONLY = re.compile(
    r"[-–— ]*(?:page |p\. ?|seite )?(?:\d{1,4}|[ivxlc]{1,7})(?: ?(?:of|/|von|\|) ?\d{1,4})?[-–— ]*", re.IGNORECASE
)
_ROMAN = {roman(number): str(number) for number in range(1, 400)}
# Lines that browsers print at the edges of pages: the time and the title, the address and the page.
_ADDRESS = re.compile(r"(?:https?|file)://\S+ \d{1,4}/\d{1,4}")
_TIME = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4},? \d{1,2}:\d{2}(?: ?[AP]M)?(?: .*)?")
_SAID = re.compile(r"[-–— ]*(?:page|seite) .*", re.IGNORECASE)


def part_furniture(pages: list[list[Line]], size: float) -> tuple[list[list[Line]], list[Line]]:
    """Separate running headers and footers from the other lines; of recurring ones only the first is returned."""
    edges = [_edges(page, size) for page in pages]
    seen: Counter[str] = Counter()
    for lines in edges:
        seen.update({pattern for line in lines for pattern in _patterns(line)})
    often = max(2, round(_OFTEN * sum(bool(page) for page in pages)))
    bodies: list[list[Line]] = []
    kept: dict[str, Line] = {}
    for page, lines in zip(pages, edges, strict=True):
        at_edge = {id(line) for line in lines}
        is_printed = any(_ADDRESS.fullmatch(line.text) for line in lines)
        body = []
        for line in page:
            best = max(_patterns(line), key=seen.__getitem__) if id(line) in at_edge else ""
            if best and _NUMBER_ONLY.fullmatch(line.text) and (seen[best] > 1 or _is_own(line)):
                continue
            # Of lines larger than the text, numbered ones such as "Chapter 1" are no running headers.
            is_large = line.size >= LARGER * size
            fewest = often if not is_large else math.inf if "#" in best else max(_FEWEST_LARGE, often)
            if is_printed and (_ADDRESS.fullmatch(line.text) or _TIME.fullmatch(line.text)):
                fewest = 1
            if best and seen[best] >= fewest:
                kept.setdefault(best, line)
            else:
                body.append(line)
        bodies.append(body)
    return bodies, list(kept.values())


def _is_own(line: Line) -> bool:
    """Whether a number alone on a line is its page's number, or is labelled as a page number."""
    number = _NUMBER.search(_in_digits(line.text))
    return bool(_SAID.fullmatch(line.text)) or (number is not None and int(number[0]) == line.page)


def _edges(page: list[Line], size: float) -> list[Line]:
    """The lines at the positions of headers and footers: one or two, spaced from the text."""
    ranked = sorted((line for line in page if line.upright), key=lambda line: -line.y)
    steps = [above.y - line.y for above, line in pairwise(ranked) if above.y - line.y > 0.5 * size]
    apart = _SET_APART * min([median(steps) if steps else size, 1.5 * size])
    found: list[Line] = []
    for lines in (ranked, ranked[::-1]):
        outer: list[Line] = []
        for line in lines:
            if outer and abs(outer[-1].y - line.y) > apart:
                break
            outer.append(line)
        if len(outer) <= _EDGE_LINES or len(outer) == len(page):
            found += outer[:_EDGE_LINES]
    return found


def _patterns(line: Line) -> list[str]:
    """The forms in which a line may recur on other pages: each number unchanged, or relative to the page number."""
    text = _in_digits(" ".join(line.text.lower().split()))
    numbers = _NUMBER.findall(text)[:_MOST_NUMBERS]
    if not numbers:
        return [text]
    pieces = _NUMBER.split(text, maxsplit=len(numbers))
    choices = [(number, f"#{int(number) - line.page}") for number in numbers]
    return [pieces[0] + "".join(map("".join, zip(chosen, pieces[1:], strict=True))) for chosen in product(*choices)]


def _in_digits(text: str) -> str:
    """A line that is only a Roman number, in digits; other lines unchanged."""
    bare = text.strip("-–— ")
    return text.replace(bare, _ROMAN[bare.lower()]) if bare.lower() in _ROMAN else text
