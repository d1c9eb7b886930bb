from __future__ import annotations

import logging
import socket

import httpx
import pytest
from fake_service import FakeService
from waiting import PATIENCE_S

import qa.errors
from qa.errors import BuildRunning, DamagedSnapshot, NoIndex, OperatingError, QAError
from qa.web.errors import STATUS, status_of
from qa.web.limits.guard import CONTENT_SECURITY_POLICY

JSON = {"content-type": "application/json"}
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PAGES = ("/", "/?q=harbour+master", "/documents", "/documents/harbour", "/documents/harbour/original")
NEEDS_INDEX = ("/api/ask?q=harbour", "/api/documents", "/api/documents/harbour", "/api/index", "/readyz", *PAGES)

# method, address, headers, body, status, code, words of the message
CASES = [
    ("GET", "/api/ask", {}, None, 400, "invalid_request", "q is missing"),
    ("GET", "/api/ask?q=", {}, None, 400, "invalid_question", "empty"),
    ("GET", "/api/ask?q=%20%20", {}, None, 400, "invalid_question", "empty"),
    ("GET", "/api/ask?q=" + "x" * 201, {}, None, 400, "question_too_long", "200"),
    ("GET", "/api/ask?q=x&k=0", {}, None, 400, "invalid_request", "k: "),
    ("GET", "/api/ask?q=x&k=51", {}, None, 400, "invalid_request", "less than or equal to 50"),
    ("GET", "/api/ask?q=x&k=five", {}, None, 400, "invalid_request", "k: "),
    ("GET", "/api/ask?q=x&k=", {}, None, 400, "invalid_request", "k: "),
    ("GET", "/api/ask?q=x&limit=3", {}, None, 400, "invalid_request", "limit is not a parameter"),
    ("GET", "/api/ask?q=x&q=y", {}, None, 400, "invalid_request", "q is given more than once"),
    ("GET", "/api/ask?q=%ff%fe", {}, None, 400, "invalid_request", "UTF-8"),
    (
        "GET",
        "/api/ask?q=x&date_from=yesterday",
        {},
        None,
        400,
        "invalid_request",
        "date_from is 'yesterday'; write a day",
    ),
    (
        "GET",
        "/api/ask?q=x&date_from=2022-02-30",
        {},
        None,
        400,
        "invalid_request",
        "'2022-02-30'; write a day of the calendar",
    ),
    (
        "GET",
        "/api/ask?q=x&date_from=2022-02-02&date_to=2021-01-01",
        {},
        None,
        400,
        "invalid_request",
        "2022-02-02, is after the last",
    ),
    ("GET", "/api/ask?q=x&question=x", {}, None, 400, "invalid_request", "two names of one parameter; give one"),
    ("POST", "/api/ask", JSON, b'{"question": "x", "q": "x"}', 400, "invalid_request", "two names of one parameter"),
    ("GET", "/api/ask?q=x&document_id=nope", {}, None, 404, "unknown_document", "nope"),
    ("POST", "/api/ask", JSON, b"", 400, "invalid_request", "body is missing"),
    ("POST", "/api/ask", JSON, b"{", 400, "invalid_request", "not JSON"),
    ("POST", "/api/ask", JSON, b"[]", 400, "invalid_request", "body is not a JSON object"),
    ("POST", "/api/ask", JSON, b'{"question": "x", "filters": 5}', 400, "invalid_request", "filters is not a JSON"),
    ("POST", "/api/ask", JSON, b"null", 400, "invalid_request", "body"),
    ("POST", "/api/ask", JSON, b'{"question": "\xff"}', 400, "invalid_request", "UTF-8"),
    ("POST", "/api/ask", JSON, b'{"question": "\\ud800"}', 400, "invalid_question", ""),
    ("POST", "/api/ask", JSON, b'{"question": 7}', 400, "invalid_request", "question: "),
    ("POST", "/api/ask", JSON, b'{"question": "x", "k": "5"}', 400, "invalid_request", "k: "),
    ("POST", "/api/ask", JSON, b'{"question": "x", "k": true}', 400, "invalid_request", "k: "),
    ("POST", "/api/ask", JSON, b'{"question": "x", "top": 5}', 400, "invalid_request", "top is not a parameter"),
    ("POST", "/api/ask", JSON, b'{"question": "x", "filters": {"a": 1}}', 400, "invalid_request", "filters.a is not"),
    (
        "POST",
        "/api/ask",
        JSON,
        b'{"question": "x", "filters": {"document_ids": ["\\ud800"]}}',
        400,
        "invalid_request",
        "",
    ),
    ("POST", "/api/ask?k=3", JSON, b'{"question": "x"}', 400, "invalid_request", "it takes none"),
    ("POST", "/api/ask", {}, b'{"question": "x"}', 415, "unsupported_media_type", "application/json"),
    ("POST", "/api/ask", {"content-type": "text/plain"}, b"x", 415, "unsupported_media_type", "application/json"),
    ("POST", "/api/ask", JSON, b" " * 200_000, 413, "request_too_large", "larger"),
    ("POST", "/api/ask", JSON, b"[" * 60_000, 400, "invalid_request", ""),
    ("PUT", "/api/ask", {}, None, 405, "method_not_allowed", "Allow"),
    ("POST", "/api/documents", {}, None, 405, "method_not_allowed", "Allow"),
    ("DELETE", "/api/documents/harbour", {}, None, 405, "method_not_allowed", "Allow"),
    ("POST", "/healthz", {}, None, 405, "method_not_allowed", "Allow"),
    ("POST", "/", {}, None, 405, "method_not_allowed", "Allow"),
    ("POST", "/openapi.json", {}, None, 405, "method_not_allowed", "Allow"),
    ("GET", "/api/documents?page=2", {}, None, 400, "invalid_request", "page is not a parameter"),
    ("GET", "/api/documents/nope", {}, None, 404, "unknown_document", "nope"),
    ("GET", "/api/documents/harbour?x=1", {}, None, 400, "invalid_request", "x is not a parameter"),
    ("GET", "/api/index?x=1", {}, None, 400, "invalid_request", "x is not a parameter"),
    ("GET", "/healthz?x=1", {}, None, 400, "invalid_request", "x is not a parameter"),
    ("GET", "/readyz?x=1", {}, None, 400, "invalid_request", "x is not a parameter"),
    ("GET", "/openapi.json?x=%ff", {}, None, 400, "invalid_request", "UTF-8"),
    ("GET", "/docs?x=%ff", {}, None, 400, "invalid_request", "UTF-8"),
    ("GET", "/opensearch.xml?x=%ff", {}, None, 400, "invalid_request", "UTF-8"),
    ("GET", "/favicon.ico?x=%ff", {}, None, 400, "invalid_request", "UTF-8"),
    ("GET", "/api", {}, None, 404, "not_found", "/docs"),
    ("GET", "/api/", {}, None, 404, "not_found", "/docs"),
    ("GET", "/api/documents/", {}, None, 404, "", ""),
    ("GET", "/api/documents/a/b", {}, None, 404, "not_found", "/docs"),
    ("GET", "/api/documents/..%2F..%2Fetc%2Fpasswd", {}, None, 404, "", ""),
    ("GET", "/nope", {}, None, 404, "not_found", "/docs"),
    ("GET", "/api/documents/a%ff", {}, None, 400, "invalid_request", "not UTF-8"),
    ("GET", "/documents/harbour%0A", {}, None, 400, "invalid_request", "control character"),
    ("GET", "/healthz%0A", {}, None, 400, "invalid_request", "control character"),
    ("GET", "/static/nope.js", {}, None, 404, "not_found", "/docs"),
    ("GET", "/static/..%2Fapp.py", {}, None, 404, "not_found", "/docs"),
    ("GET", "/documents/nope", {}, None, 404, "unknown_document", "nope"),
    ("GET", "/documents/nope/original", {}, None, 404, "unknown_document", "nope"),
    ("GET", "/documents/harbour?date_from=x&q=y", {}, None, 400, "invalid_request", "date_from"),
    ("GET", "/?q=" + "x" * 201, {}, None, 400, "question_too_long", "200"),
    ("GET", "/api/files/nope.txt", {}, None, 404, "unknown_document", "No document was read from nope.txt; "),
    ("GET", "/?q=x&date_to=x", {}, None, 400, "invalid_request", "date_to"),
    ("GET", "/healthz", {"host": "attacker.example"}, None, 421, "host_not_allowed", "QA_ALLOWED_HOSTS"),
    ("GET", "/", {"host": "127.0.0.1.attacker.example"}, None, 421, "host_not_allowed", "QA_ALLOWED_HOSTS"),
    ("GET", "/", {"host": ""}, None, 421, "host_not_allowed", "QA_ALLOWED_HOSTS"),
    ("POST", "/api/ask", {"origin": "https://attacker.example"}, None, 403, "origin_not_allowed", "another site"),
    ("POST", "/api/ask", {"origin": "null"}, None, 403, "origin_not_allowed", "another site"),
    ("POST", "/api/ask", {"origin": "http://["}, None, 403, "origin_not_allowed", "another site"),
]


