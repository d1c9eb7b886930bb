"""The example clients: each runs against a service, and shows its quotations and its errors."""

from __future__ import annotations

import functools
import http.server
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import samples_for_tests
from fake_service import FakeService
from live_server import SETTINGS, serving
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "examples"
PROGRAMS = {"client.py": [sys.executable], "ask.sh": ["sh"]}
QUESTION = "winter mooring fee of the harbour"


def run(name: str, address: str, question: str) -> subprocess.CompletedProcess[str]:
    command = [*PROGRAMS[name], str(EXAMPLES / name), *question.split()]
    environment = {**os.environ, "SERVICE": address}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_client_shows_the_verdict_and_each_quote_with_its_link(name: str, address: str, service: FakeService) -> None:
    answer = service.ask(QUESTION, 3)
    done = run(name, address, QUESTION)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(answer.verdict.value)
    assert answer.passages
    for quote in answer.passages:
        assert f'"{quote.text}"' in done.stdout
        assert address + quote.citation.url in done.stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_client_tells_an_error_by_its_code(name: str, address: str) -> None:
    done = run(name, address, "?")
    assert "invalid_question: " in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_the_python_client_is_short() -> None:
    lines = (EXAMPLES / "client.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 25


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.mark.browser
def test_a_page_of_another_site_shows_the_quotes(tmp_path: Path) -> None:
    other = http.server.HTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=other.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{other.server_port}"
    service = samples_for_tests.service()
    settings = SETTINGS.model_copy(update={"cors_origins": (origin,)})
    try:
        with serving(service, settings) as address, sync_playwright() as playwright:
            page_text = (EXAMPLES / "search-box.html").read_text(encoding="utf-8")
            assert "http://127.0.0.1:8000/" in page_text
            (tmp_path / "page.html").write_text(page_text.replace("http://127.0.0.1:8000", address), encoding="utf-8")
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(f"{origin}/page.html")
            page.get_by_role("searchbox").fill(QUESTION)
            page.get_by_role("button").click()
            first = service.ask(QUESTION, 3).passages[0]
            expect(page.get_by_role("status")).to_have_text("Verdict: answered")
            expect(page.locator("blockquote").first).to_have_text(first.text)
            page.get_by_role("link").first.click()
            page.wait_for_url(f"{address}{first.citation.url}")
            browser.close()
    finally:
        other.shutdown()
        other.server_close()
