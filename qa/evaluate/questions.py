"""Scores questions with known answers on the documents of the current snapshot."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from qa.answering.confidence import assess, measure
from qa.answering.confidence_model import Model, shipped_model
from qa.answering.quotes import Group, distinct, quotes
from qa.answering.ranked import rank
from qa.encode import Encoder
from qa.evaluate.calibration import auroc, calibration_error
from qa.evaluate.gold import GoldQuestion
from qa.evaluate.ranking import score, stages
from qa.index.contract import Index
from qa.records import Quote, Span, Verdict
from qa.retrieval.search import Ranking

_DEPTH = 10  # evaluated results, as many as a reader may read


@dataclass(frozen=True, slots=True)
class Asked:
    """The pipeline's result for one question."""

    gold: GoldQuestion
    ranking: Ranking
    groups: list[Group]
    quotes: tuple[Quote, ...]
    confidence: float
    verdict: Verdict
    took_ms: float
    features: dict[str, float] | None

    @property
    def first_relevant(self) -> Quote | None:
        """The first quote with evidence."""
        places = ((quote, quote.citation) for quote in self.quotes)
        found = (quote for quote, at in places if self.gold.relevant(at.document_id, Span(at.start, at.end)))
        return next(found, None)


def ask_all(index: Index, encoder: Encoder, questions: Sequence[GoldQuestion]) -> list[Asked]:
    """Ask the serving pipeline every question, with the packaged confidence."""
    model = shipped_model()
    if model.weights != encoder.fingerprint:
        model = replace(model, names=None, unmet_words=None)  # they are for the vectors of their encoder
    asked = []
    for gold in questions:
        started = time.perf_counter()
        ranking = rank(index, encoder, gold.question)
        groups = distinct(ranking, _DEPTH)
        confidence, verdict, _ = assess(model, ranking, groups[0].best if groups else None)
        found = quotes(index, groups)
        took_ms = (time.perf_counter() - started) * 1000
        features = measure(ranking, groups[0].best, model.names, model.unmet_words) if groups else None
        asked.append(Asked(gold, ranking, groups, found, confidence or 0.0, verdict, took_ms, features))
    return asked


def forms_report(
    index: Index, encoder: Encoder, model: Model | None, pairs: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """How often two forms of a question differ in the first result, the verdict, and whether it is answered."""

    def outcome(question: str) -> tuple[int | None, Verdict, bool]:
        ranking = rank(index, encoder, question)
        best = next((group.best for group in distinct(ranking, 1)), None)
        verdict = assess(model, ranking, best)[1]
        return best.hit.row if best else None, verdict, verdict is Verdict.ANSWERED

    differ = [[one != other for one, other in zip(*map(outcome, pair), strict=True)] for pair in pairs]
    shares = zip(("first passage", "verdict", "answered or not"), np.mean(differ, axis=0).tolist(), strict=True)
    return {"pairs": len(pairs), "differ": dict(shares)}


def report(index: Index, asked: Sequence[Asked]) -> dict[str, Any]:
    """All measures as JSON data."""
    answerable = [each for each in asked if each.gold.answerable]
    times = np.array([each.took_ms for each in asked])
    return {
        "snapshot": index.id,
        "questions": len(asked),
        "answerable": len(answerable),
        "ranking": _ranking(index, answerable),
        "highlights": _highlights(answerable),
        "abstention": _abstention(asked),
        "latency_ms": {f"p{share}": round(float(np.percentile(times, share)), 2) for share in (50, 90, 99)},
    }


def dump(asked: Sequence[Asked]) -> list[dict[str, Any]]:
    """Every question with its results, as JSON data."""
    return [
        {
            "id": each.gold.id,
            "question": each.gold.question,
            "searched": each.ranking.searched,
            "kind": each.gold.sub_kind or each.gold.kind,
            "rank": each.first_relevant.rank if each.first_relevant else None,
            "verdict": each.verdict.value,
            "confidence": round(each.confidence, 4),
            "features": each.features,
            "first": each.quotes[0].text if each.quotes else None,
            "signals": dict(each.quotes[0].signals) if each.quotes else None,
        }
        for each in asked
    ]


def _ranking(index: Index, answerable: Sequence[Asked]) -> dict[str, dict[str, float]]:
    runs: dict[str, dict[str, list[str]]] = defaultdict(dict)
    judged: dict[str, dict[str, int]] = {}
    passages = index.passages(range(index.size))
    for each in answerable:
        for stage, rows in stages(each.ranking).items():
            runs[stage][each.gold.id] = [str(row) for row in rows]
        runs["served"][each.gold.id] = [str(group.best.hit.row) for group in each.groups]
        judged[each.gold.id] = {
            str(row): 1
            for row, passage in enumerate(passages)
            if each.gold.relevant(passage.document_id, Span(passage.start, passage.end))
        }
    return score(runs, judged)


def _highlights(answerable: Sequence[Asked]) -> dict[str, float]:
    hits, shares = [], []
    for each in answerable:
        quote = each.first_relevant
        if quote is not None:
            where = quote.citation
            spans = [Span(where.start + span.start, where.start + span.end) for span in quote.highlights]
            hits.append(any(each.gold.touches(where.document_id, span) for span in spans))
            shares.append(sum(span.end - span.start for span in quote.highlights) / len(quote.text))
    return {"hit": round(float(np.mean(hits)), 4), "share": round(float(np.mean(shares)), 4)} if hits else {}


def _abstention(asked: Sequence[Asked]) -> dict[str, Any]:
    answerable = np.array([each.gold.answerable for each in asked])
    if answerable.all() or not answerable.any():
        return {}
    kinds = np.array([each.gold.sub_kind for each in asked])
    shipped = np.array([each.confidence for each in asked])
    groups = {"all": np.full(len(asked), fill_value=True)} | {kind: kinds == kind for kind in sorted(set(kinds) - {""})}
    answered = np.array([each.verdict is Verdict.ANSWERED for each in asked])
    return {
        "auroc": {
            kind: auroc(answerable[answerable | of_kind], shipped[answerable | of_kind])
            for kind, of_kind in groups.items()
        },
        "calibration_error": calibration_error(answerable, shipped),
        "answered": round(float(answered[answerable].mean()), 4),
        "refused": {
            kind: round(float((~answered[~answerable & of_kind]).mean()), 4) for kind, of_kind in groups.items()
        },
    }