@pytest.mark.parametrize(
    ("method", "target", "headers", "body", "status", "code", "words"),
    CASES,
    ids=[f"{case[0]} {case[1][:40]} {case[4]} {number}" for number, case in enumerate(CASES)],
)
def test_an_error_has_its_status_its_code_and_the_one_shape(client, method, target, headers, body, status, code, words):
    reply = client.request(method, target, headers=headers, content=body)
    assert reply.status_code == status
    error = error_of(reply)
    if code:
        assert error["code"] == code
    assert words in error["message"]
    assert "\n" not in error["message"]


@pytest.mark.parametrize("target", NEEDS_INDEX)
@pytest.mark.parametrize("trouble", [NoIndex("Run `qa build` first."), DamagedSnapshot("A file is cut short.")])
def test_without_an_index_every_route_that_needs_one_says_what_to_do(client, service: FakeService, target, trouble):
    service.trouble = trouble
    reply = client.get(target)
    assert reply.status_code == 503
    assert error_of(reply) == {"code": trouble.code, "message": str(trouble)}
    assert int(reply.headers["retry-after"]) > 0
    page = client.get(target, headers=BROWSER)
    if target in PAGES:
        assert page.status_code == 503
        assert page.headers["content-type"].startswith("text/html")
        assert trouble.code in page.text
    else:
        assert error_of(page)["code"] == trouble.code


