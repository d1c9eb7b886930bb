from __future__ import annotations

from dataclasses import replace

import pytest
import samples_for_tests

from qa.answering.wording import UNCALIBRATED, verdict_words
from qa.index.build_notes import BuildReport, Fate, FileReport
from qa.records import Answer, Filters, Verdict
from qa.web.pages.build_report import shown_files
from qa.web.pages.page_query import Asked
from qa.web.pages.wording import day, moment


@pytest.mark.parametrize(
    ("date", "words"),
    [
        ("2022-04-08", "8 April 2022"),
        ("2022-04", "April 2022"),
        ("2022", "2022"),
        (None, "undated"),
        ("", "undated"),
        ("2022-13-01", "2022-13-01"),
        ("spring 2022", "spring 2022"),
    ],
)
def test_day(date, words):
    assert day(date) == words


def test_moment_is_told_in_utc():
    assert moment("2025-10-02T16:03:11+02:00") == "2 October 2025, 14:03 UTC"
    assert moment("lately") == "lately"


@pytest.mark.parametrize(
    ("verdict", "sure", "words"),
    [
        (Verdict.ANSWERED, True, "The documents answer this."),
        (Verdict.ANSWERED, False, "The documents probably answer this; check the quote."),
        (Verdict.RELATED, False, "The documents do not seem to say this. Nearest passages:"),
        (Verdict.NONE, False, "Nothing in these documents is about this."),
        (Verdict.UNCALIBRATED, False, UNCALIBRATED),
    ],
)
def test_what_is_known_is_told_in_words(verdict, sure, words):
    assert verdict_words(Answer("q", "q", verdict, 0.5, (), "s", 1.0, sure=sure)) == words


def test_a_link_to_the_reader_remembers_the_question():
    asked = Asked("a & b", Filters(document_ids=("x",), date_to="2022-01-01"))
    assert asked.url == "/?q=a+%26+b&document_id=x&date_to=2022-01-01"
    assert asked.reader_url("/documents/x?quote=1-2-3#c1-2") == (
        "/documents/x?quote=1-2-3&q=a+%26+b&document_id=x&date_to=2022-01-01#c1-2"
    )
    assert Asked().reader_url("/documents/x#c1-2") == "/documents/x#c1-2"
    assert replace(asked, question="\udc80").url.startswith("/?q=%3F")


def test_a_report_leads_with_what_needs_a_person():
    report = shown_files(samples_for_tests.service().last_report)
    assert report.summary == "1 failed, 1 skipped, 1 added"
    assert [file.source for file in report.notable] == ["broken.pdf", "notes.xyz"]
    assert [file.source for file in report.others] == ["harbour.txt"]


def test_a_document_that_was_only_kept_is_shown_among_those_with_trouble():
    kept = FileReport("mill.txt", Fate.KEPT, "its parser was killed; for now", for_now=True)
    report = shown_files(BuildReport(files=(kept,), counts={"unchanged": 1, "kept": 1}, seconds=1.0))
    assert [(file.source, file.fate) for file in report.notable] == [("mill.txt", "kept")]
    assert report.summary == "1 kept, 1 unchanged"
