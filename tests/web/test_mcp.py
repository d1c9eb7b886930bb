"""Assistants: the SDK's own client lists, searches and fetches in process, over HTTP and over standard input."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import samples_for_tests
from fake_service import FakeService
from live_server import serving
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError
from waiting import PATIENCE_S

from qa.cli.output import start_log
from qa.errors import NoIndex
from qa.settings import Settings
from qa.web.app import create_app
from qa.web.limits.workers import Workers
from qa.web.mcp.server import create_server

ROOT = Path(__file__).parent.parent.parent
TOKEN = "a-token-of-the-assistants"
SETTINGS = Settings(max_question_chars=200, mcp=True, public_url="https://qa.example/docs/")
QUESTION = "Who is the harbour master?"
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}

Server = Callable[[], Any]


@pytest.fixture(params=["in process", "http"])
def connect(request: pytest.FixtureRequest, service: FakeService) -> Iterator[Server]:
    """Returns the target that the SDK's client connects to."""
    if request.param == "http":
        with serving(service, SETTINGS, lifespan="on") as address:
            yield lambda: f"{address}/mcp"
    else:
        workers = Workers(queue=8, seconds=PATIENCE_S)
        yield lambda: create_server(lambda: service, workers, lambda _: "https://qa.example/docs")


def with_client(target: Any, work: Callable[[Client], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with Client(target) as client:
            return await work(client)

    return asyncio.run(asyncio.wait_for(run(), PATIENCE_S))


def called(target: Any, tool: str, **arguments: Any) -> Any:
    return with_client(target, lambda client: client.call_tool(tool, arguments))


def content(result: Any) -> Any:
    """The result of a tool, which is returned in two equal forms."""
    (item,) = result.content
    assert not result.is_error, item.text
    assert json.loads(item.text) == result.structured_content
    return result.structured_content


def failure(result: Any) -> str:
    assert result.is_error
    (item,) = result.content
    return item.text


def test_the_tools_say_that_they_only_read_and_what_they_return(connect: Server) -> None:
    listed = with_client(connect(), lambda client: client.list_tools()).tools
    assert {tool.name for tool in listed} == {"search", "fetch", "ask"}
    for tool in listed:
        hints = tool.annotations
        assert (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint) == (True, False, True)
        assert hints.open_world_hint is False
        assert tool.output_schema["type"] == "object"
        assert tool.description
    (fetch,) = [tool for tool in listed if tool.name == "fetch"]
    assert fetch.input_schema["required"] == ["id"], "the context is no argument"


def test_every_passage_that_is_found_can_be_fetched_and_is_the_document_s_own_text(
    connect: Server, service: FakeService
) -> None:
    found = content(called(connect(), "search", query=QUESTION))["results"]
    assert found
    for each in found:
        assert set(each) == {"id", "title", "url", "text"}
        fetched = content(called(connect(), "fetch", id=each["id"]))
        assert set(fetched) == {"id", "title", "text", "url", "metadata"}
        assert {name: fetched[name] for name in each} == each
        start, end = int(fetched["metadata"]["start"]), int(fetched["metadata"]["end"])
        document = service.document(each["id"].partition("#")[0])
        assert document.text[start:end] == each["text"]
        assert each["url"].startswith(f"https://qa.example/docs/documents/{document.id}?quote={start}-{end}-")


def test_a_whole_document_is_fetched_by_its_id_alone(connect: Server, service: FakeService) -> None:
    document = service.document("harbour")
    fetched = content(called(connect(), "fetch", id="harbour"))
    assert fetched["text"] == document.text
    assert fetched["url"] == "https://qa.example/docs/documents/harbour"
    assert fetched["metadata"]["source"] == "harbour.txt"


def test_an_answer_has_its_verdict_and_quotes(connect: Server, service: FakeService) -> None:
    answer = content(called(connect(), "ask", question=QUESTION, k=1))
    assert answer["verdict"] == "answered"
    (passage,) = answer["passages"]
    assert passage["text"] == service.document("harbour").text[passage["start"] : passage["end"]]
    assert passage["answering"]
    assert all(part in passage["text"] for part in passage["answering"])
    assert content(called(connect(), "fetch", id=passage["id"]))["text"] == passage["text"]
    assert answer["unmet"] == answer["disagreement"] == []


def test_filters_restrict_what_answers(connect: Server) -> None:
    answer = content(called(connect(), "ask", question=QUESTION, filters={"document_ids": ["slides"]}))
    assert "harbour#" not in json.dumps(answer)
    assert failure(called(connect(), "ask", question=QUESTION, filters={"document_ids": ["nowhere"]})).startswith(
        "unknown_document: "
    )


def test_where_nothing_is_relevant_there_is_nothing_to_quote(connect: Server) -> None:
    nothing = "zebra quilting etiquette harbour under water music"
    assert content(called(connect(), "search", query=nothing)) == {"results": []}
    answer = content(called(connect(), "ask", question=nothing))
    assert (answer["verdict"], answer["passages"]) == ("none", [])


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("fetch", {"id": "nowhere"}, "unknown_document: "),
        ("fetch", {"id": "harbour#5"}, "invalid_request: 'harbour#5' is not an id"),
        ("fetch", {"id": "harbour#9-3"}, "invalid_request: "),
        ("fetch", {"id": "harbour#0-999999999"}, "invalid_request: "),
        ("fetch", {"id": ""}, "invalid_request: "),
        ("fetch", {"id": "#1-2"}, "invalid_request: "),
        ("fetch", {}, "invalid_request: id is missing."),
        ("search", {"query": " "}, "invalid_question: "),
        ("search", {"query": "harbour " * 40}, "question_too_long: "),
        ("ask", {"question": QUESTION, "k": 51}, "invalid_request: k: "),
        (
            "ask",
            {"question": QUESTION, "filters": {"date_from": "yesterday"}},
            "invalid_request: date_from is 'yesterday'",
        ),
        ("ask", {"question": QUESTION, "filters": {"unknown": 1}}, "invalid_request: filters.unknown "),
        ("ask", {"question": QUESTION, "publisher": "x"}, "invalid_request: publisher is not a parameter of ask; "),
    ],
)
def test_what_is_wrong_is_told_with_its_code(connect: Server, tool: str, arguments: dict[str, Any], told: str) -> None:
    message = failure(called(connect(), tool, **arguments))
    assert message.startswith(told)
    assert "\n" not in message


