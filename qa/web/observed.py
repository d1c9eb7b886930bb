"""A service that passes its answers to observers, such as the metrics and the question log.

Observers get each answer once, for every route, page and tool. They must be fast and must not raise.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from qa.answering.service import Service
from qa.records import Answer, Filters


class Observer(Protocol):
    """Gets each answer."""

    def answered(self, answer: Answer, filters: Filters) -> None:
        """Record an answer and the filters of its question."""


class Observed:
    """The wrapped service; `unobserved` is the inner one, for questions that no client asked."""

    def __init__(self, service: Service, observers: Iterable[Observer]) -> None:
        self.unobserved = service
        self._observers = tuple(observers)

    def ask(
        self, question: str, k: int = 5, filters: Filters | None = None, *, explain: bool = False, exactly: bool = False
    ) -> Answer:
        """As `Service.ask`; then call the observers."""
        answer = self.unobserved.ask(question, k, filters, explain=explain, exactly=exactly)
        for observer in self._observers:
            observer.answered(answer, filters or Filters())
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.unobserved, name)
