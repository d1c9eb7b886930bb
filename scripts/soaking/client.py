"""A client of the server under test, and the results of all clients."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from fuzzing.contract import Outside, Reply, expect, parse_head

PATIENCE_S = 60  # for one reply; the server's own time limit is much shorter


@dataclass
class World:
    """What clients ask, the documents that the server has, and the results."""

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


class Client:
    """Sends requests and reads replies, on one connection while it is open."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sent = b""
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The connection, opened if there is none."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.world.port)
        return self._streams

    def hang_up(self) -> None:
        """Drop the connection, even during a request."""
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
    """Check that every quote of an answer is the document's text at its offsets."""
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
