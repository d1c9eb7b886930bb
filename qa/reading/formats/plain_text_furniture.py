"""Finds the boilerplate of a plain text: page numbers, running lines, legal lines, links without a target.

A paragraph is boilerplate by its position, never only by its words:

- "Page 3 of 9"; "p. 3" inside a sentence; consecutive numbers inside sentences;
- a short line that recurs next to page numbers or inside sentences;
- legal lines at the very end, with the address above them;
- a paragraph that is a single link without a target, from a web page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_SENTENCE_END = re.compile(r"[.!?:…][\"'”’)\]*†‡§]*$")
_LEGAL = re.compile(
    r"©|\(c\) (?:19|20)\d\d|\bcopyright\b|all rights reserved|\bterms of (?:use|service)\b"
    r"|\bprivacy (?:statement|policy|notice)\b",
    re.IGNORECASE,
)
_CLAIM = re.compile(r"©|\(c\) |copyright\b|all rights reserved", re.IGNORECASE)
_PAGE_OF = re.compile(r"[-–— ]*page (\d{1,4}) (?:of|/) \d{1,4}[-–— ]*", re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"[-–— ]*(?P<word>page |p\. ?)?(\d{1,4})(?: (?:of|/) \d{1,4})?[-–— ]*", re.IGNORECASE)
_DEAD_LINK = re.compile(r"\[[^\[\]]+\]\(#?\)")

_LONGEST_RUNNING_WORDS = 14
_LONGEST_LEGAL_WORDS = 40  # a longer paragraph that mentions copyright is about it
_FEWEST_RECURRENCES = 3
_FEWEST_PAGES = 3  # consecutive numbers required for page numbers


def mark_furniture(texts: Sequence[str | None]) -> list[bool]:
    """Which of a file's paragraphs are boilerplate.

    Args:
        texts: The paragraphs in order; None for other pieces, such as a marked heading.
    """
    numbers = _page_numbers(texts)
    running = _running_lines(texts, numbers)
    marked = [
        number or line or bool(text and _DEAD_LINK.fullmatch(text))
        for text, number, line in zip(texts, numbers, running, strict=True)
    ]
    _mark_legal(texts, marked)
    return marked


def is_prose(text: str) -> bool:
    """Whether a text has sentences: it ends like one, or most of its words are in lower case."""
    words = text.split()
    lower = sum(word[0].islower() for word in words)
    return len(words) >= 4 and (bool(_SENTENCE_END.search(text)) or (lower >= 0.6 * len(words) and "\n" not in text))


def _page_numbers(texts: Sequence[str | None]) -> list[bool]:
    marked = [False] * len(texts)
    run: list[int] = []
    last = 0
    for place, text in enumerate(texts):
        match = _PAGE_NUMBER.fullmatch(text) if text else None
        if not match:
            continue
        if int(match[2]) != last + 1:
            run = []
        run.append(place)
        last = int(match[2])
        if len(run) >= _FEWEST_PAGES and any(_tears(texts, each) for each in run):
            for each in run:
                marked[each] = True
            run = run[-_FEWEST_PAGES:]
        said = _PAGE_OF.fullmatch(match[0]) or (match["word"] and _tears(texts, place))
        marked[place] = marked[place] or bool(said)
    return marked


def _running_lines(texts: Sequence[str | None], numbers: Sequence[bool]) -> list[bool]:
    """Short lines that recur at page breaks."""
    counts = Counter(text for text in texts if text and len(text.split()) <= _LONGEST_RUNNING_WORDS)
    at_pages: Counter[str] = Counter()
    for place, text in enumerate(texts):
        if text and counts[text] >= _FEWEST_RECURRENCES:
            beside = any(0 <= near < len(texts) and numbers[near] for near in (place - 1, place + 1))
            at_pages[text] += beside or _tears(texts, place)
    running = {text for text, count in at_pages.items() if 2 * count >= counts[text]}
    return [text in running for text in texts]


def _tears(texts: Sequence[str | None], place: int) -> bool:
    """Whether a sentence stops above a paragraph and continues below it."""
    above = texts[place - 1] if place else None
    below = texts[place + 1] if place + 1 < len(texts) else None
    if not above or not below or not is_prose(above) or _SENTENCE_END.search(above):
        return False
    return below[0].islower() and below[0].isalpha() and bool(re.search(r"[\w,]$", above)) and len(above.split()) >= 4


def _mark_legal(texts: Sequence[str | None], marked: list[bool]) -> None:
    """Mark the legal lines at the end of a file, and the address around them."""
    legal = False
    for place in range(len(texts) - 1, 0, -1):
        text = texts[place]
        if marked[place]:
            legal = legal and not _DEAD_LINK.fullmatch(text or "")
            continue
        if text is None:
            return
        is_claim = _LEGAL.search(text) and (not is_prose(text) or _CLAIM.match(text))
        if is_claim and len(text.split()) <= _LONGEST_LEGAL_WORDS:
            marked[place] = legal = True
        elif legal and not is_prose(text):
            marked[place] = True  # an imprint's address
        else:
            return
