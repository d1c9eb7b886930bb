"""Pages in a real browser, which must log no message and load nothing from other hosts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from waiting import PATIENCE_S

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]

# The page's status soon disappears, and is the same for each copy; the notes are kept, one for each.
NOTE_WHAT_IS_SAID = """
window.said = [];
document.addEventListener("DOMContentLoaded", () => {
  const status = document.getElementById("status");
  if (status) new MutationObserver(() => window.said.push(status.textContent)).observe(status, {childList: true});
});
"""


@contextmanager
def browsing(browser: Browser, address: str, **options) -> Iterator[Page]:
    """A page in a new context. On exit, checks that it logged no message and used no other host."""
    with browser.new_context(base_url=address, **options) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_S * 1000)
        page.add_init_script(NOTE_WHAT_IS_SAID)
        heard: list[str] = []
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("dialog", lambda dialog: heard.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: request.url.startswith(address) or heard.append(request.url))
        yield page
        # The browser itself reports a page's error status; that is not a message of the page.
        assert [text for text in heard if "the server responded with a status of" not in text] == []


def violations(page: Page, options: dict | None = None) -> list[tuple[str, list[str]]]:
    """Findings of axe-core, by default with all enabled rules and the rule on the size of targets."""
    options = options or {"rules": {"target-size": {"enabled": True}}}
    found = Axe().run(page, options={**options, "resultTypes": ["violations"]}).response["violations"]
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]
