"""Pages wait for a server that restarts; an error page has a message for the reader."""

from __future__ import annotations

import pytest
from browser_pages import browsing, violations
from fake_service import FakeService
from page_elements import Page as Elements
from playwright.sync_api import expect

from qa.errors import DamagedSnapshot, NoIndex, Overloaded, UnknownDocument

ASKED = "/?q=who+runs+the+harbour&documents=elsmouth"


@pytest.mark.browser
def test_a_question_sent_while_the_server_restarts_is_asked_when_it_is_back(page):
    down = True
    page.route("**/healthz", lambda route: route.fulfill(status=503) if down else route.continue_())
    page.goto("/")
    page.locator("#q").fill("who runs the harbour")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("sent as soon as it does")
    assert "q=" not in page.url
    down = False
    page.wait_for_url("**/?q=who+runs+the+harbour*")
    expect(page.locator("article.result").first).to_be_visible()


@pytest.mark.browser
def test_a_page_that_could_not_answer_yet_opens_by_itself(page, service: FakeService):
    service.trouble = DamagedSnapshot("The snapshot is damaged.")
    page.goto(ASKED)
    expect(page.get_by_role("heading", level=1)).to_have_text("Not ready")
    expect(page.get_by_role("status").first).to_contain_text("opens by itself")
    assert violations(page) == []
    service.trouble = None
    expect(page.locator("article.result").first).to_be_visible()
    assert page.url.endswith(ASKED)


@pytest.mark.browser
def test_without_javascript_the_page_offers_another_try(browser, address, service: FakeService):
    with browsing(browser, address, java_script_enabled=False) as page:
        service.trouble = NoIndex("Nothing is built yet; run `qa build`.")
        page.goto(ASKED)
        service.trouble = None
        page.get_by_role("link", name="Try again").click()
        expect(page.locator("article.result").first).to_be_visible()
        assert page.url.endswith(ASKED)


@pytest.mark.parametrize(
    ("error", "status", "title", "words", "has_form"),
    [
        (NoIndex("Run `qa build`."), 503, "No documents yet", "There is nothing to search", False),
        (DamagedSnapshot("It is damaged."), 503, "Not ready", "Your question is not lost", False),
        (Overloaded("Too many at once."), 503, "Too busy just now", "Your question is not lost", True),
        (UnknownDocument("No document has it."), 404, "No such document", "No document has it.", True),
        (
            RuntimeError("secret"),
            500,
            "Something went wrong",
            "The fault is in the service",
            True,
        ),
    ],
)
def test_an_error_is_told_to_a_reader(client, service: FakeService, error, status, title, words, has_form):
    service.trouble = error
    reply = client.get(ASKED, headers={"accept": "text/html"})
    page = Elements(reply.text)
    assert reply.status_code == status
    assert page.texts["h1"] == [title]
    assert words in page.words()
    assert "secret" not in reply.text
    assert ("q" in page.fields()) is has_form
    assert (ASKED in page.links()) is (status == 503), "what passes by itself can be tried again, filters and all"
