"""Layout of pages: at any width, with text twice as large, in forced colours, and without shifts after display."""

from __future__ import annotations

import pytest
import samples_for_tests
from browser_pages import browsing
from live_server import SETTINGS, serving
from page_states import STATES
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

SHIFTS = """() => new Promise(done => {
  const shifts = [];
  new PerformanceObserver(list => shifts.push(...list.getEntries())).observe({type: 'layout-shift', buffered: true});
  requestAnimationFrame(() => requestAnimationFrame(() => done(shifts.reduce((sum, each) => sum + each.value, 0))));
})"""

# Elements that extend beyond the window, or are clipped by an element that does not scroll.
CUT_OFF = """() => [...document.querySelectorAll('main *, header *')].filter(element => {
  if (!element.checkVisibility() || element.closest('.hidden, .skip, .table, pre')) return false;
  const box = element.getBoundingClientRect();
  return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1);
}).map(element => element.outerHTML.slice(0, 120))"""


def unfolded(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")


@pytest.mark.parametrize(("width", "text"), [(320, 100), (768, 100), (1280, 200), (2560, 100)])
def test_nothing_overflows(browser, address, width, text):
    with browsing(browser, address, viewport={"width": width, "height": 740}) as page:
        for name, path in STATES.items():
            page.goto(path)
            page.evaluate("percent => { document.documentElement.style.fontSize = `${percent}%`; }", text)
            unfolded(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            assert page.evaluate(CUT_OFF) == [], name


def edges(page: Page, selector: str) -> list[tuple[float, float]]:
    """Left and right edges of the lines of all such elements."""
    found = page.evaluate(
        """selector => [...document.querySelectorAll(selector)].flatMap(
            element => [...element.getClientRects()].map(({left, right}) => [left, right]))""",
        selector,
    )
    return [tuple(pair) for pair in found]


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_what_stays_above_a_document_covers_its_marks(browser, address, width):
    with browsing(browser, address, viewport={"width": width, "height": 740}) as page:
        page.goto(STATES["reader"])
        ((begin, end),) = edges(page, ".way")
        marks = edges(page, ".document mark")
        assert marks
        assert begin <= min(left for left, _ in marks)
        assert max(right for _, right in marks) <= end


def test_on_a_phone_the_name_and_the_links_below_it_begin_at_the_same_place(browser, address):
    with browsing(browser, address, viewport={"width": 320, "height": 740}) as page:
        page.goto(STATES["answered"])
        page.evaluate("() => { document.querySelector('.wordmark').textContent = 'Ask about a long name of a site'; }")
        name, links = (page.locator(each).bounding_box() for each in (".wordmark", ".top nav"))
        assert links["y"] > name["y"]
        assert links["x"] == name["x"]


def test_on_a_phone_yes_and_no_stand_side_by_side(browser, tmp_path):
    settings = SETTINGS.model_copy(update={"question_log": str(tmp_path / "questions")})
    with serving(samples_for_tests.service(), settings) as address:
        for width in range(300, 400, 10):
            with browsing(browser, address, viewport={"width": width, "height": 740}) as page:
                page.goto(STATES["answered"])
                yes, no = (page.get_by_role("button", name=name, exact=True).bounding_box() for name in ("Yes", "No"))
                assert yes["y"] == no["y"], width


def test_lines_stay_short_on_a_wide_screen(browser, address):
    with browsing(browser, address, viewport={"width": 2560, "height": 1400}) as page:
        page.goto(STATES["answered"])
        width = page.locator("blockquote").first.bounding_box()["width"]
        size = page.locator("blockquote").first.evaluate("element => parseFloat(getComputedStyle(element).fontSize)")
        assert width / size < 45, "a letter is about half as wide as it is high: some 90 letters"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_with_forced_colours_marks_and_fields_can_be_seen(browser, address, scheme):
    with browsing(browser, address, forced_colors="active", color_scheme=scheme) as page:
        page.goto(STATES["reader"])
        expect(page.locator(".document mark").first).to_be_visible()
        colours = page.evaluate(
            """() => ['.document mark', 'body'].map(
                name => getComputedStyle(document.querySelector(name)).backgroundColor)"""
        )
        assert colours[0] != colours[1]
        page.goto(STATES["answered"])
        borders = page.evaluate(
            "() => ['#q', '.box button'].map(name => getComputedStyle(document.querySelector(name)).borderTopStyle)"
        )
        assert borders == ["solid", "solid"]
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_nothing_shifts_while_a_page_loads(page):
    for name, path in STATES.items():
        page.goto(path)
        assert page.evaluate(SHIFTS) < 0.01, name
