"""Several processes that serve one index, and their builder, with the real model."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import psutil
import pytest
from waiting import PATIENCE_S, until
from workshop import Workshop

from qa.settings import Settings

pytestmark = [pytest.mark.model, pytest.mark.long]

ROOT = Path(__file__).parent.parent.parent
QUICK_BUILDERS = os.pathsep.join(map(str, (ROOT / "tests/quick_builders", ROOT)))


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
            # Each on a separate connection; the first waits until a process listens.
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
        "PYTHONPATH": QUICK_BUILDERS,
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
    """Kill the builder until an upload, the index and the page report it before its restart; returns the killed ids."""
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
        if upload.status_code == 202:  # it was restarted before the upload
            assert client.delete("/api/documents/missed.txt").status_code == 202


def builder_of(server: int) -> psutil.Process:
    """The builder of a server, once it was started."""

    def found() -> list[psutil.Process]:
        return [child for child in psutil.Process(server).children() if "--beside-server" in child.cmdline()]

    until(lambda: len(found()) == 1)
    return found()[0]


def listed(client: httpx.Client) -> set[str]:
    """The names of the documents that are served."""
    reply = client.get("/api/documents")
    return {each["source"] for each in reply.json()["documents"]} if reply.status_code == 200 else set()


WATCH_ITS_HEART = "watch-its-heart"  # a file in the index
# `qa serve` in which a builder counts as hanging after some seconds, but only once a certain file exists.
SOON_STALLED = """
import itertools, os, sys, qa.cli.main, qa.cli.serve
if __name__ == "__main__":
    beat, getting_on = qa.cli.serve.last_beat, itertools.count()
    qa.cli.serve.last_beat = lambda *of: beat(*of) if os.path.exists(sys.argv[1]) else next(getting_on)
    qa.cli.serve.STALLED_AFTER_S = 5.0
    sys.exit(qa.cli.main.main(["serve"]))
"""


@pytest.fixture
def serving(tmp_path: Path):
    """Starts `qa serve` with uploads on some documents; its output is not read after the first line."""
    processes: list[subprocess.Popen] = []

    def serve(shop: Workshop) -> tuple[subprocess.Popen, str]:
        environment = {
            **os.environ,
            "PYTHONPATH": QUICK_BUILDERS,
            "QA_SEEDS_DIR": str(shop.seeds),
            "QA_INDEX_DIR": str(shop.index),
            "QA_PORT": "0",
            "QA_ADMIN_TOKEN": TOKEN,
        }
        process = subprocess.Popen(
            [sys.executable, "-c", SOON_STALLED, str(shop.index / WATCH_ITS_HEART)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout
        return process, process.stdout.readline().split()[-1]

    yield serve
    for process in processes:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)


def test_a_builder_whose_words_nobody_reads_goes_on_building(tmp_path: Path, serving):
    """Each build writes more than a pipe holds, on 400 broken files with long names, and nothing reads it."""
    shop = Workshop(tmp_path)
    for number in range(400):
        shop.put(f"{number:04}-{'broken' * 20}.txt", b"")
    _, address = serving(shop)
    with httpx.Client(base_url=address, headers=BEARER, timeout=PATIENCE_S) as client:
        for number in range(3):
            name = f"upload-{number}.txt"
            until(lambda name=name: client.put(f"/api/documents/{name}", content=b"Some.").status_code == 202)
            until(lambda name=name: name in listed(client))
        for wrong in range(30):
            client.put("/api/documents/x.txt", content=b"x", headers={"Authorization": f"Bearer wrong-{wrong}"})
        assert client.get("/readyz").status_code == 200


def test_a_builder_that_lives_but_hangs_is_told_and_replaced(tmp_path: Path, serving):
    """It is stopped, and its last heartbeat is moved back in time, so that it is reported at once."""
    shop = Workshop(tmp_path)
    process, address = serving(shop)
    with httpx.Client(base_url=address, headers=BEARER, timeout=PATIENCE_S) as client:
        until(lambda: "mill.txt" in listed(client))
        builder = builder_of(process.pid)
        builder.suspend()
        long_ago = time.time() - 3600
        os.utime(shop.index / "builder.lock", (long_ago, long_ago))
        assert "has made no progress for" in client.get("/api/index").json()["trouble"]
        assert "has made no progress for" in client.get("/documents").text
        refused = client.put("/api/documents/missed.txt", content=b"Never stored.")
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "builder_missing")
        assert not (shop.seeds / "missed.txt").exists()
        (shop.index / WATCH_ITS_HEART).touch()
        until(lambda: not builder.is_running())
        (shop.index / WATCH_ITS_HEART).unlink()
        until(lambda: client.put("/api/documents/new.txt", content=b"New words.").status_code == 202)
        until(lambda: "new.txt" in listed(client))
        until(lambda: client.get("/api/index").json()["trouble"] is None)
