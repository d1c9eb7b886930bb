"""Evaluation of the log of questions: groups of unanswered questions, and confirmed answers as gold."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from fakes import FakeEncoder
from workshop import Workshop

from qa.answering.citations import quote_digest
from qa.answering.question_log import LoggedQuestion
from qa.cli.gaps import plot
from qa.encode import Encoder
from qa.evaluate.gaps import Day, as_gold, gaps, most_asked, per_day
from qa.evaluate.gold import read_gold
from qa.index.local.open_version import open_index


def asked(question: str, verdict: str = "none", **fields: object) -> LoggedQuestion:
    told = {"minute": "2026-03-01T12:00Z", "confidence": 0.2, "document_id": None, "reference": None}
    return LoggedQuestion(
        **(told | {"question": question, "verdict": verdict, "filtered": False, "found": None} | fields)
    )


def grouped(questions: list[LoggedQuestion], encoder: Encoder | None = None) -> list[list[str]]:
    return [[each.question for each in gap.questions] for gap in gaps(questions, encoder or FakeEncoder())]


def test_what_was_answered_or_filtered_is_no_gap_but_what_a_reader_denied_is() -> None:
    log = [
        asked("answered well", "answered"),
        asked("answered badly", "answered", found=False),
        asked("nothing there", "none", found=True),
        asked("filtered away", "none", filtered=True),
        asked("near it", "related"),
        asked("not known", "uncalibrated"),
    ]
    assert sorted(question for group in grouped(log) for question in group) == ["answered badly", "near it"]


def test_questions_of_the_same_terms_are_one_group_however_they_are_typed() -> None:
    log = [asked("opening hours of the pharmacy"), asked("Pharmacy: opening hour?"), asked("parking fees")]
    assert sorted(map(sorted, grouped(log))) == [
        ["Pharmacy: opening hour?", "opening hours of the pharmacy"],
        ["parking fees"],
    ]


@pytest.mark.model
def test_questions_that_ask_for_the_same_in_other_words_are_one_group(encoder: Encoder) -> None:
    log = [
        asked("where can I park my car at the hospital"),
        asked("is there parking for cars at the hospital"),
        asked("how do I become a nurse"),
    ]
    assert sorted(len(group) for group in grouped(log, encoder)) == [1, 2]


def test_groups_are_counted_and_named_by_the_words_that_they_share() -> None:
    log = [asked("parking fees")] * 2 + [asked("Parking  FEES"), asked("fees parking?"), asked("zebra")]
    first, second = gaps(log, FakeEncoder())
    assert (set(first.about), first.times) == ({"parking", "fees"}, 4)
    assert [(each.question, each.times) for each in first.questions] == [("parking fees", 3), ("fees parking?", 1)]
    assert (second.about, second.times) == (("zebra",), 1)


def test_without_gaps_no_group_is_made() -> None:
    assert gaps([], FakeEncoder()) == []
    assert most_asked([]) == per_day([]) == plot([]) == []


def test_days_are_counted_and_drawn_in_proportion() -> None:
    log = [asked("a", "answered", minute=f"2026-03-0{day}T10:00Z") for day in (2, 1, 2, 2)] + [
        asked("b", minute="2026-03-02T23:59Z")
    ]
    days = per_day(log)
    assert days == [Day("2026-03-01", 1, 0), Day("2026-03-02", 4, 1)]
    few, many = plot(days)
    assert few == f"2026-03-01  {'#' * 12}  1, 0 not answered"
    assert many == f"2026-03-02  {'#' * 38}{'-' * 12}  4, 1 not answered"


def test_confirmed_answers_become_gold_that_evaluation_reads(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    shop.build()
    with closing(open_index(shop.settings.index_dir)) as index:
        documents = [index.document(info.id) for info in index.documents]
        (mill,) = [document for document in documents if document.source == "mill.txt"]
        start = mill.text.index("The mill grinds")
        end = mill.text.index(".", start) + 1
        quote = mill.text[start:end]
        place = {"document_id": mill.id, "reference": f"{start + 3}-{end + 3}-{quote_digest(quote)}", "found": True}
        log = [
            asked("When does the mill grind?", "answered", **place),
            asked("when does the MILL grind?", "answered", **place),
            asked("Denied?", "answered", **(place | {"found": False})),
            asked("Gone?", "answered", document_id="nowhere", reference="0-4-0123456789ab", found=True),
            asked("Changed?", "answered", document_id=mill.id, reference="0-4-0123456789ab", found=True),
            asked("Nothing quoted?", found=True),
        ]
        entries = list(as_gold(log, index))
    assert [(each["question"], each["doc"], each["evidence"]) for each in entries] == [
        ("when does the MILL grind?", "mill.txt", [quote])
    ]
    path = tmp_path / "gold.jsonl"
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    (gold,) = read_gold(path, documents)
    assert gold.answerable
    assert mill.text[gold.evidence[0].span.start : gold.evidence[0].span.end] == quote.rstrip(".")
