"""Prepares an answer for the results page, and a quote's place among the results for the reader page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urljoin

from qa.answering.wording import verdict_words
from qa.records import Answer, Citation, Quote, Span, Verdict
from qa.web.pages.citation_formats import Format, formats
from qa.web.pages.marked_text import Piece, cut
from qa.web.pages.page_query import Asked


@dataclass(frozen=True, slots=True)
class Source:
    """A citation with the link that opens it from this page."""

    citation: Citation
    link: str


@dataclass(frozen=True, slots=True)
class Clip:
    """What can be copied of a quote."""

    quote: str
    link: str
    formats: tuple[Format, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One quote, ready for the template."""

    quote: Quote
    pieces: tuple[Piece, ...]
    source: Source
    also_in: tuple[Source, ...]
    clip: Clip


@dataclass(frozen=True, slots=True)
class Results:
    """A whole answer. `shown` stands open on the page, `folded` behind one line.

    `corrected` is what was searched for where it is not what was asked, and `exactly` the page that searches for what
    was asked. `disagreement` has each figure with the sentence that gives it.
    """

    verdict: str
    line: str
    corrected: str | None
    exactly: str
    unmet: tuple[str, ...]
    disagreement: tuple[tuple[str, Source], ...]
    undated_left_out: int
    shown: tuple[Result, ...]
    folded: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A quote's place among the results it came from.

    Attributes:
        number: Its rank.
        total: How many results there are.
        previous: The link to the result before it.
        following: The link to the one after it.
        answers: The places in the quote's text that answer.
    """

    number: int
    total: int
    previous: str | None
    following: str | None
    answers: tuple[Span, ...] = ()


def results_of(answer: Answer, asked: Asked, base_url: str, source_urls: Mapping[str, str | None]) -> Results:
    """Lay out an answer. A related verdict leads with the nearest passage only; none leads with nothing."""
    results = tuple(_result(quote, asked, base_url, source_urls) for quote in answer.passages)
    open_results = {
        Verdict.ANSWERED: len(results),
        Verdict.UNCALIBRATED: len(results),
        Verdict.RELATED: 1,
        Verdict.NONE: 0,
    }[answer.verdict]
    folded = results[open_results:] if answer.verdict is Verdict.RELATED else ()
    corrected = answer.searched if answer.searched != answer.question else None
    return Results(
        verdict=answer.verdict.value,
        line=verdict_words(answer),
        corrected=corrected,
        exactly=replace(asked, exactly=True).url,
        unmet=answer.unmet,
        disagreement=tuple((stated.value, _source(stated.citation, asked)) for stated in answer.disagreement),
        undated_left_out=answer.undated_left_out,
        shown=results[:open_results],
        folded=folded,
    )


def neighbours_of(answer: Answer, asked: Asked, document_id: str, place: str) -> Neighbours | None:
    """Where the quote of a reader page, at the place "START-END", stands in its results; None when not among them."""
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
    """What can be copied of the quote `text`."""
    link = urljoin(base_url, citation.url)
    return Clip(text, link, formats(citation, link, source_url))


def _result(quote: Quote, asked: Asked, base_url: str, source_urls: Mapping[str, str | None]) -> Result:
    citation = quote.citation
    return Result(
        quote,
        cut(quote.text, Span(0, len(quote.text)), marked=quote.highlights),
        _source(citation, asked),
        tuple(_source(other, asked) for other in quote.also_in),
        clip_of(citation, quote.text, base_url, source_urls.get(citation.document_id)),
    )


def _source(citation: Citation, asked: Asked) -> Source:
    return Source(citation, asked.reader_url(citation.url))
