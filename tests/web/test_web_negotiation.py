"""Negotiation by headers and names: content coding, entity tags, methods, and parameters."""

from __future__ import annotations

import gzip
import json

import httpx
import pytest
import samples_for_tests
from live_server import SETTINGS, serving
from waiting import PATIENCE_S

from qa.web.api.compression import takes_gzip

QUESTION = "who is the harbour master"
LARGE = ("/api/ask?q=harbour+master&k=20", "/api/documents", "/api/documents/harbour", "/openapi.json", "/", "/docs",
         "/static/style.css", "/static/page.js")  # fmt: skip


@pytest.fixture
def raw(address):
    """A client that sends no Accept-Encoding by itself and decodes nothing."""
    with httpx.Client(base_url=address, timeout=PATIENCE_S, headers={"accept-encoding": ""}) as client:
        yield client


def body_of(client: httpx.Client, path: str, **headers: str) -> tuple[httpx.Response, bytes]:
    with client.stream("GET", path, headers={"accept": "text/html, */*", **headers}) as reply:
        return reply, b"".join(reply.iter_raw())


# Compression


@pytest.mark.parametrize("path", LARGE)
def test_a_large_reply_is_sent_in_gzip_to_who_takes_it(raw, path):
    plain_reply, plain = body_of(raw, path)
    packed_reply, packed = body_of(raw, path, **{"accept-encoding": "gzip"})
    assert "content-encoding" not in plain_reply.headers
    if len(plain) >= 1000:
        assert packed_reply.headers["content-encoding"] == "gzip"
        assert int(packed_reply.headers["content-length"]) == len(packed) < len(plain)
        assert plain_reply.headers["vary"] == packed_reply.headers["vary"] == "accept-encoding"
        unpacked = gzip.decompress(packed)
        assert unpacked == plain or path.startswith("/api/ask")  # whose time differs
        if path.startswith("/api/ask"):
            assert json.loads(unpacked)["passages"] == json.loads(plain)["passages"]
    else:
        assert packed == plain or path.startswith("/api/ask")


def test_most_of_those_are_large(raw):
    assert sum(len(body_of(raw, path)[1]) >= 1000 for path in LARGE) >= 6
    assert "vary" not in body_of(raw, "/static/icon.svg")[0].headers, "it is small"


@pytest.mark.parametrize(
    ("accepted", "taken"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("br, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("*", True),
        ("*;q=0", False),
        ("*, gzip;q=0", False),
        ("identity", False),
        ("deflate, br", False),
        ("gzip;q=.", False),
        ("gzip;level=9", False),
        (",, ;", False),
    ],
)
def test_a_coding_is_taken_as_the_header_says(accepted, taken):
    assert takes_gzip(accepted) == taken


def test_an_original_is_sent_as_it_is_with_its_ranges(raw):
    for path in ("/api/files/harbour.txt", "/documents/harbour/original"):
        reply, whole = body_of(raw, path, **{"accept-encoding": "gzip"})
        assert "content-encoding" not in reply.headers
        part, few = body_of(raw, path, **{"accept-encoding": "gzip", "range": "bytes=4-9"})
        assert (part.status_code, few) == (206, whole[4:10])


def test_what_a_reply_varies_by_stands_in_one_header():
    settings = SETTINGS.model_copy(update={"cors_origins": ("https://intranet.example",)})
    with serving(samples_for_tests.service(), settings) as address:
        reply = httpx.get(
            f"{address}/api/documents/harbour", headers={"origin": "https://intranet.example"}, timeout=PATIENCE_S
        )
    assert reply.headers.get_list("vary") == ["accept-encoding, origin"]


# Entity tags


@pytest.mark.parametrize("path", ["/api/documents", "/api/documents/harbour", "/openapi.json"])
def test_who_has_a_reply_is_told_that_it_is_the_same(client, path):
    first = client.get(path)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = client.get(path, headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200
    assert client.head(path).headers["etag"] == tag


def test_other_documents_and_other_lists_have_other_tags(client):
    paths = ("/api/documents", "/api/documents?limit=1", "/api/documents/harbour", "/api/documents/slides")
    assert len({client.get(path).headers["etag"] for path in paths}) == len(paths)


def test_an_original_has_the_tag_of_its_bytes(client):
    reply = client.get("/api/files/harbour.txt")
    assert client.get("/api/files/harbour.txt", headers={"if-none-match": reply.headers["etag"]}).status_code == 304
    assert reply.content == client.get("/documents/harbour/original").content


# Methods


@pytest.mark.parametrize(
    "path",
    ["/api/ask", "/api/documents", "/api/documents/harbour", "/api/files/harbour.txt", "/api/index",
     "/healthz", "/openapi.json", "/", "/documents", "/docs"],
)  # fmt: skip
def test_options_names_the_methods_and_nothing_else(client, path):
    reply = client.options(path)
    assert (reply.status_code, reply.content) == (204, b"")
    allowed = reply.headers["allow"].split(", ")
    assert {"GET", "HEAD", "OPTIONS"} <= set(allowed)
    assert ("POST" in allowed) == (path == "/api/ask")


def test_options_of_nothing_is_not_found(client):
    assert client.options("/api/nothing").status_code == 404


@pytest.mark.parametrize("path", ["/api/ask?q=harbour", "/api/documents", "/api/documents/harbour", "/api/index"])
def test_head_is_answered_everywhere(client, path):
    reply = client.head(path)
    assert (reply.status_code, reply.content) == (200, b"")


# Names of the question


def test_a_question_has_two_names_in_both_ways(client):
    answers = [
        client.get("/api/ask", params={"q": QUESTION}),
        client.get("/api/ask", params={"question": QUESTION}),
        client.post("/api/ask", json={"question": QUESTION}),
        client.post("/api/ask", json={"q": QUESTION}),
    ]
    assert [reply.status_code for reply in answers] == [200] * 4
    assert all(reply.json() == answers[0].json() for reply in answers)


def test_a_question_is_given_once(client):
    for reply in (
        client.get("/api/ask", params={"q": "a", "question": "b"}),
        client.post("/api/ask", json={"q": "a", "question": "b"}),
    ):
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalid_request")
    assert "q is missing" in client.get("/api/ask").json()["error"]["message"]
    assert "question is missing" in client.post("/api/ask", json={}).json()["error"]["message"]


def test_the_description_names_the_path_that_a_proxy_serves_it_below():
    with serving(samples_for_tests.service(), SETTINGS.model_copy(update={"root_path": "/qa"})) as address:
        below = httpx.get(f"{address}/openapi.json", timeout=PATIENCE_S)
    assert below.json()["servers"][0]["url"] == "/qa"


def test_the_description_names_the_root_where_there_is_no_proxy(client):
    assert client.get("/openapi.json").json()["servers"][0]["url"] == "/"
