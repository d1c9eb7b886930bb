"""Builders killed by SIGKILL, at moments and at touches of the disk chosen at random, while questions are answered.

A run of 200 kills: `KILLS=200 SEED=7 pytest tests/test_crash.py -s`. Without, ten, and a seed of the day.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import crash_builder
import pytest
from fakes import FakeEncoder
from workshop import Workshop

from qa.manifest import current_id, manifests, read_manifest, verify_files
from qa.service import Service
from qa.settings import Settings

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")

KILLS = int(os.environ.get("KILLS", "10"))
SEED = int(os.environ.get("SEED", datetime.now(UTC).strftime("%Y%m%d")))
ROOT = Path(__file__).parent.parent
_EDITION = re.compile(r"edition (\d+)")


class Readers:
    """Threads that ask without pause, and note every answer that is missing, wrong, or of two snapshots."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.latest = 0  # the newest edition that may have been published
        self.answered = 0
        self.wrong: list[object] = []
        self._edition_of: dict[str, int] = {}
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(2)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._stop.wait(0.01):
            try:
                # Explained, so that it is searched for each time rather than remembered.
                answer = self.service.ask("which edition does the tide table of the harbour show", 5, explain=True)
                editions = {int(_EDITION.search(quote.text)[1]) for quote in answer.passages}
                known = self._edition_of.setdefault(answer.snapshot, max(editions))
                if editions != {known} or known > self.latest or len(answer.passages) != 5:
                    self.wrong.append((answer.snapshot, editions, known))
                self.answered += 1
            except Exception as error:  # noqa: BLE001
                self.wrong.append(error)


def write(shop: Workshop, edition: int) -> None:
    for number in range(5):
        paragraphs = [
            f"Harbour {number}, basin {basin}: the tide table of the harbour shows edition {edition:05d} for the"
            f" {' '.join(f'mark{number}x{basin}x{word}' for word in range(30))} marks."
            for basin in range(3)
        ]
        shop.put(f"tide{number}.txt", f"Tide table {number}\n\n" + "\n\n".join(paragraphs))


def whole(shop: Workshop) -> None:
    """Every published snapshot is whole, and CURRENT names one of them."""
    ids = [manifest["id"] for manifest in manifests(shop.index)]
    assert current_id(shop.index) in ids
    for each in ids:
        verify_files(shop.folder(each), read_manifest(shop.folder(each)))


def test_killed_builders_leave_nothing_torn_and_no_question_unanswered(tmp_path, capsys):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["crash_builder"])
    shop = Workshop(tmp_path, {})

    def builder(target=crash_builder.run, *more):
        process = context.Process(target=target, args=(shop.seeds, shop.index, *more))
        process.start()
        return process

    write(shop, 0)
    first = builder()
    first.join(60)
    assert first.exitcode == 0
    write(shop, 1)
    counted = context.SimpleQueue()
    started = time.monotonic()
    counting = builder(crash_builder.touches, counted)
    touches = counted.get()
    counting.join()
    took_s = time.monotonic() - started

    chance = random.Random(SEED)
    killed = finished = 0
    service = Service(shop.settings, FakeEncoder())
    readers = Readers(service)
    readers.latest = 1
    try:
        edition = 1
        while killed < KILLS:
            edition += 1
            readers.latest = edition
            write(shop, edition)
            by_touch = chance.random() < 0.5
            victim = builder(crash_builder.run, chance.randrange(1, touches + 5) if by_touch else None)
            if not by_touch:
                victim.join(chance.uniform(0, 1.1 * took_s))
                victim.kill()
            victim.join(60)
            killed += victim.exitcode == -signal.SIGKILL
            finished += victim.exitcode == 0
            assert victim.exitcode in (0, -signal.SIGKILL)
            whole(shop)
            heir = builder()
            heir.join(60)
            assert heir.exitcode == 0, f"the build after a kill failed (seed {SEED})"
            whole(shop)
            assert not list((shop.index / "snapshots").glob(".*"))
    finally:
        readers.close()
        service.close()
    with capsys.disabled():
        print(
            f"\n[{killed} kills, {finished} builds too quick to kill, seed {SEED}:"
            f" {readers.answered} answers, {len(readers.wrong)} wrong]"
        )
    assert readers.wrong == []
    assert readers.answered > 10 * KILLS
    other = Workshop(tmp_path / "nothing", {})
    other.settings = Settings(seeds_dir=shop.seeds, index_dir=other.index)
    other.build()
    assert read_manifest(other.folder())["files"] == read_manifest(shop.folder())["files"]


@pytest.mark.model
def test_the_real_server_answers_while_the_real_builder_is_killed(tmp_path, capsys):
    shop = Workshop(tmp_path)
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "QA_SEEDS_DIR": str(shop.seeds),
        "QA_INDEX_DIR": str(shop.index),
        "QA_PORT": "0",
    }

    def qa(*arguments: str, **options: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "qa.cli", *arguments]
        return subprocess.Popen(command, env=env, text=True, stdout=subprocess.PIPE, **options)

    started = time.monotonic()
    with qa("build", "--quiet") as build:
        build.communicate()
    took_s = time.monotonic() - started
    assert build.returncode == 0
    before = current_id(shop.index)
    server = qa("serve")
    try:
        address = re.search(r"http://\S+", server.stdout.readline())[0]
        shop.put("lighthouse.txt", "The Lighthouse\n\nThe lighthouse of Elden shows two white flashes.")
        chance = random.Random(SEED)
        victim = qa("build", "--quiet")
        until = time.monotonic() + chance.uniform(0.3, 1.0) * took_s
        asked = 0
        while time.monotonic() < until or asked < 5:
            answer = _ask(address, "Who built the oldest pier?")
            assert "Mara Quill in 1871" in answer["passages"][0]["text"]
            asked += 1
        victim.kill()
        victim.communicate()
        assert _ask(address, "Who built the oldest pier?")["snapshot"] in (before, current_id(shop.index))
        with qa("build", "--quiet") as heir:
            heir.communicate()
        assert heir.returncode == 0
        wanted, until = current_id(shop.index), time.monotonic() + 2
        while (answer := _ask(address, "How many flashes does the lighthouse show?"))["snapshot"] != wanted:
            assert time.monotonic() < until
        assert "two white flashes" in answer["passages"][0]["text"]
    finally:
        server.terminate()
        server.communicate()
    with capsys.disabled():
        print(f"\n[real server: {asked} answers before the kill, seed {SEED}]")


def _ask(address: str, question: str) -> dict:
    body = json.dumps({"question": question}).encode()
    request = urllib.request.Request(f"{address}/api/ask", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)
