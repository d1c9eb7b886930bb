"""Minutes of good, bad and broken traffic against a real server; every reply is checked against the contract.

    .venv/bin/python scripts/soak.py [--minutes 10] [--clients 64] [--index FOLDER] [--questions FILE] [--seed N]

Serves a throw-away index of seeds/, or the one given, in a process of its own on a free port of this machine, with the
`QA_*` settings of the shell. Prints how many replies of which status there were, what was outside the contract with an
example, how long good questions took, and the server's memory over time. Exit status 1: something was outside.
Needs the development lock.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psutil
from fuzzing.contract import Outside, Reply, expect, hold, parse_head
from fuzzing.process import build, log_faults, open_files, rss_mb, serving
from fuzzing.wire import request

ROOT = Path(__file__).parent.parent
PATIENCE_S = 60  # for one reply; a server under load gives up on a question long before
LINE = 160  # characters of an example
SAMPLE_S = 2
WARM_UP = 0.2  # of the whole time, left out of the slope of memory
DOCUMENTS = 200  # read at most; a large index has more
JSON = {"Content-Type": "application/json"}
NO_HTTP = (
    b"hello\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET / HTTP/9.9\r\n\r\n",
    b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
    b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
)  # fmt: skip


@dataclass
class World:
    """What is asked, of what, and what came of it."""

    port: int
    questions: list[str]
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    outside: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    ask_ms: list[float] = field(default_factory=list)
    rss_mb: list[tuple[float, float]] = field(default_factory=list)
    open_files: list[int] = field(default_factory=list)
    reopened: int = 0


# One client


class Client:
    """Sends requests and reads replies, on one connection for as long as that lasts."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sent = b""
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The connection, opened where there is none."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.world.port)
        return self._streams

    def hang_up(self) -> None:
        """Drop the connection, whatever is under way."""
        if self._streams:
            self._streams[1].transport.abort()
        self._streams = None

    async def exchange(
        self, *pieces: bytes, pause_s: float = 0, head_only: bool = False, slowly: bool = False
    ) -> Reply:
        """Send the pieces of a request and read the reply."""
        reused = self._streams is not None
        self.sent = b"".join(pieces)
        try:
            async with asyncio.timeout(PATIENCE_S):
                reader, writer = await self.connect()
                for piece in pieces:
                    writer.write(piece)
                    await asyncio.sleep(pause_s)
                reply = await self._read(reader, head_only=head_only, slowly=slowly)
        except TimeoutError:
            raise Outside(f"no reply within {PATIENCE_S} s") from None
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            self.hang_up()
            if reused and not getattr(error, "partial", b""):
                self.world.reopened += 1  # the server may close a connection that waits for its next request
                return await self.exchange(*pieces, pause_s=pause_s, head_only=head_only, slowly=slowly)
            raise Outside(f"no whole reply: {type(error).__name__}") from None
        if reply.headers.get("connection") == "close":
            self.hang_up()
        self.world.statuses[reply.status] += 1
        return reply

    async def _read(self, reader: asyncio.StreamReader, *, head_only: bool, slowly: bool) -> Reply:
        status, headers = parse_head((await reader.readuntil(b"\r\n\r\n"))[:-4])
        length = 0 if head_only or status == 204 else int(headers["content-length"])
        body = b""
        while slowly and length - len(body) > 1000:
            body += await reader.readexactly(1000)
            await asyncio.sleep(0.005)
        return Reply(status, headers, body + await reader.readexactly(length - len(body)))


def hold_answer(world: World, reply: Reply, k: int, *, explain: bool) -> None:
    """Hold an answer to its promises: every quote is the document's own text at its offsets."""
    answer = reply.json()
    expect(answer["verdict"] in ("answered", "related", "none"), "no verdict")
    expect(0 <= answer["confidence"] <= 1, "confidence out of range")
    expect(len(answer["passages"]) <= k, f"more than {k} passages")
    expect(("stages_ms" in answer) == explain, "stages_ms")
    for rank, passage in enumerate(answer["passages"], 1):
        cited = passage["citation"]
        expect(passage["rank"] == rank, "ranks")
        expect(("signals" in passage) == explain, "signals")
        expect(all(0 <= mark["start"] < mark["end"] <= len(passage["text"]) for mark in passage["highlights"]), "marks")
        for part in (dict(passage, **cited), *passage["footnotes"]):
            known = world.documents.get(cited["document_id"])
            if known:
                expect(known["text"][part["start"] : part["end"]] == part["text"], "a quote its document does not hold")


# What clients do: one function a kind, each of a client and of chance


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
    """Read a document, or what else there is to read."""
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
    """Ask for the head alone."""
    target = chance.choice(("/healthz", "/static/style.css", "/favicon.ico"))
    hold(await client.exchange(request("HEAD", target), head_only=True), 200)


@cache
def mistakes() -> tuple[tuple[bytes, int, str], ...]:
    """Requests that a program gets wrong, each with the status and the code that it gets for it."""
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
    """Ask for something in a way that cannot be answered."""
    sent, status, code = chance.choice(mistakes())
    hold(await client.exchange(sent), status, code)


