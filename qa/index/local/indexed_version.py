"""What the implementations of an `Index` share: a version's record, its documents by id, and its statistics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np

from qa.errors import UnknownDocument
from qa.index.contract import Abbreviation, Candidates, Floats, WordForm, idf
from qa.index.local.abbreviations import Entry, abbreviations_of
from qa.index.local.bm25 import Statistics
from qa.index.local.candidate_search import Wanted
from qa.index.local.row_map import DocumentList, RowMap
from qa.index.local.version import Version
from qa.index.local.word_forms import usual_forms
from qa.records import DocumentInfo, Filters
from qa.text.abbreviations import folded, initials_of
from qa.text.document_ids import former_ids
from qa.text.words import terms

_IDS_LISTED = 10  # in the message for an id that belonged to several documents


def _forms(name: str) -> tuple[tuple[str, ...], ...]:
    """The index terms of a name, and of its initials in place of it."""
    written = tuple(dict.fromkeys(terms(name)))
    initials = (tuple(terms(each)) for each in sorted(initials_of(folded(name).split()))) if len(written) > 1 else ()
    return tuple(filter(None, (written, *initials)))


class IndexedVersion(ABC):
    """One version of an index; see `Index`."""

    exact = True  # codes only propose rows; `qa.index.local.vectors.coded_store` says how surely none is missed

    def __init__(self, version: Version, lists: Sequence[DocumentList], statistics: Iterable[Statistics]) -> None:
        """Number the documents and their passages.

        Args:
            version: The version.
            lists: Its documents by part.
            statistics: The numbers of each part.

        Raises:
            ValueError: two documents have one path or one id.
        """
        self.id, self.built_at = version.id, version.built_at
        self.weights, self.dimension = version.configuration.weights, version.configuration.dimension
        self.subject = _forms(version.subject)
        self._map = RowMap(lists)
        self._statistics = Statistics.total(statistics)
        self.size = self._map.size
        self.documents: Sequence[DocumentInfo] = self._map.documents
        self._numbers = {info.id: number for number, info in enumerate(self.documents)}
        if len(self._numbers) < len(self.documents):
            raise ValueError("two documents of the index have one id")

    @abstractmethod
    def frequencies(self, terms: Sequence[str]) -> Sequence[int]:
        """The number of passages that hold each index term."""

    @abstractmethod
    def best(self, wanted: Wanted) -> Candidates:
        """The candidates; `wanted` has what depends on the whole index, of which this may be a part."""

    @abstractmethod
    def abbreviation_entries(self, keys: Sequence[str]) -> Iterable[Entry]:
        """The abbreviations that have one of some folded forms."""

    @abstractmethod
    def form_counts_near(self, word: str, edits: int) -> Mapping[str, Counter[str]]:
        """For each folded word near a folded word, the number of occurrences of each of its written forms."""

    def candidates(
        self, vector: Floats, terms: Sequence[str], count: int, filters: Filters | None = None
    ) -> Candidates:
        """The union of the nearest passages by vector and the best by BM25; see `Index`."""
        for document_id in filters.document_ids if filters else ():
            self.number(document_id)
        rarities = np.array([idf(each, self.size) for each in self.frequencies(terms)], np.float32)
        return self.best(Wanted(vector, terms, rarities, self._statistics.mean_length, count, filters))

    def number(self, document_id: str) -> int:
        """The position of a document in `documents`.

        Raises:
            UnknownDocument: no document has this id.
        """
        number = self._numbers.get(document_id)
        if number is None:
            raise UnknownDocument(f"No document has the id {document_id!r}.")
        return number

    def info(self, document_id: str) -> DocumentInfo:
        """The entry of `documents` for one document; see `Index`."""
        return self.documents[self.number(document_id)]

    def present_id(self, document_id: str) -> str:
        """The current id of the document with this current or former id; see `Index`."""
        if document_id in self._numbers:
            return document_id
        found = self._by_former_id.get(document_id, [])
        if len(found) == 1:
            return found[0]
        if found:
            listed = ", ".join(found[:_IDS_LISTED]) + (" and others" if len(found) > _IDS_LISTED else "")
            raise UnknownDocument(f"No document has the id {document_id!r} any more; it was that of {listed}.")
        return self.info(document_id).id

    def abbreviations(self, keys: Sequence[str]) -> Sequence[Abbreviation]:
        """The documents' abbreviations that have one of some folded forms; see `Index`."""
        return abbreviations_of(self.abbreviation_entries(keys), keys)

    def forms_near(self, word: str, edits: int) -> Sequence[WordForm]:
        """The documents' words within at most `edits` edits of a folded word."""
        return usual_forms(self.form_counts_near(word, edits))

    @cached_property
    def _by_former_id(self) -> dict[str, list[str]]:
        """Current ids by former ones; computed at the first use."""
        found: dict[str, list[str]] = {}
        for info in self.documents:
            for former in former_ids(info.source):
                found.setdefault(former, []).append(info.id)
        return found
