"""Old links with a former id of a document."""

from __future__ import annotations

import asyncio
from hashlib import sha256

import httpx
import pytest
from workshop import Workshop

from qa.cli.open_service import open_service
from qa.web.app import create_app

TEXTS = {
    "fees.md": "The fee is four crowns.",
    "map.html": "<p>The map shows the pier.",
    "map.md": "A pier.",
    "toll.md": "The toll is due.",
    "toll.txt": "The toll of old.",
}


@pytest.fixture(scope="module")
def get(tmp_path_factory):
    shop = Workshop(tmp_path_factory.mktemp("former"), TEXTS)
    shop.build()
    service = open_service(shop.settings, shop.encoder)
    app = create_app(service, shop.settings)

    def get(target: str, **options) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.get(target, **options)

        return asyncio.run(once())

    yield get
    service.close()


@pytest.mark.parametrize("former", ["fees", f"fees-{sha256(b'fees.md').hexdigest()[:8]}"])
def test_a_former_id_leads_on_with_the_quote(get, former):
    reply = get(f"/documents/{former}?quote=0-23-0123456789ab&q=who%20pays%3F+%C3%A9")
    assert reply.status_code == 308
    assert reply.headers["location"] == "/documents/fees.md?quote=0-23-0123456789ab&q=who%20pays%3F+%C3%A9"
    assert reply.headers["cache-control"] == "no-cache"
    assert get(f"/documents/{former}", follow_redirects=True).status_code == 200
    reply = get(f"/api/documents/{former}")
    assert (reply.status_code, reply.headers["location"]) == (308, "/api/documents/fees.md")
    assert get(f"/api/documents/{former}", follow_redirects=True).json()["source"] == "fees.md"
    assert get(f"/documents/{former}/original").content == TEXTS["fees.md"].encode()


def test_an_id_of_today_leads_nowhere_else(get):
    assert get("/api/documents/toll").json()["source"] == "toll.txt"
    assert get("/api/documents/toll.md").json()["source"] == "toll.md"
    assert get("/documents/toll").status_code == 200


@pytest.mark.parametrize("target", ["/documents/map", "/api/documents/map", "/documents/map/original",
                                    "/api/ask?q=pier&document_id=map"])  # fmt: skip
def test_a_former_id_of_several_is_not_found_and_names_them(get, target):
    reply = get(target)
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "unknown_document")
    assert "map.html, map.md" in reply.json()["error"]["message"]


def test_a_filter_takes_a_former_id(get):
    reply = get("/api/ask?q=what+is+the+fee&document_id=fees")
    assert {quote["citation"]["document_id"] for quote in reply.json()["passages"]} == {"fees.md"}


def test_a_page_shows_which_document_a_former_id_asks_only(get):
    shown, other = (get(f"/?document_id={each}", headers={"Accept": "text/html"}).text for each in ("fees", "nope"))
    only = f'Only in <span dir="auto">{TEXTS["fees.md"]}'
    assert only in shown
    assert only not in other
