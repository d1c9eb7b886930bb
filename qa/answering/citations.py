"""Makes citations, with links that open a document at a quote and stay valid after rebuilds.

A link has the quote's offsets and a digest of its text. The reader page first compares the text at those offsets. If it
differs because the document has changed, the quote is searched by its digest:

1. A quote is a passage, so it begins and ends at sentence bounds. Candidates are all places of the quote's length
   between sentence bounds, and after these all places between word bounds.
2. Candidates are hashed in the order of their distance from the quote's old place.
3. The search ends after hashing a fixed multiple of the document's characters, so its time is linear in the document
   for any content and any link. Searches for several quotes together take no longer than one in the largest document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from urllib.parse import quote

from qa.records import Block, Citation, Document, DocumentInfo, Span
from qa.text.ocr_pages import is_recognised, recognised_pages

# No passage is longer: it has at most 320 words, so at most as many sentences, each of at most 1200 characters.
LONGEST_QUOTE_CHARS = 400_000

_DIGEST_CHARS = 12
_REFERENCE = re.compile(rf"(\d{{1,9}})-(\d{{1,9}})(?:-([0-9a-f]{{{_DIGEST_CHARS}}}))?")
_WORD_START = re.compile(r"(?<!\S)\S")
_SENTENCE_START = re.compile(r"(?:\A|(?<=\n)|(?<=[.!?…\"'”’)\]*†‡§。！？;,]\s))\S")
_SENTENCE_ENDS = frozenset(".!?…\"'”’)]*†‡§。！？;,")

# Limit of a search in hashed characters. One digest has a fixed cost of about this many characters.
_DIGEST_COST = 256
_COST_PER_CHAR = 17  # once to list the candidates
_FREE_COST = 1_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """The present place of a cited quote. `moved` says that it differs from the link's place."""

    span: Span
    moved: bool


@dataclass(slots=True)
class SearchCost:
    """The characters that the searches for several quotes have read so far."""

    chars: int = 0


def quote_digest(text: str) -> str:
    """The first 48 bits of the quote's SHA-256, in hex."""
    return sha256(text.encode("utf-8")).hexdigest()[:_DIGEST_CHARS]


def quote_reference(start: int, end: int, text: str) -> str:
    """The reference of `text` at `start:end` in a link: "START-END-DIGEST"."""
    return f"{start}-{end}-{quote_digest(text)}"


def quote_url(document_id: str, start: int, end: int, text: str) -> str:
    """The link to `text` at `start:end` of a document, relative to the service's root."""
    return f"/documents/{quote(document_id)}?quote={quote_reference(start, end, text)}#c{start}-{end}"


def cite(
    document: Document | DocumentInfo,
    place: Span,
    page: int | None,
    text: str,
    pages: tuple[int, int] | None = None,
) -> Citation:
    """The citation of a text at a place of a document.

    Args:
        document: The document.
        place: The place in its canonical text.
        page: The page of the answering words, if there are pages.
        text: The text.
        pages: The first and the last page of the text.
    """
    runs = document.recognised if isinstance(document, DocumentInfo) else recognised_pages(document.left_out)
    return Citation(
        document_id=document.id,
        title=document.title,
        publisher=document.publisher,
        author=document.author,
        date=document.date,
        source=document.source,
        page=page,
        start=place.start,
        end=place.end,
        url=quote_url(document.id, place.start, place.end, text),
        pages=pages,
        recognised=page is not None and is_recognised(runs, *(pages or (page, page))),
    )


def cite_place(document: Document, place: Span) -> Citation:
    """The citation of any place of a document, with the place's first page."""
    pages = _pages_at(document, place)
    return cite(document, place, pages[0] if pages else None, document.text[place.start : place.end], pages)


def _pages_at(document: Document, place: Span) -> tuple[int, int] | None:
    """The first and the last page of a place of a document; None if there are no pages."""
    pages = [
        page
        for block in document.blocks
        if place.start < block.end and block.start < place.end
        for page, span in page_spans(block)
        if span.start < place.end and place.start < span.end
    ]
    return (pages[0], pages[-1]) if pages else None


def page_spans(block: Block) -> Iterator[tuple[int, Span]]:
    """The pages of a block, each with its part of the document's text; empty without pages."""
    if block.page is not None:
        for (start, page), (end, _) in pairwise([(block.start, block.page), *block.breaks, (block.end, 0)]):
            yield page, Span(start, end)


def quoted_chars(reference: str) -> int:
    """The length of the quote of a link's `quote` parameter; 0 if it is malformed."""
    match = _REFERENCE.fullmatch(reference)
    return max(0, int(match[2]) - int(match[1])) if match else 0


def find_quote(document_text: str, reference: str, cost: SearchCost | None = None) -> Found | None:
    """Find the quote of a link's `quote` parameter in the present document.

    A reference without a digest ("812-1410") is accepted if it is within the document.

    Args:
        document_text: The document's canonical text.
        reference: "START-END" or "START-END-DIGEST".
        cost: What earlier searches of the same request have read; increased by this one.

    Returns:
        The place; None if the reference is malformed, or the quote was not found within the search's limit.
    """
    match = _REFERENCE.fullmatch(reference)
    if not match:
        return None
    start, end, digest = int(match[1]), int(match[2]), match[3]
    if start >= end:
        return None
    if end <= len(document_text) and digest in (None, quote_digest(document_text[start:end])):
        return Found(Span(start, end), moved=False)
    place = _search(document_text, start, end - start, digest, cost or SearchCost()) if digest else None
    return None if place is None else Found(Span(place, place + end - start), moved=True)


def _search(text: str, near: int, length: int, digest: str, cost: SearchCost) -> int | None:
    """The place nearest to `near` with a given length and digest, within the search's limit."""
    most = _FREE_COST + _COST_PER_CHAR * len(text)
    if length > min(len(text), LONGEST_QUOTE_CHARS) or cost.chars >= most:
        return None
    cost.chars += len(text)  # to list the candidates
    for place in _candidates(text, near, length):
        cost.chars += length + _DIGEST_COST
        if cost.chars > most:
            return None
        if quote_digest(text[place : place + length]) == digest:
            return place
    return None


def _candidates(text: str, near: int, length: int) -> Iterator[int]:
    """Candidate places of a given length: first between sentences, then between words, nearest first."""
    seen: set[int] = set()
    for starts, ends_well in ((_SENTENCE_START, _ends_sentence), (_WORD_START, _ends_word)):
        last = len(text) - length
        begins = (match.start() for match in starts.finditer(text, 0, last + 1))
        places = [place for place in begins if ends_well(text, place + length)]
        places.sort(key=lambda place: abs(place - near))
        yield from (place for place in places if place not in seen)
        seen.update(places)


def _ends_sentence(text: str, end: int) -> bool:
    return _ends_word(text, end) and (text[end - 1] in _SENTENCE_ENDS or end == len(text) or text[end] == "\n")


def _ends_word(text: str, end: int) -> bool:
    return not text[end - 1].isspace() and (end == len(text) or text[end].isspace())
