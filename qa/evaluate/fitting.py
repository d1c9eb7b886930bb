"""Fits the confidence on several sets of questions, so that it holds for different kinds of documents.

Every set has the same weight, independent of its size. Cross-validation leaves out whole articles of a collection, and
single questions of a file. The thresholds come from out-of-sample confidences; that of sure answers comes from models
fitted without the question's whole set, so that it holds for new kinds of questions and documents. The weights of
unmatched words are fitted first, by ridge regression; the regression over the features is fitted on scores of questions
that they were not fitted on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qa.answering.confidence import FEATURES, measure, unmatched
from qa.answering.confidence_model import Model
from qa.answering.names import NameClassifier
from qa.answering.quotes import distinct
from qa.answering.ranked import rank
from qa.encode import Encoder
from qa.evaluate.calibration import (
    Floats,
    Labels,
    auroc,
    calibration_error,
    feature_matrix,
    question_only,
    regression,
)
from qa.index.contract import Index
from qa.text.words import ANALYSER_VERSION

_FOLDS = 10
_KEPT = 0.93  # share of the answerable questions that are answered at the fitted threshold
_RIGHT = 0.9  # share of right answers among the sure ones
_RELATED_FROM = 0.02  # smallest probability of the verdict `related`
_SUREST = 0.99
_RESAMPLES, _CAUTION = 200, 0.75  # a quarter of the resamples may need a higher confidence for sure answers
_RIDGE = 0.5  # penalty, relative to the mean variance of a component
_COLUMN = list(FEATURES).index("unmet_words")


@dataclass(frozen=True, slots=True)
class Sample:
    """A question of a set, whether the documents answer it, and its measured features.

    `group` is the unit that cross-validation leaves out: an article, or the question. `unmet` is the vector of its
    unmatched words, `(d,) float64`.
    """

    question: str
    answerable: bool
    group: str
    features: dict[str, float]
    unmet: Floats


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model, and its measures for each set, from cross-validation."""

    model: Model
    report: dict[str, Any]


def samples(
    index: Index, encoder: Encoder, names: NameClassifier | None, questions: Iterable[tuple[str, bool, str]]
) -> list[Sample]:
    """Measure questions, each given with its answerability and its group."""
    measured = []
    for question, answerable, group in questions:
        ranking = rank(index, encoder, question)
        for found in distinct(ranking, 1):
            features, vector = measure(ranking, found.best, names, None), unmatched(ranking, found.best)
            measured.append(Sample(question, answerable, group, features, vector.astype(np.float64)))
    return measured


def fit(sets: dict[str, list[Sample]], weights: str, names: NameClassifier | None) -> Fitted:
    """Fit a model for an encoder's fingerprint on sets of samples by name, measured with a classifier of names."""
    every = [sample for each in sets.values() for sample in each]
    of_set = np.array([name for name, each in sets.items() for _ in each])
    features = feature_matrix([sample.features for sample in every])
    answerable = np.array([sample.answerable for sample in every])
    shares = _shares(of_set)
    folds = _folds(of_set, answerable, [sample.group for sample in every])
    unmet = np.stack([sample.unmet for sample in every])
    unseen = _unseen(features, answerable, shares, folds, folds, unmet)
    parts = np.unique(of_set, return_inverse=True)[1]
    whole = all(len(set(answerable[parts != each].tolist())) == 2 for each in range(len(sets)))  # both kinds are left
    of_other_sets = _unseen(features, answerable, shares, parts if whole else folds, folds, unmet)
    features = _scored(features, unmet, answerable, shares, folds)
    pipeline = regression().fit(features, answerable, logisticregression__sample_weight=shares)
    scaler, logistic = pipeline[0], pipeline[1]
    numbers = zip(scaler.mean_, scaler.scale_, logistic.coef_[0], strict=True)
    answered_from = float(np.quantile(unseen[answerable], 1 - _KEPT, weights=shares[answerable], method="inverted_cdf"))
    model = Model(
        weights=weights,
        analyser=ANALYSER_VERSION,
        intercept=float(logistic.intercept_[0]),
        features={name: (float(a), float(b), float(c)) for name, (a, b, c) in zip(FEATURES, numbers, strict=True)},
        answered_from=answered_from,
        sure_from=max(answered_from, _sure_from(answerable, of_other_sets, shares)),
        related_from=min(_RELATED_FROM, answered_from),
        names=names,
        unmet_words=_ridge(unmet, answerable, shares).astype(np.float32),
    )
    control = _unseen(question_only([sample.question for sample in every]), answerable, shares, folds, folds, None)
    return Fitted(model, _report(of_set, answerable, unseen, control, model))


