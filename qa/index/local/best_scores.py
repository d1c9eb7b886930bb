"""The best scores of several segments, so that a segment need not look for passages that are not among them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


class BestScores:
    """So many scores, the highest that were added.

    Attributes:
        least: What a further score must reach to be among them; minus infinity while there are fewer.
    """

    def __init__(self, count: int) -> None:
        """Begin without scores; `count` is how many are kept."""
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
