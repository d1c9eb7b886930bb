"""Parses the query string of a page, and makes addresses from it.

Pages are more lenient than the API: an empty form field counts as absent, and parameters that other programs append to
shared links are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from qa.answering.checked_question import check_dates
from qa.errors import InvalidRequest
from qa.records import Filters

FIRST_RESULTS = 10
MOST_RESULTS = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its filters, from a page's query string.

    Attributes:
        question: The question; empty without one.
        filters: Which documents may answer.
        exactly: Whether to search for exactly what was typed.
        words: Only documents whose title, publisher, author or path has these words may answer.
        results: The number of results to show.
    """

    question: str = ""
    filters: Filters = field(default_factory=Filters)
    exactly: bool = False
    words: str = ""
    results: int = FIRST_RESULTS

    @property
    def is_filtered(self) -> bool:
        """Whether the filters exclude documents."""
        return bool(self.filters or self.words)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The query string as names and values."""
        pairs = [
            ("q", self.question),
            ("documents", self.words),
            *(("document_id", name) for name in self.filters.document_ids),
            *(("publisher", name) for name in self.filters.publishers),
            ("date_from", self.filters.date_from or ""),
            ("date_to", self.filters.date_to or ""),
            ("undated", "include" if self.filters.undated else ""),
            ("exactly", "1" if self.exactly else ""),
            ("k", "" if self.results == FIRST_RESULTS else str(self.results)),
        ]
        return [(name, value) for name, value in pairs if value]

    @property
    def query(self) -> str:
        """The query string without a question mark."""
        return urlencode(self.pairs, errors="replace")

    def asking(self, question: str) -> Asked:
        """Another question with the same filters."""
        return replace(self, question=question, exactly=False, results=FIRST_RESULTS)

    def within(self, document_id: str) -> Asked:
        """The same question for one document."""
        return replace(self, filters=Filters(document_ids=(document_id,)), words="", results=FIRST_RESULTS)

    def unfiltered(self) -> Asked:
        """The same question without filters."""
        return replace(self, filters=Filters(), words="", results=FIRST_RESULTS)

    def with_more(self) -> Asked:
        """The same question with the maximum number of results of a page."""
        return replace(self, results=MOST_RESULTS)

    @property
    def url(self) -> str:
        """The address of the results page."""
        return f"/?{self.query}" if self.query else "/"

    def reader_url(self, citation_url: str) -> str:
        """A citation's link with the question added, so that the reader page can link back and to other results."""
        path, hash_mark, fragment = citation_url.partition("#")
        joint = "&" if "?" in path else "?"
        return f"{path}{joint}{self.query}{hash_mark}{fragment}" if self.query else citation_url


def asked_from(parameters: QueryParams) -> Asked:
    """Parse a page's query string.

    Raises:
        InvalidRequest: a date is invalid, or the range ends before it starts.

    """
    filters = Filters(
        tuple(filter(None, parameters.getlist("document_id"))),
        tuple(filter(None, parameters.getlist("publisher"))),
        parameters.get("date_from") or None,
        parameters.get("date_to") or None,
        parameters.get("undated") == "include",
    )
    check_dates(filters)
    return Asked(
        parameters.get("q", "").strip(),
        filters,
        parameters.get("exactly") in {"1", "true"},
        parameters.get("documents", "").strip(),
        MOST_RESULTS if parameters.get("k") == str(MOST_RESULTS) else FIRST_RESULTS,
    )


def asked_as_it_stands(parameters: QueryParams) -> Asked:
    """The same for an error page: invalid filters are left out."""
    try:
        return asked_from(parameters)
    except InvalidRequest:
        return Asked(parameters.get("q", ""), words=parameters.get("documents", "").strip())
