"""Limits on requests, and the errors beyond them. The service here answers when a test allows it."""

from __future__ import annotations

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace

import httpx
import pytest
import samples_for_tests
from clocked import clocked
from gate import Gate
from live_server import serving
from starlette.requests import Request
from waiting import PATIENCE_S, until

from qa.errors import TooManyRequests
from qa.settings import Settings
from qa.web.api import routes as api
from qa.web.limits.rate_limit import Allowance
from qa.web.limits.workers import THREADS
from qa.web.pages import routes as pages

BROWSER = {"accept": "text/html"}


@contextmanager
def busy(**settings):
    """A server whose threads all wait at the gate, with the clients' pending replies and its connections' clock."""
    gate = Gate()
    settings = {"answer_seconds": PATIENCE_S, "queue": THREADS + 100, **settings}
    with (
        clocked(gate, settings=Settings(**settings)) as (address, clock),
        httpx.Client(base_url=address, timeout=PATIENCE_S, limits=httpx.Limits(max_connections=None)) as client,
        ThreadPoolExecutor(THREADS) as pool,
    ):
        replies = [pool.submit(client.get, "/api/ask", params={"q": f"harbour {number}"}) for number in range(THREADS)]
        try:
            gate.wait_until_every_thread_is_taken()
            yield gate, client, replies, clock
        finally:
            gate.open()


def error_of(reply):
    assert set(reply.json()["error"]) == {"code", "message"}
    return reply.json()["error"]["code"]


def test_beyond_the_queue_the_next_is_told_at_once_and_those_taken_on_are_answered():
    with busy(queue=THREADS) as (gate, client, replies, _):
        refused = client.get("/api/documents")
        assert (refused.status_code, error_of(refused)) == (503, "overloaded")
        assert int(refused.headers["retry-after"]) > 0
        assert refused.headers["x-content-type-options"] == "nosniff"
        page = client.get("/", headers=BROWSER)
        assert page.status_code == 503
        assert "<h1>Too busy just now</h1>" in page.text
        # Neither of these waits in the queue.
        assert client.get("/healthz").status_code == 200
        assert client.get("/static/style.css").status_code == 200
        gate.open()
        assert {reply.result().status_code for reply in replies} == {200}
        assert client.get("/api/documents").status_code == 200


def test_no_more_questions_are_worked_on_at_once_than_there_are_cores():
    with busy() as (gate, client, replies, clock), ThreadPoolExecutor(1) as pool:
        heard_bytes = clock.heard_bytes
        waiting = pool.submit(client.get, "/api/ask?q=waiting")
        clock.wait_until_heard(heard_bytes + 1)
        clock.settle()
        assert len(gate.asked) == max(2, os.cpu_count())
        gate.open()
        assert {reply.result().status_code for reply in (waiting, *replies)} == {200}


def test_a_client_that_waits_too_long_is_told_and_a_call_that_had_not_begun_never_begins():
    gate = Gate()
    settings = Settings(answer_seconds=0.1, queue=THREADS + 100)
    with serving(gate, settings) as address, httpx.Client(base_url=address, timeout=PATIENCE_S) as client:
        try:
            replies = []
            while len(gate.asked) < THREADS:  # on a busy machine some get an error before a thread starts them
                replies.append(client.get("/api/ask?q=harbour"))
            replies.append(client.get("/api/ask?q=late"))
        finally:
            gate.open()
        for late in replies:
            assert (late.status_code, error_of(late)) == (503, "took_too_long")
            assert int(late.headers["retry-after"]) > 0
        until(lambda: client.get("/api/ask?q=next").status_code == 200)
    assert "late" not in gate.asked


def test_a_client_that_hangs_up_gives_its_place_to_the_next():
    gone = b"GET /api/ask?q=gone HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with busy(queue=THREADS + 1) as (gate, client, replies, clock), ThreadPoolExecutor(1) as pool:
        with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
            heard_bytes = clock.heard_bytes
            connection.sendall(gone)
            clock.wait_until_heard(heard_bytes + len(gone))
            clock.settle()
            assert client.get("/api/documents").status_code == 503
        clock.wait_until_lost(1)
        clock.settle()
        next_reply = pool.submit(client.get, "/api/documents")
        gate.open()
        assert {reply.result().status_code for reply in (next_reply, *replies)} == {200}
    assert "gone" not in gate.asked


def test_an_address_that_asks_too_often_is_told_when_to_come_back(monkeypatch):
    monkeypatch.setattr("qa.web.limits.rate_limit.time", SimpleNamespace(monotonic=lambda: 1000.0))
    settings = Settings(questions_per_minute=3)
    with (
        serving(samples_for_tests.service(), settings) as address,
        httpx.Client(base_url=address, timeout=PATIENCE_S) as client,
    ):
        for target in ("/api/ask?q=harbour", "/?q=harbour", "/?q=", "/documents/harbour?q=harbour&quote=0-4"):
            assert client.get(target).status_code == 200
        refused = client.post("/api/ask", json={"question": "harbour"})
        assert (refused.status_code, error_of(refused)) == (429, "too_many_requests")
        assert refused.headers["retry-after"] == "20"  # 60 s / 3
        page = client.get("/?q=harbour", headers=BROWSER)
        assert page.status_code == 429
        assert "<h1>Too many questions</h1>" in page.text
        for target in ("/", "/healthz", "/readyz", "/static/style.css", "/favicon.ico", "/opensearch.xml"):
            assert client.get(target).status_code == 200


# Replies from memory, and routes that must always answer.
_FREE = {"/", "/healthz", "/readyz", "/static/{name}", "/favicon.ico", "/opensearch.xml"}


