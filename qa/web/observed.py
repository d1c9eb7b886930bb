"""A backend that passes its answers to observers, such as the metrics and the question log.

Observers get each answer once, for every route, page and tool. They must be fast and must not raise.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from qa.answering.index_status import IndexStatus
from qa.answering.originals import Original
from qa.answering.page_pictures import Picture
from qa.index.build_notes import BuildReport, ProgressReport
from qa.records import Answer, Document, DocumentInfo, Filters, ShardStatus, Span
from qa.text.site import Site
from qa.web.backend import Backend


class Observer(Protocol):
    """Gets each answer."""

    def answered(self, answer: Answer, filters: Filters) -> None:
        """Record an answer and the filters of its question."""


class Observed:
    """The wrapped backend; `unobserved` is the inner one, for questions that no client asked."""

    def __init__(self, backend: Backend, observers: Iterable[Observer]) -> None:
        self.unobserved = backend
        self._observers = tuple(observers)

    def ask(
        self,
        question: str,
        k: int = 5,
        filters: Filters | None = None,
        *,
        explain: bool = False,
        exactly: bool = False,
    ) -> Answer:
        """As `Backend.ask`; then call the observers."""
        answer = self.unobserved.ask(question, k, filters, explain=explain, exactly=exactly)
        for observer in self._observers:
            observer.answered(answer, filters or Filters())
        return answer

    def documents(self) -> tuple[DocumentInfo, ...]:
        """As `Backend.documents`."""
        return self.unobserved.documents()

    def document(self, document_id: str) -> Document:
        """As `Backend.document`."""
        return self.unobserved.document(document_id)

    def present_id(self, document_id: str) -> str:
        """As `Backend.present_id`."""
        return self.unobserved.present_id(document_id)

    def status(self) -> IndexStatus:
        """As `Backend.status`."""
        return self.unobserved.status()

    def shards(self) -> tuple[ShardStatus, ...]:
        """As `Backend.shards`."""
        return self.unobserved.shards()

    def original(self, document_id: str) -> Original:
        """As `Backend.original`."""
        return self.unobserved.original(document_id)

    def page_picture(self, document: Document, page: int, quote: Span | None) -> Picture:
        """As `Backend.page_picture`."""
        return self.unobserved.page_picture(document, page, quote)

    def ready(self) -> None:
        """As `Backend.ready`."""
        self.unobserved.ready()

    def progress(self) -> ProgressReport | None:
        """As `Backend.progress`."""
        return self.unobserved.progress()

    def site(self) -> Site:
        """As `Backend.site`."""
        return self.unobserved.site()

    def report(self) -> BuildReport | None:
        """As `Backend.report`."""
        return self.unobserved.report()
