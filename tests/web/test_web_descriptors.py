"""A server with few file descriptors: a real process under `ulimit -n`, and more clients than descriptors."""

from __future__ import annotations

import logging
import os
import resource
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from raw_http import connect, exchange, parse, read, request
from waiting import PATIENCE_S, until

from qa.web.limits import file_descriptors as descriptors

HERE = Path(__file__).parent
HALF = b"GET /healthz HTTP/1.1\r\nHost: loc"
LAST = request("GET /healthz HTTP/1.1", "Connection: close")


@pytest.fixture
def few(tmp_path):
    """The address of a server with 64 descriptors, and its log."""
    log = tmp_path / "log"
    path = os.pathsep.join(map(str, (HERE.parent.parent, HERE.parent)))
    environment = {**os.environ, "PYTHONPATH": path, "QA_PORT": "0"}
    command = ["bash", "-c", f'ulimit -n 64 && exec "{sys.executable}" "{HERE / "gate.py"}"']
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            yield process.stdout.readline().split()[-1], log
        finally:
            process.kill()


def is_answered(address):
    return [reply.status for reply in exchange(address, LAST)] == [200]


def test_more_clients_than_descriptors_fill_no_log_and_keep_nobody_out(few):
    address, log = few
    with ExitStack() as held:
        clients = [held.enter_context(connect(address)) for _ in range(120)]
        for client in clients:
            with suppress(OSError):  # it has made way already
                client.sendall(HALF)
        for _ in range(20):
            until(lambda: is_answered(address))  # in place of a silent client
        replies = [parse(read(client)) for client in clients]  # each gets an error, or is closed
        assert {reply.status for each in replies for reply in each} <= {408, 503}
    until(lambda: is_answered(address))
    assert len(log.read_text().splitlines()) <= 2, log.read_text()
    assert "Traceback" not in log.read_text()


def test_clients_that_ask_all_at_once_are_answered_or_told(few):
    address, _ = few
    with ExitStack() as held:
        clients = [held.enter_context(connect(address)) for _ in range(100)]
        for client in clients:
            with suppress(OSError):  # it has made way already
                client.sendall(LAST)
        statuses = [reply.status for client in clients for reply in parse(read(client))]
        assert set(statuses) <= {200, 503}
        assert statuses.count(200) >= 8
    until(lambda: is_answered(address))


WHAT_IS_ALLOWED = """
import resource
from qa.web.limits import file_descriptors as d
d.raise_limit()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0], d.connections_allowed(), d.files_allowed(), d.backlog())
"""


def test_the_limit_is_raised_and_connections_follow_it():
    def asked(limit):
        program = 'ulimit -S -n "$1" && ulimit -H -n "$2" && exec "$3" -c "$4"'
        command = ["bash", "-c", program, "bash", *map(str, limit), sys.executable, WHAT_IS_ALLOWED]
        environment = {**os.environ, "PYTHONPATH": str(HERE.parent.parent)}
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=PATIENCE_S)
        return [int(number) for number in done.stdout.split()]

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard == resource.RLIM_INFINITY or hard >= 5000:
        assert asked((256, 5000)) == [4096, 512, 256, pytest.approx(511, abs=1)]
    limit, connections, files, backlog = asked((64, 256))
    assert limit == 256
    assert 100 <= connections <= 128
    assert 50 <= files <= 64
    assert 25 <= backlog <= 32
    limit, connections, files, backlog = asked((16, 16))
    assert (limit, files, backlog) == (16, 4, 4)
    assert 4 <= connections <= 8


def test_a_shortage_is_told_once_a_minute(monkeypatch):
    now = 1000.0
    monkeypatch.setattr("qa.web.limits.file_descriptors.time.monotonic", lambda: now)
    shortage = descriptors.ShortageFilter()

    def written(message):
        record = logging.LogRecord("asyncio", logging.ERROR, __file__, 1, message, (), (OSError, OSError(24), None))
        return record.getMessage() if shortage.filter(record) else None

    accept = "socket.accept() out of system resource\nsocket: <socket>"
    assert "ulimit" in written(accept)
    now += 59
    assert [written(accept) for _ in range(1000)] == [None] * 1000
    assert written("Something else") == "Something else"
    now += 1
    assert "ulimit" in written(accept)
