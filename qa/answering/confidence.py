"""The probability that the passages answer the question, and the verdict drawn from it.

A logistic regression over word-level evidence. No single similarity tells an answer from a near miss; what does is how
badly the worst-met word of the question is met, whether the question speaks of things nobody here knows, and whether
the passage holds the kind of thing asked for. Every feature is bounded, so no question is long enough to win by
itself. Coefficients and thresholds are in `confidence.json`; `qa eval fit` writes it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from qa.answering.answer_type import expected_type, holds
from qa.records import Verdict, WordMatch
from qa.retrieval.evidence import Match, word_matches
from qa.retrieval.search import Ranking
from qa.text.words import term

FILE = "confidence.json"

FEATURES = {
    "worst_met": "similarity of the question's worst-met content word, within the best sentence and the heading trail",
    "met_exactly": "share of the content words, by weight, that the best passage holds to the letter",
    "lacks_type": "1 if the best sentence lacks the kind of thing asked for",
    "strangers": "words that neither documents nor model know: how many, at most 2, less among many words",
    "strangers_unmet": "their share of the content words' weight, as far as nothing in the passage is like them",
    "content_words": "log of one more than their number, at most 10, for the worst of many is worse than of few",
}
_MOST_STRANGERS = 2
_FEW_WORDS = 4  # a stranger among so many counts whole
_MOST_WORDS = 10


@dataclass(frozen=True, slots=True)
class Model:
    """Fitted numbers: for each feature its mean, deviation and coefficient; the confidences that part the verdicts."""

    intercept: float
    features: dict[str, tuple[float, float, float]]
    answered_from: float
    related_from: float

    def probability(self, values: dict[str, float]) -> float:
        """The confidence for given features, in 0..1."""
        logit = self.intercept
        for name, (mean, deviation, coefficient) in self.features.items():
            logit += coefficient * (values[name] - mean) / deviation
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))

    def verdict(self, probability: float) -> Verdict:
        """The verdict for a confidence."""
        if probability >= self.answered_from:
            return Verdict.ANSWERED
        return Verdict.RELATED if probability >= self.related_from else Verdict.NONE


@cache
def shipped_model() -> Model:
    """The model that the package carries."""
    stored = json.loads(files("qa.answering").joinpath(FILE).read_text(encoding="utf-8"))["model"]
    features = {name: tuple(numbers) for name, numbers in stored.pop("features").items()}
    return Model(features=features, **stored)


def assess(ranking: Ranking, best: Match | None) -> tuple[float, Verdict]:
    """Confidence and verdict, given the best passage."""
    if best is None:
        return 0.0, Verdict.NONE
    probability = shipped_model().probability(measure(ranking, best))
    return probability, shipped_model().verdict(probability)


def measure(ranking: Ranking, best: Match) -> dict[str, float]:
    """The features of a question and its best passage, by the names in `FEATURES`."""
    met = list({term(word.word): word for word in word_matches(best)}.values())  # each word once
    total = sum(word.weight for word in met)
    passage = best.hit.passage
    sentence = passage.sentences[best.best_sentence]
    lacks = not holds(expected_type(ranking.searched), passage.text[sentence.start : sentence.end])
    strangers = _strangers(ranking, met)
    return {
        "worst_met": min((word.in_sentence for word in met), default=0.0),
        "met_exactly": sum(word.weight for word in met if word.exact) / total if total else 0.0,
        "lacks_type": float(lacks),
        "strangers": min(len(strangers), _MOST_STRANGERS) * min(1.0, _FEW_WORDS / max(1, len(met))),
        "strangers_unmet": sum(word.weight * (1 - word.similarity) for word in strangers) / total if total else 0.0,
        "content_words": math.log1p(min(len(met), _MOST_WORDS)),
    }


def _strangers(ranking: Ranking, met: Sequence[WordMatch]) -> list[WordMatch]:
    """Content words that no passage holds and that the model knows only by pieces, however they are written."""
    unknown = {word.term for word in ranking.content_words if not word.frequency}
    return [word for word in met if term(word.word) in unknown and not ranking.is_word(word.word)]
