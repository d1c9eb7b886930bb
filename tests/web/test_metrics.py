"""Metrics: exact under load, and read by the client library's own parser."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import samples_for_tests
from fake_service import FakeService
from live_server import serving
from prometheus_client.parser import text_string_to_metric_families
from raw_http import connect, exchange, request
from waiting import PATIENCE_S
from workshop import Workshop

from qa.cli.metrics_port import metrics_port
from qa.errors import InvalidSettings
from qa.records import HostStatus, ShardStatus
from qa.settings import Settings
from qa.web.app import create_app
from qa.web.limits.connection import Connection
from qa.web.metrics import Metrics

ROOT = Path(__file__).parent.parent.parent
Samples = dict[tuple[str, str], float]


def scraped(address: str) -> Samples:
    """Every sample by its name and its only label's value."""
    text = httpx.get(address, timeout=PATIENCE_S).raise_for_status().text
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@contextmanager
def counting(
    service: FakeService,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    connection: type[Connection] = Connection,
    **settings: object,
) -> Iterator[tuple[str, str]]:
    """A server and its metrics; yields both addresses."""
    made: list[Metrics] = []

    def made_here() -> Metrics:
        made.append(Metrics())
        return made[-1]

    monkeypatch.setattr("qa.web.metrics.Metrics", made_here)
    told = Settings(metrics="127.0.0.1:0", index_dir=tmp_path / "index", max_question_chars=200, **settings)
    with serving(service, told, connection, lifespan="on") as address:
        (metrics,) = made
        with metrics_port(told, metrics.registry) as where:
            yield address, where


async def asked(address: str, questions: list[str]) -> list[httpx.Response]:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)  # the server may close a kept one
    at_once = asyncio.Semaphore(100)  # the client itself compares every request that waits with every connection
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE_S, limits=limits) as client:

        async def ask(question: str) -> httpx.Response:
            async with at_once:
                return await client.get("/api/ask", params={"q": question})

        return await asyncio.gather(*map(ask, questions))


@pytest.mark.parametrize("queue", [2000, 3])
def test_a_thousand_concurrent_questions_are_counted_exactly(tmp_path, monkeypatch, queue: int) -> None:
    kinds = ["who is the harbour master", "winter mooring crew rota snack", "zebra", "?"]
    with counting(samples_for_tests.service(), tmp_path, monkeypatch, queue=queue) as (address, where):
        replies = [reply.json() for reply in asyncio.run(asked(address, kinds * 250))]
        found = scraped(where)
    told = Counter(reply.get("verdict") or reply["error"]["code"] for reply in replies)
    assert sum(told.values()) == 1000
    assert {"answered", "none", "invalid_question"} <= told.keys() or queue == 3
    counted = {value: number for (name, value), number in found.items() if name == "qa_questions_total"}
    failed = {value: number for (name, value), number in found.items() if name == "qa_errors_total"}
    assert {verdict: number for verdict, number in counted.items() if number} | failed == told
    assert found["qa_answer_seconds_count", ""] == sum(counted.values())
    assert found["qa_queue", ""] == 0


def test_refusals_before_a_request_is_read_are_counted(tmp_path, monkeypatch) -> None:
    class One(Connection):
        most = 1

    with counting(samples_for_tests.service(), tmp_path, monkeypatch, connection=One) as (address, where):
        head = request("GET /api/ask?q=ferry HTTP/1.1", "Content-Length: 1", "Content-Length: 2")
        assert [reply.error["code"] for reply in exchange(address, head)] == ["invalid_request"]
        with connect(address) as busy:
            busy.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n")
            other = exchange(address, request("GET /healthz HTTP/1.1"))
        assert [reply.error["code"] for reply in other] == ["overloaded"]
        found = scraped(where)
    assert found["qa_errors_total", "invalid_request"] == 1
    assert found["qa_errors_total", "overloaded"] == 1


def test_stages_and_repeated_questions_are_told_apart() -> None:
    metrics = Metrics()
    service = samples_for_tests.service()
    answer = service.ask("who is the harbour master")
    object.__setattr__(answer, "stages_ms", {"encode": 4.0, "search": 30.0})
    metrics.answered(answer, None)
    object.__setattr__(answer, "stages_ms", {})
    metrics.answered(answer, None)
    value = metrics.registry.get_sample_value
    assert value("qa_repeated_questions_total") == 1
    assert value("qa_stage_seconds_count", {"stage": "encode"}) == 1
    assert value("qa_stage_seconds_sum", {"stage": "search"}) == pytest.approx(0.03)
    assert value("qa_stage_seconds_bucket", {"stage": "encode", "le": "0.005"}) == 1
    assert value("qa_stage_seconds_bucket", {"stage": "search", "le": "0.025"}) == 0


def test_pages_assistants_and_programs_are_counted_but_not_a_reader_s_way_back(tmp_path, monkeypatch) -> None:
    with counting(samples_for_tests.service(), tmp_path, monkeypatch, mcp=True) as (address, where):
        question = "who is the harbour master"
        answer = httpx.get(f"{address}/api/ask", params={"q": question}).json()
        httpx.get(f"{address}/", params={"q": question})
        call = {"name": "ask", "arguments": {"question": question}}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
        headers = {"Accept": "application/json, text/event-stream"}
        httpx.post(f"{address}/mcp", json=body, headers=headers).raise_for_status()
        call["arguments"] = {"question": question, "k": 99}
        httpx.post(f"{address}/mcp", json=body, headers=headers).raise_for_status()
        place = answer["passages"][0]["citation"]["url"].partition("#")[0]
        httpx.get(f"{address}{place}&q={question}").raise_for_status()
        found = scraped(where)
    assert found["qa_questions_total", "answered"] == 3
    assert found["qa_errors_total", "invalid_request"] == 1


