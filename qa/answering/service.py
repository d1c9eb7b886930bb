"""Answers from the current index: checks a question, searches, quotes, and says what is loaded.

Guarantees: one question is answered from one version of the index, whole, whatever is published meanwhile.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from qa.answering.answer_cache import AnswerCache
from qa.answering.confidence import assess
from qa.answering.originals import Original, Originals
from qa.answering.question import checked
from qa.answering.quotes import distinct, quotes
from qa.encode import Encoder
from qa.errors import OperatingError
from qa.index.build_notes import read_progress, read_report
from qa.index.contract import IndexSource
from qa.records import Answer, Document, DocumentInfo, Filters, IndexStatus
from qa.retrieval.search import search
from qa.retrieval.stage_timer import Stopwatch
from qa.settings import Settings


class Service:
    """Answers questions from the current index. Safe to call from several threads."""

    def __init__(self, settings: Settings, encoder: Encoder, source: IndexSource) -> None:
        """Take a model and an index into use; where the index cannot be read, `ready` says why.

        Args:
            settings: Limits of a question, and the folders with the documents and the notes of the builds.
            encoder: The model that encoded the index.
            source: The index; `close` closes it.
        """
        self._settings = settings
        self._encoder = encoder
        self._source = source
        self._given = AnswerCache()
        self._originals = Originals(settings.seeds_dir)

    def close(self) -> None:
        """Let go of the index."""
        self._source.close()

    def ask(self, question: str, k: int = 5, filters: Filters | None = None, *, explain: bool = False) -> Answer:
        """Answer a question with at most `k` quotations.

        Raises:
            InvalidQuestion: it is empty or no text.
            QuestionTooLong: it is over the limit of the settings.
            InvalidRequest: `k` or a filter is out of range.
            UnknownDocument: a filter names a document that is not there.
            NoIndex, DamagedSnapshot, MismatchedSnapshot: there is nothing to answer from.
        """
        stopwatch = Stopwatch()
        question = checked(question, k, filters, self._settings.max_question_chars)
        with self._source.reading() as index:
            if filters and filters.document_ids:
                filters = replace(filters, document_ids=tuple(map(index.present_id, filters.document_ids)))
            asked = (index.id, question, k, filters or Filters())
            given = self._given.get(asked)
            if given and not explain:  # whoever tunes wants to see it done
                return replace(given, took_ms=round(stopwatch.total_ms(), 2), stages_ms={})
            ranking = search(index, self._encoder, question, filters, stopwatch)
            groups = distinct(ranking, k)
            confidence, verdict = assess(ranking, groups[0].best if groups else None)
            stopwatch.lap("evidence")
            passages = quotes(index, groups, explain=explain)
            stopwatch.lap("quotes")
            answer = Answer(
                question=question,
                searched=ranking.searched,
                verdict=verdict,
                confidence=round(confidence, 4),
                passages=passages,
                snapshot=index.id,
                took_ms=round(stopwatch.total_ms(), 2),
                stages_ms={stage: round(ms, 3) for stage, ms in stopwatch.laps.items()},
            )
            if not explain:
                self._given.keep(asked, answer)
            return answer

    def documents(self) -> tuple[DocumentInfo, ...]:
        """The documents of the open snapshot, in the order of their paths."""
        with self._source.reading() as index:
            return tuple(index.documents)

    def document(self, document_id: str) -> Document:
        """One document with its canonical text, by its id or by one that it had before.

        Raises:
            UnknownDocument: no document has this id, or several had it before.
        """
        with self._source.reading() as index:
            return index.document(index.present_id(document_id))

    def present_id(self, document_id: str) -> str:
        """The id of the document that has this id, or had it before.

        Raises:
            UnknownDocument: as `document`.
        """
        with self._source.reading() as index:
            return index.present_id(document_id)

    def original(self, document_id: str) -> Original:
        """The file that a document was made of, open; the caller closes it.

        Raises:
            UnknownDocument: no document has this id, or its file is gone or was changed since.
        """
        document = self.document(document_id)
        return self._originals.open(document.source, document.sha256)

    def status(self) -> IndexStatus:
        """What is loaded."""
        with self._source.reading() as index:
            return IndexStatus(
                index.id,
                index.built_at,
                self._encoder.id,
                len(index.documents),
                index.size,
                self._source.trouble,
                read_progress(self._settings.index_dir),
            )

    def report(self) -> dict[str, Any] | None:
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
        """Answer a question that nobody asked, so that the first one asked is as quick as the hundredth."""
        with suppress(OperatingError):  # nothing to answer from: whoever asks is told
            for place in ("here", "there", "elsewhere"):
                self.ask(f"What is this about, {place}?")

    def refresh(self) -> None:
        """Take up a new snapshot at once, rather than at the next look."""
        self._source.refresh()
