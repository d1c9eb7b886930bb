"""Data for the home page: filters and example questions."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from qa.errors import UnknownDocument
from qa.records import Document, DocumentInfo, IndexStatus
from qa.web.backend import Backend
from qa.web.pages.example_questions import questions
from qa.web.pages.page_query import Asked

_FEW_DOCUMENTS = 6  # up to here a filter by document is not needed
_MOST_CHOICES = 100  # a longer list of documents would be slower to use than the search itself
_READ_FOR_EXAMPLES = 12
_FORMER_IDS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Front:
    """The search page without its results."""

    documents: tuple[DocumentInfo, ...]
    offers_filters: bool
    choices: tuple[DocumentInfo, ...]
    only: tuple[DocumentInfo, ...]
    index: IndexStatus | None = None
    examples: tuple[str, ...] = ()


class Home:
    """Remembers the example questions of one snapshot: finding them means reading documents."""

    def __init__(self) -> None:
        self._examples: tuple[str, tuple[str, ...]] = ("", ())

    def filters(self, service: Backend, asked: Asked) -> Front:
        """The filters, for a page that shows results."""
        documents = service.documents()
        many = len(documents) > _FEW_DOCUMENTS
        wanted = _present(service, documents, set(asked.filters.document_ids))
        return Front(
            documents=documents,
            offers_filters=many or bool(asked.filters),
            choices=documents if many and len(documents) <= _MOST_CHOICES else (),
            only=tuple(info for info in documents if info.id in wanted),
        )

    def front(self, service: Backend, asked: Asked) -> Front:
        """The whole front page."""
        bare = self.filters(service, asked)
        index = service.status()
        if self._examples[0] != index.snapshot:
            self._examples = (index.snapshot, questions(_sample(service, bare.documents)))
        return Front(bare.documents, bare.offers_filters, bare.choices, bare.only, index, self._examples[1])


def _present(service: Backend, documents: tuple[DocumentInfo, ...], ids: set[str]) -> set[str]:
    """The ids that documents have now; former ones among those given are looked up, a few at most."""
    known = ids & {info.id for info in documents} if ids else ids
    for former in sorted(ids - known)[:_FORMER_IDS_SHOWN]:
        with suppress(UnknownDocument):
            known.add(service.present_id(former))
    return known


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
