"""Finding words in a document, and printing the found places."""

from __future__ import annotations

import pytest
import samples_for_tests
from browser_pages import browsing
from page_elements import Page
from playwright.sync_api import expect

from qa.records import Span
from qa.web.pages.reader import find_words

HARBOUR = samples_for_tests.harbour().text


@pytest.mark.parametrize(
    ("text", "words", "places"),
    [
        ("The harbour. THE HARBOUR", "harbour", [(4, 11), (17, 24)]),
        ("inner\n basin, inner basin", "inner  basin", [(0, 12), (14, 25)]),
        ("a.b and a+b", "a.b", [(0, 3)]),
        ("the baker\u2019s state\u2011of\u2011the\u2011art oven", "baker's state-of-the-art", [(4, 28)]),
        ('\u201cIt\u2019s\u201d \u2014 "It\'s" -', '"it\u2019s\u201d -', [(0, 8), (9, 17)]),
        ("caf\u00e9", "cafe\u0301", [(0, 4)]),
        ("harbour", "", []),
        ("harbour", "   ", []),
        ("harbour", "port", []),
        ("aaaa", "aa", [(0, 2), (2, 4)]),
    ],
)
def test_words_are_found_in_any_case_and_over_line_ends(text, words, places):
    found = find_words(text, words)
    assert found.places == tuple(Span(*place) for place in places)
    assert found.total == len(places)


def test_only_the_first_places_are_marked_and_all_are_counted():
    found = find_words("ab " * 5000, "ab")
    assert found.total == 5000
    assert len(found.places) == 200
    assert find_words("ab " * 50_000, "AB").total == 10_000


def test_each_place_is_marked_numbered_and_linked(client):
    page = Page(client.get("/documents/harbour?find=HARBOUR").text)
    ids = [a.get("id") for tag, a in page.elements if tag == "mark" and a.get("class") == "found"]
    count = HARBOUR.lower().count("harbour")
    assert ids == [f"f{number}" for number in range(1, count + 1)]
    assert [link for link in page.links() if link.startswith("#f")] == [f"#f{number}" for number in range(1, count + 1)]
    assert f"{count} places with “HARBOUR”" in page.words()
    assert page.fields()["find"] == "HARBOUR"


def test_a_place_over_a_heading_and_a_paragraph_has_one_number(client):
    page = Page(client.get("/documents/harbour", params={"find": "harbour? The harbour"}).text)
    ids = [a.get("id") for tag, a in page.elements if tag == "mark" and a.get("class") == "found"]
    assert ids == ["f1", None]


def test_the_quote_and_the_question_stay_while_words_are_found(client):
    start = HARBOUR.index("The harbour master is")
    page = Page(client.get(f"/documents/harbour?quote={start}-{start + 30}&q=harbour+master&find=master").text)
    assert page.fields()["quote"] == f"{start}-{start + 30}"
    assert page.fields()["q"] == "harbour master"
    marks = [a for tag, a in page.elements if tag == "mark"]
    assert {"class": "found", "id": "f1"} in marks
    assert any((a.get("id") or "").startswith("c") for a in marks)


def test_words_that_do_not_stand_there_are_told(client):
    page = Page(client.get("/documents/harbour?find=zebra").text)
    assert "No places with “zebra”" in page.words()
    assert "mark" not in page.texts


@pytest.mark.browser
@pytest.mark.parametrize("script", [True, False])
def test_the_first_place_is_in_view_and_the_next_is_one_link_away(browser, address, script):
    with browsing(browser, address, java_script_enabled=script, viewport={"width": 800, "height": 300}) as page:
        page.goto("/documents/harbour")
        page.get_by_label("Find in this document").fill("inner basin")
        page.get_by_role("button", name="Find").click()
        expect(page.locator("mark.found").first).to_be_in_viewport()
        assert "/documents/harbour?find=inner+basin#f1" in page.url
        page.get_by_label("Find in this document").fill("the")
        page.get_by_role("button", name="Find").click()
        page.locator(".places").get_by_role("link", name="4", exact=True).click()
        expect(page.locator("#f4")).to_be_in_viewport()


@pytest.mark.browser
def test_paper_gets_the_question_the_quotes_and_their_sources_as_footnotes(page, client, address):
    asked = "who runs the harbour and the winter mooring"
    passages = client.get("/api/ask", params={"q": asked, "k": 10}).json()["passages"]
    page.goto("/?q=" + asked.replace(" ", "+"))
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_have_text(asked)
    assert page.get_by_role("heading", level=1).bounding_box()["height"] > 10
    expect(page.locator("blockquote").first).to_be_visible()
    notes = page.locator(".notes li")
    shown = page.locator("main > ol.results > li > article")
    expect(notes).to_have_count(shown.count())
    expect(notes.first).to_be_visible()
    for number in range(shown.count()):
        rank = int(shown.nth(number).locator("blockquote").get_attribute("data-note"))
        assert notes.nth(number).get_attribute("value") == str(rank)
        text = notes.nth(number).inner_text()
        assert passages[rank - 1]["citation"]["title"] in text
        assert address + passages[rank - 1]["citation"]["url"] in text
    for hidden in (".top", ".search", ".keep", ".kept"):
        expect(page.locator(hidden).first).to_be_hidden()
    page.emulate_media(media="screen")
    page.locator("a.open").first.click()
    page.emulate_media(media="print")
    expect(page.locator("p.on-paper")).to_have_text(asked)
    expect(page.locator(".notes li")).to_contain_text(passages[0]["citation"]["title"])
