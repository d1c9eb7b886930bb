"""Answers questions from the current index, and gives access to its documents and status.

Guarantees: a question is answered from one version of the index, even if another is published meanwhile.
"""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from qa.answering.answer import answer
from qa.answering.bounded_cache import BoundedCache
from qa.answering.checked_question import checked
from qa.answering.confidence_model import model_for
from qa.answering.filters import resolved
from qa.answering.index_status import IndexStatus
from qa.answering.originals import Original, Originals
from qa.answering.page_pictures import PagePictures, Picture
from qa.encode import Encoder
from qa.errors import OperatingError
from qa.index.build_notes import BuildReport, ProgressReport, read_progress, read_report
from qa.index.contract import IndexSource
from qa.index.site_note import read_site_note
from qa.records import Answer, Document, DocumentInfo, Filters, ShardStatus, Span
from qa.retrieval.stage_timer import Stopwatch
from qa.settings import Settings
from qa.text.site import Site

_ANSWERS_KEPT = 256


class Service:
    """Answers questions from the current index. Safe to use from several threads."""

    def __init__(self, settings: Settings, encoder: Encoder, source: IndexSource) -> None:
        """Use a model and an index; if the index cannot be read, `ready` raises the reason.

        Args:
            settings: The limits of a question, and the folders of the documents and the index.
            encoder: The model that encoded the index.
            source: The index; `close` closes it.
        """
        self._settings = settings
        self._encoder = encoder
        self._source = source
        self._confidence = model_for(encoder.fingerprint, settings.index_dir)
        self._given: BoundedCache[Hashable, Answer] = BoundedCache(_ANSWERS_KEPT)
        self._originals = Originals(settings.seeds_dir, settings.max_file_mb << 20)
        self._pictures = PagePictures()

    def close(self) -> None:
        """Close the index."""
        self._source.close()

    def ask(
        self, question: str, k: int = 5, filters: Filters | None = None, *, explain: bool = False, exactly: bool = False
    ) -> Answer:
        """Answer a question with at most `k` quotations.

        Args:
            question: The question.
            k: The maximum number of quotations.
            filters: Which documents may answer.
            explain: Whether to include which words of question and passages match.
            exactly: Whether to search for the question as typed: nothing is corrected, removed or expanded.

        Raises:
            InvalidQuestion: it is empty or not text.
            QuestionTooLong: it is longer than the settings allow.
            InvalidRequest: `k` or a filter is out of range.
            UnknownDocument, UnknownPublisher: a filter names an unknown document or publisher.
            NoIndex, DamagedSnapshot, MismatchedSnapshot: no index can be used.
        """
        timer = Stopwatch()
        filters = Filters() if filters is None else filters
        question = checked(question, k, filters, self._settings.max_question_chars)
        with self._source.reading() as index:
            filters = resolved(index, filters)
            asked = (index.id, question, k, filters, exactly)
            given = self._given.get(asked)
            if given and not explain:  # explanations have the times of the stages, so they are not cached
                return replace(given, took_ms=round(timer.total_ms(), 2), stages_ms={})
            answered = answer(
                index, self._encoder, self._confidence, question, k, filters, timer, explain=explain, exactly=exactly
            )
            if not explain:
                self._given.keep(asked, answered)
            return answered

    def documents(self) -> tuple[DocumentInfo, ...]:
        """The documents of the open snapshot, in the order of their paths."""
        with self._source.reading() as index:
            return tuple(index.documents)

    def document(self, document_id: str) -> Document:
        """One document with its canonical text, by its current or a former id.

        Raises:
            UnknownDocument: no document has this id, or several had it before.
        """
        with self._source.reading() as index:
            return index.document(index.present_id(document_id))

    def present_id(self, document_id: str) -> str:
        """The current id of the document with this current or former id; raises as `document`."""
        with self._source.reading() as index:
            return index.present_id(document_id)

    def original(self, document_id: str) -> Original:
        """The file of a document, open; the caller closes it.

        Raises:
            UnknownDocument: no document has this id, or its file is gone or was changed since.
            UnreadableForNow: its drive fails or does not answer.
        """
        document = self.document(document_id)
        return self._originals.open(document.source, document.sha256)

    def page_picture(self, document: Document, page: int, quote: Span | None) -> Picture:
        """A picture of a page of a document, with a box around a quote.

        Args:
            document: The document.
            page: The page, from 1.
            quote: The place to put a box around; only its part on that page is used.

        Raises:
            NoPicture: the page does not exist or cannot be drawn here.
            UnknownDocument: the document's file is gone or was changed since.
            Overloaded: too many pages are waiting to be drawn.
        """
        return self._pictures.draw(
            document, page, quote, partial(self._originals.open, document.source, document.sha256)
        )

    def status(self) -> IndexStatus:
        """The status of the index."""
        with self._source.reading() as index:
            return IndexStatus(
                index.id, index.built_at, self._encoder.id, len(index.documents), index.size, self._source.trouble
            )

    def shards(self) -> tuple[ShardStatus, ...]:
        """The hosts of every shard; empty if this process has the whole index."""
        return tuple(self._source.shards)

    def progress(self) -> ProgressReport | None:
        """The progress of the running build, or None."""
        return read_progress(self._settings.index_dir)

    def site(self) -> Site:
        """The site's name, description and example questions; without questions if there is no index."""
        snapshot = ""
        with suppress(OperatingError), self._source.reading() as index:
            snapshot = index.id
        return read_site_note(self._settings.index_dir).for_version(snapshot)

    def report(self) -> BuildReport | None:
        """The last build's report, or None."""
        return read_report(self._settings.index_dir)

    def ready(self) -> None:
        """Return if questions can be answered.

        Raises:
            NoIndex, DamagedSnapshot, MismatchedSnapshot: why they cannot.
        """
        with self._source.reading():
            pass

    def warm_up(self) -> None:
        """Answer a few questions, so that the first client waits no longer than later ones."""
        with suppress(OperatingError):  # no index; clients get this error when they ask
            for place in ("here", "there", "elsewhere"):
                self.ask(f"What is this about, {place}?")

    def refresh(self) -> None:
        """Change to a new snapshot at once instead of at the next regular check."""
        self._source.refresh()
