"""Filters of the search page, with few documents, many, and ten thousand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
import samples_for_tests
from live_server import serving
from page_elements import Page
from waiting import PATIENCE_S

from qa.settings import Settings

MANY = 10_000
MOST_PAGE_BYTES = 100_000


def with_copies(count: int, **fields):
    service = samples_for_tests.service()
    for number in range(count):
        own = {name: value.format(number) for name, value in fields.items()}
        service.all_documents[f"copy-{number}"] = replace(samples_for_tests.harbour(), id=f"copy-{number}", **own)
    return service


@pytest.fixture(scope="module")
def some() -> Iterator[httpx.Client]:
    """Nine documents, four of them copies."""
    with serving(with_copies(4, title="Copy {}")) as address, httpx.Client(base_url=address) as client:
        yield client


@pytest.fixture(scope="module")
def many() -> Iterator[httpx.Client]:
    service = with_copies(MANY, title="Report {} of the board", publisher="Office {}")
    patient = Settings(answer_seconds=PATIENCE_S)  # the fake reads all documents for each question
    with serving(service, patient) as address, httpx.Client(base_url=address, timeout=PATIENCE_S) as client:
        yield client


def asked_documents(page: Page) -> set[str]:
    return {link.partition("?")[0].removeprefix("/documents/") for link in page.quoted()}


def test_filters_are_offered_where_there_are_more_than_a_few_documents(some):
    home = Page(some.get("/").text)
    assert {"q", "documents", "publisher", "date_from", "date_to"} <= home.fields().keys()
    suggested = {a.get("value") for tag, a in home.elements if tag == "option"}
    assert {"Copy 0", "The harbour of Elsmouth", "Harbour Office"} <= suggested
    assert "Harbour Office" in home.texts["option"]


@pytest.mark.parametrize(
    ("words", "documents"),
    [
        ("copy 2", {"copy-2"}),
        ("COPY", {"copy-0", "copy-1", "copy-2", "copy-3"}),
        ("harbour  office", {"harbour", "copy-0", "copy-1", "copy-2", "copy-3"}),
        ("harbour.txt elsmouth", {"harbour"}),
    ],
)
def test_words_of_titles_and_publishers_choose_the_documents(some, words, documents):
    results = Page(some.get("/", params={"q": "harbour master", "documents": words, "k": "20"}).text)
    assert asked_documents(results) == documents
    assert results.fields()["documents"] == words
    assert f"{len(documents)} document" in results.words()


def test_words_that_no_document_has_are_told_and_stay_in_the_form(some):
    reply = some.get("/", params={"q": "harbour", "documents": "xyzzy"}, headers={"accept": "text/html"})
    page = Page(reply.text)
    assert reply.status_code == 404
    assert "No document has “xyzzy” in its title" in page.words()
    assert page.fields()["documents"] == "xyzzy"
    assert page.fields()["q"] == "harbour"


def test_a_publisher_is_chosen_from_a_short_menu(some):
    results = Page(some.get("/", params={"q": "harbour master", "publisher": "Harbour Office"}).text)
    assert {"harbour"} < asked_documents(results)
    assert "slides" not in asked_documents(results)
    assert "Harbour Office" in [
        text for text, (_, a) in zip(results.texts["option"], options(results), strict=True) if "selected" in a
    ]


def options(page: Page) -> list[tuple[str, dict[str, str | None]]]:
    return [(tag, attributes) for tag, attributes in page.elements if tag == "option"]


FILTER = "documents=elsmouth&publisher=Harbour+Office&date_from=2020-01-01&undated=include"


def test_filters_stay_through_examples_corrections_more_results_and_the_reader(some):
    home = Page(some.get(f"/?{FILTER}").text)
    examples = [link for link in home.links() if link.startswith("/?q=")]
    assert examples
    assert all(FILTER in link for link in examples)
    results = Page(some.get(f"/?q=medcal+harbour+master&{FILTER}").text)
    assert f"/?q=medcal+harbour+master&{FILTER}&exactly=1" in results.links()
    reader_link = next(link for link in results.quoted())
    assert FILTER in reader_link
    reader = Page(some.get(reader_link).text)
    assert f"/?q=medcal+harbour+master&{FILTER}" in reader.links()
    too_long = some.get(f"/?q={'x' * 300}&{FILTER}", headers={"accept": "text/html"})
    assert too_long.status_code == 400
    assert Page(too_long.text).fields()["documents"] == "elsmouth"


def test_examples_that_the_chosen_documents_do_not_answer_are_left_out(some):
    asked = [link for link in Page(some.get("/").text).links() if link.startswith("/?q=")]
    assert asked == ["/?q=Who+runs+the+harbour%3F"]
    for excluding in ("documents=copy", "document_id=slides", "date_from=2023-01-01"):
        assert not any(link.startswith("/?q=") for link in Page(some.get(f"/?{excluding}").text).links())


def test_where_the_chosen_documents_do_not_say_all_can_be_asked(some):
    assert "/?q=zebra" in Page(some.get("/?q=zebra&documents=copy").text).links()
    assert "Ask all documents" not in Page(some.get("/?q=zebra").text).words()


def test_the_list_of_documents_asks_one_of_them_what_was_asked(some):
    results = Page(some.get(f"/?q=harbour+master&{FILTER}").text)
    listed = Page(some.get(f"/documents?q=harbour+master&{FILTER}").text)
    assert f"/documents?q=harbour+master&{FILTER}" in results.links()
    assert "/?q=harbour+master&document_id=slides" in listed.links()
    searched = Page(some.get("/documents?q=harbour+master&query=partnership").text)
    assert "/?q=harbour+master&document_id=slides" in searched.links()
    assert "/?q=harbour+master&document_id=harbour" not in searched.links()
    assert searched.fields()["q"] == "harbour master"


@pytest.mark.parametrize("path", ["/", "/?q=harbour+master&documents=report", "/documents", "/documents?page=57"])
def test_no_page_grows_with_the_number_of_documents(many, path):
    reply = many.get(path)
    assert reply.status_code == 200
    assert len(reply.content) < MOST_PAGE_BYTES


def test_one_of_ten_thousand_documents_is_found_by_its_title_and_by_its_publisher(many):
    assert asked_documents(Page(many.get("/?q=harbour+master&documents=report+4711+of+the+board").text)) == {
        "copy-4711"
    }
    assert asked_documents(Page(many.get("/?q=harbour+master&publisher=Office+815").text)) == {"copy-815"}
    assert asked_documents(Page(many.get("/?q=harbour+master&documents=office+815").text)) == {"copy-815"}


def test_a_list_of_many_documents_has_pages_that_keep_what_was_asked(many):
    last = Page(many.get("/documents?page=101").text)
    assert "Page 101 of 101" in last.texts["span"]
    assert Page(many.get("/documents?page=99999999999").text).texts["h2"]
    found = Page(many.get("/documents?query=REPORT&sort=title&page=2&q=fees").text)
    assert "10000 documents with “REPORT”" in found.words()
    assert "/documents?q=fees&query=REPORT&sort=title&page=3" in found.links()
