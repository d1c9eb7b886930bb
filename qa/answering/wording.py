"""The verdicts in words for readers."""

from __future__ import annotations

from qa.records import Answer, Verdict

UNCALIBRATED = "Whether these passages answer is not known: no confidence was fitted for this model; run `qa eval fit`."


def verdict_words(answer: Answer) -> str:
    """One line for an answer's verdict and its certainty."""
    if answer.verdict is Verdict.UNCALIBRATED:
        return UNCALIBRATED
    if answer.verdict is Verdict.NONE:
        return "Nothing in these documents is about this."
    if answer.verdict is Verdict.RELATED:
        return "The documents do not seem to say this. Nearest passages:"
    return "The documents answer this." if answer.sure else "The documents probably answer this; check the quote."
