"""A segment in one version: without the documents that were removed since it was written."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from qa.index.local.bm25 import Statistics
from qa.index.local.segment import Segment


class LiveSegment:
    """An open segment and the rows of its removed documents.

    Attributes:
        live: Whether each passage belongs to a live document, `(passages,) bool`; None if all do.
        statistics: The numbers of live passages.
    """

    def __init__(self, segment: Segment, removed: Sequence[int] = ()) -> None:
        self.segment = segment
        self.removed = tuple(removed)
        self.live: npt.NDArray[np.bool_] | None = None
        self.statistics = Statistics(segment.size, segment.record.counts.terms)
        if self.removed:
            documents = np.ones(len(segment.documents), np.bool_)
            documents[list(self.removed)] = False
            self.live = self.passages_of(documents)
            lengths = segment.arrays.lengths[self.live]
            self.statistics = Statistics(len(lengths), int(lengths.sum(dtype=np.int64)))

    def passages_of(self, documents: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Which passages belong to the documents marked True, `(passages,) bool`."""
        return documents[self.segment.arrays.document_rows]

    @cached_property
    def form_counts(self) -> npt.NDArray[np.int64]:
        """The occurrences of each word form in live documents, `(forms,) int64`; counted at the first use."""
        return self.segment.word_forms.counts(self.removed)
