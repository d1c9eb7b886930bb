"""What an error page tells a reader beside the error's own message, which may be one for the operator."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorWords:
    """The words around an error's message.

    Attributes:
        title: The page's heading.
        lede: What it means for a reader; empty where the message says it.
        is_passing: Whether it passes by itself, so that the page may be tried again.
        can_ask: Whether another question could be answered.
    """

    title: str
    lede: str = ""
    is_passing: bool = False
    can_ask: bool = True


_NOT_READY = ErrorWords(
    "Not ready", "The service is starting, or its documents are being renewed. Your question is not lost.",
    is_passing=True, can_ask=False,
)  # fmt: skip
_BUSY = ErrorWords("Too busy just now", "Many questions came at once. Your question is not lost.", is_passing=True)
_BUSY_MACHINES = ErrorWords(
    "Not ready", "A part of the documents cannot be reached just now. Ask again in a moment.", can_ask=True
)
_MISSING = ErrorWords("Nothing here", "The address may be misspelt, or the page has moved.")
_WORDS = {
    "no_index": ErrorWords(
        "No documents yet", "There is nothing to search: no document was read so far.", is_passing=True, can_ask=False
    ),
    "not_found": _MISSING,
    "unknown_document": ErrorWords("No such document"),
    "no_picture": ErrorWords("No picture of this page"),
    "unknown_publisher": ErrorWords("No such publisher"),
    "internal": ErrorWords(
        "Something went wrong", "The fault is the service's, not yours. Try again, or ask in other words."
    ),
    "damaged_snapshot": _NOT_READY,
    "mismatched_snapshot": _NOT_READY,
    "model_unavailable": _NOT_READY,
    "short_of_resources": _NOT_READY,
    "shard_unavailable": _BUSY_MACHINES,
    "overloaded": _BUSY,
    "took_too_long": _BUSY,
    "too_many_requests": ErrorWords("Too many questions", "From your address came more questions than are taken."),
    "invalid_question": ErrorWords("What is the question?"),
    "question_too_long": ErrorWords("The question is too long"),
}
_OTHERS = ErrorWords("That did not work")


def words_for(code: str) -> ErrorWords:
    """The words for an error's code."""
    return _WORDS.get(code, _OTHERS)
