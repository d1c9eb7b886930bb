"""The filters of the search page: what is offered to choose from, and which documents a choice stands for."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from qa.errors import UnknownDocument
from qa.records import DocumentInfo, Filters
from qa.text.safe_text import printable
from qa.web.backend import Backend
from qa.web.catalogue import Catalogue
from qa.web.pages.page_query import Asked

_FEW_DOCUMENTS = 6  # up to here the results themselves show where each quote comes from
_MOST_SUGGESTED = 100  # titles and publishers that a page carries; a script asks the API for those of a longer list
_MOST_SELECTABLE = 30  # publishers; a longer list is quicker to type into
_FORMER_IDS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Offer:
    """What the search form offers.

    Attributes:
        is_open: Whether filters are worth offering at all.
        suggested: Titles and publishers to complete what is typed.
        is_whole: Whether `suggested` has all titles.
        publishers: Publishers to choose from, in alphabetical order, or the most frequent ones of a longer list.
        is_short: Whether `publishers` is short enough for a menu.
        only: The documents that the address names by id.
        matching: How many documents have the words that the address names.
    """

    is_open: bool
    suggested: tuple[str, ...] = ()
    is_whole: bool = True
    publishers: tuple[str, ...] = ()
    is_short: bool = True
    only: tuple[DocumentInfo, ...] = ()
    matching: int = 0


def chosen_of(catalogue: Catalogue, asked: Asked) -> tuple[DocumentInfo, ...]:
    """The documents that the words of a page's address stand for; none without words."""
    return catalogue.named(asked.words) if asked.words else ()


def offer_of(catalogue: Catalogue, service: Backend, asked: Asked, chosen: Sequence[DocumentInfo]) -> Offer:
    """The filters for a page, with those that its address names; `chosen` are the documents of its words."""
    many = len(catalogue.documents) > _FEW_DOCUMENTS
    if not many and not asked.is_filtered:
        return Offer(is_open=False)
    counted = catalogue.publishers
    is_whole = len(catalogue.titles) + len(counted) <= _MOST_SUGGESTED
    publishers = sorted(name for name, _ in counted.most_common(_MOST_SUGGESTED))
    return Offer(
        is_open=True,
        suggested=(*catalogue.titles, *publishers) if is_whole else (),
        is_whole=is_whole,
        publishers=tuple(publishers),
        is_short=len(counted) <= _MOST_SELECTABLE,
        only=_present(service, catalogue, asked.filters.document_ids),
        matching=len(chosen),
    )


def filters_of(asked: Asked, chosen: Sequence[DocumentInfo]) -> Filters:
    """The filters of a page's address, with the documents that its words stand for.

    Raises:
        UnknownDocument: no document has the words.
    """
    if not asked.words:
        return asked.filters
    if not chosen:
        raise UnknownDocument(
            f"No document has “{printable(asked.words)}” in its title, publisher, author or path; write it otherwise,"
            " or leave the field empty to ask all documents."
        )
    ids = (*asked.filters.document_ids, *(info.id for info in chosen))
    return replace(asked.filters, document_ids=tuple(dict.fromkeys(ids)))


def _present(service: Backend, catalogue: Catalogue, ids: tuple[str, ...]) -> tuple[DocumentInfo, ...]:
    """The documents that have these ids, or had them before; of former ids a few at most are looked up."""
    known = [each for each in ids if each in catalogue.by_id]
    for former in [each for each in ids if each not in catalogue.by_id][:_FORMER_IDS_SHOWN]:
        with suppress(UnknownDocument):
            known.append(service.present_id(former))
    return tuple(catalogue.by_id[each] for each in dict.fromkeys(known) if each in catalogue.by_id)