def test_an_operator_s_trouble_is_told_and_an_unforeseen_error_is_not(
    connect: Server, service: FakeService, caplog: pytest.LogCaptureFixture
) -> None:
    service.trouble = NoIndex("There is no index; run `qa build`.")
    assert failure(called(connect(), "search", query=QUESTION)) == "no_index: There is no index; run `qa build`."
    service.trouble = ValueError("a secret")
    assert "secret" not in failure(called(connect(), "search", query=QUESTION))
    assert "a secret" in caplog.text, "the log has the traceback"


def test_documents_are_resources(connect: Server, service: FakeService) -> None:
    async def read(client: Client) -> tuple[Any, Any, Any]:
        templates = (await client.list_resource_templates()).resource_templates
        listed = await client.read_resource("documents://list")
        return templates, json.loads(listed.contents[0].text), await client.read_resource("document://harbour")

    (template,), listed, text = with_client(connect(), read)
    assert (template.uri_template, template.mime_type) == ("document://{document_id}", "text/plain")
    assert [each["id"] for each in listed] == list(service.all_documents)
    assert [each["uri"] for each in listed][:1] == ["document://harbour"]
    assert text.contents[0].text == service.document("harbour").text


@pytest.mark.parametrize("uri", ["document://nowhere", "document://..%2Fetc%2Fpasswd"])
def test_a_resource_that_is_not_there(connect: Server, uri: str) -> None:
    async def read(client: Client) -> MCPError:
        with pytest.raises(MCPError) as error:
            await client.read_resource(uri)
        return error.value

    assert with_client(connect(), read).error.code == -32602, "the caller's mistake"


# Over HTTP


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with (
        serving(samples_for_tests.service(), SETTINGS, lifespan="on") as address,
        httpx.Client(base_url=address, headers=HEADERS, timeout=PATIENCE_S) as client,
    ):
        yield client


def code(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


def test_a_call_is_one_post_and_nothing_stays_open(http: httpx.Client) -> None:
    assert http.post("/mcp", json=CALL).json()["result"]["tools"]
    for method in ("GET", "DELETE", "PUT"):
        reply = http.request(method, "/mcp")
        assert code(reply) == (405, "method_not_allowed")
        assert reply.headers["allow"] == "OPTIONS, POST"


def test_a_foreign_host_or_origin_is_refused(http: httpx.Client) -> None:
    assert code(http.post("/mcp", json=CALL, headers={"Host": "evil.example"})) == (421, "host_not_allowed")
    assert code(http.post("/mcp", json=CALL, headers={"Origin": "https://evil.example"})) == (403, "origin_not_allowed")


def test_an_address_given_as_digits_is_ours_wherever_it_is_served(service: FakeService) -> None:
    everywhere = Settings(mcp=True, host="0.0.0.0")
    with serving(service, everywhere, lifespan="on") as address:
        headers = {**HEADERS, "Host": "192.0.2.7:8000", "Origin": "http://192.0.2.7:8000"}
        assert httpx.post(f"{address}/mcp", json=CALL, headers=headers).status_code == 200


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_the_endpoint_refuses_them_without_the_guard_too(service: FakeService, headers: dict[str, str]) -> None:
    app = create_app(service, SETTINGS)
    app.user_middleware.clear()

    async def post() -> tuple[httpx.Response, httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=HEADERS) as client,
        ):
            return await client.post("/mcp", json=CALL), await client.post("/mcp", json=CALL, headers=headers)

    allowed, refused = asyncio.run(post())
    assert allowed.status_code == 200
    assert refused.status_code in (403, 421)


def test_a_body_over_the_limit_is_refused(http: httpx.Client) -> None:
    body = {**CALL, "params": {"x": "y" * (200 * 12 + (64 << 10))}}
    assert code(http.post("/mcp", json=body)) == (413, "request_too_large")


