"""Every reply has an id, which is also in each of its log lines."""

from __future__ import annotations

import json
import logging
import re
import socket

import httpx
import pytest
from fake_service import FakeService
from waiting import PATIENCE_S

from qa.cli.log_form import LineFormatter
from qa.web.request_ids import current_ids, trace_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "path", ["/api/ask?q=harbour", "/api/ask", "/", "/documents/nowhere", "/healthz", "/static/style.css", "/nowhere"]
)
def test_every_reply_has_an_id_of_its_own(client: httpx.Client, path: str) -> None:
    ids = [client.get(path).headers["x-request-id"] for _ in range(2)]
    assert all(re.fullmatch("[0-9a-f]{16}", each) for each in ids)
    assert ids[0] != ids[1]


def test_a_reply_to_a_broken_head_has_one_too(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as connection:
        connection.sendall(b"NONSENSE\r\n\r\n")
        assert re.search(rb"\r\nx-request-id: [0-9a-f]{16}\r\n", connection.makefile("rb").read())


@pytest.mark.parametrize(("given", "trace"), [({"traceparent": PARENT}, TRACE), ({}, None)])
def test_what_is_logged_for_a_request_has_its_ids(
    client: httpx.Client, service: FakeService, caplog: pytest.LogCaptureFixture, given: dict[str, str], trace: str
) -> None:
    logged: list[dict[str, str]] = []
    formatter = LineFormatter("json", current_ids)
    handler = logging.Handler()
    handler.emit = lambda record: logged.append(json.loads(formatter.format(record)))
    logging.getLogger("qa").addHandler(handler)
    try:
        service.trouble = ValueError("unforeseen")
        reply = client.get("/api/ask?q=harbour", headers=given)
    finally:
        logging.getLogger("qa").removeHandler(handler)
    assert reply.status_code == 500
    (entry,) = logged
    assert entry["request"] == reply.headers["x-request-id"]
    assert entry.get("trace") == trace
    assert "harbour" not in json.dumps(entry), "no question is logged"


def test_what_is_logged_in_a_worker_s_thread_has_them_too(
    client: httpx.Client, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(service, "ready", lambda: seen.append(dict(current_ids())))
    reply = client.get("/readyz")
    assert seen == [{"request": reply.headers["x-request-id"]}]


@pytest.mark.parametrize(
    "header",
    [
        "",
        PARENT.upper(),
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"{PARENT}-more",
        f"00-{TRACE}-00f067aa0ba902b7",
        f"00-{TRACE[1:]}-00f067aa0ba902b7-01",
        f"{PARENT}\n",
    ],
)
def test_a_traceparent_that_is_not_valid_is_ignored(header: str) -> None:
    assert trace_of(header) is None


def test_a_later_version_may_have_further_fields() -> None:
    assert trace_of(f"01-{TRACE}-00f067aa0ba902b7-01-what-comes") == TRACE
