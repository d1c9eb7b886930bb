"""Data for the front page: what is loaded, and example questions that the chosen documents answer."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from qa.answering.filters import admitted_ids
from qa.answering.index_status import IndexStatus
from qa.errors import RequestError
from qa.records import DocumentInfo
from qa.text.site import Site
from qa.web.backend import Backend
from qa.web.catalogue import Catalogue
from qa.web.pages.filters import filters_of
from qa.web.pages.page_query import Asked


@dataclass(frozen=True, slots=True)
class Front:
    """The search page without results. `examples` are questions, each with the page that asks it."""

    index: IndexStatus
    examples: tuple[tuple[str, str], ...]


def front_of(catalogue: Catalogue, service: Backend, asked: Asked, chosen: Sequence[DocumentInfo], site: Site) -> Front:
    """The front page; filters stay with its examples, and leave out those that another document answers.

    Args:
        catalogue: All documents.
        service: Tells what is loaded.
        asked: The filters.
        chosen: The documents that the words among them stand for.
        site: Has the examples.
    """
    allowed = _allowed(catalogue, asked, chosen)
    examples = tuple(
        (example.question, asked.asking(example.question).url)
        for example in site.examples
        if example.document_id is None or example.document_id in allowed
    )
    return Front(service.status(), examples)


def _allowed(catalogue: Catalogue, asked: Asked, chosen: Sequence[DocumentInfo]) -> Container[str]:
    """The ids of the documents that may answer."""
    if not asked.is_filtered:
        return catalogue.by_id
    try:
        filters = filters_of(asked, chosen)
    except RequestError:
        return ()
    return admitted_ids(filters, catalogue.documents)
