"""Data for the front page: filters, and example questions that the chosen documents answer."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from qa.answering.filters import admitted_ids
from qa.errors import RequestError
from qa.records import IndexStatus
from qa.web.backend import Backend
from qa.web.catalogue import Catalogue
from qa.web.pages.filters import Offer, filters_of, offer_of
from qa.web.pages.page_query import Asked


@dataclass(frozen=True, slots=True)
class Front:
    """The search page without results. `examples` are questions, each with the page that asks it."""

    offer: Offer
    index: IndexStatus
    examples: tuple[tuple[str, str], ...]


def front_of(catalogue: Catalogue, service: Backend, asked: Asked) -> Front:
    """The front page; filters stay with its examples, and leave out those that another document answers."""
    offer = offer_of(catalogue, service, asked)
    allowed = _allowed(catalogue, asked)
    examples = tuple(
        (example.question, asked.asking(example.question).url)
        for example in service.site().examples
        if example.document_id is None or example.document_id in allowed
    )
    return Front(offer, service.status(), examples)


def _allowed(catalogue: Catalogue, asked: Asked) -> Container[str]:
    """The ids of the documents that may answer."""
    if not asked.is_filtered:
        return catalogue.by_id
    try:
        filters = filters_of(catalogue, asked)
    except RequestError:
        return ()
    return admitted_ids(filters, catalogue.documents)
