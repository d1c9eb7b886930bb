"""Data for the home page: the documents, and example questions that the selected documents answer."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from qa.answering.filters import admitted_ids
from qa.answering.index_status import IndexStatus
from qa.errors import RequestError
from qa.records import DocumentInfo
from qa.text.site import Site
from qa.web.backend import Backend
from qa.web.document_lookups import DocumentLookups
from qa.web.pages.filters import filters_of
from qa.web.pages.page_query import Asked


@dataclass(frozen=True, slots=True)
class Front:
    """The search page without results. `examples` are questions, each with the address that asks it."""

    index: IndexStatus
    examples: tuple[tuple[str, str], ...]


def front_of(
    lookups: DocumentLookups, service: Backend, asked: Asked, chosen: Sequence[DocumentInfo], site: Site
) -> Front:
    """The home page; its examples keep the filters, and examples from excluded documents are left out.

    Args:
        lookups: All documents.
        service: Has the status of the index.
        asked: The filters.
        chosen: The documents selected by the filters' words.
        site: Has the example questions.
    """
    allowed = _allowed(lookups, asked, chosen)
    examples = tuple(
        (example.question, asked.asking(example.question).url)
        for example in site.examples
        if example.document_id is None or example.document_id in allowed
    )
    return Front(service.status(), examples)


def _allowed(lookups: DocumentLookups, asked: Asked, chosen: Sequence[DocumentInfo]) -> Container[str]:
    """The ids of the documents that the filters allow."""
    if not asked.is_filtered:
        return lookups.by_id
    try:
        filters = filters_of(asked, chosen)
    except RequestError:
        return ()
    return admitted_ids(filters, lookups.documents)
