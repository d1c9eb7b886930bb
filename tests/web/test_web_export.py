"""Selected quotes, cited together: in every format, saved as files, without data kept on the server."""

from __future__ import annotations

import json
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from fake_service import FakeService
from page_elements import Page
from playwright.sync_api import expect

ASKED = "/?q=winter+mooring+fee+of+the+harbour"
KINDS = {
    "text": ("text/plain", "quotes.txt"),
    "markdown": ("text/markdown", "quotes.md"),
    "apa": ("text/plain", "apa.txt"),
    "chicago": ("text/plain", "chicago.txt"),
    "ris": ("application/x-research-info-systems", "quotes.ris"),
    "bibtex": ("application/x-bibtex", "quotes.bib"),
    "csl-json": ("application/vnd.citationstyles.csl+json", "quotes.json"),
}


@pytest.fixture(scope="module")
def passages(client):
    return client.get("/api/ask", params={"q": "winter mooring fee of the harbour", "k": 3}).json()["passages"]


@pytest.fixture(scope="module")
def references(client) -> list[str]:
    """The form data of the first results' boxes."""
    page = Page(client.get(ASKED).text)
    return [a["value"] or "" for tag, a in page.elements if a.get("form") == "kept"][:3]


def test_every_result_can_be_kept(client, passages, references):
    assert references == [
        f"{parse_qs(urlsplit(p['citation']['url']).query)['quote'][0]}:{p['citation']['document_id']}" for p in passages
    ]


def test_several_quotes_of_a_document_read_it_once(client, references, monkeypatch):
    read = []
    document = FakeService.document
    monkeypatch.setattr(FakeService, "document", lambda self, name: read.append(name) or document(self, name))
    assert client.get("/cite", params={"quote": references}).status_code == 200
    assert sorted(read) == sorted({reference.partition(":")[2] for reference in references})


def test_the_page_has_every_format_of_all_kept_quotes_and_the_way_back(client, passages, references):
    page = Page(client.get("/cite", params={"q": "winter mooring fee of the harbour", "quote": references}).text)
    assert page.texts["h1"] == ["Cite 3 quotes"]
    assert page.texts["blockquote"] == [passage["text"] for passage in passages]
    assert [a["id"] for tag, a in page.elements if tag == "pre"] == list(KINDS)
    plain = page.texts["pre"][0]
    assert all(f"“{passage['text']}”" in plain for passage in passages)
    assert ASKED in page.links()


@pytest.mark.parametrize("key", KINDS)
def test_each_format_can_be_saved(client, address, passages, references, key):
    reply = client.get("/cite", params={"quote": references, "format": key})
    media_type, file_name = KINDS[key]
    assert reply.headers["content-type"].partition(";")[0] == media_type
    assert reply.headers["content-disposition"] == f'attachment; filename="{file_name}"'
    links = [address + passage["citation"]["url"] for passage in passages]
    match key:
        case "ris":
            assert reply.text.count("TY  - ELEC") == reply.text.count("ER  - ") == 3
        case "bibtex":
            assert reply.text.count("@misc{") == 3
        case "csl-json":
            assert len({item["id"] for item in json.loads(reply.text)}) == 3
            assert [
                link in item["note"] or link == item["URL"]
                for item, link in zip(json.loads(reply.text), links, strict=True)
            ] == [True] * 3
        case "text" | "markdown":
            assert all(link in reply.text for link in links)
        case _:
            # All three are of one document, which is one reference.
            assert reply.text.count("https://example.org/harbour") == 1


def test_a_quote_is_cited_once_however_often_it_is_named(client, references):
    page = Page(client.get("/cite", params={"quote": [references[0]] * 4}).text)
    assert page.texts["h1"] == ["Cite 1 quote"]


def test_a_quote_that_is_gone_is_named_and_the_others_are_cited(client, references):
    gone = ["3-27-0123456789ab:harbour", "1-2:nowhere", "nonsense"]
    page = Page(client.get("/cite", params={"quote": [*gone, references[0]]}).text)
    assert page.texts["h1"] == ["Cite 1 quote"]
    assert page.texts["code"][: len(gone)] == gone


def test_without_a_tick_the_page_says_what_to_do(client):
    assert "Tick “Keep” below each quote" in Page(client.get("/cite").text).words()


def test_too_long_quotes_are_refused(client):
    reply = client.get("/cite", params={"quote": ["0-400000:harbour", "1-3:harbour"]}, headers={"accept": "text/html"})
    assert reply.status_code == 400
    assert "Quotes of 400002 characters" in unescape(reply.text)


def test_too_many_quotes_are_refused(client):
    reply = client.get(
        "/cite", params={"quote": [f"{n}-{n + 1}:harbour" for n in range(51)]}, headers={"accept": "text/html"}
    )
    assert reply.status_code == 400
    assert "tick 50 at most" in unescape(reply.text)


def test_hostile_documents_stay_text_in_every_format(client):
    text = Page(client.get("/cite", params={"quote": "0-20:hostile"}).text)
    assert text.texts["h1"] == ["Cite 1 quote"]
    for key in KINDS:
        reply = client.get("/cite", params={"quote": "0-20:hostile", "format": key})
        assert reply.headers["content-disposition"].startswith("attachment")


@pytest.mark.browser
def test_ticked_quotes_are_cited_together_in_the_browser(page, passages):
    page.goto(ASKED)
    for number in (1, 2):
        page.get_by_label(f"Keep result {number}").check()
    button = page.get_by_role("button", name="Cite the kept quotes")
    expect(button).to_be_in_viewport()
    button.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cite 2 quotes")
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as quotes.ris").click()
    assert download.value.suggested_filename == "quotes.ris"
    page.get_by_role("link", name="Results for").click()
    expect(page.locator("#q")).to_have_value("winter mooring fee of the harbour")
