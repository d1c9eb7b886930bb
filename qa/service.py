"""The open snapshot and the model, ready to answer; moves to a new snapshot without dropping a question.

Guarantees: one question is answered from one snapshot, whole. A snapshot is closed when its last question is done. A
snapshot that cannot be opened is refused and the one that serves goes on serving.
"""

from __future__ import annotations

import logging
import re
import threading
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from typing import Any

from qa.answer import distinct, quotes
from qa.confidence import assess
from qa.encode import Encoder, open_encoder
from qa.errors import (
    InvalidQuestion,
    InvalidRequest,
    NoIndex,
    OperatingError,
    QuestionTooLong,
    UnknownDocument,
)
from qa.records import Answer, Document, DocumentInfo, Filters, IndexStatus
from qa.report import read_report
from qa.search import search
from qa.settings import Settings
from qa.snapshot import Snapshot, current_id, open_snapshot

MAX_RESULTS = 50
_CONFIDENCE_FROM = 3  # distinct passages that the confidence looks at, however few are wanted
_LOOK_EVERY_S = 1.0

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

log = logging.getLogger(__name__)


class _Lease:
    """A snapshot with a count of those who read it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.readers = 1  # the service's own


class Service:
    """Answers questions from the current snapshot. Safe to call from several threads."""

    def __init__(self, settings: Settings, encoder: Encoder | None = None) -> None:
        """Load the model and open the current snapshot; without one, `ready` says why.

        Raises:
            ModelUnavailable: weights are missing, altered or not loadable.
        """
        self._settings = settings
        self._encoder = encoder or open_encoder(settings)
        self._lock = threading.Lock()
        self._lease: _Lease | None = None
        self._trouble: OperatingError | None = None
        self._refused = ""  # the id that gave the trouble, so that it is not verified again every second
        self._closing = threading.Event()
        self.refresh()
        self._watcher = threading.Thread(target=self._watch, name="snapshots", daemon=True)
        self._watcher.start()

    def close(self) -> None:
        """Stop watching and let go of the snapshot."""
        self._closing.set()
        self._watcher.join()
        with self._lock:
            lease, self._lease = self._lease, None
        if lease:
            self._release(lease)

    def ask(self, question: str, k: int = 5, filters: Filters | None = None, *, explain: bool = False) -> Answer:
        """Answer a question with at most `k` quotations.

        Raises:
            InvalidQuestion: it is empty or no text.
            QuestionTooLong: it is over the limit of the settings.
            InvalidRequest: `k` or a filter is out of range.
            UnknownDocument: a filter names a document that is not there.
            NoIndex, DamagedSnapshot, MismatchedSnapshot: there is nothing to answer from.
        """
        started = time.perf_counter()
        question = self._checked(question, k, filters)
        with self._reading() as snapshot:
            ranking = search(snapshot, self._encoder, question, filters)
            groups = distinct(ranking, question, max(k, _CONFIDENCE_FROM))
            confidence, verdict = assess(ranking, [group.best for group in groups])
            passages = quotes(snapshot, groups[:k], explain=explain)
            took_ms = round((time.perf_counter() - started) * 1000, 2)
            return Answer(question, verdict, round(confidence, 4), passages, snapshot.id, took_ms)

    def documents(self) -> tuple[DocumentInfo, ...]:
        """The documents of the open snapshot, in the order of their paths."""
        with self._reading() as snapshot:
            return snapshot.documents

    def document(self, document_id: str) -> Document:
        """One document with its canonical text.

        Raises:
            UnknownDocument: no document has this id.
        """
        with self._reading() as snapshot:
            return snapshot.document(document_id)

    def original(self, document_id: str) -> tuple[str, bytes]:
        """The file name and bytes of the file that a document was made of.

        Raises:
            UnknownDocument: no document has this id, or its file is gone or was changed since.
        """
        document = self.document(document_id)
        path = self._settings.seeds_dir / document.source
        try:
            data = path.read_bytes()
        except OSError:
            data = b""
        if sha256(data).hexdigest() != document.sha256:
            raise UnknownDocument(f"The file {document.source} is gone or was changed since the index was built.")
        return path.name, data

    def status(self) -> IndexStatus:
        """What is loaded."""
        with self._reading() as snapshot:
            manifest = snapshot.manifest
            return IndexStatus(
                snapshot.id, manifest["built_at"], self._encoder.id, len(snapshot.documents), snapshot.size
            )

    def report(self) -> dict[str, Any] | None:
        """The last build's report, or None."""
        return read_report(self._settings.index_dir)

    def ready(self) -> None:
        """Return if questions can be answered.

        Raises:
            NoIndex, DamagedSnapshot, MismatchedSnapshot: why they cannot.
        """
        with self._reading():
            pass

    def warm_up(self) -> None:
        """Answer a question that nobody asked, so that the first one asked is as quick as the hundredth."""
        if self._lease:
            for _ in range(3):
                self.ask("What is this about?")

    def refresh(self) -> None:
        """Open the snapshot that CURRENT names, unless it is open already or was refused before."""
        try:
            wanted = current_id(self._settings.index_dir)
        except NoIndex as error:
            if not self._lease:
                self._trouble = error
            return
        held = self._lease.snapshot.id if self._lease else ""
        if wanted in (held, self._refused):
            return
        try:
            snapshot = open_snapshot(self._settings.index_dir, wanted, weights=self._encoder.fingerprint)
        except OperatingError as error:
            self._refused, self._trouble = wanted, error
            log.error("Snapshot %s is refused: %s", wanted, error)  # noqa: TRY400 - the message says it all
            return
        with self._lock:
            old, self._lease = self._lease, _Lease(snapshot)
            self._refused, self._trouble = "", None
        log.info("Serving snapshot %s", snapshot.id)
        if old:
            self._release(old)

    def _watch(self) -> None:
        while not self._closing.wait(_LOOK_EVERY_S):
            self.refresh()

    @contextmanager
    def _reading(self) -> Iterator[Snapshot]:
        with self._lock:
            lease = self._lease
            if lease is None:
                raise self._trouble or NoIndex("The service is closed.")
            lease.readers += 1
        try:
            yield lease.snapshot
        finally:
            self._release(lease)

    def _release(self, lease: _Lease) -> None:
        with self._lock:
            lease.readers -= 1
            last = lease.readers == 0
        if last:
            lease.snapshot.close()

    def _checked(self, question: str, k: int, filters: Filters | None) -> str:
        if any("\ud800" <= char <= "\udfff" for char in question):
            raise InvalidQuestion("The question is not valid Unicode; it holds half a character.")
        stripped = " ".join(_CONTROL.sub(" ", unicodedata.normalize("NFC", question)).split())
        if not any(char.isalnum() for char in stripped):
            raise InvalidQuestion("The question is empty or holds no word; ask in words.")
        longest = self._settings.max_question_chars
        if len(stripped) > longest:
            raise QuestionTooLong(f"The question has {len(stripped)} characters; at most {longest} are read.")
        if not 1 <= k <= MAX_RESULTS:
            raise InvalidRequest(f"k is {k}; ask for 1 to {MAX_RESULTS} passages.")
        for name in ("date_from", "date_to"):
            day = getattr(filters, name) if filters else None
            if day is not None and not _is_date(day):
                raise InvalidRequest(f"{name} is {day!r}; write a date as 2022-04-18.")
        return stripped


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
