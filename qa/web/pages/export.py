"""Several quotes as one text in a citation format, for copying and saving.

Guarantees: nothing is stored; the page's address lists the quotes. A quote that is no longer in its document is
    reported.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial

from qa.answering.citations import LONGEST_QUOTE_CHARS, SearchCost, cite_place, find_quote, quoted_chars
from qa.answering.service import Service
from qa.errors import InvalidRequest, UnknownDocument
from qa.records import Citation, Document, Span
from qa.text.safe_text import printable
from qa.web.pages.citation_formats import escape_markdown
from qa.web.pages.results import Clip, clip_of

MOST_QUOTES = 50
MOST_CHARS = LONGEST_QUOTE_CHARS  # of all quotes together; 50 usual passages have about a third of this


@dataclass(frozen=True, slots=True)
class Kept:
    """A selected quote with its document and citations."""

    document: Document
    span: Span
    citation: Citation
    clip: Clip


@dataclass(frozen=True, slots=True)
class Export:
    """All quotes in one format. `key` names the format in an address, `file_name` and `media_type` a saved file."""

    key: str
    name: str
    text: str
    file_name: str
    media_type: str


def kept_of(service: Service, references: Iterable[str], base_url: str) -> tuple[tuple[Kept, ...], tuple[str, ...]]:
    """The quotes of some references, each once, and the references whose quote is no longer found.

    Raises:
        InvalidRequest: there are too many, or they are too long.
    """
    wanted = list(dict.fromkeys(references))
    if len(wanted) > MOST_QUOTES:
        raise InvalidRequest(f"{len(wanted)} quotes are more than are cited at once; tick {MOST_QUOTES} at most.")
    chars = sum(quoted_chars(reference.partition(":")[0]) for reference in wanted)
    if chars > MOST_CHARS:
        raise InvalidRequest(
            f"Quotes of {chars} characters are more than are cited at once; {MOST_CHARS} are the most."
        )
    cost = SearchCost()
    documents = cache(partial(present_document, service))
    kept, lost = [], []
    for reference in wanted:
        found = _kept(documents, reference, base_url, cost)
        if found:
            kept.append(found)
        else:
            lost.append(printable(reference))
    return tuple(kept), tuple(lost)


def clip_at(document: Document, span: Span, base_url: str) -> tuple[Citation, Clip]:
    """The citations of a place in a document."""
    citation = cite_place(document, span)
    return citation, clip_of(citation, document.text[span.start : span.end], base_url, document.url)


def exports_of(kept: Sequence[Kept]) -> tuple[Export, ...]:
    """All quotes in every format."""
    of = {name: [_format(each.clip, name) for each in kept] for name in ("APA", "Chicago", "BibTeX", "RIS")}
    items = [item for each in kept for item in json.loads(_format(each.clip, "CSL-JSON"))]
    csl = json.dumps(items, ensure_ascii=False, indent=1)
    return (
        Export("text", "Plain text", "\n\n".join(map(_plain, kept)), "quotes.txt", "text/plain"),
        Export("markdown", "Markdown", "\n\n".join(map(_markdown, kept)), "quotes.md", "text/markdown"),
        Export("apa", "APA", _distinct(of["APA"]), "apa.txt", "text/plain"),
        Export("chicago", "Chicago", _distinct(of["Chicago"]), "chicago.txt", "text/plain"),
        Export("ris", "RIS", "\n".join(of["RIS"]), "quotes.ris", "application/x-research-info-systems"),
        Export("bibtex", "BibTeX", "\n\n".join(of["BibTeX"]), "quotes.bib", "application/x-bibtex"),
        Export("csl-json", "CSL-JSON", csl, "quotes.json", "application/vnd.citationstyles.csl+json"),
    )


def _kept(
    document_of: Callable[[str], Document | None], reference: str, base_url: str, cost: SearchCost
) -> Kept | None:
    place, _, document_id = reference.partition(":")
    document = document_of(document_id)
    found = find_quote(document.text, place, cost) if document else None
    return Kept(document, found.span, *clip_at(document, found.span, base_url)) if document and found else None


def present_document(service: Service, document_id: str) -> Document | None:
    """A document; None if there is none with this id, for example after a rebuild that removed it."""
    try:
        return service.document(document_id)
    except UnknownDocument:
        return None


def _format(clip: Clip, name: str) -> str:
    return next(each.text for each in clip.formats if each.name == name)


def _plain(kept: Kept) -> str:
    citation = _format(kept.clip, "Citation")
    link = "" if citation.endswith(kept.clip.link) else f"\n{kept.clip.link}"
    return f"“{kept.clip.quote}”\n{citation}{link}"


def _markdown(kept: Kept) -> str:
    lines = [f"> {escape_markdown(line)}".rstrip() for line in kept.clip.quote.split("\n")]
    quoted = "  \n".join(lines)  # two trailing blanks keep the line break
    return f"{quoted}\n\n{_format(kept.clip, 'Markdown')} [Open the quote](<{kept.clip.link}>)"


def _distinct(references: Iterable[str]) -> str:
    """References in alphabetical order, without duplicates: two quotes of one document have one reference."""
    return "\n\n".join(sorted(dict.fromkeys(references), key=str.casefold))
