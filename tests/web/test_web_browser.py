from __future__ import annotations

import re

import pytest
from browser_pages import browsing, violations
from fake_service import FakeService
from page_states import ASKED, HARBOUR, STATES
from playwright.sync_api import BrowserContext, Page, Route, expect
from waiting import until

from qa.errors import NoIndex

pytestmark = pytest.mark.browser

MAX_PAGE_BYTES = 60_000

READ_AND_STYLED = """
document.readyState === "interactive"
  && [...document.querySelectorAll("link[rel=stylesheet]")].every(link => link.sheet)
"""

# Positions of all visible elements.
PLACES = """
[...document.body.querySelectorAll("*")].filter(element => element.checkVisibility()).map(element => {
  const {x, y, width, height} = element.getBoundingClientRect();
  return [element.tagName, x, y, width, height];
})
"""


def allow_clipboard(context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])


def clipboard(page: Page) -> str:
    """The text copied since the last call; waits until the page reports a copy."""
    until(lambda: page.evaluate("window.said.splice(0).includes('Copied')"))
    return page.evaluate("navigator.clipboard.readText()")


def collapsed(text: str) -> str:
    return " ".join(text.split())


def marked_text(page: Page) -> str:
    return collapsed(" ".join(page.locator(".document mark").all_text_contents()))


