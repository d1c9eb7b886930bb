"""Drafts: blocks before they have offsets. Format parsers make drafts, and `assemble` joins them to canonical text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from qa.reading.titles import is_title
from qa.records import Block, BlockKind

_LABEL = re.compile(r"(?=.{0,50}[^\W\d_]).{1,90}[^\s.;,!…]")  # of a heading: no sentence
_BODY = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)
_FEWEST_WORDS = 8  # of running text below a heading


@dataclass(frozen=True, slots=True)
class Draft:
    """A block's text and kind.

    `tight` puts it on the line after the previous block, without a blank line. `breaks` are the offsets in its text
    where further pages begin, each with the page number. `bold`: all of it is in bold type.
    """

    kind: BlockKind
    text: str
    level: int = 0
    run_in: int = 0
    slide: int | None = None
    page: int | None = None
    tight: bool = False
    breaks: tuple[tuple[int, int], ...] = ()
    bold: bool = False


class Read(NamedTuple):
    """The result of a format's parser.

    `own` has the details from the file (title, author, date and so on), empty if unknown. `left_out` lists the parts of
    the file that are not in the drafts ("3 charts", "without text: page 2"), one phrase for each kind
    (`qa.reading.left_out`).
    """

    drafts: list[Draft]
    own: dict[str, str]
    left_out: tuple[str, ...] = ()


class Headings:
    """Makes the headings of a document; the first one of level 1 is its title.

    Attributes:
        titled: Whether a title was made, or none may be made.
    """

    def __init__(self) -> None:
        self.titled = False

    def draft(self, text: str, level: int) -> Draft:
        """A heading of a level from 1, on one line."""
        text = " ".join(text.split())
        if level == 1 and not self.titled:
            self.titled = True
            return Draft(BlockKind.TITLE, text, level=1)
        return Draft(BlockKind.HEADING, text, level=max(2, level + 1))


def with_bold_headings(drafts: list[Draft]) -> Iterator[Draft]:
    """Short paragraphs in bold type, each before a paragraph of running text, as headings; a first one as the title."""
    titled = any(draft.kind is BlockKind.TITLE for draft in drafts)
    level = 1
    for place, draft in enumerate(drafts):
        after = drafts[place + 1] if place + 1 < len(drafts) else draft
        if draft.kind is BlockKind.HEADING:
            level = draft.level
        if not (draft.bold and _LABEL.fullmatch(draft.text)):
            yield draft
        elif not place and not titled and after is not draft:
            yield replace(draft, kind=BlockKind.TITLE, level=1)
        elif not after.bold and after.kind in _BODY and len(after.text.split()) >= _FEWEST_WORDS:
            yield replace(draft, kind=BlockKind.HEADING, level=level + 1, tight=False)
        else:
            yield draft


def own_title(title: str, drafts: Iterable[Draft]) -> dict[str, str]:
    """The title in a file's properties as its own title; none if it is no title, or the text has one, which is better.

    Args:
        title: The title in the file's properties, on one line.
        drafts: All of its blocks.
    """
    return {"title": title} if is_title(title) and not any(draft.kind is BlockKind.TITLE for draft in drafts) else {}


def as_part(draft: Draft) -> Draft:
    """A draft of one chapter or message of several: its title becomes a heading."""
    return replace(draft, kind=BlockKind.HEADING, level=2) if draft.kind is BlockKind.TITLE else draft


def running_lines(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """Headers and footers as boilerplate: each text once, and no bare page numbers."""
    seen: set[str] = set()
    for draft in drafts:
        if draft.text and draft.text not in seen and not draft.text.isdigit():
            seen.add(draft.text)
            yield replace(draft, kind=BlockKind.BOILERPLATE, level=0, tight=False)


def assemble(drafts: Iterable[Draft]) -> tuple[str, tuple[Block, ...]]:
    """Join drafts into canonical text, and compute each block's span.

    Returns:
        The text, and the blocks in its order: disjoint, non-empty, covering all of it except the line ends between
        them.
    """
    parts: list[str] = []
    blocks: list[Block] = []
    position = 0
    for draft in drafts:
        text = draft.text.strip()
        if not text:
            continue
        if blocks:
            gap = "\n" if draft.tight else "\n\n"
            parts.append(gap)
            position += len(gap)
        end = position + len(text)
        breaks = tuple((position + place, page) for place, page in draft.breaks)
        run_in = min(draft.run_in, len(text))
        blocks.append(Block(draft.kind, position, end, draft.level, run_in, draft.slide, draft.page, breaks))
        parts.append(text)
        position = end
    return "".join(parts), tuple(blocks)
