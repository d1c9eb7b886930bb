"""Clients that ask without pause, in a separate process with low CPU use.

`ask` starts this file as a program. The program opens one connection for each client, sends each client's next request
as soon as its answer is complete, stops sending when the time is over, and waits for open requests. It uses one thread
and raw sockets: an answer costs the clients some 50 µs of one core.
"""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

HOST = "127.0.0.1"
PATIENCE_S = 180  # for open requests when the time is over


@dataclass(frozen=True, slots=True)
class Asked:
    """Results of the clients: milliseconds of each answer, total seconds, and counts of statuses other than 200."""

    times_ms: list[float]
    seconds: float
    failed: dict[str, int]

    @property
    def used(self) -> int:
        """The number of requests."""
        return len(self.times_ms) + sum(self.failed.values())

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.times_ms) / self.seconds


def ask(port: int, requests: list[str], clients: int, seconds: float) -> Asked:
    """Send requests, each once, from several clients for some time.

    Raises:
        RuntimeError: there were too few requests for the time, or the server closed a connection.
    """
    job = {"port": port, "requests": requests, "clients": clients, "seconds": seconds}
    done = subprocess.run(
        [sys.executable, "-I", "-S", __file__], input=json.dumps(job), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"The clients gave up: {done.stderr.strip().splitlines()[-1]}")
    return Asked(**json.loads(done.stdout))


@dataclass(slots=True)
class _Client:
    connection: socket.socket
    began: float = 0.0
    received: bytearray = field(default_factory=bytearray)
    length: int = 0  # of the whole answer, once its head was received

    def send(self, request: bytes) -> None:
        self.received.clear()
        self.length = 0
        self.began = time.perf_counter()
        self.connection.sendall(request)

    def receive(self) -> bool:
        """Read the received bytes; True when the answer is complete."""
        data = self.connection.recv(1 << 18)
        if not data:
            raise ConnectionError("the server closed a connection")
        self.received += data
        if not self.length:
            end = self.received.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = bytes(self.received[:end]).lower()
            self.length = end + 4 + int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        return len(self.received) >= self.length

    def status(self) -> str:
        return self.received[9:12].decode()


def _run(port: int, requests: list[str], clients: int, seconds: float) -> dict[str, Any]:
    waiting = selectors.DefaultSelector()
    for _ in range(clients):
        connection = socket.create_connection((HOST, port), timeout=PATIENCE_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        waiting.register(connection, selectors.EVENT_READ, _Client(connection))
    left = iter([request.encode() for request in requests])
    times_ms: list[float] = []
    failed: Counter[str] = Counter()
    started = time.perf_counter()
    for key in list(waiting.get_map().values()):
        key.data.send(next(left))
    busy = clients
    while busy:
        events = waiting.select(PATIENCE_S)
        if not events:
            raise TimeoutError(f"no answer for {PATIENCE_S} s")
        for key, _ in events:
            client: _Client = key.data
            if not client.receive():
                continue
            now = time.perf_counter()
            if client.status() == "200":
                times_ms.append((now - client.began) * 1000)
            else:
                failed[client.status()] += 1
            if now - started < seconds:
                client.send(next(left))
            else:
                waiting.unregister(client.connection)  # the server may close idle connections
                busy -= 1
    ended = time.perf_counter()
    return {"times_ms": times_ms, "seconds": ended - started, "failed": failed}


if __name__ == "__main__":
    print(json.dumps(_run(**json.load(sys.stdin))))
