"""Computes the probability that a word of a question is a name, also in lower case: "does it operate in texas".

A word's token vectors depend on the words around it, and a linear classifier over them separates names from other words
(a probe, as in Tenney et al., "What do you learn from context?", 2019). `qa.evaluate.name_fitting` fits it for an
encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qa.index.contract import Floats
from qa.retrieval.late_interaction import mean_of
from qa.retrieval.query import Tokens


@dataclass(frozen=True, eq=False)
class NameClassifier:
    """A logistic regression over the mean of a word's token vectors.

    Attributes:
        intercept: The intercept of the regression.
        weights: One for each component of a vector, `(d,) float32`.
    """

    intercept: float
    weights: Floats

    def probabilities(self, tokens: Floats, words: Sequence[Tokens]) -> list[float]:
        """The probability that each word is a name.

        Args:
            tokens: The vectors of a question's tokens, `(question tokens, d) float32`.
            words: The token indexes of each word, at least one each.
        """
        if not words:
            return []
        vectors = np.stack([mean_of(tokens, word) for word in words])
        logits = np.clip(vectors @ self.weights + self.intercept, -30, 30)
        return [float(each) for each in 1 / (1 + np.exp(-logits))]
