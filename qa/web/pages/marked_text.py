"""Cuts text where its appearance changes, so that a template can write the pieces one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from qa.records import Span


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that looks the same throughout.

    Attributes:
        text: The text.
        marked: Whether it belongs to a quote.
        strong: Whether it is set in bold.
        answers: Whether it belongs to the words of a quote that answer.
        anchor: The id that a link's fragment names.
        found: The id of the place, where it belongs to the words that a reader looked for; empty after its first piece.
    """

    text: str
    marked: bool = False
    strong: bool = False
    answers: bool = False
    anchor: str | None = None
    found: str | None = None


Line = tuple[Piece, ...]


def cut(
    text: str,
    within: Span,
    marked: Sequence[Span] = (),
    strong: Sequence[Span] = (),
    answers: Sequence[Span] = (),
    found: Sequence[Span] = (),
) -> Line:
    """The pieces of `text[within.start:within.end]`, in order, none empty; joined they are that text.

    `marked`, `strong`, `answers` and `found` are offsets into `text`, and may reach beyond `within`.
    """
    edges = {within.start, within.end}
    for span in (*marked, *strong, *answers, *found):
        edges.update(edge for edge in (span.start, span.end) if within.start < edge < within.end)
    ordered = sorted(edges)
    return tuple(
        Piece(
            text[start:end],
            _covers(marked, start),
            _covers(strong, start),
            _covers(answers, start),
            found="" if _covers(found, start) else None,
        )
        for start, end in pairwise(ordered)
    )


def _covers(spans: Sequence[Span], position: int) -> bool:
    return any(span.start <= position < span.end for span in spans)
