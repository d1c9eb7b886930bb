"""Shutdown of a server: a real process, and a real signal."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import samples_for_tests
from live_server import serving
from raw_http import BEARER, TOKEN, Reply, connect, parse, request
from raw_http import read as read_all
from waiting import PATIENCE_S, until

from qa.settings import Settings
from qa.web.limits.workers import THREADS

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
                assert probe.recv(1000)  # by then the server has read the previous bytes

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


def test_ctrl_c_twice_ends_a_busy_server_at_once_and_calmly():
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE.parent.parent)]),
        "QA_PORT": "0",
        "QA_ANSWER_SECONDS": str(PATIENCE_S),
    }
    # If the shell ignores Ctrl-C, a child would inherit that. A forced end leaves threads waiting at the gate.
    code = (
        "import os, signal, sys, threading; import gate, qa.cli.main, qa.cli.open_service\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "shut = gate.Gate(); qa.cli.open_service.open_service = lambda _: shut\n"
        "def porter():\n"
        "    shut.begun.acquire()\n"
        "    print('asked', flush=True)\n"
        "threading.Thread(target=porter, daemon=True).start()\n"
        "status = qa.cli.main.main(['serve'])\n"
        "sys.stderr.flush(); os._exit(status)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment | {"PYTHONPATH": os.pathsep.join([str(HERE), environment["PYTHONPATH"]])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            port = int(process.stdout.readline().rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as client:
                client.sendall(b"GET /api/ask?q=harbour HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert process.stdout.readline() == "asked\n"
                process.send_signal(signal.SIGINT)
                until(lambda: refused(port))
                process.send_signal(signal.SIGINT)
                _, said = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
    assert process.returncode == 130
    assert said.splitlines()[-1] == "qa: interrupted"
    assert "Traceback" not in said


def check_that_it_says_so(reply: Reply):
    assert (reply.status, reply.error["code"]) == (503, "overloaded")
    assert "stopping" in reply.error["message"]
    assert reply.headers["retry-after"]
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_who_sends_when_the_server_stops_is_told_to_send_again():
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE.parent.parent)]),
        "QA_PORT": "0",
        "QA_ANSWER_SECONDS": "0.5",  # and a little more, until its wait ends
    }
    command = [sys.executable, str(HERE / "gate.py")]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            address = process.stdout.readline().split()[-1]
            head = ("Content-Type: application/json", "Content-Length: 100", "Expect: 100-continue")
            with connect(address) as client:
                client.sendall(request("POST /api/ask HTTP/1.1", *head, body=b'{"question": "wh'))
                assert client.recv(1000).startswith(b"HTTP/1.1 100 ")  # by then it reads the body
                process.send_signal(signal.SIGTERM)
                [reply] = parse(read_all(client))
            check_that_it_says_so(reply)
            assert process.wait(PATIENCE_S) == -signal.SIGTERM
        finally:
            process.kill()


def test_an_upload_under_way_when_the_server_stops_leaves_nothing(tmp_path):
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    settings = Settings(admin_token=TOKEN, seeds_dir=seeds, index_dir=tmp_path / "index")
    with ExitStack() as held:
        with serving(samples_for_tests.service(), settings, timeout_graceful_shutdown=1) as address:
            client = held.enter_context(connect(address))
            head = (BEARER, "Content-Length: 100")
            client.sendall(request("PUT /api/documents/a.txt HTTP/1.1", *head, body=b"half"))
            until(lambda: list(seeds.glob(".upload*")))
        [reply] = parse(read_all(client))
        check_that_it_says_so(reply)
        assert not list(seeds.iterdir())


def read(client):
    with client:
        return b"".join(iter(lambda: client.recv(65536), b""))
