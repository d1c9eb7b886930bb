"""Finds sentence bounds in canonical text.

Guarantees: the spans are in order, disjoint, non-empty, trimmed of white space, and cover every other character. A line
end always ends a sentence, since canonical text has only meaningful line ends. A "sentence" of more than
`LONGEST_CHARS` (a table without full stops, a megabyte on one line) is cut at the best place before that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa.records import Span

LONGEST_CHARS = 1200

# Matched only at the start of a run of stops, and as a whole: otherwise each dot of a long row would be tried.
_STOP = re.compile(r"(?:(?<![.!?…])[.!?…]++[\"'”’)\]*†‡§]*+|[。！？])(?=\s|$)")
_OPENING = re.compile(r"\s*[\"'“‘(\[*†‡§]*")
_LAST_WORD = re.compile(r"(?<![\w.&'’-])[\w.&'’-]++$")
_INITIALS = re.compile(r"(?:\w\.)+\w")  # U.S., N.W., a.m.
_WORD = re.compile(r"\w{1,40}")
_ITEM_NUMBER = re.compile(r"\s{0,8}\(?(?:\d{1,3}|[A-Za-z])\.")
# Abbreviations that a capital letter or a digit may follow inside a sentence.
_TITLES = frozenset(
    "dr mr mrs ms prof rev hon gov sen rep gen col lt sgt capt st mt ft no nos vol pp fig figs vs".split()
)
_SHORTENED = frozenset(
    "jan feb mar apr jun jul aug sept sep oct nov dec mon tue tues wed thu thurs fri ave blvd rd dept est approx "
    "ala ariz ark calif colo conn del fla ga ill ind kan ky la md mass mich minn miss mo mont neb nev okla ore pa "
    "tenn tex va vt wash wis wyo".split()
)
_ENDING = frozenset("inc ltd co corp llc jr sr etc al".split())
_STARTERS = frozenset(
    "a an and as at but by for from he her his however i if in it its most no on one our she some such that the their "
    "then there these they this those to we what when where while who with you".split()
)
_GENTLE = (re.compile(r"[;:](?=\s)"), re.compile(r",(?=\s)"), re.compile(r"\s"))


def split_sentences(text: str) -> tuple[Span, ...]:
    """Find the sentences of a text."""
    spans: list[Span] = []
    for line in re.finditer(r"[^\n]+", text):
        start = line.start()
        for end in (*_stops(line[0], line.start()), line.end()):
            spans.extend(_cut(text, start, end))
            start = end
    return tuple(spans)


def _stops(line: str, offset: int) -> Iterator[int]:
    for stop in _STOP.finditer(line):
        if stop.end() < len(line) and _closes(line, stop):
            yield offset + stop.end()


def _closes(line: str, stop: re.Match[str]) -> bool:
    """Whether a stop ends its sentence, by the words before and after it."""
    following = _WORD.match(line, _end_of(_OPENING, line, stop.end()))
    if (following and following[0][0].islower()) or _ITEM_NUMBER.fullmatch(line, 0, stop.end()):
        return False
    if not stop[0].startswith(".") or stop[0].startswith(".."):
        return True
    before = _LAST_WORD.search(line[max(0, stop.start() - 40) : stop.start()])
    if not before:
        return True
    word = before[0].rsplit("-", 1)[-1].lower()
    if word in _TITLES:
        return False
    initial = len(word) == 1 and word.isalpha() and word != "i"
    if word in _SHORTENED or word in _ENDING or initial or _INITIALS.fullmatch(word):
        return following is not None and following[0].lower() in _STARTERS
    return True


def _end_of(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position


def _cut(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > LONGEST_CHARS:
        cut = _gentle_place(text, start, start + LONGEST_CHARS)
        yield from _cut(text, start, cut)
        start = cut
        while text[start].isspace():
            start += 1
    if start < end:
        yield Span(start, end)


def _gentle_place(text: str, start: int, end: int) -> int:
    """The last place before `end` to cut: after a semicolon, else a comma, else a space, else at `end`."""
    for pattern in _GENTLE:
        places = [match.end() for match in pattern.finditer(text, start + LONGEST_CHARS // 2, end)]
        if places:
            return places[-1]
    return end
