"""Checks filters against the documents of an index, and finds the documents that they admit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from qa.errors import UnknownDocument, UnknownPublisher
from qa.index.contract import Index, admitted
from qa.records import DocumentInfo, Filters
from qa.text.safe_text import printable

_LISTED = 10


def resolved(index: Index, filters: Filters) -> Filters:
    """The filters with the current ids of their documents.

    Raises:
        UnknownDocument, UnknownPublisher: a filter names an unknown document or publisher; the message lists known
            ones.
    """
    publishers = {info.publisher for info in index.documents if info.publisher} if filters.publishers else set()
    known = {name.casefold() for name in publishers}
    for name in filters.publishers:
        if name.casefold() not in known:
            raise UnknownPublisher(f"No document has the publisher {printable(name)!r}; {_there_are(publishers)}.")
    return replace(filters, document_ids=tuple(_present_id(index, name) for name in filters.document_ids))


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


def _present_id(index: Index, name: str) -> str:
    try:
        return index.present_id(name)
    except UnknownDocument as error:
        alike = [info.id for info in index.documents if info.id.casefold() == name.casefold()]
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