def test_the_index_the_last_build_and_the_memory_are_told(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    shop.put("empty.txt", b"")
    shop.build()
    settings = shop.settings.model_copy(update={"metrics": "127.0.0.1:0"})
    with metrics_port(settings, Metrics().registry) as where:
        found = scraped(where)
        shop.put("new.txt", "New.")
        shop.build()
        later = scraped(where)
    assert found["qa_index_readable", ""] == 1
    assert found["qa_documents", ""] == 3
    assert later["qa_documents", ""] == 4
    assert found["qa_passages", ""] >= 3
    assert 0 <= found["qa_snapshot_age_seconds", ""] < PATIENCE_S
    assert found["qa_last_build_files", "added"] == 3
    assert found["qa_last_build_files", "failed"] == 1
    assert found["qa_last_build_failed", ""] == 0
    assert found["qa_last_build_timestamp_seconds", ""] > 1e9
    assert found["qa_resident_memory_bytes", "server"] > 1e6


def test_the_hosts_of_every_shard_are_counted_by_state(tmp_path, monkeypatch) -> None:
    service = samples_for_tests.service()

    def host(name: str, *, machine: str | None = "north", current: bool = True) -> HostStatus:
        return HostStatus(name, machine, (), current)

    first = (host("0-0"), host("0-1"), host("0-2", current=False))
    service.shards_told = (ShardStatus(first), ShardStatus((host("1-0", machine=None, current=False),)))
    with counting(service, tmp_path, monkeypatch, cluster="127.0.0.1:6379") as (_, where):
        found = [
            {(sample.labels["shard"], sample.labels["state"]): sample.value for sample in family.samples}
            for family in text_string_to_metric_families(httpx.get(where, timeout=PATIENCE_S).text)
            if family.name == "qa_shard_hosts"
        ]
    assert found == [
        {
            ("0", "current"): 2,
            ("0", "behind"): 1,
            ("0", "silent"): 0,
            ("1", "current"): 0,
            ("1", "behind"): 0,
            ("1", "silent"): 1,
        }
    ]


def test_the_document_names_every_metric_and_no_other(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    shop.build()
    registry = Metrics().registry
    with metrics_port(shop.settings.model_copy(update={"metrics": "127.0.0.1:0"}), registry):
        served = {f"{family.name}_total" if family.type == "counter" else family.name for family in registry.collect()}
    rows = re.findall(r"^\| (`qa_.*?) \|", (ROOT / "docs/operations.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == served


def test_without_an_index_there_is_still_something_to_read(tmp_path: Path) -> None:
    settings = Settings(metrics="127.0.0.1:0", index_dir=tmp_path / "none")
    with metrics_port(settings, Metrics().registry) as where:
        found = scraped(where)
    assert found["qa_index_readable", ""] == 0
    assert found["qa_questions_total", "answered"] == 0


def test_a_port_that_is_taken_is_an_error_that_names_the_setting(tmp_path: Path) -> None:
    settings = Settings(metrics="127.0.0.1:0", index_dir=tmp_path)
    with metrics_port(settings, Metrics().registry) as where:
        taken = settings.model_copy(update={"metrics": where.removeprefix("http://").removesuffix("/metrics")})
        with pytest.raises(InvalidSettings, match="QA_METRICS"), metrics_port(taken, Metrics().registry):
            pass
        (tmp_path / "counted").mkdir()
        with pytest.raises(InvalidSettings, match="QA_METRICS"), metrics_port(taken, tmp_path / "counted"):
            pass
        assert not (tmp_path / "counted").exists(), "the folder of the processes' values does not stay"


def test_they_are_not_served_where_the_documents_are(service: FakeService, client: httpx.Client) -> None:
    assert client.get("/metrics").status_code == 404
    assert create_app(service, Settings()).state.metrics is None


@pytest.mark.model
def test_several_processes_count_together(seeds_index: Settings) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "QA_INDEX_DIR": str(seeds_index.index_dir),
        "QA_PORT": "0",
        "QA_WORKERS": "2",
        "QA_METRICS": "127.0.0.1:0",
    }
    command = [sys.executable, "-m", "qa", "serve"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            where = server.stdout.readline().split()[-1]
            address = server.stdout.readline().split()[-1]
            assert where.endswith("/metrics")
            questions = [f"who owns hospital {number}" for number in range(40)]
            replies = asyncio.run(asked(address, questions))
            assert {reply.status_code for reply in replies} == {200}
            found = scraped(where)
        finally:
            server.terminate()
    verdicts = Counter(reply.json()["verdict"] for reply in replies)
    assert {verdict: found.get(("qa_questions_total", verdict), 0) for verdict in verdicts} == verdicts
    assert found["qa_queue", ""] == 0
    assert found["qa_resident_memory_bytes", "workers"] > found["qa_resident_memory_bytes", "server"]
