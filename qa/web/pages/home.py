"""Data for the front page: filters, and example questions from the documents."""

from __future__ import annotations

from dataclasses import dataclass

from qa.errors import UnknownDocument
from qa.records import Document, DocumentInfo, IndexStatus
from qa.web.backend import Backend
from qa.web.pages.example_questions import questions
from qa.web.pages.filters import Offer, offer_of
from qa.web.pages.page_query import Asked

_READ_FOR_EXAMPLES = 12


@dataclass(frozen=True, slots=True)
class Front:
    """The search page without results."""

    offer: Offer
    index: IndexStatus
    examples: tuple[tuple[str, str], ...]


class Home:
    """Remembers the example questions of one snapshot: finding them means reading documents."""

    def __init__(self) -> None:
        self._examples: tuple[str, tuple[str, ...]] = ("", ())

    def front(self, service: Backend, asked: Asked) -> Front:
        """The front page; each example with the page that asks it of the documents that the filters allow."""
        offer = offer_of(service, asked)
        index = service.status()
        if self._examples[0] != index.snapshot:
            self._examples = (index.snapshot, questions(_sample(service, offer.documents)))
        return Front(offer, index, tuple((question, asked.asking(question).url) for question in self._examples[1]))


def _sample(service: Backend, documents: tuple[DocumentInfo, ...]) -> tuple[Document, ...]:
    """A few documents, spread over the list; one that a rebuild has just removed is left out."""
    step = max(1, len(documents) // _READ_FOR_EXAMPLES)
    found = []
    for info in documents[::step][:_READ_FOR_EXAMPLES]:
        try:
            found.append(service.document(info.id))
        except UnknownDocument:
            continue
    return tuple(found)