def test_broken_json_is_the_caller_s_mistake(http: httpx.Client) -> None:
    reply = http.post("/mcp", content=b"{", headers=HEADERS)
    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == -32700, "an error of the protocol"


def test_with_a_token_nobody_else_gets_in(service: FakeService) -> None:
    settings = Settings(mcp=True, mcp_token=TOKEN)
    with (
        serving(service, settings, lifespan="on") as address,
        httpx.Client(base_url=address, headers=HEADERS) as client,
    ):
        reply = client.post("/mcp", json=CALL)
        assert code(reply) == (401, "token_needed")
        assert reply.headers["www-authenticate"] == "Bearer"
        assert client.post("/mcp", json=CALL, headers={"Authorization": f"Bearer {TOKEN}x"}).status_code == 401
        assert client.post("/mcp", json=CALL, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
        assert client.get("/api/documents").status_code == 200, "the token is for assistants alone"


def test_questions_of_assistants_count_like_others(service: FakeService) -> None:
    settings = Settings(mcp=True, questions_per_minute=3)
    with serving(service, settings, lifespan="on") as address:
        asked = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": "search", "arguments": {"query": QUESTION}},
        }
        told = [httpx.post(f"{address}/mcp", json=asked, headers=HEADERS).json()["result"] for _ in range(4)]
    assert [each["isError"] for each in told] == [False, False, True, True]
    assert told[-1]["content"][0]["text"].startswith("too_many_requests: ")


def test_without_the_setting_there_is_no_endpoint(client: httpx.Client) -> None:
    assert client.post("/mcp", json=CALL, headers=HEADERS).status_code == 404


def test_links_lead_to_the_host_that_was_asked_where_no_address_is_set(service: FakeService) -> None:
    with serving(service, Settings(mcp=True), lifespan="on") as address:
        (first, *_) = content(called(f"{address}/mcp", "search", query=QUESTION))["results"]
        assert first["url"].startswith(f"{address}/documents/harbour?quote=")
        assert httpx.get(first["url"]).status_code == 200


def test_the_log_stays_as_it_was(service: FakeService, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(logging, "root", logging.RootLogger(logging.WARNING))
    monkeypatch.setattr(logging.Logger, "root", logging.root)
    start_log()
    create_server(lambda: service, Workers(queue=1, seconds=1), lambda _: "")
    (handler,) = logging.getLogger().handlers
    handler.handle(logging.makeLogRecord({"name": "mcp.server", "levelno": logging.INFO, "msg": "asked"}))
    handler.handle(logging.makeLogRecord({"name": "qa", "levelname": "INFO", "levelno": logging.INFO, "msg": "told"}))
    assert capsys.readouterr().err == "INFO told\n"


# Over standard input and output


@pytest.fixture
def command(seeds_index: Settings) -> StdioServerParameters:
    environment = {"PYTHONPATH": str(ROOT), "QA_INDEX_DIR": str(seeds_index.index_dir), "PATH": os.environ["PATH"]}
    return StdioServerParameters(command=sys.executable, args=["-m", "qa", "mcp"], env=environment, cwd=ROOT)


@pytest.mark.model
def test_over_standard_input_the_client_lists_searches_and_fetches(command: StdioServerParameters, seeds) -> None:
    async def work(client: Client) -> tuple[Any, Any, Any]:
        tools = (await client.list_tools()).tools
        found = content(await client.call_tool("search", {"query": "who is the COO of the medical foundation"}))
        fetched = content(await client.call_tool("fetch", {"id": found["results"][0]["id"]}))
        return tools, found["results"][0], fetched

    tools, first, fetched = with_client(command, work)
    assert {tool.name for tool in tools} == {"search", "fetch", "ask"}
    assert fetched["text"] == first["text"]
    assert first["text"].startswith("Binesh Batra, MD")
    assert any(first["text"] in document.text for document in seeds)
    assert first["url"].startswith("http://127.0.0.1:8000/documents/")


@pytest.mark.model
def test_standard_output_holds_the_protocol_alone(command: StdioServerParameters) -> None:
    start = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }
    asked = {"name": "ask", "arguments": {"question": "who owns the hospitals"}}
    sent = [
        start,
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": asked},
    ]
    process = subprocess.Popen(
        [command.command, *command.args],
        env=command.env,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        for message in sent:
            process.stdin.write(json.dumps(message) + "\n")
        process.stdin.flush()
        replies = [json.loads(process.stdout.readline()) for _ in range(2)]
        output, errors = process.communicate(timeout=PATIENCE_S)
    assert [reply["id"] for reply in replies] == [1, 2]
    assert replies[1]["result"]["structuredContent"]["verdict"] in ("answered", "related")
    assert output == ""
    assert "Traceback" not in errors
    assert process.returncode == 0


@pytest.mark.model
def test_without_an_index_every_call_says_so(command: StdioServerParameters, tmp_path: Path) -> None:
    elsewhere = command.model_copy(update={"env": {**command.env, "QA_INDEX_DIR": str(tmp_path)}})
    assert failure(called(elsewhere, "search", query="who")).startswith("no_index: ")
