"""A document's page and API reply name the parts of its file that are not in its text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_service import FakeService

LEFT_OUT = ("3 charts", "without text: page 2", "1 <b>picture</b>")


@pytest.fixture
def told(service: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = replace(service.all_documents["harbour"], left_out=LEFT_OUT)
    monkeypatch.setitem(service.all_documents, "harbour", changed)


@pytest.mark.usefixtures("told")
def test_the_api_and_the_page_of_a_document_tell_what_was_left_out(client):
    assert client.get("/api/documents/harbour").json()["left_out"] == list(LEFT_OUT)
    page = client.get("/documents/harbour").text
    assert "Not in this text, or guessed: " in page
    assert "3 charts; without text: page 2; 1 &lt;b&gt;picture&lt;/b&gt;" in page


def test_a_document_that_was_read_whole_tells_nothing(client):
    assert client.get("/api/documents/slides").json()["left_out"] == []
    assert "Not in this text" not in client.get("/documents/slides").text
