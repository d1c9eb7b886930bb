"""Reads plain text that is a deck of slides: mostly short, unpunctuated lines, separated by wide gaps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from qa.reading.draft import Draft
from qa.records import BlockKind

_SLIDE_LINE_WORDS = 8
_FEWEST_SLIDE_LINES = 8


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines between blank lines; `gap` is the number of blank lines above."""

    lines: tuple[str, ...]
    gap: int


def paragraphs_of(text: str) -> Iterator[Paragraph]:
    """The paragraphs of a text, in order."""
    lines: list[str] = []
    gap = blank = 0
    for line in text.split("\n"):
        if line.strip():
            if not lines:
                gap = blank
            lines.append(line.rstrip())
            blank = 0
        else:
            if lines:
                yield Paragraph(tuple(lines), gap)
                lines = []
            blank += 1
    if lines:
        yield Paragraph(tuple(lines), gap)


def is_deck(paragraphs: list[Paragraph]) -> bool:
    """Whether these are paragraphs of a deck."""
    lines = [line for paragraph in paragraphs for line in paragraph.lines]
    if len(lines) < _FEWEST_SLIDE_LINES or not any(paragraph.gap > 1 for paragraph in paragraphs[1:]):
        return False
    unfinished = sum(not line.endswith((".", "!")) for line in lines)
    return median(len(line.split()) for line in lines) <= _SLIDE_LINE_WORDS and unfinished >= 0.8 * len(lines)


def read_slides(paragraphs: list[Paragraph]) -> list[Draft]:
    """Convert a deck's paragraphs to drafts: a slide's first line is its title."""
    gathered: list[tuple[list[str], int]] = []  # all lines between two wide gaps, with the gap above
    for paragraph in paragraphs:
        if gathered and paragraph.gap <= 1:
            gathered[-1][0].extend(paragraph.lines)
        else:
            gathered.append((list(paragraph.lines), paragraph.gap))
    groups = [Paragraph(tuple(lines), gap) for lines, gap in gathered]
    usual_gap = median([group.gap for group in groups[1:]])
    drafts: list[Draft] = []
    slide = 0
    titled = False  # the slide so far is a single line, the title of the groups close below it
    for group in groups:
        lone = len(group.lines) == 1
        part_of_slide = titled and not lone and group.gap < usual_gap
        if not part_of_slide:
            slide += 1
        titled = part_of_slide or lone
        for number, line in enumerate(group.lines):
            text = line.strip()
            if not drafts:
                drafts.append(Draft(BlockKind.TITLE, text, level=1, slide=slide))
            elif number == 0:
                level = 3 if part_of_slide else 2
                drafts.append(Draft(BlockKind.HEADING, text, level=level, slide=slide))
            else:
                drafts.append(Draft(BlockKind.LIST_ITEM, text, slide=slide, tight=True))
    return drafts
