"""The parsed content of a file and its JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qa.records import Block, BlockKind, Passage, PassageKind, Span, left_out_of


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file's content: canonical text, its blocks, and the details from the file (title, date and so on).

    A `note` among the details lists the parts of the file that were left out, one phrase a line.
    """

    text: str
    blocks: tuple[Block, ...]
    own: Mapping[str, str]

    @property
    def left_out(self) -> tuple[str, ...]:
        """The parts of the file that are not in the text: "3 charts", "without text: page 2"."""
        return left_out_of(self.own)


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a file: the parsed text, and its passages, whose document id is empty."""

    parsed: Parsed
    passages: tuple[Passage, ...]


def note_of(left_out: tuple[str, ...]) -> str:
    """The `note` with the parts left out; empty if there are none."""
    return "\n".join(" ".join(phrase.split()) for phrase in left_out)


def to_data(content: Content) -> dict[str, Any]:
    """Content as JSON data."""
    return {
        "text": content.parsed.text,
        "blocks": [[getattr(block, name) for name in Block.__slots__] for block in content.parsed.blocks],
        "own": dict(content.parsed.own),
        "passages": [_passage_fields(passage) for passage in content.passages],
    }


def from_data(data: dict[str, Any]) -> Content:
    """Content from JSON data."""
    text = data["text"]
    blocks = tuple(map(_block_of, data["blocks"]))
    return Content(Parsed(text, blocks, data["own"]), tuple(_passage_of(stored, text) for stored in data["passages"]))


def _passage_fields(passage: Passage) -> list[object]:
    sentences, footnotes = (
        [(span.start, span.end) for span in each] for each in (passage.sentences, passage.footnotes)
    )
    start, end, breaks = passage.start, passage.end, passage.breaks
    return [start, end, passage.headings, sentences, passage.kind, passage.page, footnotes, breaks]


def _passage_of(fields: list[Any], text: str) -> Passage:
    start, end, headings, sentences, kind, page, footnotes, breaks = fields
    sentences, footnotes = (tuple(Span(*span) for span in each) for each in (sentences, footnotes))
    inner, breaks = text[start:end], tuple(map(tuple, breaks))
    return Passage("", start, end, inner, tuple(headings), sentences, PassageKind(kind), page, footnotes, breaks)


def _block_of(fields: list[Any]) -> Block:
    kind, start, end, level, run_in, slide, page, breaks = fields
    return Block(BlockKind(kind), start, end, level, run_in, slide, page, tuple(map(tuple, breaks)))