def test_ask_open_the_citation_and_go_back(page, client):
    passages = client.get("/api/ask", params={"q": ASKED}).json()["passages"]
    page.goto("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type(ASKED)
    page.keyboard.press("Enter")
    expect(page).to_have_title(f"{ASKED} – Ask about Elsmouth")
    expect(page.locator("article.result")).to_have_count(len(passages))
    for number, passage in enumerate(passages):
        page.locator("a.open").nth(number).click()
        expect(page.locator(".document mark").first).to_be_in_viewport()
        assert marked_text(page) == collapsed(passage["text"])
        page.go_back()
    page.locator("a.open").first.click()
    page.get_by_role("link", name="Next").click()
    assert marked_text(page) == collapsed(passages[1]["text"])
    page.get_by_role("link", name="Previous").click()
    assert marked_text(page) == collapsed(passages[0]["text"])
    page.get_by_role("link", name="Results for").click()
    expect(page.locator("#q")).to_have_value(ASKED)


def test_without_javascript_everything_but_the_extras_works(browser, address, client):
    passages = client.get("/api/ask", params={"q": ASKED}).json()["passages"]
    with browsing(browser, address, java_script_enabled=False, viewport={"width": 1440, "height": 500}) as page:
        page.goto("/")
        page.locator("#q").fill(ASKED)
        page.get_by_role("button", name="Ask").click()
        expect(page.locator(".needs-script").first).to_be_hidden()
        page.locator("summary", has_text="Cite").first.click()
        expect(page.locator("#r1-1")).to_contain_text("“The harbour of Elsmouth”")
        page.locator("a.open").first.click()
        expect(page.locator(".document mark").first).to_be_in_viewport()
        assert marked_text(page) == collapsed(passages[0]["text"])
        page.get_by_role("link", name="Cite").click()
        expect(page.locator("#quote-1")).to_be_visible()


def test_the_keyboard_is_enough(page, client):
    allow_clipboard(page.context)
    passages = client.get("/api/ask", params={"q": ASKED}).json()["passages"]
    page.goto(STATES["answered"])
    links = page.locator("a.open")
    page.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("c")
    assert clipboard(page).startswith("Harbour Office. “The harbour of Elsmouth”. 9 September 2022, harbour.txt, ")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("jk/c?")
    expect(page.locator("#q")).to_have_value("jk/c?")
    page.keyboard.press("Tab")
    page.keyboard.press("k")
    expect(links.last).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/documents/**")
    assert marked_text(page) == collapsed(passages[-2]["text"])
    page.keyboard.press("c")
    assert clipboard(page).startswith("Harbour Office. ")
    page.keyboard.press("/")
    page.wait_for_url(re.compile(r"/$"))


def test_keys_can_be_switched_off_for_good(page):
    page.goto(STATES["answered"])
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Use these keys").uncheck()
    page.get_by_role("button", name="Close").click()
    page.reload()
    page.keyboard.press("j")
    expect(page.locator("a.open").first).not_to_be_focused()


def test_keys_with_a_modifier_belong_to_the_browser(page):
    page.goto(STATES["answered"])
    page.keyboard.press("Control+j")
    expect(page.locator("a.open").first).not_to_be_focused()


def test_quote_citation_and_link_can_be_copied(page, client, address):
    allow_clipboard(page.context)
    first, *others = client.get("/api/ask", params={"q": ASKED}).json()["passages"]
    page.goto(STATES["answered"])
    for summary in page.locator("summary", has_text="Cite").all():
        summary.click()
    for number, other in enumerate(others, 1):
        page.get_by_role("button", name="Copy: Link").nth(number).click()
        assert clipboard(page) == address + other["citation"]["url"]
    page.get_by_role("button", name="Copy: Quote").first.click()
    assert clipboard(page) == first["text"]
    page.get_by_role("button", name="Copy: APA").first.click()
    assert clipboard(page).startswith("Harbour Office. (2022, September 9).")
    page.get_by_role("button", name="Copy: Link").first.click()
    link = clipboard(page)
    assert link == address + first["citation"]["url"]
    page.goto(link)
    assert marked_text(page) == collapsed(first["text"])


def test_a_fragment_alone_marks_its_place(page):
    page.goto("/documents/harbour#c4-11")
    expect(page.locator(".document mark")).to_have_text("harbour")
    assert page.url.endswith("/documents/harbour?quote=4-11#c4-11")
    page.goto("/documents/harbour?quote=900-901#c900-901")
    expect(page.locator(".banner")).to_be_visible()


def test_a_quote_over_headings_lists_and_notes_is_whole(page):
    page.goto(STATES["reader"])
    assert marked_text(page) == collapsed(HARBOUR)


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_accessible_in_light_and_dark(page, state):
    page.goto(STATES[state])
    for summary in page.locator("summary:visible").all():
        summary.click()
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, {"runOnly": ["color-contrast"]}) == []


def test_the_dialog_and_the_state_without_an_index_are_accessible(page, service: FakeService):
    page.goto("/")
    page.get_by_role("button", name="Keys").click()
    assert violations(page) == []
    service.trouble = NoIndex("Nothing is built yet; run `qa build`.")
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("No documents yet")
    expect(page.get_by_role("alert")).to_contain_text("qa build")
    assert violations(page) == []


def test_targets_are_large_enough_for_a_finger(browser, address):
    with browsing(browser, address, viewport={"width": 360, "height": 740}, has_touch=True) as page:
        for name in ("home", "answered", "documents", "reader"):
            page.goto(STATES[name])
            small = page.evaluate(
                """[...document.querySelectorAll('button, summary, input, .examples a, nav a, a.open')]
                .filter(element => element.checkVisibility() && element.getBoundingClientRect().height < 24)
                .map(element => element.outerHTML)"""
            )
            assert small == [], name


def test_a_quote_from_right_to_left_reads_so(page):
    page.goto("/documents/rightward")
    paragraphs = page.locator(".document p")
    assert paragraphs.nth(0).evaluate("element => getComputedStyle(element).direction") == "rtl"
    assert paragraphs.nth(1).evaluate("element => getComputedStyle(element).direction") == "ltr"


@pytest.mark.parametrize("state", ["home", "answered", "reader", "documents"])
def test_nothing_moves_when_the_script_comes(page, state):
    """The script is delayed until the page without it was measured."""
    held: list[Route] = []
    page.route("**/*.js*", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it is given
    page.goto(STATES[state], wait_until="commit")
    until(lambda: page.evaluate(READ_AND_STYLED))
    before = page.evaluate(PLACES)
    assert len(before) > 10
    assert held
    for route in held:
        route.continue_()
    page.wait_for_load_state("load")
    assert page.evaluate(PLACES) == before


def test_the_whole_page_is_light(page):
    page.goto(STATES["answered"])
    transferred = page.evaluate(
        """[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
        .reduce((sum, entry) => sum + entry.transferSize, 0)"""
    )
    assert 0 < transferred < MAX_PAGE_BYTES


def test_paper_has_no_coloured_marks_and_tells_a_disagreement(page):
    page.goto(STATES["answered"])
    page.emulate_media(media="print")
    grounds = page.locator("mark").evaluate_all("marks => marks.map(each => getComputedStyle(each).backgroundColor)")
    assert len(grounds) > 1
    assert set(grounds) == {"rgba(0, 0, 0, 0)"}
    told = """'<p class="hint differ">The documents differ.</p>'"""
    page.locator(".verdict").evaluate(f"verdict => verdict.insertAdjacentHTML('afterend', {told})")
    expect(page.locator(".differ")).to_be_visible()


def test_paper_gets_the_quote_and_its_source(page):
    page.goto(STATES["reader"])
    page.emulate_media(media="print")
    expect(page.locator(".document mark").first).to_be_visible()
    expect(page.locator(".notes")).to_contain_text("Harbour Office")
    expect(page.locator("header.top")).to_be_hidden()
    expect(page.locator("details.cite")).to_be_hidden()
