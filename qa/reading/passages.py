"""Cuts documents into passages: citable spans that can be understood on their own.

Guarantees: `passage.text == document.text[start:end]`; passages are in the order of the text; sentences are never cut;
every body sentence is in exactly one passage, so only titles, headings and empty slides are left out.

How it works:

1. Blocks are grouped into sections that a passage may not cross: one slide, or the text under one heading up to a
   footnote or boilerplate. Each footnote, and each run of boilerplate, is a separate section.
2. Each section is a sequence of sentences. Dynamic programming finds the cuts of least cost: passages near
   `TARGET_WORDS`, cuts at paragraph ends, a run-in subheading with its text, an introduction with its list, and no
   passage that begins with a pronoun whose subject is in the previous one.
3. A passage's trail has the headings above it; a footnote belongs to each passage with its mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from qa.reading.titles import heading_words
from qa.records import Block, BlockKind, Document, Passage, PassageKind, Span
from qa.text.sentences import split_sentences

# Part of every snapshot's configuration: raise it if the same document is cut differently.
PASSAGES_VERSION = 3

TARGET_WORDS = 90
MIN_WORDS = 40
MAX_WORDS = 160
_LONGEST_OPENING_CHARS = 90  # added to each passage of a title that is only the document's first words
_LONGEST_HEADING_CHARS = 300  # maximum part of a heading that is added to each passage under it
_RUN_IN_MIN_WORDS = 20  # minimum size of an item of a definition list as a separate passage

# Costs of one passage or cut, in units of "twice as long as the target".
_CUT_IN_PARAGRAPH = 0.5
_CUT_AT_RUN_IN = -0.6
_CUT_BEFORE_PRONOUN = 2.0
_CUT_AFTER_COLON = 2.0
_CUT_IN_LIST = 0.25
_OVERSIZE = 8.0
_UNDERSIZE = 1.0

_HEADINGS = (BlockKind.TITLE, BlockKind.HEADING)
_PRONOUN = re.compile(
    r"[\"'“‘(]*(?:he|she|they|it|his|her|hers|their|theirs|its|him|them|this|these|those|that|such)\b", re.IGNORECASE
)
_EMPHASIS = re.compile(r"\*\*(?=\S)|(?<=\S)\*\*|\\(?=[$_*#\[\]])")
_PIECE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]|[^\W\u2e80-\u9fff\uac00-\ud7af]+|[^\w\s]")
_NOTE_MARK = re.compile(r"[*†‡§]{1,3}|\[[^\W_]{1,7}\]|[¹²³⁴⁵⁶⁷⁸⁹]")  # as at the beginning of a note
_CARRIED_MARK = re.compile(r"(?<=[^\s*†‡§])[*†‡§]{1,3}(?![\w*†‡§])|\[[^\W_]{1,7}\]|[¹²³⁴⁵⁶⁷⁸⁹]")


@dataclass(frozen=True, slots=True)
class _Sentence:
    span: Span
    words: int
    cut_cost: float  # of beginning a passage here
    alone: bool  # begins an item of a definition list, which may be shorter than other passages
    trail: tuple[str, ...]
    page: int | None
    breaks: tuple[tuple[int, int], ...]  # of its block


def cut_passages(document: Document) -> tuple[Passage, ...]:
    """Cut a document into passages."""
    notes = _footnotes(document)
    passages = []
    for kind, blocks, trail in _stretches(document):
        sentences = list(_sentences(document.text, blocks, trail))
        for first, last in _cuts(sentences):
            passages.append(_passage(document, kind, sentences[first:last], notes))
    return tuple(passages)


def embedding_text(title: str, passage: Passage) -> tuple[str, int]:
    """The text that is encoded for a passage: title and heading trail, then the passage.

    Returns:
        The text, and the offset of the passage in it.
    """
    cut = title.endswith("…") and len(title) > _LONGEST_OPENING_CHARS
    opening = title[:_LONGEST_OPENING_CHARS].rsplit(" ", 1)[0] + "…" if cut else title
    head = ". ".join((opening, *passage.headings)) + "\n"
    return head + masked(passage.text), len(head)


def masked(text: str) -> str:
    """The text with blanks for emphasis marks and escapes, of the same length, so that the model reads only words."""
    return _EMPHASIS.sub(lambda mark: " " * len(mark[0]), text)


def _passage(document: Document, kind: PassageKind, inside: Sequence[_Sentence], notes: dict[str, Span]) -> Passage:
    start, end = inside[0].span.start, inside[-1].span.end
    text = document.text[start:end]
    marks = {mark[0] for mark in _CARRIED_MARK.finditer(text)} if notes and kind is PassageKind.BODY else set()
    return Passage(
        document_id=document.id,
        start=start,
        end=end,
        text=text,
        headings=inside[0].trail,
        sentences=tuple(Span(sentence.span.start - start, sentence.span.end - start) for sentence in inside),
        kind=kind,
        page=inside[0].page,
        breaks=tuple(_breaks(inside, start, end)),
        footnotes=tuple(sorted((notes[mark] for mark in marks if mark in notes), key=lambda span: span.start)),
    )


def _breaks(inside: Sequence[_Sentence], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The offsets in a passage where further pages begin, with the page numbers."""
    page = inside[0].page
    for sentence in inside:
        places = [(sentence.span.start, sentence.page)]
        places += [
            (place, number) for place, number in sentence.breaks if sentence.span.start < place < sentence.span.end
        ]
        for place, number in places:
            if number is not None and number != page and start < place < end:
                page = number
                yield place - start, number


