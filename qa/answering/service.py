"""Answers from the current snapshot: checks a question, searches, quotes, and says what is loaded.

Guarantees: one question is answered from one snapshot, whole, whatever is published meanwhile
(`qa.index.local.current`).
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

from qa.answering.confidence import assess
from qa.answering.originals import Original, Originals
from qa.answering.quotes import distinct, quotes
from qa.encode import Encoder, open_question_encoder
from qa.errors import InvalidQuestion, InvalidRequest, OperatingError, QuestionTooLong
from qa.index.build_notes import read_progress, read_report
from qa.index.local.current import Holder
from qa.records import Answer, Document, DocumentInfo, Filters, IndexStatus
from qa.retrieval.search import search
from qa.retrieval.stage_timer import Stopwatch
from qa.settings import Settings
from qa.text.safe_text import compose

MAX_RESULTS = 50
_ANSWERS_KEPT = 256

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Service:
    """Answers questions from the current snapshot. Safe to call from several threads."""

    def __init__(self, settings: Settings, encoder: Encoder | None = None) -> None:
        """Load the model and open the current snapshot; without one, `ready` says why.

        Raises:
            ModelUnavailable: weights are missing, altered or not loadable.
            PackageMissing: QA_MODEL names a model, and sentence-transformers is not installed.
        """
        self._settings = settings
        self._encoder = encoder or open_question_encoder(settings)
        self._given = _GivenAnswers()
        self._originals = Originals(settings.seeds_dir)
        self._holder = Holder(settings.index_dir, self._encoder.fingerprint)
        self._holder.watch()

    def close(self) -> None:
        """Stop watching and let go of the snapshot."""
        self._holder.close()

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
        question = self._checked(question, k, filters)
        with self._holder.reading() as snapshot:
            if filters and filters.document_ids:
                filters = replace(filters, document_ids=tuple(map(snapshot.present_id, filters.document_ids)))
            asked = (snapshot.id, question, k, filters or Filters())
            given = self._given.get(asked)
            if given and not explain:  # whoever tunes wants to see it done
                return replace(given, took_ms=round(stopwatch.total_ms(), 2), stages_ms={})
            ranking = search(snapshot, self._encoder, question, filters, stopwatch)
            groups = distinct(ranking, k)
            confidence, verdict = assess(ranking, groups[0].best if groups else None)
            stopwatch.lap("evidence")
            passages = quotes(snapshot, groups, explain=explain)
            stopwatch.lap("quotes")
            answer = Answer(
                question=question,
                searched=ranking.searched,
                verdict=verdict,
                confidence=round(confidence, 4),
                passages=passages,
                snapshot=snapshot.id,
                took_ms=round(stopwatch.total_ms(), 2),
                stages_ms={stage: round(ms, 3) for stage, ms in stopwatch.laps.items()},
            )
            if not explain:
                self._given.keep(asked, answer)
            return answer

    def documents(self) -> tuple[DocumentInfo, ...]:
        """The documents of the open snapshot, in the order of their paths."""
        with self._holder.reading() as snapshot:
            return snapshot.documents

    def document(self, document_id: str) -> Document:
        """One document with its canonical text, by its id or by one that it had before.

        Raises:
            UnknownDocument: no document has this id, or several had it before.
        """
        with self._holder.reading() as snapshot:
            return snapshot.document(snapshot.present_id(document_id))

    def present_id(self, document_id: str) -> str:
        """The id of the document that has this id, or had it before.

        Raises:
            UnknownDocument: as `document`.
        """
        with self._holder.reading() as snapshot:
            return snapshot.present_id(document_id)

    def original(self, document_id: str) -> Original:
        """The file that a document was made of, open; the caller closes it.

        Raises:
            UnknownDocument: no document has this id, or its file is gone or was changed since.
        """
        document = self.document(document_id)
        return self._originals.open(document.source, document.sha256)

    def status(self) -> IndexStatus:
        """What is loaded."""
        with self._holder.reading() as snapshot:
            manifest = snapshot.manifest
            return IndexStatus(
                snapshot.id,
                manifest["built_at"],
                self._encoder.id,
                len(snapshot.documents),
                snapshot.size,
                self._holder.trouble,
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
        with self._holder.reading():
            pass

    def warm_up(self) -> None:
        """Answer a question that nobody asked, so that the first one asked is as quick as the hundredth."""
        with suppress(OperatingError):  # nothing to answer from: whoever asks is told
            for place in ("here", "there", "elsewhere"):
                self.ask(f"What is this about, {place}?")

    def refresh(self) -> None:
        """Take up a new snapshot at once, rather than at the next look."""
        self._holder.refresh()

    def _checked(self, question: str, k: int, filters: Filters | None) -> str:
        if any("\ud800" <= char <= "\udfff" for char in question):
            raise InvalidQuestion("The question is not valid Unicode; it holds half a character.")
        stripped = " ".join(_CONTROL.sub(" ", compose(question)).split())
        if not any(char.isalnum() for char in stripped):
            raise InvalidQuestion("The question is empty or holds no word; ask in words.")
        longest = self._settings.max_question_chars
        if len(question) > longest:  # as it was sent, which is what the API's description can tell
            raise QuestionTooLong(f"The question has {len(question)} characters; at most {longest} are read.")
        if not 1 <= k <= MAX_RESULTS:
            raise InvalidRequest(f"k is {k}; ask for 1 to {MAX_RESULTS} passages.")
        for name in ("date_from", "date_to"):
            day = getattr(filters, name) if filters else None
            if day is not None and not _is_date(day):
                raise InvalidRequest(f"{name} is {day!r}; write a date as 2022-04-18.")
        return stripped


class _GivenAnswers:
    """The last answers given, by all that decides them, so that a question asked again costs nothing."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, asked: Hashable) -> Answer | None:
        with self._lock:
            if asked in self._answers:
                self._answers.move_to_end(asked)
            return self._answers.get(asked)

    def keep(self, asked: Hashable, answer: Answer) -> None:
        with self._lock:
            self._answers[asked] = answer
            while len(self._answers) > _ANSWERS_KEPT:
                self._answers.popitem(last=False)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