def test_health_needs_no_index(client, service: FakeService):
    service.trouble = NoIndex("Run `qa build` first.")
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/docs").status_code == 200


@pytest.mark.parametrize("target", NEEDS_INDEX)
def test_an_unforeseen_exception_is_logged_and_leaks_nothing(client, service: FakeService, caplog, target):
    service.trouble = ZeroDivisionError("secret detail")
    with caplog.at_level(logging.ERROR, logger="qa.web"):
        reply = client.get(target)
    assert reply.status_code == 500
    assert error_of(reply)["code"] == "internal"
    assert "secret" not in reply.text
    assert "Traceback" in caplog.text
    assert "secret detail" in caplog.text


def test_a_browser_gets_a_page_with_the_same_words(client):
    error = error_of(client.get("/documents/nope"))
    page = client.get("/documents/nope", headers=BROWSER)
    assert page.status_code == 404
    assert "<h1>No such document</h1>" in page.text
    assert error["code"] in page.text
    assert error["message"] in page.text


def test_every_cause_has_a_status():
    def tree(cause: type[QAError]):
        yield cause
        for narrower in cause.__subclasses__():
            if narrower.__module__ == qa.errors.__name__:
                yield from tree(narrower)

    for cause in tree(QAError):
        status = status_of(cause("words"))
        assert status == 503 if issubclass(cause, OperatingError) else status in (400, 404, 409, 415, 429, 500), cause
    assert status_of(BuildRunning("words")) == STATUS[OperatingError]


def test_a_wrong_method_is_told_the_right_ones(client):
    assert client.put("/api/ask").headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert client.post("/documents").headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:8000", "[::1]:8000", "192.168.1.7", "qa.example", "QA.Example:80"]
)
def test_our_own_names_and_plain_addresses_are_served(client, host):
    assert client.get("/healthz", headers={"host": host}).status_code == 200


def test_two_host_headers_are_one_too_many(address):
    reply = raw(
        address, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: attacker.example\r\nConnection: close\r\n\r\n"
    )
    assert reply.startswith(b"HTTP/1.1 400")


def test_a_body_that_grows_beyond_its_limit_is_cut_off(address):
    def chunks():
        for _ in range(300):
            yield b" " * 1024

    with httpx.Client(base_url=address, timeout=PATIENCE_S) as client:
        reply = client.post("/api/ask", content=chunks(), headers=JSON)
    assert reply.status_code == 413
    assert error_of(reply)["code"] == "request_too_large"


def test_a_page_of_ours_may_post(client, address):
    reply = client.post("/api/ask", json={"question": "harbour master"}, headers={"origin": address})
    assert reply.status_code == 200


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/ask?q=x", "/api/ask", "/nope", "/documents/harbour/original"])
def test_every_reply_has_the_security_headers_and_none_allows_other_origins(client, path):
    headers = client.get(path, headers={"origin": "https://attacker.example"}).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in headers if name.startswith("access-control-")]


def error_of(reply: httpx.Response) -> dict[str, str]:
    """The error of a reply, which must have the common form."""
    assert reply.headers["content-type"] == "application/json"
    body = reply.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    assert all(isinstance(part, str) and part for part in body["error"].values())
    return body["error"]


def raw(address: str, request: bytes) -> bytes:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_message_does_not_grow_with_the_number_of_faults(client: httpx.Client) -> None:
    lengths = []
    for count in (1000, 4000):
        body = {"question": "harbour"} | {f"p{number}": 1 for number in range(count)}
        reply = client.post("/api/ask", json=body)
        assert reply.status_code == 400
        assert f"{count} faults in total" in reply.json()["error"]["message"]
        lengths.append(len(reply.content))
    assert lengths[0] == lengths[1]


@pytest.mark.parametrize(
    "body",
    [b"[" * 50_000, b'{"question":' * 4_000, b'{"question": "x", "filters": ' + b"[" * 50_000],
)
def test_a_body_nested_without_end_is_the_callers_fault(client: httpx.Client, body: bytes) -> None:
    reply = client.post("/api/ask", content=body, headers={"content-type": "application/json"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("path", ["/api/ask", "/"])
def test_a_range_of_dates_that_ends_before_it_starts_is_an_error(client: httpx.Client, path: str) -> None:
    reply = client.get(path, params={"q": "x", "date_from": "2022-02-02", "date_to": "2021-01-01"})
    assert error_of(reply)["message"] == "The first day, 2022-02-02, is after the last, 2021-01-01; exchange them."
