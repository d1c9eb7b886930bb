"""Cuts text where its formatting changes, so that a template can write the pieces in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from qa.records import Span


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text with uniform formatting.

    Attributes:
        text: The text.
        marked: Whether it is part of a quote.
        strong: Whether it is bold.
        answers: Whether it is part of a quote's answering words.
        anchor: The element's id, for the fragment of a link.
        found: The id of the found place that starts here; empty for its further pieces.
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
    """The non-empty pieces of `text[within.start:within.end]` in order; joined they are that text.

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
