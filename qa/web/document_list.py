"""Sorts the list of documents and divides it into pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from qa.errors import UnknownDocument
from qa.records import DocumentInfo
from qa.text.safe_text import as_typed

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
