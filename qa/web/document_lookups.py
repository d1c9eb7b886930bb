"""Lookups over the list of all documents, computed once for each version of the index."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from qa.records import DocumentInfo
from qa.web.document_list import Sort, folded, in_order, searchable

if TYPE_CHECKING:  # the command line lists documents without the libraries of a server
    from starlette.requests import Request

    from qa.answering.service import Service


class DocumentLookups:
    """All documents of one version. Each lookup table is computed at most once."""

    def __init__(self, documents: tuple[DocumentInfo, ...]) -> None:
        self.documents = documents
        self._sorted: dict[Sort, tuple[DocumentInfo, ...]] = {}

    @cached_property
    def by_id(self) -> dict[str, DocumentInfo]:
        """The documents by their ids."""
        return {info.id: info for info in self.documents}

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """The distinct titles, in the order of the documents."""
        return tuple(dict.fromkeys(info.title for info in self.documents))

    @cached_property
    def publishers(self) -> Counter[str]:
        """The number of documents of each publisher."""
        return Counter(info.publisher for info in self.documents if info.publisher)

    @cached_property
    def _texts(self) -> dict[str, str]:
        return {info.id: searchable(info) for info in self.documents}

    @cached_property
    def _named(self) -> dict[str, list[DocumentInfo]]:
        """The documents by title in lower case, and by publisher if no title is the same."""
        of_title: dict[str, list[DocumentInfo]] = defaultdict(list)
        of_publisher: dict[str, list[DocumentInfo]] = defaultdict(list)
        for info in self.documents:
            of_title[folded(info.title)].append(info)
            of_publisher[folded(info.publisher or "")].append(info)
        return of_publisher | of_title

    def matching(self, query: str = "", sort: Sort = "source") -> tuple[DocumentInfo, ...]:
        """The documents whose title, publisher, author or path contain every word of a query, in any case, sorted."""
        if sort not in self._sorted:
            self._sorted[sort] = in_order(self.documents, sort)
        words = folded(query).split()
        if not words:
            return self._sorted[sort]
        return tuple(info for info in self._sorted[sort] if all(word in self._texts[info.id] for word in words))

    def named(self, words: str) -> tuple[DocumentInfo, ...]:
        """The documents with exactly this title or publisher, or else those that contain every word, in any case."""
        found = self._named.get(folded(words)) if words.strip() else None
        return tuple(found) if found else self.matching(words)


class CurrentLookups:
    """The lookups of the current version."""

    def __init__(self) -> None:
        self._last = DocumentLookups(())

    def of(self, service: Service) -> DocumentLookups:
        """The lookups of a service's current documents."""
        documents = service.documents()
        last = self._last
        if last.documents is not documents:
            last = self._last = DocumentLookups(documents)
        return last


def lookups_of(request: Request) -> DocumentLookups:
    """The lookups for a request, kept from earlier requests; may block."""
    current_lookups: CurrentLookups = request.app.state.current_lookups
    return current_lookups.of(request.app.state.service)
