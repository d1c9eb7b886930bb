"""The probability that the passages answer the question, and the verdict drawn from it.

A logistic regression over word-level evidence: how well the best passage meets each content word of the question, and
how far it stands out. Coefficients and thresholds are in `confidence.json`, with the command that refits them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from qa.evidence import Match
from qa.records import Verdict
from qa.search import Ranking

FILE = "confidence.json"


@dataclass(frozen=True, slots=True)
class Model:
    """Fitted numbers: one coefficient for each standardised feature, and the confidences that part the verdicts."""

    intercept: float
    coefficients: dict[str, float]
    means: dict[str, float]
    deviations: dict[str, float]
    answered_from: float
    related_from: float


@cache
def shipped_model() -> Model:
    """The model that the package carries."""
    return Model(**json.loads(files("qa").joinpath(FILE).read_text(encoding="utf-8"))["model"])


def features(ranking: Ranking, matches: Sequence[Match]) -> dict[str, float]:
    """Evidence that the best passages answer, by name."""
    if not matches:
        return dict.fromkeys(
            ("late_best", "late_lead", "dense_best", "met_exactly", "met_closely", "worst_met", "known"), 0.0
        )
    best = matches[0]
    words = best.words
    total = sum(word.weight for word in words) or 1.0
    late = ranking.signals["late_interaction"]
    met = {word.word: max(similar(each, place) for each in matches[:3]) for place, word in enumerate(words)}
    return {
        "late_best": float(late.max()),
        "late_lead": float(late.max() - np.median(late)),
        "dense_best": float(ranking.signals["dense"].max()),
        "met_exactly": sum(word.weight * word.exact for word in words) / total,
        "met_closely": sum(word.weight * met[word.word] for word in words) / total,
        "worst_met": min((word.similarity for word in words), default=0.0),
        "known": sum(each in ranking.snapshot.bm25.vocabulary for each in ranking.terms) / max(1, len(ranking.terms)),
    }


def similar(found: Match, place: int) -> float:
    """How closely a passage meets the question's content word at a place in their order."""
    return found.words[place].similarity


def confidence(values: dict[str, float], model: Model) -> float:
    """The probability for given features, in 0..1."""
    logit = model.intercept + sum(
        weight * (values[name] - model.means[name]) / model.deviations[name]
        for name, weight in model.coefficients.items()
    )
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def assess(ranking: Ranking, matches: Sequence[Match]) -> tuple[float, Verdict]:
    """Confidence and verdict for a question's best passages."""
    model = shipped_model()
    if not matches:
        return 0.0, Verdict.NONE
    value = confidence(features(ranking, matches), model)
    if value >= model.answered_from:
        return value, Verdict.ANSWERED
    return value, Verdict.RELATED if value >= model.related_from else Verdict.NONE
