"""The coefficients of the confidence, with the encoder and analyser that they were fitted for.

Similarities differ between encoders, so coefficients for one are wrong for another. `qa eval fit` fits them for the
encoder in use; a file beside the index takes precedence over the packaged one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from qa.answering.names import NameClassifier
from qa.errors import InvalidSettings
from qa.index.contract import Floats
from qa.records import Verdict
from qa.text.json_reading import parse_json
from qa.text.words import ANALYSER_VERSION

FILE = "confidence.json"


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no single truth of equality
class Model:
    """A logistic regression.

    Attributes:
        weights: The fingerprint of the encoder that it was fitted on.
        analyser: The version of the analyser.
        intercept: The intercept of the regression.
        features: Each feature's mean, deviation and coefficient.
        answered_from: The smallest confidence with the verdict `answered`.
        sure_from: The smallest confidence at which nine of ten answers are right.
        related_from: The smallest confidence with the verdict `related`.
        names: The classifier of names; None if there were too few texts to fit it.
        unmet_words: The weights of unmatched words, `(d,) float32`; None for another encoder's vectors.
    """

    weights: str
    analyser: int
    intercept: float
    features: Mapping[str, tuple[float, float, float]]
    answered_from: float
    sure_from: float
    related_from: float
    names: NameClassifier | None = None
    unmet_words: Floats | None = None

    def probability(self, values: Mapping[str, float]) -> float:
        """The confidence for given features, in 0..1."""
        terms = (slope * (values[name] - mean) / deviation for name, (mean, deviation, slope) in self.features.items())
        logit = self.intercept + sum(terms)
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))

    def verdict(self, probability: float) -> Verdict:
        """The verdict for a confidence."""
        if probability >= self.answered_from:
            return Verdict.ANSWERED
        return Verdict.RELATED if probability >= self.related_from else Verdict.NONE


def shipped_model() -> Model:
    """The packaged model."""
    return _read(files("qa.answering").joinpath(FILE).read_bytes())


def model_for(weights: str, index_dir: Path) -> Model | None:
    """The model for an encoder's fingerprint and this analyser: the one beside the index, else the packaged one.

    Returns:
        The model, or None if neither was fitted for them and for the features of this version.

    Raises:
        InvalidSettings: the file beside the index cannot be read.
    """
    path = index_dir / FILE
    shipped = shipped_model()
    models = [shipped]
    if path.exists():
        try:
            models.insert(0, _read(path.read_bytes()))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InvalidSettings(f"{path} holds no fitted confidence ({error}); remove it, or fit it anew.") from None
    wanted = (weights, ANALYSER_VERSION, shipped.features.keys())
    return next((each for each in models if (each.weights, each.analyser, each.features.keys()) == wanted), None)


def write_model(path: Path, model: Model, described: Mapping[str, str], fitted_on: Mapping[str, object]) -> None:
    """Save a model with a description of its features and of the questions it was fitted on."""
    names = model.names
    content = {
        "made_by": "qa eval fit",
        "fitted_on": fitted_on,
        "features": described,
        "model": {
            "weights": model.weights,
            "analyser": model.analyser,
            "intercept": round(model.intercept, 5),
            "features": {name: [round(each, 5) for each in numbers] for name, numbers in model.features.items()},
            "answered_from": round(model.answered_from, 4),
            "sure_from": round(model.sure_from, 4),
            "related_from": round(model.related_from, 4),
            "names": names and {"intercept": round(names.intercept, 4), "weights": _joined(names.weights)},
            "unmet_words": None if model.unmet_words is None else _joined(model.unmet_words),
        },
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _read(content: bytes) -> Model:
    stored = parse_json(content)["model"]
    features = {name: (float(a), float(b), float(c)) for name, (a, b, c) in stored.pop("features").items()}
    names, unmet = stored.pop("names", None), stored.pop("unmet_words", None)
    classifier = NameClassifier(names["intercept"], _parted(names["weights"])) if names else None
    words = _parted(unmet) if unmet else None
    return Model(features=features, names=classifier, unmet_words=words, **stored)


def _joined(weights: Floats) -> str:
    """Weights as text, so that JSON has them all on one line."""
    return " ".join(f"{each:.3f}" for each in weights.tolist())


def _parted(weights: str) -> Floats:
    return np.array(list(map(float, weights.split())), np.float32)
