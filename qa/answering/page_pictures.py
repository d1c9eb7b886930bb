"""Draws pages of PDF documents as pictures, with a box around the cited quote.

Guarantees: a separate process draws one page at a time, with limits on time and memory. Pictures are cached up to a
    memory limit. A file that was changed since it was indexed is not drawn. Without the PDF engine, as in an
    environment that only serves, an error says so.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from tempfile import TemporaryFile
from threading import Lock

from qa.answering.bounded_cache import BoundedCache
from qa.answering.citations import page_spans
from qa.answering.originals import Original
from qa.errors import NoPicture, Overloaded
from qa.records import Document, Span
from qa.text.child_processes import parser_environment
from qa.text.document_names import suffix_of

KEPT_BYTES = 32 << 20
_ENGINE = "pypdfium2"
_SECONDS = 15
_WAIT_S = 20  # wait for pictures requested earlier


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as a PNG, and its size in pixels. `boxes` is the number of drawn boxes."""

    png: bytes
    width: int
    height: int
    boxes: int


def draws(document: Document) -> bool:
    """Whether pages of a document can be drawn here."""
    is_pdf = suffix_of(document.source) == ".pdf"
    return is_pdf and find_spec(_ENGINE) is not None and sys.platform != "win32"


class PagePictures:
    """Draws pages and caches the pictures. Safe to use from several threads."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        """Start with an empty cache.

        Args:
            kept_bytes: The memory limit for pictures.
        """
        self._kept: BoundedCache[tuple[str, int, Span | None], Picture] = BoundedCache(
            kept_bytes, lambda picture: len(picture.png)
        )
        self._drawing = Lock()

    def draw(self, document: Document, page: int, quote: Span | None, original: Callable[[], Original]) -> Picture:
        """Draw a page.

        Args:
            document: The document.
            page: The page, from 1.
            quote: The place in the document's text to put boxes around.
            original: Opens the document's file.

        Raises:
            NoPicture: the document has no such page or no pages, or cannot be drawn here.
            UnknownDocument: the file is missing or was changed.
            Overloaded: too many pages are waiting to be drawn.
        """
        if not draws(document):
            raise NoPicture(_why_not(document))
        key = (document.sha256, page, quote)
        if kept := self._kept.get(key):
            return kept
        if not self._drawing.acquire(timeout=_WAIT_S):
            raise Overloaded("Many pages are waiting to be drawn; try again in a moment.")
        try:
            picture = self._kept.get(key)
            if not picture:
                picture = _drawn(document, page, quote, original)
                self._kept.keep(key, picture)
            return picture
        finally:
            self._drawing.release()


def page_text(document: Document, page: int, quote: Span | None = None) -> tuple[str, list[Span]]:
    """The canonical text of a page, and the places of the quote's pieces in it, one for each block.

    Args:
        document: The document.
        page: The page.
        quote: A place of the document's text.
    """
    text, quotes = "", []
    on_page = (span for block in document.blocks for number, span in page_spans(block) if number == page)
    for span in on_page:
        if quote and max(span.start, quote.start) < min(span.end, quote.end):
            start, end = max(span.start, quote.start) - span.start, min(span.end, quote.end) - span.start
            quotes.append(Span(len(text) + start, len(text) + end))
        text += document.text[span.start : span.end] + "\n"
    return text, quotes


def _why_not(document: Document) -> str:
    if suffix_of(document.source) != ".pdf":
        return f"{document.source} is not a PDF, and only pages of PDFs are shown as pictures; read its text instead."
    return f"Pages are not shown as pictures here, since {_ENGINE} is not installed; read the document's text instead."


def _drawn(document: Document, page: int, quote: Span | None, original: Callable[[], Original]) -> Picture:
    text, quotes = page_text(document, page, quote)
    with TemporaryFile() as copy:
        file = original()
        try:
            while piece := file.read():
                copy.write(piece)
        finally:
            file.close()
        copy.flush()
        request = {
            "file": copy.fileno(),
            "page": page,
            "text": text,
            "quotes": [(span.start, span.end) for span in quotes],
        }
        header, _, png = _run(json.dumps(request).encode("ascii") + b"\n", copy.fileno()).partition(b"\n")
    told = json.loads(header) if header else {}
    if told.get("missing"):
        raise NoPicture(f"{document.source} has no page {page}; its text names the pages that it has.")
    if not png:
        raise NoPicture(f"Page {page} of {document.source} cannot be drawn; read its text instead.")
    return Picture(png, told["width"], told["height"], told["boxes"])


def _run(request: bytes, descriptor: int) -> bytes:
    """The reply of the drawing process; empty if it ended early or took too long."""
    try:
        return subprocess.run(
            [sys.executable, "-P", "-m", "qa.reading.picture_worker", str(_SECONDS)],
            input=request,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(descriptor,),
            env=parser_environment(),
            timeout=_SECONDS,
            check=False,
        ).stdout
    except subprocess.TimeoutExpired:
        return b""
