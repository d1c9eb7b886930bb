"""The filters of the search page: the choices, the documents that a choice selects, and example questions on these."""

from __future__ import annotations

from collections.abc import Container, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from qa.answering.filters import admitted_ids
from qa.answering.service import Service
from qa.errors import RequestError, UnknownDocument
from qa.records import DocumentInfo, Filters
from qa.text.safe_text import printable
from qa.text.site import Site
from qa.web.document_list import DocumentLookups
from qa.web.pages.page_query import Asked

_FEW_DOCUMENTS = 6  # with so few documents, the sources in the results suffice
_MOST_SUGGESTED = 100  # titles and publishers in a page; for a longer list a script asks the API
_MOST_SELECTABLE = 30  # publishers in the menu; for more, typing is faster
_FORMER_IDS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Offer:
    """The choices in the search form.

    Attributes:
        is_open: Whether to show filters.
        suggested: Titles and publishers for completing the typed text.
        is_whole: Whether `suggested` has all titles.
        publishers: Publishers in alphabetical order; of a longer list only the most frequent ones.
        is_short: Whether `publishers` is short enough for a menu.
        only: The documents whose ids are in the address.
        matching: The number of documents that match the words in the address.
    """

    is_open: bool
    suggested: tuple[str, ...] = ()
    is_whole: bool = True
    publishers: tuple[str, ...] = ()
    is_short: bool = True
    only: tuple[DocumentInfo, ...] = ()
    matching: int = 0


def chosen_of(lookups: DocumentLookups, asked: Asked) -> tuple[DocumentInfo, ...]:
    """The documents selected by the words in a page's address; empty without words."""
    return lookups.named(asked.words) if asked.words else ()


def offer_of(lookups: DocumentLookups, service: Service, asked: Asked, chosen: Sequence[DocumentInfo]) -> Offer:
    """The choices for a page, with those set in its address; `chosen` are the documents selected by words."""
    many = len(lookups.documents) > _FEW_DOCUMENTS
    if not many and not asked.is_filtered:
        return Offer(is_open=False)
    counted = lookups.publishers
    is_whole = len(lookups.titles) + len(counted) <= _MOST_SUGGESTED
    publishers = sorted(name for name, _ in counted.most_common(_MOST_SUGGESTED))
    return Offer(
        is_open=True,
        suggested=(*lookups.titles, *publishers) if is_whole else (),
        is_whole=is_whole,
        publishers=tuple(publishers),
        is_short=len(counted) <= _MOST_SELECTABLE,
        only=_present(service, lookups, asked.filters.document_ids),
        matching=len(chosen),
    )


def filters_of(asked: Asked, chosen: Sequence[DocumentInfo]) -> Filters:
    """The filters of a page's address, with the documents selected by its words.

    Raises:
        UnknownDocument: no document matches the words.
    """
    if not asked.words:
        return asked.filters
    if not chosen:
        raise UnknownDocument(
            f"No document has “{printable(asked.words)}” in its title, publisher, author or path; change it,"
            " or leave the field empty to ask all documents."
        )
    ids = (*asked.filters.document_ids, *(info.id for info in chosen))
    return replace(asked.filters, document_ids=tuple(dict.fromkeys(ids)))


def _present(service: Service, lookups: DocumentLookups, ids: tuple[str, ...]) -> tuple[DocumentInfo, ...]:
    """The documents with these current or former ids; only a few former ids are looked up."""
    known = [each for each in ids if each in lookups.by_id]
    for former in [each for each in ids if each not in lookups.by_id][:_FORMER_IDS_SHOWN]:
        with suppress(UnknownDocument):
            known.append(service.present_id(former))
    return tuple(lookups.by_id[each] for each in dict.fromkeys(known) if each in lookups.by_id)


def examples_of(
    lookups: DocumentLookups, asked: Asked, chosen: Sequence[DocumentInfo], site: Site
) -> tuple[tuple[str, str], ...]:
    """Example questions, each with the address that asks it and keeps the filters; none from excluded documents.

    Args:
        lookups: All documents.
        asked: The filters.
        chosen: The documents selected by the filters' words.
        site: Has the example questions.
    """
    allowed = _allowed(lookups, asked, chosen)
    return tuple(
        (example.question, asked.asking(example.question).url)
        for example in site.examples
        if example.document_id is None or example.document_id in allowed
    )


def _allowed(lookups: DocumentLookups, asked: Asked, chosen: Sequence[DocumentInfo]) -> Container[str]:
    """The ids of the documents that the filters allow."""
    if not asked.is_filtered:
        return lookups.by_id
    try:
        filters = filters_of(asked, chosen)
    except RequestError:
        return ()
    return admitted_ids(filters, lookups.documents)
