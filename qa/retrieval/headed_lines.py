"""Finds the introducing line of each sentence: its heading, or the line that introduces its list."""

from __future__ import annotations

import re
from functools import lru_cache

from qa.records import Passage

_LONGEST_HEADING = 12  # words
_MOST_LINES = 20  # under one heading
_ENDED = re.compile(r"[.!?…][\"'”’)\]*]*$")
_ITEM = re.compile(r"[-*•–]\s|\d{1,3}[.)]\s")


@lru_cache(maxsize=1024)  # passages, of a few kB each; many questions find the same one
def heads(passage: Passage) -> tuple[int, ...]:
    """For each sentence the number of its nearest introducing line; its own number if there is none."""
    found = list(range(len(passage.sentences)))
    if "\n" not in passage.text:
        return tuple(found)
    for number in range(len(found)):
        if _introduces(passage, number):
            for under in _introduced(passage, number):
                found[under] = number
    return tuple(found)


def _introduces(passage: Passage, number: int) -> bool:
    """Whether a sentence is an introducing line: a heading, a question above its answer, or a list's first line."""
    if number + 1 >= len(passage.sentences) or not _parted(passage, number + 1):
        return False
    sentence = _sentence(passage, number).rstrip("*_ ")
    if sentence.endswith(":"):
        return True
    first_cell, bar, _ = sentence.partition(" | ")
    if (
        (number and not _parted(passage, number))
        or _is_item(passage, number)
        or (bar and ": " in first_cell)  # a row of a sheet, which has the column heads in its cells
        or len(sentence.split()) > _LONGEST_HEADING
    ):
        return False
    before_list = number == 0 or _is_item(passage, number + 1)
    return sentence.endswith("?") or (before_list and not _ENDED.search(sentence))


def _introduced(passage: Passage, number: int) -> range:
    """The lines introduced by a line: up to the first sentence that is not a list item."""
    last, in_list = number, _is_item(passage, number + 1)
    while last + 1 < len(passage.sentences) and last - number < _MOST_LINES:
        is_item, is_line = _is_item(passage, last + 1), _parted(passage, last + 1)
        is_prose = last > number and not is_item and _ENDED.search(_sentence(passage, last + 1))
        if (is_line and not is_item) if in_list else (is_prose or not is_line):
            break
        last += 1
    return range(number + 1, last + 1)


def _is_item(passage: Passage, number: int) -> bool:
    return _ITEM.match(_sentence(passage, number)) is not None


def _parted(passage: Passage, number: int) -> bool:
    """Whether a sentence begins a new line."""
    before, sentence = passage.sentences[number - 1 : number + 1]
    return "\n" in passage.text[before.end : sentence.start]


def _sentence(passage: Passage, number: int) -> str:
    span = passage.sentences[number]
    return passage.text[span.start : span.end]
