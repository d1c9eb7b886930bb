"""Traffic of clients: one function for each kind, good, wrong and broken, given a client and a random generator."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any
from urllib.parse import quote, urlencode

from fuzzing.contract import expect, hold
from fuzzing.wire import request

from soaking.client import Client, hold_answer

JSON = {"Content-Type": "application/json"}
NO_HTTP = (
    b"hello\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET / HTTP/9.9\r\n\r\n",
    b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
    b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
)  # fmt: skip


async def ask(client: Client, chance: random.Random) -> None:
    """Ask, by GET or POST, with some or all parameters."""
    world, question = client.world, chance.choice(client.world.questions)
    k = chance.choice((5, 5, 5, 1, 3, 10, 50))
    explain = chance.random() < 0.2
    known = chance.choice(list(world.documents.values()))
    filters = chance.choice(({}, {}, {"document_ids": [known["id"]]}, {"date_from": "2010-01-01"},
                             {"publishers": [known["publisher"]] if known["publisher"] else []}))  # fmt: skip
    if chance.random() < 0.4:
        body = {"question": question, "k": k, "filters": filters, "explain": explain}
        sent = request("POST", "/api/ask", json.dumps(body).encode(), **JSON)
    else:
        names = {"document_ids": "document_id", "publishers": "publisher"}
        given = {"q": question, "k": k, "explain": int(explain)} | {names.get(n, n): v for n, v in filters.items()}
        sent = request("GET", f"/api/ask?{urlencode(given, doseq=True)}")
    started = time.perf_counter()
    reply = await client.exchange(sent)
    if hold(reply, 200):
        world.ask_ms.append((time.perf_counter() - started) * 1000)
        hold_answer(world, reply, k, explain=explain)


async def page(client: Client, chance: random.Random) -> None:
    """Open a page as a browser does; sometimes read it slowly."""
    name = chance.choice(list(client.world.documents))
    question = quote(chance.choice(client.world.questions))
    target = chance.choice((f"/?q={question}", f"/?q={question}", "/", "/documents", "/docs", f"/documents/{name}",
                            f"/documents/{name}?quote=0-20-x&q={question}"))  # fmt: skip
    reply = await client.exchange(request("GET", target, Accept="text/html"), slowly=chance.random() < 0.1)
    if hold(reply, 200) and reply.status == 200:
        expect(reply.headers["content-type"].startswith("text/html"), "no page")
        expect(reply.body.rstrip().endswith(b"</html>"), "a page cut short")


async def read(client: Client, chance: random.Random) -> None:
    """Read a document or another resource."""
    name, known = chance.choice(list(client.world.documents.items()))
    target = chance.choice((f"/api/documents/{name}", f"/api/documents/{name}", f"/documents/{name}/original",
                            "/api/documents", "/api/index", "/healthz", "/readyz", "/openapi.json", "/static/style.css",
                            "/favicon.ico", "/opensearch.xml"))  # fmt: skip
    reply = await client.exchange(request("GET", target))
    taken = hold(reply, 200)
    expect(taken or target.startswith(("/api/", "/documents/", "/readyz")), f"{target} waited for others")
    if taken and target == f"/api/documents/{name}":
        expect(reply.json() == known, "another document than before")


async def head(client: Client, chance: random.Random) -> None:
    """Send a HEAD request."""
    target = chance.choice(("/healthz", "/static/style.css", "/favicon.ico"))
    hold(await client.exchange(request("HEAD", target), head_only=True), 200)


@cache
def mistakes() -> tuple[tuple[bytes, int, str], ...]:
    """Wrong requests, each with the expected status and code."""
    post = partial(request, "POST", "/api/ask", **JSON)
    return (
        (request("GET", "/api/ask"), 400, "invalid_request"),
        (request("GET", "/api/ask?q="), 400, "invalid_question"),
        (request("GET", "/api/ask?q=%E2%80%A6"), 400, "invalid_question"),
        (request("GET", f"/api/ask?q={'x' * 20_001}"), 400, "question_too_long"),
        (request("GET", "/api/ask?q=%ff%fe"), 400, "invalid_request"),
        (request("GET", "/api/ask?q=x&limit=3"), 400, "invalid_request"),
        (request("GET", "/api/ask?q=x&q=y"), 400, "invalid_request"),
        (request("GET", "/api/ask?q=x&k=99999999999999999999"), 400, "invalid_request"),
        (request("GET", "/api/ask?q=x&k=-1"), 400, "invalid_request"),
        (request("GET", "/api/ask?q=x&date_from=2022-02-30"), 400, "invalid_request"),
        (request("GET", "/api/ask?q=who&document_id=nope"), 404, "unknown_document"),
        (post(b""), 400, "invalid_request"),
        (post(b'{"question": '), 400, "invalid_request"),
        (post(b"[" * 20_000), 400, "invalid_request"),
        (post(b'{"question": "\xff"}'), 400, "invalid_request"),
        (post(b'{"question": "\\ud800 who"}'), 400, "invalid_question"),
        (post(b'{"question": ["who"]}'), 400, "invalid_request"),
        (post(b'{"question": "who", "filters": {"document_ids": "all"}}'), 400, "invalid_request"),
        (post(b'{"question": "' + b"x" * 500_000 + b'"}'), 413, "request_too_large"),
        (request("POST", "/api/ask", b"question=who"), 415, "unsupported_media_type"),
        (request("GET", "/api/documents/nope"), 404, "unknown_document"),
        (request("GET", "/api/documents/..%2f..%2fetc%2fpasswd"), 404, ""),
        (request("GET", "/nope"), 404, "not_found"),
        (request("GET", "/static/../app.py"), 404, "not_found"),
        (request("DELETE", "/api/ask"), 405, "method_not_allowed"),
        (request("OPTIONS", "/api/ask", Origin="https://elsewhere.example"), 403, "origin_not_allowed"),
        (request("BREW", "/api/ask"), 400, "invalid_request"),
        (post(b'{"question": "who"}', Origin="https://elsewhere.example"), 403, "origin_not_allowed"),
        (request("GET", "/", Host="elsewhere.example"), 421, "host_not_allowed"),
        (request("GET", "/nope", Accept="text/html"), 404, ""),
        (request("GET", "/healthz", **{"X-Long": "x" * 600_000}), 431, "head_too_large"),
    )


async def refused(client: Client, chance: random.Random) -> None:
    """Send a wrong request."""
    sent, status, code = chance.choice(mistakes())
    hold(await client.exchange(sent), status, code)


async def broken(client: Client, chance: random.Random) -> None:
    """Send bytes that are not HTTP."""
    client.hang_up()
    hold(await client.exchange(chance.choice(NO_HTTP)), 400, "invalid_request")


async def in_pieces(client: Client, chance: random.Random) -> None:
    """Send a good request slowly."""
    body = json.dumps({"question": chance.choice(client.world.questions)}).encode()
    sent = request("POST", "/api/ask", body, **JSON)
    cuts = sorted(chance.sample(range(1, len(sent)), 5))
    pieces = [sent[start:end] for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    reply = await client.exchange(*pieces, pause_s=0.02)
    if hold(reply, 200):
        hold_answer(client.world, reply, 5, explain=False)


async def half(client: Client, chance: random.Random) -> None:
    """Send half a request and wait for the error."""
    client.hang_up()
    sent = request("GET", f"/api/ask?q={quote(chance.choice(client.world.questions))}")
    hold(await client.exchange(sent[: len(sent) // 2]), 408, "request_too_slow")


async def hanging_up(client: Client, chance: random.Random) -> None:
    """Send a request or part of it, and disconnect before the whole reply."""
    client.hang_up()
    reader, writer = await client.connect()
    sent = request("GET", f"/?q={quote(chance.choice(client.world.questions))}") * chance.choice((1, 1, 20))
    writer.write(sent[: chance.choice((10, len(sent), len(sent)))])
    await asyncio.sleep(chance.random() * 0.1)
    if chance.random() < 0.3:
        await reader.read(100)
    client.hang_up()


# Percentage of each kind of request.
KINDS: dict[Callable[[Client, random.Random], Any], int] = {
    ask: 50, page: 12, read: 12, head: 2, refused: 14, broken: 4, in_pieces: 2, hanging_up: 3, half: 1,
}  # fmt: skip
