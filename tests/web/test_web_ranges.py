"""Originals in parts, and under conditions (RFC 9110, sections 13 and 14), by raw requests over a socket."""

from __future__ import annotations

from hashlib import sha256

import httpx
import pytest
import samples_for_tests
from fake_service import FakeService, make_document
from live_server import serving
from waiting import PATIENCE_S

from qa.records import BlockKind

CONTENT = "".join(f"{number:06}\n" for number in range(30_000))  # more than three pieces
SIZE = len(CONTENT)
ETAG = f'"{sha256(CONTENT.encode()).hexdigest()}"'


@pytest.fixture(scope="module")
def client():
    service = FakeService({"long": make_document("long", [(BlockKind.PARAGRAPH, CONTENT)])})
    with serving(service) as address, httpx.Client(base_url=address, timeout=PATIENCE_S) as client:
        yield client


def get(client, *headers, method="GET"):
    return client.request(method, "/documents/long/original", headers=headers)


RANGES = {
    "bytes=0-0": (0, 1),
    "bytes=0-": (0, SIZE),
    "bytes=7-13": (7, 14),
    "BYTES=7-13": (7, 14),
    "bytes=65530-65550": (65530, 65551),
    f"bytes=0-{SIZE - 1}": (0, SIZE),
    f"bytes=0-{SIZE}": (0, SIZE),
    f"bytes={SIZE - 1}-": (SIZE - 1, SIZE),
    f"bytes=5-{10**30}": (5, SIZE),
    "bytes=0005-0006": (5, 7),
    "bytes=-1": (SIZE - 1, SIZE),
    "bytes=-100": (SIZE - 100, SIZE),
    f"bytes=-{SIZE}": (0, SIZE),
    "bytes=-" + "9" * 5000: (0, SIZE),
}


@pytest.mark.parametrize("asked", RANGES, ids=[name[:30] for name in RANGES])
def test_a_range_is_exactly_those_bytes(client, asked):
    start, stop = RANGES[asked]
    reply = get(client, ("Range", asked))
    assert (reply.status_code, reply.text) == (206, CONTENT[start:stop])
    assert reply.headers["content-range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert reply.headers["content-length"] == str(stop - start)
    assert (reply.headers["etag"], reply.headers["accept-ranges"]) == (ETAG, "bytes")
    assert reply.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={10**20}-", f"bytes={SIZE}-{SIZE + 5}", "bytes=-0"])
def test_a_range_that_the_file_has_none_of_is_refused_with_its_size(client, asked):
    reply = get(client, ("Range", asked))
    assert (reply.status_code, reply.headers["content-range"]) == (416, f"bytes */{SIZE}")
    assert reply.json()["error"]["code"] == "range_not_satisfiable"


IGNORED = ["bytes=5-4", "bytes=-", "bytes=", "bytes", "", "lines=1-2", "bytes=a-b", "bytes=1-2,4-5", "bytes=0-0,",
           "bytes 0-5", "bytes=0-5-7", "bytes=+1-5", "bytes=--5", "bytes=1.5-3", "bytes=0x1-5",
           "bytes=\u00b2-5"]  # fmt: skip


@pytest.mark.parametrize("asked", IGNORED)
def test_what_is_no_single_range_is_ignored(client, asked):
    reply = get(client, (b"Range", asked.encode("latin-1")))
    assert (reply.status_code, len(reply.content)) == (200, SIZE)
    assert "content-range" not in reply.headers


def test_two_range_headers_are_ignored(client):
    assert get(client, ("Range", "bytes=0-1"), ("Range", "bytes=3-4")).status_code == 200


OTHER = '"other"'
CONDITIONS = [
    ([("If-Range", ETAG), ("Range", "bytes=0-6")], 206),
    ([("If-Range", f"W/{ETAG}"), ("Range", "bytes=0-6")], 200),
    ([("If-Range", OTHER), ("Range", "bytes=0-6")], 200),
    ([("If-Range", OTHER), ("Range", f"bytes={SIZE}-")], 200),
    ([("If-Range", "Sat, 29 Nov 2025 12:00:00 GMT"), ("Range", "bytes=0-6")], 200),
    ([("If-Range", ETAG)], 200),
    ([("If-None-Match", ETAG)], 304),
    ([("If-None-Match", f"W/{ETAG}")], 304),
    ([("If-None-Match", f"{OTHER}, {ETAG}")], 304),
    ([("If-None-Match", OTHER), ("If-None-Match", ETAG)], 304),
    ([("If-None-Match", "*")], 304),
    ([("If-None-Match", OTHER)], 200),
    ([("If-None-Match", ETAG.strip('"'))], 200),
    ([("If-None-Match", "")], 200),
    ([("If-None-Match", ETAG), ("Range", f"bytes={SIZE}-")], 304),
    ([("If-None-Match", OTHER), ("Range", "bytes=0-6")], 206),
    ([("If-Match", ETAG)], 200),
    ([("If-Match", f"{OTHER}, {ETAG}")], 200),
    ([("If-Match", "*")], 200),
    ([("If-Match", OTHER)], 412),
    ([("If-Match", f"W/{ETAG}")], 412),
    ([("If-Match", OTHER), ("If-None-Match", ETAG)], 412),
    ([("If-Match", ETAG), ("Range", "bytes=0-6")], 206),
    ([("If-Modified-Since", "Sat, 29 Nov 2070 12:00:00 GMT")], 200),
]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("headers", "status"), CONDITIONS)
def test_conditions_are_looked_at_in_their_order(client, headers, status, method):
    reply = get(client, *headers, method=method)
    if method == "HEAD" and status == 206:
        status = 200  # no range is defined for it
    assert reply.status_code == status
    if status in (200, 206, 304):
        assert reply.headers["etag"] == ETAG
    if status == 304 or method == "HEAD":
        assert reply.content == b""
    if status == 304:
        assert "content-length" not in reply.headers
        assert reply.headers["cache-control"] == "private, no-cache"
    if method == "HEAD" and status == 200:
        assert reply.headers["content-length"] == str(SIZE)
    if status == 412 and method == "GET":
        assert reply.json()["error"]["code"] == "precondition_failed"


def test_a_download_goes_on_where_it_broke_off(client):
    got = get(client, ("Range", "bytes=0-99999")).content
    rest = get(client, ("Range", f"bytes={len(got)}-"), ("If-Range", ETAG))
    assert (rest.status_code, got + rest.content) == (206, CONTENT.encode())


def test_other_addresses_take_no_ranges():
    with serving(samples_for_tests.service()) as address:
        reply = httpx.get(f"{address}/documents/harbour", headers={"Range": "bytes=0-6"}, timeout=PATIENCE_S)
    assert reply.status_code == 200
    assert "accept-ranges" not in reply.headers
