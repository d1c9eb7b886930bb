"""Asks servers from several clients, and compares every reply with that of one process."""

from __future__ import annotations

import http.client
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

PORT = 8000
_TOOK = re.compile(rb'"took_ms":[0-9.]+')
_SNAPSHOT = re.compile(rb'"snapshot":"([^"]*)"')
_PATIENCE_S = 60  # for a reply
_PAUSE_S = 0.05  # after a refused connection


def reply(address: str, question: str) -> tuple[int, bytes]:
    """The status and the body of a reply, without its time.

    Raises:
        OSError, http.client.HTTPException: the connection is refused or lost.
    """
    connection = http.client.HTTPConnection(address, PORT, timeout=_PATIENCE_S)
    try:
        connection.request("GET", f"/api/ask?q={quote(question)}")
        got = connection.getresponse()
        return got.status, _TOOK.sub(b"", got.read())
    finally:
        connection.close()


@dataclass
class Asked:
    """What clients got.

    Attributes:
        replies: Questions with the bodies of their answers.
        failures: Replies other than answers, by their status.
        lost: Connections that were refused or lost; the client then asked its next server.
        seconds: How long each question waited, with all attempts.
        lasted_s: How long the load lasted.
    """

    replies: list[tuple[str, bytes]] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    seconds: list[float] = field(default_factory=list)
    lasted_s: float = 0.0

    def row(self, name: str, wrong: int) -> str:
        """The row of a Markdown table, below `HEAD`."""
        failed = ", ".join(f"{count} x {what}" for what, count in self.failures.items()) or "0"
        times = sorted(self.seconds)
        cells = (
            name,
            len(times),
            wrong,
            failed,
            self.lost,
            f"{times[len(times) // 2]:.2f} s",
            f"{times[-1]:.1f} s",
            f"{len(times) / self.lasted_s:.1f}",
        )
        return f"| {' | '.join(map(str, cells))} |"


HEAD = (
    "| what was done | questions | wrong | failed | connections lost | median wait | longest wait | a second |\n"
    "|---|---|---|---|---|---|---|---|"
)


def snapshot_of(body: bytes) -> bytes:
    """The snapshot that an answer names."""
    found = _SNAPSHOT.search(body)
    return found[1] if found else b""


class _Clients:
    """Clients that ask until they are stopped, or a number of questions."""

    def __init__(self, servers: Sequence[str], questions: Sequence[str], count: int) -> None:
        self.asked, self.ended = Asked(), threading.Event()
        self._servers, self._questions = servers, questions
        self._numbers = iter(range(count or sys.maxsize))
        self._lock = threading.Lock()

    def ask_all(self, first: int) -> None:
        """Ask as one client, which begins with a certain server."""
        turn = first
        while not self.ended.is_set():
            with self._lock:
                number = next(self._numbers, None)
            if number is None:
                return
            turn = self._ask(self._questions[number % len(self._questions)], turn)

    def _ask(self, question: str, turn: int) -> int:
        """Ask a question, and record the reply; returns the turn of the server that has replied."""
        began, status, body = time.monotonic(), 0, b""
        while not status and time.monotonic() - began < _PATIENCE_S:
            try:
                status, body = reply(self._servers[turn % len(self._servers)], question)
            except (OSError, http.client.HTTPException):
                turn += 1
                with self._lock:
                    self.asked.lost += 1
                time.sleep(_PAUSE_S)
        with self._lock:
            self.asked.seconds.append(time.monotonic() - began)
            if status == 200:
                self.asked.replies.append((question, body))
            else:
                self.asked.failures[str(status or "no connection")] += 1
        return turn


@contextmanager
def load(servers: Sequence[str], questions: Sequence[str], clients: int, count: int = 0) -> Iterator[Asked]:
    """Ask while the context lasts, or a number of questions.

    A client that loses its connection asks the next server, as a proxy in front of several servers does.

    Args:
        servers: Their addresses; the clients begin with each in turn.
        questions: More than the server's cache holds.
        clients: Their number.
        count: The number of questions to ask; 0 for no limit.
    """
    asking = _Clients(servers, questions, count)
    began = time.monotonic()
    threads = [threading.Thread(target=asking.ask_all, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield asking.asked
    finally:
        if not count:
            asking.ended.set()
        for thread in threads:
            thread.join()
        asking.asked.lasted_s = time.monotonic() - began