def test_every_address_that_costs_work_counts():
    routes = [*api.router.routes, *pages.router.routes]
    paths = {route.path for route in routes if "GET" in route.methods}
    assert paths > _FREE
    for path in sorted(paths - _FREE):
        target = path.replace("{document_id}", "harbour") + ("?q=harbour" if path == "/api/ask" else "")
        with serving(samples_for_tests.service(), Settings(questions_per_minute=1)) as address:
            seen = [httpx.get(address + target).status_code for _ in range(12)]
        assert seen[0] in (200, 404), path
        assert 429 in seen, path  # not the last one: the allowance grows while a busy machine answers


def test_a_document_costs_as_much_as_a_question_and_a_list_a_tenth():
    settings = Settings(questions_per_minute=2)
    with serving(samples_for_tests.service(), settings) as address, httpx.Client(base_url=address) as client:
        assert client.get("/api/documents/harbour").status_code == 200
        for _ in range(5):
            assert client.get("/api/index").status_code == 200
        assert client.get("/documents/harbour?quote=0-4").status_code == 429
        assert client.get("/api/index").status_code == 200


def test_a_bucket_grows_back_and_each_address_has_its_own(monkeypatch):
    now = 1000.0
    monkeypatch.setattr("qa.web.limits.rate_limit.time", SimpleNamespace(monotonic=lambda: now))
    allowance = Allowance(2)

    def may(host):
        try:
            allowance.take(Request({"type": "http", "client": (host, 1)}))
        except TooManyRequests as error:
            return error.wait_s
        return True

    assert [may("10.0.0.1") for _ in range(3)] == [True, True, 30]  # 60 s / 2
    now += 15
    assert may("10.0.0.1") == 15
    now += 15
    assert [may("10.0.0.1"), may("10.0.0.1"), may("10.0.0.2")] == [True, 30, True]
    now += 3600  # at most the questions of one minute accumulate
    assert [may("10.0.0.1") for _ in range(3)] == [True, True, 30]
    assert [may("2001:db8::1"), may("2001:db8::2"), may("2001:db8:0:0:1::3")] == [True, True, 30]
    assert [may("2001:db8:0:1::1"), may("no:address"), may("")] == [True, True, True]


def test_the_addresses_remembered_are_bounded(monkeypatch):
    monkeypatch.setattr("qa.web.limits.rate_limit.MOST_ADDRESSES", 10)
    allowance = Allowance(1)

    def ask(number):
        allowance.take(Request({"type": "http", "client": (f"10.0.0.{number}", 1)}))

    for number in range(11):
        ask(number)
    with pytest.raises(TooManyRequests):
        ask(1)
    ask(0)  # it was removed, and starts again


ORIGIN = {"origin": "https://intranet.example"}


@pytest.fixture(scope="module")
def shared():
    """A client of a server that pages of one other origin may ask."""
    settings = Settings(cors_origins=("https://intranet.example",), admin_token="a-token-for-the-tests")
    with (
        serving(samples_for_tests.service(), settings) as address,
        httpx.Client(base_url=address, timeout=PATIENCE_S) as client,
    ):
        yield client


@pytest.mark.parametrize(
    ("method", "target", "options", "status"),
    [
        ("GET", "/api/ask?q=harbour", {}, 200),
        ("POST", "/api/ask", {"json": {"question": "harbour"}}, 200),
        ("POST", "/api/ask", {"content": b"x"}, 415),
        ("GET", "/api/ask?q=", {}, 400),
        ("GET", "/api/ask?q=%ff", {}, 400),
        ("GET", "/api/documents/nope", {}, 404),
    ],
)
def test_a_page_of_a_named_origin_may_ask_and_read_even_errors(shared, method, target, options, status):
    reply = shared.request(method, target, headers=ORIGIN, **options)
    assert reply.status_code == status
    assert reply.headers["access-control-allow-origin"] == ORIGIN["origin"]
    assert "origin" in reply.headers["vary"].lower()
    assert "access-control-allow-credentials" not in reply.headers
    other = shared.request(method, target, headers={"origin": "https://attacker.example"}, **options)
    assert not [name for name in other.headers if name.startswith("access-control-")]
    assert other.status_code == (status if method == "GET" else 403)


@pytest.mark.parametrize(("target", "methods"), [("/api/ask", "GET, POST"), ("/api/documents/harbour", "GET")])
def test_a_preflight_tells_what_a_page_may_send(shared, target, methods):
    asks = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    reply = shared.options(target, headers=ORIGIN | asks)
    assert (reply.status_code, reply.content) == (204, b"")
    assert reply.headers["access-control-allow-methods"] == methods
    assert reply.headers["access-control-allow-headers"] == "content-type"
    assert reply.headers["access-control-allow-origin"] == ORIGIN["origin"]
    assert reply.headers["x-content-type-options"] == "nosniff"
    other = shared.options(target, headers={"origin": "https://attacker.example"} | asks)
    assert other.status_code == 403


@pytest.mark.parametrize(("method", "target"), [("PUT", "/api/documents/a.txt"), ("DELETE", "/api/documents/a.txt"),
                                                ("POST", "/api/index/rebuild")])  # fmt: skip
def test_what_changes_the_documents_stays_closed_to_other_origins(shared, method, target):
    reply = shared.request(method, target, headers=ORIGIN | {"authorization": "Bearer a token"})
    assert (reply.status_code, error_of(reply)) == (403, "origin_not_allowed")


def test_pages_are_never_shared(shared):
    assert "access-control-allow-origin" not in shared.get("/", headers=ORIGIN).headers
