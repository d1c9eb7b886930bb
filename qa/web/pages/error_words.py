"""Texts of error pages for readers, in addition to the error's message, which may be meant for the operator."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorWords:
    """The texts around an error's message.

    Attributes:
        title: The page's heading.
        lede: What the error means for a reader; empty if the message says it.
        is_passing: Whether the error is temporary, so that the page offers another try.
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
        "Something went wrong", "The fault is in the service, not in your question. Try again, or ask in other words."
    ),
    "damaged_snapshot": _NOT_READY,
    "mismatched_snapshot": _NOT_READY,
    "model_unavailable": _NOT_READY,
    "short_of_resources": _NOT_READY,
    "shard_unavailable": _BUSY_MACHINES,
    "overloaded": _BUSY,
    "took_too_long": _BUSY,
    "too_many_requests": ErrorWords("Too many questions", "Your address has sent more questions than are allowed."),
    "invalid_question": ErrorWords("What is the question?"),
    "question_too_long": ErrorWords("The question is too long"),
}
_OTHERS = ErrorWords("That did not work")


def words_for(code: str) -> ErrorWords:
    """The texts for an error's code."""
    return _WORDS.get(code, _OTHERS)
