"""Measures of a confidence: how well it separates questions, and how well it is calibrated.

AUROC is the probability that an answerable question has a higher confidence than an unanswerable one; the expected
calibration error (Guo et al. 2017) is the mean difference between confidence and truth over ten bins. The control uses
only the question and no passage: a confidence that is not better than it depends only on the question.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from qa.answering.answer_patterns import AnswerType
from qa.answering.answer_type import expected_type
from qa.answering.confidence import FEATURES
from qa.text.words import words

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.bool_]

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


def feature_matrix(measured: Sequence[dict[str, float]]) -> Floats:
    """Features in the order of `FEATURES`, `(questions, features)`."""
    return np.array([[values[name] for name in FEATURES] for values in measured])


def question_only(questions: Sequence[str]) -> Floats:
    """The control's features: the length of a question and its expected answer type."""
    kinds = list(AnswerType)
    return np.array(
        [[len(words(text)), *(expected_type(text) is kind for kind in kinds)] for text in questions], dtype=np.float64
    )


def regression() -> Any:
    """A logistic regression over features scaled to mean 0 and deviation 1."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.3))