def _report(names: Any, answerable: Labels, unseen: Floats, control: Floats, model: Model) -> dict[str, Any]:
    by_set = {}
    for name in dict.fromkeys(names.tolist()):
        of_set = names == name
        labels, confidence = answerable[of_set], unseen[of_set]
        answered = confidence >= model.answered_from
        sure = confidence >= model.sure_from
        by_set[name] = {
            "questions": len(labels),
            "AUROC": auroc(labels, confidence),
            "by question only": auroc(labels, control[of_set]),
            "calib. error": calibration_error(labels, confidence),
            "kept": round(float(answered[labels].mean()), 4) if labels.any() else None,
            "refused": round(float((~answered[~labels]).mean()), 4) if (~labels).any() else None,
            "right if sure": round(float(labels[sure].mean()), 4) if sure.any() else None,
        }
    thresholds = {"answered from": model.answered_from, "sure from": model.sure_from}
    return {"cross-validated": by_set, **thresholds, "related from": model.related_from}


def _shares(names: Any) -> Floats:
    """Sample weights with mean 1 that give every set the same total."""
    _, numbers, counts = np.unique(names, return_inverse=True, return_counts=True)
    return np.asarray(len(names) / len(counts) / counts[numbers])


def _folds(names: Any, answerable: Labels, groups: Sequence[str]) -> Any:
    """The fold of each sample: the groups of a set are dealt to the folds in turn, separately for each kind."""
    keys = list(zip(names.tolist(), groups, strict=True))
    order = np.random.default_rng(0).permutation(len(keys))
    numbers: dict[tuple[str, str], int] = {}
    turns: Counter[tuple[str, bool]] = Counter()
    for place in order.tolist():
        if keys[place] not in numbers:
            kind = (keys[place][0], bool(answerable[place]))
            numbers[keys[place]] = turns[kind] % _FOLDS
            turns[kind] += 1
    return np.array([numbers[key] for key in keys])


def _unseen(features: Floats, answerable: Labels, shares: Floats, parts: Any, folds: Any, unmet: Any) -> Floats:
    """Confidences of models, and of weights of unmatched words if there are any, fitted without the question's part."""
    confidence = np.zeros(len(answerable))
    for part in set(parts.tolist()):
        seen, left = parts != part, parts == part
        known, asked = features[seen], features[left]
        if unmet is not None:
            known = _scored(known, unmet[seen], answerable[seen], shares[seen], folds[seen])
            asked[:, _COLUMN] = unmet[left] @ _ridge(unmet[seen], answerable[seen], shares[seen])
        fitted = regression().fit(known, answerable[seen], logisticregression__sample_weight=shares[seen])
        confidence[left] = fitted.predict_proba(asked)[:, 1]
    return confidence


def _scored(features: Floats, unmet: Floats, answerable: Labels, shares: Floats, folds: Any) -> Floats:
    """The features with the score of unmatched words, by weights that were fitted without the question's fold."""
    scored = features.copy()
    for fold in set(folds.tolist()):
        seen, left = folds != fold, folds == fold
        scored[left, _COLUMN] = unmet[left] @ _ridge(unmet[seen], answerable[seen], shares[seen])
    return scored


def _ridge(vectors: Floats, answerable: Labels, shares: Floats) -> Floats:
    """The weights of a ridge regression of answerability on vectors, `(d,) float64`."""
    centred = vectors - np.average(vectors, axis=0, weights=shares)
    target = answerable - np.average(answerable, weights=shares)
    products = (centred * shares[:, np.newaxis]).T @ centred
    penalty = _RIDGE * np.trace(products) / len(products) or 1.0  # 1 if no question lacks a word
    return np.asarray(np.linalg.solve(products + penalty * np.eye(len(products)), centred.T @ (shares * target)))


def _sure_from(answerable: Labels, confidence: Floats, shares: Floats) -> float:
    """The confidence from which sure answers are right often enough, also in most resamples of the questions.

    The share of right answers hardly changes with the confidence, so that of the questions alone would be luck.
    """
    count = len(answerable)
    draws = np.random.default_rng(0).integers(0, count, (_RESAMPLES, count))
    found = [_right_from(answerable[draw], confidence[draw], shares[draw]) for draw in draws]
    return float(np.quantile(found, _CAUTION))


def _right_from(answerable: Labels, confidence: Floats, shares: Floats) -> float:
    """The smallest confidence such that a share `_RIGHT` of the questions at or above it are answerable."""
    order = np.argsort(-confidence)
    right = np.cumsum(shares[order] * answerable[order]) / np.cumsum(shares[order])
    last = np.diff(confidence[order], append=-1.0) < 0  # of equal ones
    enough = np.flatnonzero((right >= _RIGHT) & last & (np.arange(len(order)) >= len(order) // 100))
    return float(confidence[order][enough[-1]]) if len(enough) else _SUREST