def _footnotes(document: Document) -> dict[str, Span]:
    """Footnotes by their mark, except marks used twice, which are ambiguous."""
    notes: dict[str, Span | None] = {}
    for block in document.blocks:
        mark = _NOTE_MARK.match(document.text, block.start)
        if block.kind is BlockKind.FOOTNOTE and mark:
            notes[mark[0]] = None if mark[0] in notes else Span(block.start, block.end)
    return {mark: span for mark, span in notes.items() if span}


def _stretches(document: Document) -> Iterator[tuple[PassageKind, list[Block], tuple[str, ...]]]:
    """The sections of a document, each with the headings above it."""
    trail: list[tuple[int, str]] = []
    run: list[Block] = []
    run_key: object = None
    run_trail: tuple[str, ...] = ()
    for number, block in enumerate(document.blocks):
        key: object
        if block.slide is not None:
            key = block.slide
        elif block.kind in _HEADINGS:
            trail = [(level, heading) for level, heading in trail if level < block.level]
            if block.kind is BlockKind.HEADING:
                trail.append((block.level, _heading(document.text[block.start : block.end])))
            key = None
        else:
            key = number if block.kind is BlockKind.FOOTNOTE else _kind(block)
        if key != run_key:
            if run:
                yield _kind(run[0]), run, run_trail
            run, run_key, run_trail = [], key, tuple(heading for _, heading in trail)
        if key is not None:
            run.append(block)
    if run:
        yield _kind(run[0]), run, run_trail


def _kind(block: Block) -> PassageKind:
    special = {BlockKind.FOOTNOTE: PassageKind.FOOTNOTE, BlockKind.BOILERPLATE: PassageKind.BOILERPLATE}
    return special.get(block.kind, PassageKind.BODY)


