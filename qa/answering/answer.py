"""Answers one question from one version of an index: ranks passages, estimates the confidence, and quotes."""

from __future__ import annotations

from qa.answering.confidence import assess
from qa.answering.confidence_model import Model
from qa.answering.disagreement import disagreement
from qa.answering.filters import undated_left_out
from qa.answering.quotes import distinct, quotes
from qa.answering.ranked import rank
from qa.encode import Encoder
from qa.index.contract import Index
from qa.records import Answer, Filters, Verdict
from qa.retrieval.stage_timer import Stopwatch


def answer(
    index: Index,
    encoder: Encoder,
    model: Model | None,
    question: str,
    k: int,
    filters: Filters,
    stopwatch: Stopwatch,
    *,
    explain: bool,
    exactly: bool,
) -> Answer:
    """The answer to a checked question, with at most `k` quotations.

    Args:
        index: The version of the index.
        encoder: The model that encoded it.
        model: The confidence model; None if none was fitted for the encoder.
        question: The question.
        k: The maximum number of quotations.
        filters: Which documents may answer, by their present ids.
        stopwatch: Measures the time of each stage.
        explain: Whether to include which words of question and passages match.
        exactly: Whether to search for the question as typed: nothing is corrected, removed or expanded.
    """
    ranking = rank(index, encoder, question, filters, stopwatch, exactly=exactly)
    groups = distinct(ranking, k)
    best = groups[0].best if groups else None
    confidence, verdict, sure = assess(model, ranking, best)
    stopwatch.lap("evidence")
    passages = quotes(index, groups, explain=explain)
    differing = disagreement(index, ranking.searched, ranking.content_words, groups)
    stopwatch.lap("quotes")
    return Answer(
        question=question,
        searched=ranking.searched,
        verdict=verdict,
        confidence=None if confidence is None else round(confidence, 4),
        passages=passages,
        snapshot=index.id,
        took_ms=round(stopwatch.total_ms(), 2),
        stages_ms={stage: round(ms, 3) for stage, ms in stopwatch.laps.items()},
        sure=sure,
        unmet=best.unmet if best else tuple(dict.fromkeys(word.text for word in ranking.content_words)),
        disagreement=() if verdict is Verdict.NONE else differing,
        undated_left_out=undated_left_out(index, filters),
    )
