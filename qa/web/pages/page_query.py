"""Reads the query string of a page, and makes addresses from it.

Pages are lenient where the API is strict: an empty field of a form counts as absent, and parameters that other
programs append to shared links are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.datastructures import QueryParams

from qa.errors import InvalidRequest
from qa.records import Filters
from qa.web.api.request_models import AskFilters

_MOST_FAULTS = 10  # told of in one message


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its filters, as a page's query string carries them."""

    question: str = ""
    filters: Filters = field(default_factory=Filters)
    exactly: bool = False

    @property
    def query(self) -> str:
        """The query string, without a question mark."""
        pairs = [
            ("q", self.question),
            *(("document_id", name) for name in self.filters.document_ids),
            *(("publisher", name) for name in self.filters.publishers),
            ("date_from", self.filters.date_from or ""),
            ("date_to", self.filters.date_to or ""),
            ("undated", "include" if self.filters.undated else ""),
            ("exactly", "1" if self.exactly else ""),
        ]
        return urlencode([(name, value) for name, value in pairs if value], errors="replace")

    @property
    def url(self) -> str:
        """The results page."""
        return f"/?{self.query}" if self.query else "/"

    def reader_url(self, citation_url: str) -> str:
        """A citation's link that remembers the question, so that the reader page can lead back and onward."""
        path, hash_mark, fragment = citation_url.partition("#")
        joint = "&" if "?" in path else "?"
        return f"{path}{joint}{self.query}{hash_mark}{fragment}" if self.query else citation_url


def asked_from(parameters: QueryParams) -> Asked:
    """Read a page's query string.

    Raises:
        InvalidRequest: a date is not one, or the range is upside down.

    """
    given: dict[str, object] = {}
    for name in ("document_id", "publisher"):
        given[name] = [value for value in parameters.getlist(name) if value]
    for name in ("date_from", "date_to"):
        given[name] = parameters.get(name) or None
    if parameters.get("undated"):
        given["undated"] = parameters["undated"]
    try:
        filters = AskFilters.model_validate(given).filters()
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'dates'}: {fault['msg']}" for fault in error.errors()[:_MOST_FAULTS]
        )
        raise InvalidRequest(f"The filters cannot be used: {faults.replace('Value error, ', '')}.") from None
    return Asked(parameters.get("q", "").strip(), filters, parameters.get("exactly") in {"1", "true"})
