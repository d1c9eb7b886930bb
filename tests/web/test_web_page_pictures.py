from __future__ import annotations

import pytest
import samples_for_tests
from fake_service import ONE_PIXEL, FakeService
from page_elements import Page
from playwright.sync_api import expect

from qa.answering.citations import quote_digest

TEXT = samples_for_tests.printed().text
BELLS = TEXT.index("Bells")
QUOTE = f"{BELLS}-{BELLS + 5}-{quote_digest('Bells')}"


def test_the_reader_of_a_pdf_leads_to_the_cited_page(client):
    reader = Page(client.get(f"/documents/printed?quote={QUOTE}&q=bells").text)
    assert f"/documents/printed/pages/2?quote={QUOTE}&q=bells" in reader.links()
    assert "/documents/printed/pages/1" in Page(client.get("/documents/printed").text).links()
    assert not any("/pages/" in link for link in Page(client.get("/documents/harbour").text).links())


def test_the_page_shows_its_picture_and_leads_to_its_neighbours_and_back(client):
    page = Page(client.get(f"/documents/printed/pages/2?quote={QUOTE}&q=bells").text)
    (image,) = [attributes for tag, attributes in page.elements if tag == "img"]
    assert (image["width"], image["height"]) == ("1", "1")
    assert image["alt"] == "Page 2 as printed, with a box around: Bells"
    assert client.get(image["src"]).content == ONE_PIXEL
    assert client.get(image["src"]).headers["content-type"] == "image/png"
    assert f"/documents/printed?quote={QUOTE}&q=bells#c{BELLS}-{BELLS + 5}" in page.links()
    assert f"/documents/printed/pages/1?quote={QUOTE}&q=bells" in page.links()
    assert not any("/pages/3" in link for link in page.links())


def test_a_page_and_its_picture_read_the_document_once_each(client, monkeypatch):
    read = []
    document = FakeService.document
    monkeypatch.setattr(FakeService, "document", lambda self, name: read.append(name) or document(self, name))
    for path in ("pages/2", "pages/2/picture"):
        assert client.get(f"/documents/printed/{path}?quote={QUOTE}").status_code == 200
    assert read == ["printed"] * 2


@pytest.mark.parametrize("number", ["0", "9", "x", "-1", "1.5", "9999999", "١"])
def test_a_page_that_is_not_there_is_told(client, number):
    for path in (f"/documents/printed/pages/{number}", f"/documents/printed/pages/{number}/picture"):
        reply = client.get(path)
        assert reply.status_code == 404
        assert reply.json()["error"]["code"] == "no_picture"


def test_a_document_that_is_not_there_has_no_pages(client):
    assert client.get("/documents/nope/pages/1").json()["error"]["code"] == "unknown_document"


@pytest.mark.browser
def test_from_a_quote_to_its_place_on_the_printed_page(page):
    page.goto(f"/documents/printed?quote={QUOTE}")
    page.get_by_role("link", name="Page 2 as printed").click()
    expect(page.get_by_role("img")).to_be_visible()
    expect(page.get_by_role("img")).to_have_js_property("naturalWidth", 1)  # once it is loaded
    page.get_by_role("link", name="Text of").click()
    expect(page.locator(".document mark").first).to_be_in_viewport()
