"""Pictures of the pages of PDF documents, with the cited quote boxed.

Guarantees: a file is drawn by a process of its own, with limits on time and memory, one at a time; pictures are kept in
memory up to a bound; a file that is not the one that was indexed is not drawn. Where the PDF engine is not installed,
as where an index is only served, there are no pictures and the error says so.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from tempfile import TemporaryFile
from threading import Lock

from qa.answering.originals import Original
from qa.answering.quote_links import page_spans
from qa.errors import NoPicture, Overloaded
from qa.records import Document, Span
from qa.text.child_environment import parser_environment
from qa.text.document_names import suffix_of

KEPT_BYTES = 32 << 20
_ENGINE = "pypdfium2"
_SECONDS = 15
_WAIT_S = 20  # for the pictures that were asked for before


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as a PNG, and its size in pixels. `boxes` counts the places that were boxed."""

    png: bytes
    width: int
    height: int
    boxes: int


def draws(document: Document) -> bool:
    """Whether there can be pictures of a document's pages here."""
    is_pdf = suffix_of(document.source) == ".pdf"
    return is_pdf and find_spec(_ENGINE) is not None and sys.platform != "win32"


class PagePictures:
    """Draws pages and keeps what was drawn. Safe to call from several threads."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        """Keep nothing yet.

        Args:
            kept_bytes: The most memory that pictures may take.
        """
        self._most_bytes = kept_bytes
        self._kept: OrderedDict[tuple[str, int, Span | None], Picture] = OrderedDict()
        self._kept_bytes = 0
        self._kept_lock = Lock()
        self._drawing = Lock()

    def draw(self, document: Document, page: int, quote: Span | None, original: Callable[[], Original]) -> Picture:
        """A picture of a page.

        Args:
            document: The document.
            page: The page, from 1.
            quote: What is boxed, in the document's text.
            original: Opens the document's file.

        Raises:
            NoPicture: the document has no such page, no pages at all, or cannot be drawn here.
            UnknownDocument: the file is gone or was changed.
            Overloaded: too many pages are waiting to be drawn.
        """
        if not draws(document):
            raise NoPicture(_why_not(document))
        key = (document.sha256, page, quote)
        if kept := self._find(key):
            return kept
        if not self._drawing.acquire(timeout=_WAIT_S):
            raise Overloaded("Many pages are waiting to be drawn; try again in a moment.")
        try:
            picture = self._find(key)
            if not picture:
                picture = _drawn(document, page, quote, original)
                self._keep(key, picture)
            return picture
        finally:
            self._drawing.release()

    def _find(self, key: tuple[str, int, Span | None]) -> Picture | None:
        with self._kept_lock:
            found = self._kept.get(key)
            if found:
                self._kept.move_to_end(key)
            return found

    def _keep(self, key: tuple[str, int, Span | None], picture: Picture) -> None:
        with self._kept_lock:
            self._kept[key] = picture
            self._kept_bytes += len(picture.png)
            while self._kept_bytes > self._most_bytes:
                _, forgotten = self._kept.popitem(last=False)
                self._kept_bytes -= len(forgotten.png)


def page_text(document: Document, page: int, quote: Span | None = None) -> tuple[str, list[Span]]:
    """The canonical text of a page, and where the pieces of a quote stand in it, one for each block.

    Args:
        document: The document.
        page: The page.
        quote: A place of the document's text.
    """
    text, quotes = "", []
    for span in _on_page(document, page):
        if quote and max(span.start, quote.start) < min(span.end, quote.end):
            start, end = max(span.start, quote.start) - span.start, min(span.end, quote.end) - span.start
            quotes.append(Span(len(text) + start, len(text) + end))
        text += document.text[span.start : span.end] + "\n"
    return text, quotes


def _on_page(document: Document, page: int) -> Iterator[Span]:
    """The stretches of a document's blocks that stand on a page."""
    for block in document.blocks:
        for number, span in page_spans(block):
            if number == page:
                yield span


def _why_not(document: Document) -> str:
    if suffix_of(document.source) != ".pdf":
        return f"{document.source} is no PDF, and only pages of PDFs are shown as pictures; read its text instead."
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
    """What the process that draws replies; nothing where it ended early or took too long."""
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
