"""Collects the best scores of several segments, so that the next segments can skip passages with lower scores."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


class BestScores:
    """The highest of the added scores, up to a maximum count.

    Attributes:
        least: The minimum for a further score to be included; minus infinity until the count is reached.
    """

    def __init__(self, count: int) -> None:
        """Start without scores; at most `count` are kept."""
        self._count = count
        self._scores = np.empty(0, np.float32)
        self.least = -np.inf

    def add(self, scores: npt.NDArray[np.float32]) -> None:
        """Add the best scores of a segment, `(n,) float32`."""
        together = np.concatenate([self._scores, scores])
        if len(together) >= self._count:
            together = np.partition(together, len(together) - self._count)[len(together) - self._count :]
            self.least = float(together[0])
        self._scores = together
