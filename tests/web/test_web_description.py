"""The OpenAPI description is exact: requests that it allows are accepted, others are refused."""

from __future__ import annotations

import json
from urllib.parse import quote

import httpx
import jsonschema_rs
import pytest
import samples_for_tests
from fuzzing import wire
from hypothesis import given
from hypothesis import strategies as st
from live_server import serving

from qa.settings import Settings
from qa.web.api.request_models import NAME_PATTERN
from qa.web.app import create_app

TOKEN = "a-token-that-is-long-enough"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def description(tmp_path_factory):
    folder = tmp_path_factory.mktemp("described")
    settings = Settings(max_question_chars=200, admin_token=TOKEN, seeds_dir=folder / "a", index_dir=folder / "b")
    with serving(samples_for_tests.service(), settings) as address, httpx.Client(base_url=address) as client:
        yield client.get("/openapi.json").json(), client


@pytest.fixture(scope="module")
def port(description):
    return description[1].base_url.port


@pytest.fixture(scope="module")
def body_schema(description):
    described, _ = description
    return jsonschema_rs.validator_for({"$ref": "#/components/schemas/AskBody", "components": described["components"]})


def parameter(description, name):
    described, _ = description
    parameters = described["paths"]["/api/ask"]["get"]["parameters"]
    (found,) = [each["schema"] for each in parameters if each["name"] == name]
    return jsonschema_rs.validator_for(found, validate_formats=True)


@pytest.mark.parametrize(
    ("body", "taken"),
    [
        ({"question": "harbour"}, True),
        ({"question": "a"}, True),
        ({"question": "\u0967"}, True),
        ({"question": "\u2488"}, True),  # a number without being a digit
        ({"question": ""}, False),
        ({"question": "  \t"}, False),
        ({"question": "?\u2026_\u0301"}, False),
        ({"question": "x" * 200}, True),
        ({"question": "x" * 201}, False),
        ({"question": "x" + " " * 200}, False),
        ({"question": "harbour", "k": 46}, True),
        ({"question": "harbour", "k": 46.0}, True),
        ({"question": "harbour", "k": 46.5}, False),
        ({"question": "harbour", "k": 51.0}, False),
        ({"question": "harbour", "k": 1e400}, False),
        ({"question": "harbour", "k": True}, False),
        ({"question": "harbour", "k": "5"}, False),
        ({"question": "harbour", "explain": 1}, False),
        ({"question": "harbour", "filters": None}, False),
        ({"question": "harbour", "filters": {"date_from": None}}, True),
        ({"question": "harbour", "filters": {"publishers": ["nobody"] * 1000}}, True),
        ({"question": "harbour", "filters": {"publishers": ["nobody"] * 1001}}, False),
    ],
)
def test_a_body_is_taken_where_the_description_allows_it(description, body_schema, body, taken):
    _, client = description
    sent = json.dumps(body)
    assert (client.post("/api/ask", content=sent, headers={"Content-Type": "application/json"}).status_code == 200) == (
        taken
    )
    if "Infinity" not in sent:  # which is not JSON
        assert body_schema.is_valid(body) == taken


@pytest.mark.parametrize(
    ("name", "text", "value", "taken"),
    [
        ("q", "harbour", "harbour", True),
        ("q", "", "", False),
        ("q", "\u2026", "\u2026", False),
        ("q", "x" * 201, "x" * 201, False),
        ("k", "46", 46, True),
        ("k", "46.0", 46.0, True),
        ("k", "46.5", 46.5, False),
        ("k", " 5", " 5", False),
        ("k", "1_0", "1_0", False),
        ("k", "\u0665", "\u0665", False),
        ("k", "0", 0, False),
        ("k", "9" * 5000, "9" * 5000, False),
        ("explain", "1", 1, True),
        ("explain", "0", 0, True),
        ("explain", "true", True, True),
        ("explain", "false", False, True),
        ("explain", "yes", "yes", False),
        ("explain", "2", 2, False),
        ("date_from", "2022-02-28", "2022-02-28", True),
        ("date_from", "2022-02-30", "2022-02-30", False),
        ("date_from", "null", None, False),
        ("date_from", "", "", False),
    ],
)
def test_a_parameter_is_taken_where_the_description_allows_it(description, name, text, value, taken):
    _, client = description
    given_parameters = {"q": "harbour", name: text}
    assert (client.get("/api/ask", params=given_parameters).status_code == 200) == taken
    assert parameter(description, name).is_valid(value) == taken


def test_the_length_of_a_question_is_that_of_the_settings():
    described = create_app(object(), Settings(max_question_chars=77)).openapi()
    assert described["components"]["schemas"]["AskBody"]["properties"]["question"]["maxLength"] == 77
    (in_query,) = [each for each in described["paths"]["/api/ask"]["get"]["parameters"] if each["name"] == "q"]
    assert in_query["schema"]["maxLength"] == 77


PARTS = st.sampled_from(["report.pdf", "2024", "a", "x" * 200, "x" * 201, "", ".", "..", ".git", "~$a", "a.", "a ",
                         "é", "a b", "a:b", "a\\b", "a?", "a\nb", "a\x7f", "\u0645\u06cc", " a", "a.b.c"])  # fmt: skip


# Beyond Latin letters, the description names other refused characters only in words: those that control display.
LATIN = st.text(st.characters(max_codepoint=0x24F, exclude_categories=["Cf"]), max_size=20)


@given(st.lists(PARTS, min_size=1, max_size=9).map("/".join) | LATIN)
def test_a_document_is_named_as_the_description_says(port, name):
    reply = wire.ask(port, "DELETE", f"/api/documents/{quote(name)}", **BEARER)
    assert jsonschema_rs.validator_for({"type": "string", "pattern": NAME_PATTERN}).is_valid(name) == (
        reply.code() == "unknown_document"
    )


@pytest.mark.parametrize("path", ["/api/ask", "/api/documents", "/api/documents/x", "/api/documents/a%2Fb",
                                  "/api/index", "/api/index/rebuild", "/healthz", "/readyz", "/", "/docs",
                                  "/openapi.json", "/documents/x/original", "/static/x"])  # fmt: skip
def test_allow_names_the_methods_that_are_served_and_no_other(description, path):
    _, client = description
    statuses = {
        method: client.request(method, path, headers={**BEARER, "Content-Type": "application/json"}, content=b"{}")
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE")
    }
    served = {method for method, reply in statuses.items() if reply.status_code != 405}
    told = {reply.headers["allow"] for reply in statuses.values() if reply.status_code == 405}
    assert told == {", ".join(sorted(served))}


def test_headers_of_refusals_are_described(description):
    described, client = description
    operation = described["paths"]["/api/index/rebuild"]["post"]
    assert (
        client.post("/api/index/rebuild").headers["www-authenticate"]
        == (operation["responses"]["401"]["headers"]["WWW-Authenticate"]["schema"]["const"])
    )
    for status in ("429", "503"):
        assert described["paths"]["/api/ask"]["post"]["responses"][status]["headers"]["Retry-After"]["required"]
