"""Builders killed by SIGKILL, before and after steps of their work chosen at random, while questions are answered.

A run of 200 kills: `KILLS=200 SEED=7 pytest tests/test_crash.py -s`. Without, ten, and always the same seed.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import crash_builder
import pytest
from fakes import FakeEncoder
from processes import FRESH
from waiting import PATIENCE_S, until
from workshop import Workshop

import qa.index.local.current
from qa.answering.service import Service
from qa.building.build import build
from qa.cli.open_service import open_service
from qa.encode import Encoder
from qa.index.local.manifest import current_id, manifests, read_manifest, verify_files
from qa.settings import Settings

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")

KILLS = int(os.environ.get("KILLS", "10"))
SEED = int(os.environ.get("SEED", "1"))
ROOT = Path(__file__).parent.parent
_EDITION = re.compile(r"edition (\d+)")


class Readers:
    """Threads that ask again and again, and note every answer that is missing, wrong, or of two snapshots."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.latest = 0  # the newest edition that may have been published
        self.answered: list[str] = []  # the snapshot of each answer
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

    def wait_for_answers(self, count: int = 1, snapshot: str | None = None) -> None:
        """Wait until so many more questions, which may have been asked before, have been answered (from a snapshot)."""
        known = len(self.answered)
        until(lambda: self.wrong or sum(snapshot in (None, each) for each in self.answered[known:]) >= count)

    def _ask(self) -> None:
        while not self._stop.wait(0.01):  # leaves the builders a core
            try:
                # Explained, so that it is searched for each time rather than remembered.
                answer = self.service.ask("which edition does the tide table of the harbour show", 5, explain=True)
                editions = {int(_EDITION.search(quote.text)[1]) for quote in answer.passages}
                known = self._edition_of.setdefault(answer.snapshot, max(editions))
                if editions != {known} or known > self.latest or len(answer.passages) != 5:
                    self.wrong.append((answer.snapshot, editions, known))
                self.answered.append(answer.snapshot)
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


def test_killed_builders_leave_nothing_torn_and_no_question_unanswered(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(qa.index.local.current, "LOOK_EVERY_S", 0.02)
    shop = Workshop(tmp_path, {})

    def builder(target=crash_builder.run, *more):
        process = FRESH.Process(target=target, args=(shop.seeds, shop.index, *more))
        process.start()
        return process

    def telling_builder():
        """A builder that tells its steps, and the pipe where it does; the pipe ends with it."""
        told, tell = FRESH.Pipe(duplex=False)
        process = builder(crash_builder.tell, tell)
        tell.close()
        return process, told

    write(shop, 0)
    first = builder()
    first.join(PATIENCE_S)
    assert first.exitcode == 0
    write(shop, 1)
    counting, told = telling_builder()
    steps = 0
    while os.read(told.fileno(), 1):
        steps += 1
    counting.join(PATIENCE_S)
    assert steps > 100

    chance = random.Random(SEED)
    killed = finished = 0
    service = open_service(shop.settings, FakeEncoder())
    readers = Readers(service)
    readers.latest = 1
    try:
        edition = 1
        while killed < KILLS:
            edition += 1
            readers.latest = edition
            write(shop, edition)
            at = chance.randrange(1, steps + 5)
            if chance.random() < 0.5:
                victim = builder(crash_builder.run, at)
            else:
                victim, told = telling_builder()
                while at and os.read(told.fileno(), 1):
                    at -= 1
                victim.join(chance.uniform(0, 0.01))  # it may write what no step tells of; any moment is as good
                victim.kill()
            victim.join(PATIENCE_S)
            killed += victim.exitcode == -signal.SIGKILL
            finished += victim.exitcode == 0
            assert victim.exitcode in (0, -signal.SIGKILL)
            whole(shop)
            readers.wait_for_answers(5)
            heir = builder()
            heir.join(PATIENCE_S)
            assert heir.exitcode == 0, f"the build after a kill failed (seed {SEED})"
            whole(shop)
            assert not list((shop.index / "snapshots").glob(".*"))
            readers.wait_for_answers(snapshot=current_id(shop.index))
    finally:
        readers.close()
        service.close()
    with capsys.disabled():
        print(
            f"\n[{killed} kills, {finished} builds too quick to kill, seed {SEED}:"
            f" {len(readers.answered)} answers, {len(readers.wrong)} wrong]"
        )
    assert readers.wrong == []
    other = Workshop(tmp_path / "nothing", {})
    other.settings = Settings(seeds_dir=shop.seeds, index_dir=other.index)
    other.build()
    assert read_manifest(other.folder())["files"] == read_manifest(shop.folder())["files"]


_HELD = """
import sys, threading, qa.building.build
from qa.cli.main import main

real = qa.building.build.open_encoder

def held(settings):
    encoder = real(settings)
    print("the model is loaded", flush=True)
    threading.Event().wait()
    return encoder

qa.building.build.open_encoder = held
sys.exit(main(["build", "--quiet"]))
"""


@pytest.mark.model
def test_the_real_server_answers_while_the_real_builder_is_killed(tmp_path, encoder: Encoder):
    """The builder waits without end where its files are read and its model is loaded."""
    shop = Workshop(tmp_path)
    build(shop.settings, encoder=encoder)
    before = current_id(shop.index)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "QA_SEEDS_DIR": str(shop.seeds),
        "QA_INDEX_DIR": str(shop.index),
        "QA_PORT": "0",
        "QA_ANSWER_SECONDS": str(PATIENCE_S),
    }

    def python(*arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, *arguments], env=environment, text=True, stdout=subprocess.PIPE)

    shop.put("lighthouse.txt", "The Lighthouse\n\nThe lighthouse of Elden shows two white flashes.")
    with python("-m", "qa", "serve") as server, python("-c", _HELD) as victim:
        try:
            address = re.search(r"http://\S+", server.stdout.readline())[0]
            assert victim.stdout.readline() == "the model is loaded\n"
            for killed in (False, True):
                if killed:
                    victim.kill()
                    assert victim.wait(PATIENCE_S) == -signal.SIGKILL
                answer = _ask(address, "Who built the oldest pier?")
                assert "Mara Quill in 1871" in answer["passages"][0]["text"]
                assert answer["snapshot"] == before
            wanted = build(shop.settings, encoder=encoder).snapshot
            assert wanted != before
            until(lambda: _ask(address, "How many flashes does the lighthouse show?")["snapshot"] == wanted)
            answer = _ask(address, "How many flashes does the lighthouse show?")
            assert "two white flashes" in answer["passages"][0]["text"]
        finally:
            victim.kill()
            server.terminate()


def _ask(address: str, question: str) -> dict:
    body = json.dumps({"question": question}).encode()
    request = urllib.request.Request(f"{address}/api/ask", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as reply:
        return json.load(reply)
