"""Measures of a confidence: how well it separates questions, and how well it is calibrated.

AUROC is the probability that an answerable question has a higher confidence than an unanswerable one; the expected
calibration error (Guo et al. 2017) is the mean difference between confidence and truth over ten bins; a risk-coverage
table gives the share of wrong answers if only the most confident ones are given. The controls use only the question and
no passage: a confidence that is not better than these depends only on the question.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from qa.answering.answer_patterns import AnswerType
from qa.answering.answer_type import expected_type
from qa.answering.confidence import FEATURES
from qa.text.words import words

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.bool_]

_FOLDS = 10
_REPEATS = 5
_BINS = 10


def auroc(answerable: Labels, confidence: Floats) -> float | None:
    """The area under the ROC curve; None if all questions are of one kind."""
    return round(float(roc_auc_score(answerable, confidence)), 4) if len(set(answerable.tolist())) == 2 else None


def calibration_error(answerable: Labels, confidence: Floats) -> float:
    """The expected calibration error over ten equal bins."""
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(confidence[bins == each].mean() - answerable[bins == each].mean()) * (bins == each).mean()
        for each in set(bins.tolist())
    ]
    return round(float(sum(gaps)), 4)


def risk_coverage(correct: Labels, confidence: Floats) -> list[dict[str, float]]:
    """For each share of questions answered, most confident first: the share of wrong answers."""
    order = np.argsort(-confidence, kind="stable")
    table = []
    for percent in range(100, 40, -10):
        given = order[: max(1, round(len(order) * percent / 100))]
        table.append({"coverage": percent / 100, "risk": round(float(1 - correct[given].mean()), 4)})
    return table


def feature_matrix(measured: Sequence[dict[str, float]]) -> Floats:
    """Features in the order of `FEATURES`, `(questions, features)`."""
    return np.array([[values[name] for name in FEATURES] for values in measured])


def question_only(questions: Sequence[str]) -> Floats:
    """The control's features: the length of a question and its expected answer type."""
    kinds = list(AnswerType)
    return np.array(
        [[len(words(text)), *(expected_type(text) is kind for kind in kinds)] for text in questions], dtype=np.float64
    )


def length_only(questions: Sequence[str]) -> Floats:
    """The control's confidence: the number of words of a question."""
    return np.array([len(words(text)) for text in questions], dtype=np.float64)


def cross_validated(features: Floats, answerable: Labels) -> Floats:
    """Out-of-sample confidences: the mean of five shuffled ten-fold cross-validations."""
    folds = min(_FOLDS, int(answerable.sum()), int((~answerable).sum()))
    runs = [
        cross_val_predict(
            regression(),
            features,
            answerable,
            cv=StratifiedKFold(folds, shuffle=True, random_state=seed),
            method="predict_proba",
        )[:, 1]
        for seed in range(_REPEATS)
    ]
    return np.asarray(np.mean(runs, axis=0), dtype=np.float64)


def regression() -> Any:
    """A logistic regression over features scaled to mean 0 and deviation 1."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.3))
