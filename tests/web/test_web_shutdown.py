"""A server that is told to stop: a real process, and a real signal."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from waiting import PATIENCE_S, until

from qa.web.workers import THREADS

HERE = Path(__file__).parent


def test_what_was_taken_on_is_answered_and_nothing_new_is_taken():
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE.parent.parent)]),
        "QA_PORT": "0",
        "QA_QUEUE": str(THREADS + 2),
        "QA_ANSWER_SECONDS": str(PATIENCE_S),
    }
    command = [sys.executable, str(HERE / "gate.py")]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            port = int(process.stdout.readline().rpartition(":")[2])
            # Two more than there are threads: they wait in the queue.
            clients = [socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) for _ in range(THREADS + 2)]
            for number, client in enumerate(clients):
                client.sendall(f"GET /api/ask?q=harbour+{number} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert process.stdout.readline() == "every thread waits\n"
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as probe:
                probe.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert probe.recv(1000)  # by then the server has read what came before

            process.send_signal(signal.SIGTERM)
            until(lambda: refused(port))
            process.stdin.write("open\n")
            process.stdin.flush()
            replies = [read(client) for client in clients]
            assert {reply.partition(b"\r\n")[0] for reply in replies} == {b"HTTP/1.1 200 OK"}
            assert all(reply.endswith(b"}") for reply in replies)
            assert process.wait(PATIENCE_S) == -signal.SIGTERM
        finally:
            process.kill()


def refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S).close()
    except ConnectionError:
        return True
    return False


def read(client):
    with client:
        return b"".join(iter(lambda: client.recv(65536), b""))
