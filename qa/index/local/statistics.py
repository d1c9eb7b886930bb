"""The statistics that BM25 needs of all live passages of an index: sums over its segments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qa.index.local.bm25 import idf


@dataclass(frozen=True, slots=True)
class Statistics:
    """The size of an index.

    Attributes:
        passages: The number of live passages.
        terms: The sum of their lengths in terms; a passage without terms has length 1.
    """

    passages: int
    terms: int

    @classmethod
    def total(cls, parts: Iterable[Statistics]) -> Statistics:
        """The numbers of several parts together."""
        passages, terms = 0, 0
        for part in parts:
            passages += part.passages
            terms += part.terms
        return cls(passages, terms)

    @property
    def mean_length(self) -> float:
        """A passage's mean length in terms."""
        return self.terms / self.passages if self.passages else 1.0

    def idf(self, frequencies: Sequence[int]) -> npt.NDArray[np.float32]:
        """Each term's inverse document frequency, `(terms,) float32`, given its number of passages."""
        return np.array([idf(self.passages, frequency) for frequency in frequencies], np.float32)
