"""How pages lie: at any width, with text twice as large, in forced colours, and without moving once they are shown."""

from __future__ import annotations

import pytest
from browser_pages import browsing
from page_states import STATES
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

SHIFTS = """() => new Promise(done => {
  const shifts = [];
  new PerformanceObserver(list => shifts.push(...list.getEntries())).observe({type: 'layout-shift', buffered: true});
  requestAnimationFrame(() => requestAnimationFrame(() => done(shifts.reduce((sum, each) => sum + each.value, 0))));
})"""

# What reaches beyond the window, or is cut off inside something that does not scroll.
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
