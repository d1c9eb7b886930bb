"""Checks filters against the documents of an index, and finds the documents that they admit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from qa.errors import UnknownDocument, UnknownPublisher
from qa.index.contract import Index, admitted
from qa.records import DocumentInfo, Filters
from qa.text.safe_text import printable
from qa.text.words import plain_letters

_LISTED = 10


def resolved(index: Index, filters: Filters) -> Filters:
    """The filters with the current ids of their documents and with publishers as the documents spell them.

    Raises:
        UnknownDocument, UnknownPublisher: a filter names an unknown document or publisher; the message lists known
            ones.
    """
    return replace(
        filters,
        document_ids=tuple(_present_id(index, name) for name in filters.document_ids),
        publishers=_spellings(index, filters.publishers) if filters.publishers else (),
    )


def admitted_ids(filters: Filters, documents: Sequence[DocumentInfo]) -> frozenset[str]:
    """The ids of the documents that meet all conditions. It does not check that named documents exist."""
    return frozenset(info.id for info, may in zip(documents, admitted(filters, documents), strict=True) if may)


def undated_left_out(index: Index, filters: Filters) -> int:
    """The number of undated documents that only the date range excludes."""
    if filters.undated or not (filters.date_from or filters.date_to):
        return 0
    others = replace(filters, undated=True)
    undated = np.fromiter((info.date is None for info in index.documents), np.bool_, len(index.documents))
    return int((undated & admitted(others, index.documents)).sum())


def _spellings(index: Index, names: Iterable[str]) -> tuple[str, ...]:
    """The documents' spellings of publishers; case, accents and spacing are ignored."""
    known: dict[str, set[str]] = {}
    for publisher in {info.publisher for info in index.documents if info.publisher}:
        known.setdefault(_folded(publisher), set()).add(publisher)
    for name in names:
        if _folded(name) not in known:
            there_are = _there_are(publisher for same in known.values() for publisher in same)
            raise UnknownPublisher(f"No document has the publisher {printable(name)!r}; {there_are}.")
    return tuple(publisher for name in names for publisher in sorted(known[_folded(name)]))


def _folded(name: str) -> str:
    return " ".join(plain_letters(name).split())


def _present_id(index: Index, name: str) -> str:
    try:
        return index.present_id(name)
    except UnknownDocument as error:
        alike = [info.id for info in index.documents if _folded(info.id) == _folded(name)]
        if len(alike) == 1:
            return alike[0]
        there_are = _there_are(info.id for info in index.documents)
        raise UnknownDocument(f"{str(error).rstrip('.')}; {there_are}.") from None


def _there_are(names: Iterable[str]) -> str:
    ordered = sorted(printable(name) for name in names)
    if not ordered:
        return "no document names one"
    more = f" and {len(ordered) - _LISTED} more" if len(ordered) > _LISTED else ""
    return f"there are {', '.join(ordered[:_LISTED])}{more}"
