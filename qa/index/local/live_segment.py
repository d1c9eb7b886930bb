"""A segment in one version: without the documents that were removed since it was written."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import chain

import numpy as np
import numpy.typing as npt

from qa.index.local.abbreviations import Entry
from qa.index.local.segment import Segment
from qa.index.local.statistics import Statistics

_KEYS_KEPT = 4096


class LiveSegment:
    """An open segment and the rows of its removed documents.

    Attributes:
        live: Whether each passage belongs to a live document, `(passages,) bool`; None if all do.
        statistics: The numbers of live passages.
    """

    def __init__(self, segment: Segment, removed: Sequence[int] = ()) -> None:
        self.segment = segment
        self.removed = tuple(removed)
        self._abbreviations: dict[str, list[Entry]] = {}
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

    def abbreviations(self, keys: Sequence[str]) -> list[Entry]:
        """The live documents' abbreviations of some folded short or long forms. Caches keys with entries."""
        kept = self._abbreviations
        found = {key: entries for key in keys if (entries := kept.get(key))}  # other threads may empty it
        if strange := set(keys).difference(found, ("",)):
            for entry in self.segment.abbreviations(tuple(strange), self.removed):
                for key in strange.intersection(entry.keys):
                    found.setdefault(key, []).append(entry)
        if len(kept) > _KEYS_KEPT:
            kept.clear()
        kept.update(found)  # only keys with entries: most have none
        return list(dict.fromkeys(chain.from_iterable(found.values())))

    @cached_property
    def form_counts(self) -> npt.NDArray[np.int64]:
        """The occurrences of each word form in live documents, `(forms,) int64`; counted at the first use."""
        return self.segment.word_forms.counts(self.removed)
