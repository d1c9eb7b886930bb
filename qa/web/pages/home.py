"""Example questions for the home page, which the selected documents answer."""

from __future__ import annotations

from collections.abc import Container, Sequence

from qa.answering.filters import admitted_ids
from qa.errors import RequestError
from qa.records import DocumentInfo
from qa.text.site import Site
from qa.web.document_lookups import DocumentLookups
from qa.web.pages.filters import filters_of
from qa.web.pages.page_query import Asked


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
