"""Questions are stored if the setting asks for it, and a reader can report on the page whether the answer was right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest
from fake_service import FakeService
from live_server import SETTINGS, serving
from waiting import PATIENCE_S, until

from qa.answering.question_log import Kept, read_questions
from qa.web.app import create_app

QUESTION = "winter mooring fee of the harbour & town"
BROWSER = {"accept": "text/html"}
KEPT = Kept(days=90, rows=100)


@pytest.fixture
def kept(service: FakeService, tmp_path: Path) -> Iterator[tuple[httpx.Client, Path]]:
    path = tmp_path / "questions.sqlite"
    settings = SETTINGS.model_copy(update={"question_log": str(path), "question_log_rows": 100})
    with (
        serving(service, settings, lifespan="on") as address,
        httpx.Client(base_url=address, timeout=PATIENCE_S, headers=BROWSER) as client,
    ):
        yield client, path


def rows(path: Path, count: int) -> list[tuple[str, bool | None]]:
    """The stored questions, once there are so many."""
    until(lambda: path.exists() and len(read_questions(path, KEPT)) >= count)
    return [(row.question, row.found) for row in read_questions(path, KEPT)]


@pytest.mark.parametrize(("said", "found"), [("Yes", True), ("No", False)])
def test_a_reader_s_word_stands_at_the_question(kept: tuple[httpx.Client, Path], said: str, found: bool) -> None:
    client, path = kept
    page = client.get("/", params={"q": QUESTION, "document_id": "harbour"}).text
    (action,) = re.findall(rf'<button class="quiet" formaction="([^"]+)">{said}</button>', page)
    assert rows(path, 1) == [(QUESTION, None)]
    thanks = client.post(unescape(action), content=b"", headers={"content-type": "application/x-www-form-urlencoded"})
    assert thanks.status_code == 200
    assert "Thank you" in thanks.text
    until(lambda: rows(path, 1) == [(QUESTION, found)])


def test_every_way_to_ask_is_kept_once_and_coming_back_is_not_asking(kept: tuple[httpx.Client, Path]) -> None:
    client, path = kept
    answer = client.get("/api/ask", params={"q": QUESTION}).json()
    client.post("/api/ask", json={"question": QUESTION})
    client.get(answer["passages"][0]["citation"]["url"].partition("#")[0], params={"q": QUESTION})
    client.get("/api/ask", params={"q": "?"})
    client.get("/api/ask", params={"q": "last"})
    assert rows(path, 3) == [(QUESTION, None), (QUESTION, None), ("last", None)]


def test_a_word_about_a_question_that_nobody_asked_makes_no_row(kept: tuple[httpx.Client, Path]) -> None:
    client, path = kept
    assert client.post("/feedback?q=never+asked&found=yes").status_code == 200
    client.get("/api/ask", params={"q": "asked"})
    assert rows(path, 1) == [("asked", None)]


@pytest.mark.parametrize("query", ["q=a&found=perhaps", "q=a"])
def test_anything_but_yes_or_no_is_refused(kept: tuple[httpx.Client, Path], query: str) -> None:
    client, _ = kept
    assert client.post(f"/feedback?{query}").status_code == 400
    assert client.get(f"/feedback?{query}").headers["allow"] == "OPTIONS, POST"


def test_a_page_of_another_site_cannot_say_it(kept: tuple[httpx.Client, Path]) -> None:
    client, _ = kept
    reply = client.post("/feedback?q=a&found=yes", headers={"Origin": "https://evil.example"})
    assert reply.status_code == 403


def test_by_default_nothing_is_kept_and_nothing_is_asked(client: httpx.Client, service: FakeService) -> None:
    assert client.post("/feedback?q=a&found=yes").status_code == 404
    assert "what you asked for" not in client.get("/", params={"q": QUESTION}, headers=BROWSER).text
    assert create_app(service, SETTINGS).state.question_log is None
