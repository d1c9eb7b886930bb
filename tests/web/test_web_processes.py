"""Processes that serve one index, and the builder beside them, with the real model."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest
from waiting import PATIENCE_S
from workshop import Workshop

from qa.settings import Settings

pytestmark = pytest.mark.model

ROOT = Path(__file__).parent.parent.parent


def test_two_processes_answer_and_stop_together(seeds_index: Settings):
    environment = {
        **os.environ,
        "QA_INDEX_DIR": str(seeds_index.index_dir),
        "QA_PORT": "0",
        "QA_WORKERS": "2",
        "QA_ANSWER_SECONDS": str(PATIENCE_S),
    }
    command = [sys.executable, "-m", "qa", "serve"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().split()[-1]
            target = f"{address}/api/ask?q=who+is+the+COO+of+the+medical+foundation"
            # Each on a connection of its own; the first waits until a process listens.
            replies = [httpx.get(target, timeout=PATIENCE_S) for _ in range(8)]
            assert {reply.json()["verdict"] for reply in replies} == {"answered"}
            children = psutil.Process(process.pid).children()
            assert len([each for each in children if "spawn_main" in str(each.cmdline())]) == 2
        finally:
            process.terminate()
        assert process.wait(PATIENCE_S) == 0
        assert not psutil.wait_procs(children, PATIENCE_S)[1]


TOKEN = "a-token-for-the-tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_builder_is_missed_told_and_started_again(tmp_path: Path, workers: int):
    shop = Workshop(tmp_path)
    left = shop.put(".upload-0123456789abcdef", "what a killed server left")
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "QA_SEEDS_DIR": str(shop.seeds),
        "QA_INDEX_DIR": str(shop.index),
        "QA_PORT": "0",
        "QA_WORKERS": str(workers),
        "QA_ADMIN_TOKEN": TOKEN,
    }
    command = [sys.executable, "-m", "qa", "serve"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        address = process.stdout.readline().split()[-1]
        while not address.startswith("http"):  # the builder may have told of its snapshot first
            address = process.stdout.readline().split()[-1]
        reader = threading.Thread(target=process.stdout.read)
        reader.start()
        with httpx.Client(base_url=address, headers=BEARER, timeout=PATIENCE_S) as client:
            assert client.put("/api/documents/first.txt", content=b"The first words.").status_code == 202
            assert not left.exists()
            until(lambda: listed(client) >= {"first.txt", "mill.txt"})

            killed = kill_until_missed(process.pid, client)
            assert not (shop.seeds / "missed.txt").exists(), "nothing is stored"

            until(lambda: client.put("/api/documents/second.txt", content=b"The second words.").status_code == 202)
            until(lambda: "second.txt" in listed(client))
            assert client.get("/api/index").json()["trouble"] is None
            assert builder_of(process.pid).pid not in killed
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        reader.join()
        process.stdout.close()
    lines = [
        line for line in (tmp_path / "log").read_text().splitlines() if "The builder beside the server ended" in line
    ]
    assert len(lines) == len(killed), "one line for each death"
    assert all("(SIGKILL); it is started again in" in line for line in lines)


def kill_until_missed(server: int, client: httpx.Client) -> set[int]:
    """Kill the builder until an upload, the index and the page said so before it was back; the ids of those killed."""
    killed = set()
    while True:
        builder = builder_of(server)
        builder.kill()
        builder.wait(PATIENCE_S)
        killed.add(builder.pid)
        upload = client.put("/api/documents/missed.txt", content=b"Never stored.")
        trouble = client.get("/api/index").json()["trouble"]
        page = client.get("/documents").text
        if upload.status_code == 503 and trouble and "not running" in page:
            assert upload.json()["error"]["code"] == "builder_missing"
            assert upload.headers["retry-after"]
            assert "The builder beside this server is not running" in trouble
            assert client.get("/readyz").status_code == 200
            return killed
        if upload.status_code == 202:  # it was back before the upload came
            assert client.delete("/api/documents/missed.txt").status_code == 202


def builder_of(server: int) -> psutil.Process:
    """The builder beside a server, once it has been started."""

    def found() -> list[psutil.Process]:
        return [child for child in psutil.Process(server).children() if "--beside-server" in child.cmdline()]

    until(lambda: len(found()) == 1)
    return found()[0]


def listed(client: httpx.Client) -> set[str]:
    """The names of the documents that are served."""
    reply = client.get("/api/documents")
    return {each["source"] for each in reply.json()["documents"]} if reply.status_code == 200 else set()


def until(condition: Callable[[], bool]) -> None:
    guard = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < guard
        time.sleep(0.05)
