"""The log of questions: bounded, without personal data of the reader, and without effect on answers."""

from __future__ import annotations

import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from qa.answering.question_log import Kept, QuestionLog, read_questions
from qa.errors import UnreadableFile
from qa.records import Answer, Citation, Filters, Quote, Verdict

NOON = datetime(2026, 3, 1, 12, 0, 31, tzinfo=UTC)
ALL = Kept(days=3650, rows=1000)


class Time:
    now = NOON

    def __call__(self) -> datetime:
        return self.now


def answer(question: str, verdict: Verdict = Verdict.ANSWERED) -> Answer:
    citation = Citation("harbour", "The harbour", None, None, None, "harbour.txt", None, 4, 9, "/documents/harbour")
    quotes = (Quote(1, 1.0, "piers", (), (), citation),) if verdict is not Verdict.NONE else ()
    return Answer(question, question, verdict, 0.75, quotes, "snap", 1.0)


def write(path: Path, *questions: str, kept: Kept = ALL, now: datetime = NOON) -> None:
    log = QuestionLog(path, kept, lambda: now)
    for question in questions:
        log.answered(answer(question), Filters())
    log.close()


def test_a_row_holds_what_is_promised_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "questions.sqlite"
    log = QuestionLog(path, ALL, Time())
    log.answered(answer("How many piers?"), Filters())
    log.answered(answer("Zebras?", Verdict.NONE), Filters(publishers=("Press",)))
    log.close()
    first, second = read_questions(path, ALL, NOON)
    assert (first.minute, first.question, first.verdict, first.confidence) == (
        "2026-03-01T12:00Z",
        "How many piers?",
        "answered",
        0.75,
    )
    assert first.document_id == "harbour"
    assert first.reference.startswith("4-9-")
    assert (first.filtered, first.found) == (False, None)
    assert (second.document_id, second.reference, second.filtered) == (None, None, True)
    with sqlite3.connect(path) as file:
        columns = [row[1] for row in file.execute("PRAGMA table_info(questions)")]
    assert columns == "id minute question verdict confidence document_id reference filtered found".split()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_yes_or_no_goes_to_the_newest_row_of_the_question(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = QuestionLog(path, ALL, Time())
    for question in ("a", "b", "a"):
        log.answered(answer(question), Filters())
    log.feedback("a", found=True)
    log.feedback("b", found=True)
    log.feedback("b", found=False)
    log.feedback("never asked", found=True)
    log.answered(answer("two words"), Filters())
    log.feedback(" two \t words ", found=True)  # as a page's address may have it
    log.close()
    assert [(row.question, row.found) for row in read_questions(path, ALL, NOON)] == [
        ("a", None),
        ("b", False),
        ("a", True),
        ("two words", True),
    ]


def test_old_rows_are_deleted_by_the_server_as_it_starts_by_each_question_and_by_reading(tmp_path: Path) -> None:
    kept = Kept(days=2, rows=1000)
    for act in ("start", "question", "read"):
        path = tmp_path / act
        write(path, "an old secret", kept=kept)
        later = NOON + timedelta(days=2, minutes=1)
        if act == "read":
            assert read_questions(path, kept, later) == []
        else:
            write(path, *(["new"] if act == "question" else []), kept=kept, now=later)
        with sqlite3.connect(path) as file:
            assert [row for (row,) in file.execute("SELECT question FROM questions")] == ["new"] * (act == "question")
        assert b"an old secret" not in path.read_bytes(), "its bytes are overwritten"


def test_of_very_many_the_newest_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "log"
    write(path, *(f"question {number}" for number in range(250)), kept=Kept(days=9, rows=100))
    rows = read_questions(path, Kept(days=9, rows=100), NOON)
    assert [row.question for row in rows] == [f"question {number}" for number in range(150, 250)]


def test_several_processes_write_to_one_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    logs = [QuestionLog(path, ALL, Time()) for _ in range(4)]
    for number in range(100):
        logs[number % 4].answered(answer(f"{number}"), Filters())
    for log in logs:
        log.close()
    assert sorted(int(row.question) for row in read_questions(path, ALL, NOON)) == list(range(100))


def test_what_cannot_be_written_is_told_once_and_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "log").mkdir()
    log = QuestionLog(tmp_path / "log", ALL, Time())
    for _ in range(50):
        log.answered(answer("private words"), Filters())
    log.close()
    (record,) = [record for record in caplog.records if record.name.startswith("qa")]
    assert "Questions are missing" in record.getMessage()
    assert "private words" not in caplog.text


def test_what_is_no_log_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="There is no log of questions"):
        read_questions(tmp_path / "none", ALL)
    (tmp_path / "text").write_text("not a database, but some text that is long enough to look like one" * 20)
    with pytest.raises(UnreadableFile, match="cannot be read as a log of questions"):
        read_questions(tmp_path / "text", ALL)