async def broken(client: Client, chance: random.Random) -> None:
    """Send what is not HTTP."""
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
    """Send half a request and wait to be told."""
    client.hang_up()
    sent = request("GET", f"/api/ask?q={quote(chance.choice(client.world.questions))}")
    hold(await client.exchange(sent[: len(sent) // 2]), 408, "request_too_slow")


async def hanging_up(client: Client, chance: random.Random) -> None:
    """Send a request, or some of it, and go away without the reply, or with some of it."""
    client.hang_up()
    reader, writer = await client.connect()
    sent = request("GET", f"/?q={quote(chance.choice(client.world.questions))}") * chance.choice((1, 1, 20))
    writer.write(sent[: chance.choice((10, len(sent), len(sent)))])
    await asyncio.sleep(chance.random() * 0.1)
    if chance.random() < 0.3:
        await reader.read(100)
    client.hang_up()


# How many of a hundred requests are of each kind.
KINDS: dict[Callable[[Client, random.Random], Any], int] = {
    ask: 50, page: 12, read: 12, head: 2, refused: 14, broken: 4, in_pieces: 2, hanging_up: 3, half: 1,
}  # fmt: skip


# The run


async def behave(world: World, chance: random.Random, until: float) -> None:
    """One client, until the time is up."""
    client = Client(world)
    kinds = list(KINDS)
    while time.monotonic() < until:
        kind = chance.choices(kinds, list(KINDS.values()))[0]
        world.kinds[kind.__name__] += 1
        try:
            await kind(client, chance)
        except Exception as error:  # noqa: BLE001 - whatever it is, this is what we are here to find
            what = f"{kind.__name__}: {error if isinstance(error, Outside) else repr(error)}"
            world.outside[what] += 1
            world.examples.setdefault(what, f"{time.strftime('%H:%M:%S')} {client.sent[:LINE]!r}")
            client.hang_up()
        if chance.random() < 0.1:
            client.hang_up()
    client.hang_up()


async def watch(world: World, server: psutil.Process, until: float) -> None:
    """Sample the server's memory, all its processes together."""
    started = time.monotonic()
    while time.monotonic() < until:
        world.rss_mb.append(((time.monotonic() - started) / 60, rss_mb(server)))
        await asyncio.sleep(SAMPLE_S)


async def soak(world: World, server: psutil.Process, minutes: float, clients: int, seed: int) -> None:
    """Learn the documents, then let the clients loose; afterwards everything must still be there."""
    first = Client(world)
    listed = (await first.exchange(request("GET", "/api/documents"))).json()["documents"]
    for info in listed[:DOCUMENTS]:
        world.documents[info["id"]] = (await first.exchange(request("GET", f"/api/documents/{info['id']}"))).json()
    world.open_files.append(open_files(server))
    until = time.monotonic() + minutes * 60
    everyone = (behave(world, random.Random(seed + number), until) for number in range(clients))  # noqa: S311
    await asyncio.gather(watch(world, server, until), *everyone)
    hold(await first.exchange(request("GET", "/readyz")), 200)
    world.open_files.append(open_files(server))


def tell(world: World, log: Path, minutes: float) -> None:
    """Print what came of it."""
    lines = log.read_text(errors="replace").splitlines()
    replies = sum(world.statuses.values())
    print(f"replies     {replies}, {replies / minutes / 60:.0f} a second")
    print(f"by status   {', '.join(f'{status}: {count}' for status, count in sorted(world.statuses.items()))}")
    print(f"by kind     {', '.join(f'{kind} {count}' for kind, count in world.kinds.most_common())}")
    if len(world.ask_ms) > 1:
        cuts = statistics.quantiles(world.ask_ms, n=100)
        print(f"good asks   {len(world.ask_ms)}, p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms")
    print(f"reopened    {world.reopened} connections that had served before")
    print(f"log         {len(lines)} lines")
    memory = [mb for _, mb in world.rss_mb]
    warm = [(at, mb) for at, mb in world.rss_mb if at > minutes * WARM_UP]
    slope = statistics.linear_regression(*zip(*warm, strict=True)).slope if len(warm) > 1 else 0.0
    print(
        f"memory      {memory[0]:.0f} MB at the start, {min(memory):.0f} to {max(memory):.0f}, "
        f"{memory[-1]:.0f} at the end, {slope:+.2f} MB a minute after warming up"
    )
    print(f"open files  {world.open_files[0]} at the start, {world.open_files[1]} at the end")
    print(f"outside     {sum(world.outside.values())}")
    for what, count in world.outside.most_common():
        print(f"  {count:6} {what}\n         {world.examples.get(what, '')}")


def main() -> int:
    """Read the arguments, serve, and soak."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--index", type=Path, help="an index to serve instead of one of seeds/")
    parser.add_argument("--questions", type=Path, default=ROOT / "tests/golden/verdicts.jsonl")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    questions = [json.loads(line)["question"] for line in arguments.questions.read_text().splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        index = str(arguments.index.resolve() if arguments.index else Path(folder) / "index")
        if not arguments.index and build({"QA_INDEX_DIR": index}):
            return 1
        log = Path(folder) / "log"
        with serving({"QA_INDEX_DIR": index}, log) as (process, port):
            world = World(port, questions)
            asyncio.run(soak(world, psutil.Process(process.pid), arguments.minutes, arguments.clients, arguments.seed))
        for fault in log_faults(log, process.returncode):
            world.outside[f"the server's log: {fault}"] += 1
        tell(world, log, arguments.minutes)
    return 1 if world.outside else 0


if __name__ == "__main__":
    sys.exit(main())
