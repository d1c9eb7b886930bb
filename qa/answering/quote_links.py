"""Citations, and their links, which open a document at a quote and survive a rebuild that did not change the words.

A link carries the quote's offsets and a digest of its text. The reader page first looks at those offsets. Where the
document has changed and other words stand there, the same words are searched for by their digest:

1. A quote is a passage, so it begins where a sentence can begin and ends where one can end. Every place where a text of
   the quote's length does both is a candidate; so is, after all of these, every place that begins and ends at a word.
2. Candidates are hashed in the order of their distance from where the quote stood.
3. The search ends when it has hashed some times the document's characters. The work is therefore linear in the
   document, whatever the document and the link hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from urllib.parse import quote

from qa.records import Block, Citation, Document, DocumentInfo, Span
from qa.text.recognised import is_recognised, recognised_pages

# No passage is longer: it holds at most 320 words, so at most as many sentences, each of at most 1200 characters.
LONGEST_QUOTE_CHARS = 400_000

_DIGEST_CHARS = 12
_REFERENCE = re.compile(rf"(\d{{1,9}})-(\d{{1,9}})(?:-([0-9a-f]{{{_DIGEST_CHARS}}}))?")
_WORD_START = re.compile(r"(?<!\S)\S")
_SENTENCE_START = re.compile(r"(?:\A|(?<=\n)|(?<=[.!?…\"'”’)\]*†‡§。！？;,]\s))\S")
_SENTENCE_ENDS = frozenset(".!?…\"'”’)]*†‡§。！？;,")

# What a search may cost, in characters hashed. One digest costs about as much as so many characters by itself.
_DIGEST_COST = 256
_COST_PER_CHAR = 16
_FREE_COST = 1_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """Where a cited quote stands now. `moved` says that the document changed around it."""

    span: Span
    moved: bool


def quote_digest(text: str) -> str:
    """The first 48 bits of the quote's SHA-256, in hex."""
    return sha256(text.encode("utf-8")).hexdigest()[:_DIGEST_CHARS]


def quote_reference(start: int, end: int, text: str) -> str:
    """What names `text` at `start:end` of a document in a link: "START-END-DIGEST"."""
    return f"{start}-{end}-{quote_digest(text)}"


def quote_url(document_id: str, start: int, end: int, text: str) -> str:
    """The address, relative to the service's root, of `text` at `start:end` of a document."""
    return f"/documents/{quote(document_id)}?quote={quote_reference(start, end, text)}#c{start}-{end}"


def cite(
    document: Document | DocumentInfo,
    place: Span,
    page: int | None,
    text: str,
    pages: tuple[int, int] | None = None,
) -> Citation:
    """The citation of a text that stands at a place of a document.

    Args:
        document: The document.
        place: Where in its canonical text.
        page: The page of the words that matter, where there are pages.
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
    """The citation of any place of a document; its page is the first one that the place stands on."""
    pages = _pages_at(document, place)
    return cite(document, place, pages[0] if pages else None, document.text[place.start : place.end], pages)


def _pages_at(document: Document, place: Span) -> tuple[int, int] | None:
    """The first and the last page that a place of a document stands on; None where there are no pages."""
    pages = [
        page
        for block in document.blocks
        if place.start < block.end and block.start < place.end
        for page, span in page_spans(block)
        if span.start < place.end and place.start < span.end
    ]
    return (pages[0], pages[-1]) if pages else None


def page_spans(block: Block) -> Iterator[tuple[int, Span]]:
    """The pages that a block stands on, each with the part of the document's text there; none without pages."""
    if block.page is not None:
        for (start, page), (end, _) in pairwise([(block.start, block.page), *block.breaks, (block.end, 0)]):
            yield page, Span(start, end)


def find_quote(document_text: str, reference: str) -> Found | None:
    """Resolve the `quote` parameter of a link against the document as it is now.

    A reference without a digest ("812-1410") is taken at its word as long as it lies inside the document.

    Args:
        document_text: The document's canonical text.
        reference: "START-END" or "START-END-DIGEST".

    Returns:
        The place, or None: the reference is not of that form, or the words no longer stand in the document, or not
        within what a search may cost.
    """
    match = _REFERENCE.fullmatch(reference)
    if not match:
        return None
    start, end, digest = int(match[1]), int(match[2]), match[3]
    if start >= end:
        return None
    if end <= len(document_text) and digest in (None, quote_digest(document_text[start:end])):
        return Found(Span(start, end), moved=False)
    place = _search(document_text, start, end - start, digest) if digest else None
    return None if place is None else Found(Span(place, place + end - start), moved=True)


def _search(text: str, near: int, length: int, digest: str) -> int | None:
    """The place nearest to `near` where words of a length and a digest stand, within what a search may cost."""
    if length > min(len(text), LONGEST_QUOTE_CHARS):
        return None
    left = _FREE_COST + _COST_PER_CHAR * len(text)
    for place in _candidates(text, near, length):
        left -= length + _DIGEST_COST
        if left < 0:
            return None
        if quote_digest(text[place : place + length]) == digest:
            return place
    return None


def _candidates(text: str, near: int, length: int) -> Iterator[int]:
    """Places where a quote of a length may stand: between sentences first, then between words; the nearest first."""
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
