"""A log of questions in SQLite, limited in age and number, without any data about who asked.

A row has the question, its verdict and confidence, the place of the first quotation, the minute, whether filters were
set, and whether a reader confirmed the answer. Rows that are too old or too many are deleted and their bytes
overwritten.

A separate thread writes, so an answer never waits for the disk. Rows that cannot be written are dropped, with one line
in the service's log; questions are still answered. Several processes may write to one file.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from qa.answering.checked_question import as_answered
from qa.answering.citations import quote_reference
from qa.errors import UnreadableFile
from qa.records import Answer, Filters

_WAITING = 10_000  # rows not yet written; a few megabytes
_PRUNE_EVERY_S = 3600.0
_BUSY_S = 10.0  # wait for another writing process
_SCHEMA = """
CREATE TABLE IF NOT EXISTS questions (
    id INTEGER PRIMARY KEY,
    minute TEXT NOT NULL,
    question TEXT NOT NULL,
    verdict TEXT NOT NULL,
    confidence REAL,
    document_id TEXT,
    reference TEXT,
    filtered INTEGER NOT NULL,
    found INTEGER
);
CREATE INDEX IF NOT EXISTS by_minute ON questions (minute);
CREATE INDEX IF NOT EXISTS by_question ON questions (question);
"""

log = logging.getLogger(__name__)

Write = Callable[[sqlite3.Connection], object]


@dataclass(frozen=True, slots=True)
class Kept:
    """The limits of a log: `days` is the maximum age of a row, `rows` the maximum number."""

    days: int
    rows: int


@dataclass(frozen=True, slots=True)
class LoggedQuestion:
    """A row of the log.

    `minute` is ISO 8601 in UTC. `document_id` and `reference` are those of the first quotation's link; None without a
    quotation. `found` is the reader's answer; None if no reader answered.
    """

    minute: str
    question: str
    verdict: str
    confidence: float | None
    document_id: str | None
    reference: str | None
    filtered: bool
    found: bool | None


class QuestionLog:
    """A log open for writing. Safe to use from several threads."""

    def __init__(self, path: Path, kept: Kept, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Start writing; rows that are too old are deleted at once, and then every hour.

        Args:
            path: The file; it and its folder are created with access for this user only.
            kept: The limits.
            now: Returns the time in UTC.
        """
        self._path = path
        self._kept = kept
        self._now = now
        self._todo: queue.Queue[Write | None] = queue.Queue(_WAITING)
        self._dropped = False
        self._thread = threading.Thread(target=self._work, name="question log", daemon=True)
        self._thread.start()

    def answered(self, answer: Answer, filters: Filters) -> None:
        """Record an answer."""
        first = answer.passages[0] if answer.passages else None
        where = first.citation if first else None
        row = (
            self._now().strftime("%Y-%m-%dT%H:%MZ"),
            answer.question,
            answer.verdict.value,
            answer.confidence,
            where.document_id if where else None,
            quote_reference(where.start, where.end, first.text) if first and where else None,
            bool(filters),
        )
        columns = "minute, question, verdict, confidence, document_id, reference, filtered"
        self._put(lambda file: file.execute(f"INSERT INTO questions ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", row))  # noqa: S608

    def feedback(self, question: str, *, found: bool) -> None:
        """Store a reader's answer in the newest row of the question; do nothing if there is no row."""
        newest = "SELECT max(id) FROM questions WHERE question = ?"
        sql = f"UPDATE questions SET found = ? WHERE id = ({newest})"  # noqa: S608
        self._put(lambda file: file.execute(sql, (found, as_answered(question))))

    def close(self) -> None:
        """Write all waiting rows, and stop."""
        self._todo.put(None)
        self._thread.join(_BUSY_S)

    def _put(self, write: Write) -> None:
        try:
            self._todo.put_nowait(write)
        except queue.Full:
            self._drop("too many questions are waiting to be written")

    def _work(self) -> None:
        batch: list[Write | None] = []  # the first time only to delete old rows
        while True:
            self._write([write for write in batch if write])
            if None in batch:
                return
            batch = self._next()

    def _next(self) -> list[Write | None]:
        """Wait for rows; return all waiting ones, or none after an hour."""
        batch: list[Write | None] = []
        with contextlib.suppress(queue.Empty):
            batch.append(self._todo.get(timeout=_PRUNE_EVERY_S))
            while batch[-1] is not None:
                batch.append(self._todo.get_nowait())
        return batch

    def _write(self, batch: Sequence[Write]) -> None:
        """Write some rows and delete those that are too old or too many, in one transaction."""
        try:
            with contextlib.closing(_opened(self._path)) as file, file:
                for write in batch:
                    write(file)
                _prune(file, self._kept, self._now())
        except (sqlite3.Error, OSError, ValueError) as error:
            self._drop(str(error))

    def _drop(self, why: str) -> None:
        if not self._dropped:
            self._dropped = True
            log.warning("Questions are missing in %s (%s); others may be, without a further line.", self._path, why)


def read_questions(path: Path, kept: Kept, now: datetime | None = None) -> list[LoggedQuestion]:
    """Delete the rows of a log that are too old or too many; return the others, oldest first.

    Raises:
        UnreadableFile: the file does not exist or is not a log of questions.
    """
    if not path.is_file():
        raise UnreadableFile(
            f"There is no log of questions at {path}; a server writes it where QA_QUESTION_LOG names it."
        )
    columns = "minute, question, verdict, confidence, document_id, reference, filtered, found"
    try:
        with contextlib.closing(_opened(path)) as file, file:
            _prune(file, kept, now or datetime.now(UTC))
            file.row_factory = sqlite3.Row
            rows = file.execute(f"SELECT {columns} FROM questions ORDER BY id").fetchall()  # noqa: S608
    except (sqlite3.Error, OSError) as error:
        raise UnreadableFile(f"{path} cannot be read as a log of questions: {error}.") from None
    return [_from_row(dict(row)) for row in rows]


def _from_row(row: dict[str, Any]) -> LoggedQuestion:
    found = row["found"]
    flags = {"filtered": bool(row["filtered"]), "found": None if found is None else bool(found)}
    return LoggedQuestion(**(row | flags))


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    file = sqlite3.connect(path, timeout=_BUSY_S)
    file.execute("PRAGMA secure_delete = ON")  # overwrite deleted rows
    file.executescript(_SCHEMA)
    return file


def _prune(file: sqlite3.Connection, kept: Kept, now: datetime) -> None:
    oldest = (now - timedelta(days=kept.days)).strftime("%Y-%m-%dT%H:%MZ")
    file.execute("DELETE FROM questions WHERE minute < ?", (oldest,))
    file.execute("DELETE FROM questions WHERE id <= (SELECT max(id) FROM questions) - ?", (kept.rows,))
