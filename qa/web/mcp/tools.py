"""The tools and resources as plain functions over the service; they may block.

A passage's id is `DOCUMENT#START-END`, with offsets into the document's canonical text in code points, so it needs no
table and stays valid while the document is unchanged. `fetch` accepts every id that `search` or `ask` returns.
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote as percent_encode

from qa.answering.citations import cite_place
from qa.answering.service import Service
from qa.answering.wording import verdict_words
from qa.errors import InvalidRequest
from qa.records import Answer, Citation, Document, Filters, Quote, Span, Verdict
from qa.text.safe_text import printable
from qa.web.mcp.results import AskResult, CitedPassage, Fetched, Found, SearchResults, StatedFigure

_FOUND = 10  # passages of one search
_PASSAGE_ID = re.compile(r"(?P<document>[^#]+)(?:#(?P<start>[0-9]{1,9})-(?P<end>[0-9]{1,9}))?")
_HOW_IDS_LOOK = "an id is DOCUMENT or DOCUMENT#START-END, as search gives it"


def search(service: Service, base_url: str, query: str) -> SearchResults:
    """The passages nearest to a question; empty if the documents have nothing relevant.

    Raises:
        RequestError: the question cannot be used.
        OperatingError: no index can be used.
    """
    answer = service.ask(query, _FOUND)
    return SearchResults(results=[_found(quote, base_url) for quote in _shown(answer)])


def fetch(service: Service, base_url: str, wanted: str) -> Fetched:
    """A passage or a whole document by its id.

    Raises:
        InvalidRequest: the id is malformed, or its offsets lie outside the document.
        UnknownDocument: no document has the id.
    """
    match = _PASSAGE_ID.fullmatch(wanted)
    if not match:
        raise InvalidRequest(f"{printable(wanted[:200])!r} is not an id; {_HOW_IDS_LOOK}.")
    document = service.document(match["document"])
    if match["start"] is None:
        return _whole(document, base_url)
    place = Span(int(match["start"]), int(match["end"]))
    if not place.start < place.end <= len(document.text):
        message = f"The document {document.id} has {len(document.text)} characters, and none at {place.start}"
        raise InvalidRequest(f"{message} to {place.end}; {_HOW_IDS_LOOK}.")
    citation = cite_place(document, place)
    return Fetched(
        id=_passage_id(citation),
        title=document.title,
        text=document.text[place.start : place.end],
        url=base_url + citation.url,
        metadata=_known(
            document,
            page="-".join(map(str, dict.fromkeys(citation.pages))) if citation.pages else None,
            start=str(place.start),
            end=str(place.end),
        ),
    )


def ask(service: Service, base_url: str, question: str, k: int, filters: Filters) -> AskResult:
    """An answer with its verdict and at most `k` quotations.

    Raises:
        RequestError: the question, `k` or a filter cannot be used.
        OperatingError: no index can be used.
    """
    answer = service.ask(question, k, filters)
    return AskResult(
        question=answer.question,
        searched=answer.searched,
        verdict=answer.verdict.value,
        meaning=verdict_words(answer),
        confidence=answer.confidence,
        sure=answer.sure,
        passages=[_cited(quote, base_url) for quote in _shown(answer)],
        unmet=list(answer.unmet),
        disagreement=[
            StatedFigure(
                value=stated.value,
                id=_passage_id(stated.citation),
                title=stated.citation.title,
                url=base_url + stated.citation.url,
            )
            for stated in answer.disagreement
        ],
    )


def list_documents(service: Service) -> str:
    """All documents without their text, as a JSON array; `uri` is the resource with the text."""
    fields = ("title", "publisher", "author", "date", "characters")
    listed = [
        {
            "id": info.id,
            "uri": f"document://{percent_encode(info.id)}",
            **{name: getattr(info, name) for name in fields},
        }
        for info in service.documents()
    ]
    return json.dumps(listed, ensure_ascii=False)


def _shown(answer: Answer) -> tuple[Quote, ...]:
    """The passages to return: none for the verdict `none`, since an assistant would quote irrelevant passages."""
    return () if answer.verdict is Verdict.NONE else answer.passages


def _passage_id(citation: Citation) -> str:
    return f"{citation.document_id}#{citation.start}-{citation.end}"


def _found(quote: Quote, base_url: str) -> Found:
    where = quote.citation
    return Found(id=_passage_id(where), title=where.title, url=base_url + where.url, text=quote.text)


def _cited(quote: Quote, base_url: str) -> CitedPassage:
    where = quote.citation
    return CitedPassage(
        id=_passage_id(where),
        text=quote.text,
        headings=list(quote.headings),
        answering=[quote.text[span.start : span.end] for span in quote.highlights],
        title=where.title,
        publisher=where.publisher,
        author=where.author,
        date=where.date,
        source=where.source,
        page=where.page,
        start=where.start,
        end=where.end,
        url=base_url + where.url,
    )


def _whole(document: Document, base_url: str) -> Fetched:
    url = f"{base_url}/documents/{percent_encode(document.id)}"
    return Fetched(id=document.id, title=document.title, text=document.text, url=url, metadata=_known(document))


def _known(document: Document, **more: str | None) -> dict[str, str]:
    fields = {
        "publisher": document.publisher,
        "author": document.author,
        "date": document.date,
        "source": document.source,
        "original_url": document.url,
        **more,
    }
    return {name: value for name, value in fields.items() if value is not None}