def _sentences(text: str, blocks: Sequence[Block], trail: tuple[str, ...]) -> Iterator[_Sentence]:
    """The sentences of a section, each with the cost of beginning a passage there and its heading trail."""
    if all(block.kind in _HEADINGS for block in blocks):
        return  # a slide with only a title has no content
    slide_trail: list[tuple[int, str]] = []
    run_in: tuple[str, ...] = ()
    previous: Block | None = None
    for block in blocks:
        inner = text[block.start : block.end]
        above = tuple(heading for _, heading in slide_trail)
        for number, span in enumerate(split_sentences(inner)):
            opens = number == 0
            sentence = inner[span.start : span.end]
            cost = _cut_cost(text, block, previous) if opens else _CUT_IN_PARAGRAPH
            if _PRONOUN.match(sentence):
                cost += _CUT_BEFORE_PRONOUN
            if opens and block.run_in:
                run_in = ()
            yield _Sentence(
                Span(block.start + span.start, block.start + span.end),
                _size(sentence),
                cost,
                opens and bool(block.run_in),
                trail + above + run_in,
                next((page for place, page in reversed(block.breaks) if place <= block.start + span.start), block.page),
                block.breaks,
            )
            if opens and block.run_in:
                run_in = (_heading(inner[: block.run_in].rstrip(" :.")),)
        if block.kind in _HEADINGS:
            slide_trail = [(level, heading) for level, heading in slide_trail if level < block.level]
            slide_trail.append((block.level, _heading(inner)))
        previous = block


def _heading(text: str) -> str:
    """A heading for a trail, without marks of Markdown, and cut to a maximum length."""
    text = heading_words(text)
    return text if len(text) <= _LONGEST_HEADING_CHARS else text[: _LONGEST_HEADING_CHARS - 1].rstrip() + "…"


def _size(sentence: str) -> int:
    """The number of words of a sentence; higher if the model reads more tokens: dot leaders, Chinese, long words."""
    pieces = _PIECE.findall(sentence)
    count = len(pieces) + sum([len(piece) // 12 for piece in pieces if len(piece) >= 12])
    return max(len(sentence.split()), count * 2 // 3)


def _cut_cost(text: str, block: Block, previous: Block | None) -> float:
    if previous is None:
        return 0.0
    cost = 0.0
    if block.run_in:
        cost += _CUT_AT_RUN_IN
    if previous.kind in _HEADINGS or text[previous.start : previous.end].endswith(":"):
        cost += _CUT_AFTER_COLON
    if block.slide is not None or (block.kind is previous.kind and block.kind is BlockKind.LIST_ITEM):
        cost += _CUT_IN_LIST
    return cost


def _cuts(sentences: Sequence[_Sentence]) -> list[tuple[int, int]]:
    """Divide a section at the least cost.

    Returns:
        The passages as index pairs `(first, last)` into `sentences`, end-exclusive, in order.
    """
    if not sentences:
        return []
    words = [0, *accumulate(sentence.words for sentence in sentences)]
    cut_costs = [0.0, *(sentence.cut_cost for sentence in sentences[1:])]
    size_costs = [_size_costs(alone=sentence.alone) for sentence in sentences]
    best = [0.0] + [float("inf")] * len(sentences)  # best[j]: least cost of the first j sentences
    began = [0] * (len(sentences) + 1)
    for last in range(1, len(sentences) + 1):
        least, best_first = float("inf"), 0
        for first in range(last - 1, -1, -1):
            size = words[last] - words[first]
            if size > 2 * MAX_WORDS:
                if first < last - 1:
                    break
                size_cost = _size_cost(size, alone=sentences[first].alone)
            else:
                size_cost = size_costs[first][size]
            cost = best[first] + size_cost + cut_costs[first]
            if cost < least:
                least, best_first = cost, first
        best[last], began[last] = least, best_first
    cuts = []
    last = len(sentences)
    while last:
        cuts.append((began[last], last))
        last = began[last]
    return cuts[::-1]


@cache
def _size_costs(*, alone: bool) -> tuple[float, ...]:
    """The cost of each size, up to the largest compared one."""
    return tuple(_size_cost(words, alone=alone) for words in range(2 * MAX_WORDS + 1))


def _size_cost(words: int, *, alone: bool) -> float:
    cost = ((words - TARGET_WORDS) / TARGET_WORDS) ** 2
    least = _RUN_IN_MIN_WORDS if alone else MIN_WORDS
    if words < least:
        cost += _UNDERSIZE * (least - words) / least
    if alone and words < TARGET_WORDS:
        cost *= 0.5
    if words > MAX_WORDS:
        cost += _OVERSIZE * (words - MAX_WORDS) / MAX_WORDS
    return cost
