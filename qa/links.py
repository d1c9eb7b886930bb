"""Links that open a document at a quote, and survive a rebuild that did not change the words.

A link carries the quote's offsets and a digest of its text. The reader page first looks at those offsets; when the
document has changed and other words stand there, it looks for the same words elsewhere, by digest alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

from qa.records import Span

_DIGEST_CHARS = 12
_REFERENCE = re.compile(rf"(\d{{1,9}})-(\d{{1,9}})(?:-([0-9a-f]{{{_DIGEST_CHARS}}}))?")


@dataclass(frozen=True, slots=True)
class Found:
    """Where a cited quote stands now. `moved` says that the document changed around it."""

    span: Span
    moved: bool


def quote_digest(text: str) -> str:
    """The first 48 bits of the quote's SHA-256, in hex."""
    return sha256(text.encode("utf-8")).hexdigest()[:_DIGEST_CHARS]


def quote_url(document_id: str, start: int, end: int, text: str) -> str:
    """The address, relative to the service's root, of `text` at `start:end` of a document."""
    place = f"{start}-{end}"
    return f"/documents/{quote(document_id)}?quote={place}-{quote_digest(text)}#c{place}"


def find_quote(document_text: str, reference: str) -> Found | None:
    """Resolve the `quote` parameter of a link against the document as it is now.

    A reference without a digest ("812-1410") is taken at its word as long as it lies inside the document.
    Returns None when the reference is not of that form, or the words no longer stand in the document.
    """
    match = _REFERENCE.fullmatch(reference)
    if not match:
        return None
    start, end, digest = int(match[1]), int(match[2]), match[3]
    if start >= end:
        return None
    if end <= len(document_text) and digest in (None, quote_digest(document_text[start:end])):
        return Found(Span(start, end), moved=False)
    if digest is None:
        return None
    length = end - start
    for word in re.finditer(r"\S+", document_text):
        # A quote starts at a non-space that follows a space, so only such places can match.
        if quote_digest(document_text[word.start() : word.start() + length]) == digest:
            return Found(Span(word.start(), word.start() + length), moved=True)
    return None
