"""Prepares an answer for the results page, and a quote's position among the results for the reader page.

Guarantees: the parts of a quote, running text and tables, contain all its words in order. A table has its column heads,
    even if they are outside the quote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from qa.answering.wording import verdict_words
from qa.records import Answer, Citation, DocumentInfo, Quote, QuotedTable, Span, Verdict
from qa.web.pages.citation_formats import Format, formats
from qa.web.pages.marked_text import Line, cut
from qa.web.pages.page_query import FIRST_RESULTS, MOST_RESULTS, Asked

_ALWAYS_SHOWN = 3  # first results, shown whatever their document


@dataclass(frozen=True, slots=True)
class Clip:
    """The citations of a quote for copying."""

    quote: str
    link: str
    formats: tuple[Format, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One quote prepared for the template.

    `keep` is its reference in the address of a page that cites several quotes. `folded` are further quotes of its
    document, collapsed under one line.
    """

    quote: Quote
    parts: tuple[Part, ...]
    clip: Clip
    keep: str
    folded: tuple[Result, ...] = ()


@dataclass(frozen=True, slots=True)
class Results:
    """What the template needs in addition to the answer.

    Attributes:
        is_answered: Whether the first result counts as an answer.
        line: The verdict in words.
        exactly: The address that searches for the question as typed.
        shown: The results shown in full.
        folded: The collapsed results.
        more: The address with further results; None if there are none, or all are shown.
        everywhere: The address without filters; None if there are no filters.
    """

    is_answered: bool
    line: str
    exactly: str
    shown: tuple[Result, ...]
    folded: tuple[Result, ...]
    more: str | None
    everywhere: str | None

    @property
    def notes(self) -> tuple[tuple[int, Clip], ...]:
        """The footnotes of a printed page: the rank of each quote shown in full, and its citation."""
        return tuple((result.quote.rank, result.clip) for result in self.shown)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A quote's position among the results of its question.

    Attributes:
        number: Its rank.
        total: The number of results.
        previous: The link to the result before it.
        following: The link to the one after it.
        answers: The answering places in the quote's text.
    """

    number: int
    total: int
    previous: str | None
    following: str | None
    answers: tuple[Span, ...] = ()


def results_of(answer: Answer, asked: Asked, base_url: str, documents: Mapping[str, DocumentInfo]) -> Results:
    """Prepare an answer. For the verdict `related` only the nearest passage is shown in full, for `none` nothing.

    Args:
        answer: The answer.
        asked: The question and filters of the page's address.
        base_url: The service's address, for links in citations.
        documents: The documents, by id.
    """
    results = [_result(quote, base_url, documents) for quote in answer.passages]
    is_answered = answer.verdict in (Verdict.ANSWERED, Verdict.UNCALIBRATED)
    is_related = answer.verdict is Verdict.RELATED
    has_more = asked.results < MOST_RESULTS and len(results) == asked.results
    return Results(
        is_answered=is_answered,
        line=verdict_words(answer),
        exactly=replace(asked, exactly=True).url,
        shown=_by_document(results) if is_answered else tuple(results[:1] if is_related else ()),
        folded=tuple(results[1:] if is_related else ()),
        more=f"{asked.with_more().url}#result-{asked.results + 1}" if has_more and is_answered else None,
        everywhere=asked.unfiltered().url if asked.is_filtered else None,
    )


def _by_document(results: Sequence[Result]) -> tuple[Result, ...]:
    """Group results: from the fourth to the tenth, those of a document already shown are collapsed under it."""
    shown: list[Result] = []
    last_of: dict[str, int] = {}
    for number, result in enumerate(results):
        document_id = result.quote.citation.document_id
        at = last_of.get(document_id)
        if at is not None and _ALWAYS_SHOWN <= number < FIRST_RESULTS:
            shown[at] = replace(shown[at], folded=(*shown[at].folded, result))
        else:
            last_of[document_id] = len(shown)
            shown.append(result)
    return tuple(shown)


def neighbours_of(answer: Answer, asked: Asked, document_id: str, place: str) -> Neighbours | None:
    """The position of the quote at "START-END" among the results; None if it is not among them."""
    if answer.verdict is Verdict.NONE:
        return None
    links = [asked.reader_url(quote.citation.url) for quote in answer.passages]
    for index, quote in enumerate(answer.passages):
        for citation in (quote.citation, *quote.also_in):
            if citation.document_id == document_id and place == f"{citation.start}-{citation.end}":
                return Neighbours(
                    index + 1,
                    len(links),
                    links[index - 1] if index else None,
                    links[index + 1] if index + 1 < len(links) else None,
                    quote.highlights if citation is quote.citation else (),
                )
    return None


def clip_of(citation: Citation, text: str, base_url: str, source_url: str | None) -> Clip:
    """The citations of the quote `text`, for copying."""
    link = base_url.rstrip("/") + citation.url  # which includes the path of a proxy, if there is one
    return Clip(text, link, formats(citation, link, source_url))


def reference_of(citation: Citation) -> str:
    """The reference of a quote in the address of a page that cites several: place, digest and document id."""
    quote = citation.url.partition("quote=")[2].partition("#")[0]
    return f"{quote}:{citation.document_id}"


def _result(quote: Quote, base_url: str, documents: Mapping[str, DocumentInfo]) -> Result:
    document = documents.get(quote.citation.document_id)
    clip = clip_of(quote.citation, quote.text, base_url, document.url if document else None)
    return Result(quote, parts_of(quote), clip, reference_of(quote.citation))


@dataclass(frozen=True, slots=True)
class Table:
    """The column heads, if any, and the cells of each row; a missing cell has no pieces."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Running text, or a table."""

    line: Line = ()
    table: Table | None = None


def parts_of(quote: Quote) -> tuple[Part, ...]:
    """A quote's text with its marks, divided at its tables."""
    parts = []
    start = 0
    for table in quote.tables:
        parts += _running(quote, Span(start, table.start))
        parts.append(Part(table=_table(quote, table)))
        start = table.end
    return (*parts, *_running(quote, Span(start, len(quote.text))))


def _running(quote: Quote, span: Span) -> list[Part]:
    stripped = quote.text[span.start : span.end].strip("\n")
    start = quote.text.find(stripped, span.start)
    return [Part(cut(quote.text, Span(start, start + len(stripped)), quote.highlights))] if stripped else []


def _table(quote: Quote, table: QuotedTable) -> Table:
    def line(cell: Span | None) -> Line:
        return cut(quote.text, cell, quote.highlights) if cell and cell.start < cell.end else ()

    return Table(table.heads, tuple(tuple(line(cell) for cell in row) for row in table.rows))
