"""A service over a few in-memory documents, which finds answers by words shared by question and text."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO

from qa.answering.checked_question import check_dates
from qa.answering.citations import quote_url
from qa.answering.index_status import IndexStatus
from qa.answering.originals import PIECE_BYTES, Original
from qa.answering.page_pictures import Picture
from qa.answering.quoted_tables import in_cells, tables_in
from qa.errors import InvalidQuestion, InvalidRequest, NoPicture, OperatingError, QuestionTooLong, UnknownDocument
from qa.index.build_notes import BuildReport, ProgressReport
from qa.records import (
    Answer,
    Block,
    BlockKind,
    Citation,
    Document,
    DocumentInfo,
    Filters,
    Footnote,
    Quote,
    ShardStatus,
    Span,
    Verdict,
)
from qa.text.site import Site
from qa.web.pages.reader import page_numbers

_QUOTABLE = {BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.TABLE, BlockKind.CODE}
ONE_PIXEL = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg==")
_SURE = 0.9
_STOPWORDS = {"a", "about", "and", "for", "in", "is", "of", "said", "the", "to", "what", "which", "who", "with"}


def make_document(
    document_id: str, blocks: list[tuple[BlockKind, str]], *, slides: tuple[int | None, ...] = (), **fields
) -> Document:
    """A document from its blocks. A list item starts on the line after the previous block."""
    text = ""
    placed = []
    for index, (kind, content) in enumerate(blocks):
        if text:
            text += "\n" if kind is BlockKind.LIST_ITEM else "\n\n"
        level = {BlockKind.TITLE: 1, BlockKind.HEADING: 2}.get(kind, 0)
        run_in = content.index(":") + 1 if kind is BlockKind.PARAGRAPH and ":" in content[:30] else 0
        slide = slides[index] if slides else None
        placed.append(Block(kind, len(text), len(text) + len(content), level, run_in, slide))
        text += content
    source = fields.pop("source", f"{document_id}.txt")
    title = fields.pop("title", blocks[0][1])
    return Document(document_id, source, "0" * 64, text, tuple(placed), title, **fields)


class OriginalInMemory:
    def __init__(self, name: str, content: bytes) -> None:
        self.name = name
        self.size_bytes = len(content)
        self.sha256 = sha256(content).hexdigest()
        self._content = content
        self._left = BytesIO(content)

    def take(self, part: range) -> None:
        self._left = BytesIO(self._content[part.start : part.stop])

    def read(self) -> bytes:
        return self._left.read(PIECE_BYTES)

    def close(self) -> None:
        self._left.close()


@dataclass
class FakeService:
    """Answers from `all_documents`. Set `trouble` to make every method raise it."""

    all_documents: dict[str, Document]
    max_question_chars: int = 200
    trouble: Exception | None = None
    last_report: BuildReport | None = field(default_factory=BuildReport)
    own_site: Site = field(default_factory=Site)
    shards_told: tuple[ShardStatus, ...] = ()

    def ask(
        self,
        question: str,
        k: int = 5,
        filters: Filters | None = None,
        *,
        explain: bool = False,
        exactly: bool = False,
    ) -> Answer:
        check_dates(Filters() if filters is None else filters)
        self._check()
        if not any(char.isalnum() for char in question) or any("\ud800" <= char <= "\udfff" for char in question):
            raise InvalidQuestion("The question is empty; ask in a few words.")
        if len(question) > self.max_question_chars:
            raise QuestionTooLong(f"The question is longer than {self.max_question_chars} characters; shorten it.")
        if not 1 <= k <= 50:
            raise InvalidRequest("k must lie between 1 and 50.")
        filters = filters or Filters()
        for name in filters.document_ids:
            self.document(name)
        wanted = _words(question)
        scored = [
            (len(wanted & _words(text)) / max(1, len(wanted)), document, start, end)
            for document in self.all_documents.values()
            if not filters.document_ids or document.id in filters.document_ids
            if not filters.publishers or document.publisher in filters.publishers
            for start, end, text in _passages(document)
        ]
        scored = sorted((entry for entry in scored if entry[0] > 0.2), key=lambda entry: -entry[0])[:k]
        best = scored[0][0] if scored else 0.0
        verdict = Verdict.ANSWERED if best >= 0.6 else Verdict.RELATED if best >= 0.3 else Verdict.NONE
        quotes = tuple(
            _quote(rank, score, document, Span(start, end), wanted, explain=explain)
            for rank, (score, document, start, end) in enumerate(scored, 1)
        )
        shown = quotes if verdict is not Verdict.NONE else ()
        searched = question if exactly else question.replace("medcal", "medical")
        return Answer(question, searched, verdict, best, shown, "snap-1", 1.25, sure=best >= _SURE)

    def documents(self) -> tuple[DocumentInfo, ...]:
        self._check()
        return tuple(
            DocumentInfo(d.id, d.source, d.title, d.publisher, d.author, d.date, d.url, len(d.text), len(_passages(d)))
            for d in self.all_documents.values()
        )

    def document(self, document_id: str) -> Document:
        self._check()
        if document_id not in self.all_documents:
            raise UnknownDocument(f"No document has the id {document_id}; /documents lists them.")
        return self.all_documents[document_id]

    def present_id(self, document_id: str) -> str:
        return self.document(document_id).id

    def status(self) -> IndexStatus:
        self._check()
        passages = sum(info.passages for info in self.documents())
        return IndexStatus("snap-1", "2025-10-02T14:03:11+00:00", "a-model", len(self.all_documents), passages)

    def shards(self) -> tuple[ShardStatus, ...]:
        return self.shards_told

    def original(self, document_id: str) -> Original:
        document = self.document(document_id)
        return OriginalInMemory(document.source, document.text.encode())

    def page_picture(self, document: Document, page: int, quote: Span | None) -> Picture:
        if page not in page_numbers(document):
            raise NoPicture(f"{document.source} has no page {page}.")
        return Picture(ONE_PIXEL, 1, 1, boxes=int(bool(quote)))

    def ready(self) -> None:
        self._check()

    def progress(self) -> ProgressReport | None:
        return None

    def site(self) -> Site:
        return self.own_site

    def report(self) -> BuildReport | None:
        return self.last_report

    def close(self) -> None:
        self.trouble = OperatingError("closed")

    def _check(self) -> None:
        if self.trouble:
            raise self.trouble


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower())) - _STOPWORDS


def _passages(document: Document) -> list[tuple[int, int, str]]:
    """A passage per paragraph; the blocks of a slide are one."""
    spans: dict[object, tuple[int, int]] = {}
    for number, block in enumerate(document.blocks):
        if block.slide is None and block.kind not in _QUOTABLE:
            continue
        key = ("slide", block.slide) if block.slide is not None else number
        start = spans[key][0] if key in spans else block.start
        spans[key] = (start, block.end)
    return [(start, end, document.text[start:end]) for start, end in spans.values()]


def _quote(rank, score, document: Document, span: Span, wanted: set[str], *, explain: bool) -> Quote:
    start, end = span.start, span.end
    text = document.text[start:end]
    highlights = tuple(Span(*m.span()) for m in re.finditer(r"\w+", text) if m[0].lower() in wanted)[:8]
    notes = tuple(
        Footnote(document.text[b.start : b.end], b.start, b.end)
        for b in document.blocks
        if b.kind is BlockKind.FOOTNOTE and "*" in text
    )
    citation = Citation(
        document.id,
        document.title,
        document.publisher,
        document.author,
        document.date,
        document.source,
        None,
        start,
        end,
        quote_url(document.id, start, end, text),
    )
    signals = {"dense": 0.7, "bm25": 3.1} if explain else {}
    headings = tuple(
        document.text[b.start : b.end] for b in document.blocks if b.kind is BlockKind.HEADING and b.end < start
    )[-1:]
    tables = tables_in(text, start, document.source, lambda: document)
    marks = in_cells(highlights, tables)
    return Quote(rank, score, text, headings, marks, citation, (), notes, signals, tables=tables)
