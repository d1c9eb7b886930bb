"""The list of documents: searched, sorted and divided into pages. Lookups are kept for each version of the index."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from qa.errors import UnknownDocument
from qa.records import DocumentInfo
from qa.text.safe_text import as_typed

if TYPE_CHECKING:  # the command line lists documents without the libraries of a server
    from starlette.requests import Request

    from qa.answering.service import Service

Sort = Literal["source", "title", "date", "-date", "size", "-size"]

_KEYS: dict[str, Callable[[DocumentInfo], Any]] = {
    "source": lambda info: info.source,
    "title": lambda info: info.title.casefold(),
    "date": lambda info: info.date or "",
    "size": lambda info: info.characters,
}


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of the requested documents.

    Attributes:
        documents: The documents of this page.
        matching: The number of documents on all pages.
        cursor: The parameter for the next page; None on the last one.
    """

    documents: tuple[DocumentInfo, ...]
    matching: int
    cursor: str | None


def in_order(documents: Iterable[DocumentInfo], sort: Sort) -> tuple[DocumentInfo, ...]:
    """Documents sorted by a key, those with equal keys by path; undated ones are last."""
    found = sorted(documents, key=_KEYS["source"])
    if sort == "source":
        return tuple(found)
    name, descending = sort.lstrip("-"), sort.startswith("-")
    found.sort(key=_KEYS[name], reverse=descending)
    if name == "date":
        found.sort(key=lambda info: info.date is None)
    return tuple(found)


def page_after(documents: tuple[DocumentInfo, ...], cursor: str | None, limit: int | None) -> Listed:
    """The documents after the one with the id `cursor`, at most `limit`.

    Raises:
        UnknownDocument: no document of the list has this id, for example after a rebuild that removed it.
    """
    start = 0
    if cursor is not None:
        places = {info.id: place for place, info in enumerate(documents)}
        if cursor not in places:
            raise UnknownDocument(f"The cursor {cursor!r} names no document of this list; ask without it.")
        start = places[cursor] + 1
    page = documents[start:] if limit is None else documents[start : start + limit]
    is_last = start + len(page) >= len(documents)
    return Listed(page, len(documents), None if is_last else page[-1].id)


def searchable(info: DocumentInfo) -> str:
    """The text that a query's words are searched in: title, publisher, author and path, as `folded`."""
    return folded(" ".join(filter(None, (info.title, info.publisher, info.author, info.source))))


def folded(text: str) -> str:
    """A text in lower case, with single blanks and the quotation marks and hyphens of a keyboard."""
    return " ".join(as_typed(text).split()).casefold()


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
