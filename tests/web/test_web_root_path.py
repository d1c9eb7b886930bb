"""Served below a path behind nginx, which removes or keeps the path: every link and asset works."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from html import unescape

import httpx
import pytest
import samples_for_tests
from live_server import serving
from page_elements import Page
from waiting import PATIENCE_S, until

from qa.settings import Settings

ROOT = "/papers/qa"
CONFIGURATION = """
daemon off; master_process off; worker_processes 1;
pid {folder}/pid; error_log {folder}/errors notice;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    proxy_http_version 1.1;
    proxy_set_header Host localhost;
    proxy_set_header X-Forwarded-Proto https;
    server {{
        listen unix:{folder}/taken-away;
        location {root}/ {{ proxy_pass {server}/; }}
    }}
    server {{
        listen unix:{folder}/left;
        location {root}/ {{ proxy_pass {server}; }}
    }}
}}
"""
PAGES = (
    "/",
    "/?q=who+runs+the+harbour+and+the+winter+mooring&documents=harbour",
    "/?q=zebra&documents=harbour",
    "/documents",
    "/documents?query=harbour&q=fees",
    "/documents/harbour?quote=4-11&q=harbour",
    "/docs",
    "/nope",
)


@pytest.fixture(scope="module", params=["taken-away", "left"])
def client(request, tmp_path_factory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("nginx")
    service = samples_for_tests.service()
    with serving(service, Settings(root_path=ROOT)) as address:
        (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, server=address, root=ROOT))
        command = ["nginx", "-p", str(folder), "-e", str(folder / "errors"), "-c", str(folder / "nginx.conf")]
        with subprocess.Popen(command) as nginx:
            try:
                until((folder / request.param).exists)
                transport = httpx.HTTPTransport(uds=str(folder / request.param))
                with httpx.Client(transport=transport, base_url="http://localhost", timeout=PATIENCE_S) as client:
                    yield client
            finally:
                nginx.terminate()
                assert nginx.wait(PATIENCE_S) == 0


@pytest.mark.parametrize("path", PAGES)
def test_every_link_and_asset_of_every_page_leads_somewhere(client, path):
    reply = client.get(ROOT + path, headers={"accept": "text/html"})
    assert reply.status_code == (404 if path == "/nope" else 200)
    page = Page(reply.text)
    assert page.elements[0] == ("html", {"lang": "en", "data-root": ROOT})
    addresses = {
        attributes.get(name) or ""
        for tag, attributes in page.elements
        for name in ("href", "src", "action", "cite")
        if attributes.get(name) and not (attributes[name] or "").startswith(("#", "https://example.org"))
    }
    assert len(addresses) > 4
    for address in addresses:
        assert address.startswith(f"{ROOT}/"), address
        assert client.get(address).status_code == 200, address
    assert re.findall(rf"https?://localhost(?!{ROOT}(?:/|\b))[^\s\"<]*", unescape(reply.text)) == []


def test_the_api_its_description_and_redirects_are_below_the_path_too(client):
    answer = client.get(f"{ROOT}/api/ask?q=harbour+master").json()
    assert answer["verdict"] == "answered"
    assert answer["passages"] == client.post(f"{ROOT}/api/ask", json={"question": "harbour master"}).json()["passages"]
    for passage in answer["passages"]:
        url = passage["citation"]["url"]
        assert url.startswith(f"{ROOT}/documents/")
        assert "<mark" in client.get(url, headers={"accept": "text/html"}).text
    assert [server["url"] for server in client.get(f"{ROOT}/openapi.json").json()["servers"]] == [ROOT]
    assert client.get(f"{ROOT}/api/nope").json()["error"]["code"] == "not_found"
    assert client.get(f"{ROOT}/static/style.css").headers["content-type"].startswith("text/css")
    search = client.get(f"{ROOT}/opensearch.xml").text
    assert f'template="https://localhost{ROOT}/?q={{searchTerms}}"' in search


def test_a_question_that_cannot_be_asked_is_a_page_below_the_path(client):
    reply = client.get(f"{ROOT}/?q={'x' * 3000}", headers={"accept": "text/html"})
    assert reply.status_code == 400
    assert f'action="{ROOT}/"' in reply.text


def test_without_a_root_path_the_path_is_unknown():
    with serving(samples_for_tests.service()) as address:
        assert httpx.get(f"{address}{ROOT}/documents").status_code == 404
