"""Builders killed by SIGKILL before and after random steps of their work, while questions are answered.

They add, change and remove documents, merge, prune and roll back.

A run of 200 kills: `KILLS=200 SEED=7 pytest tests/test_crash.py -k leave -s`. By default ten, always with the same
seed.
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
from collections import Counter
from contextlib import closing
from pathlib import Path

import crash_builder
import pytest
from crash_builder import Kind
from fakes import FakeEncoder
from processes import FRESH
from waiting import PATIENCE_S, until
from whole_index import contents, signals
from workshop import Workshop

import qa.index.local.current
from qa.answering.service import Service
from qa.building.build import build
from qa.cli.open_service import open_service
from qa.encode import Encoder
from qa.index.local.index_folder import (
    current_id,
    current_name,
    segment_ids,
    segment_path,
    version_names,
    versions,
)
from qa.index.local.merge_policy import Size, next_merge
from qa.index.local.segment import Segment
from qa.index.local.verify import verify_segment
from qa.settings import Settings

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")

KILLS = int(os.environ.get("KILLS", "10"))
SEED = int(os.environ.get("SEED", "1"))
ROOT = Path(__file__).parent.parent
CHANCES = {Kind.BUILD_AND_MERGE: 4, Kind.MERGE: 4, Kind.ROLL_BACK: 2}
_EDITION = re.compile(r"edition (\d+)")


class Readers:
    """Threads that ask repeatedly, and record every answer that is missing, wrong, or of two snapshots."""

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
        """Wait until so many more questions, new or repeated, were answered (from a snapshot)."""
        known = len(self.answered)
        until(lambda: self.wrong or sum(snapshot in (None, each) for each in self.answered[known:]) >= count)

    def _ask(self) -> None:
        while not self._stop.wait(0.05):  # leaves the cores to the builders
            try:
                # With explanations, so that each question is searched and not answered from the cache.
                answer = self.service.ask("which edition does the tide table of the harbour show", 5, explain=True)
                editions = {int(_EDITION.search(quote.text)[1]) for quote in answer.passages}
                known = self._edition_of.setdefault(answer.snapshot, max(editions))
                if editions != {known} or known > self.latest or len(answer.passages) != 5:
                    self.wrong.append((answer.snapshot, editions, known))
                self.answered.append(answer.snapshot)
            except Exception as error:  # noqa: BLE001
                self.wrong.append(error)


def write(shop: Workshop, edition: int) -> None:
    """Five documents that all name the edition, and a few notes, of which one is rewritten and one removed."""
    for number in range(5):
        paragraphs = [
            f"Harbour {number}, basin {basin}: the tide table of the harbour shows edition {edition:05d} for the"
            f" {' '.join(f'mark{number}x{basin}x{word}' for word in range(30))} marks."
            for basin in range(3)
        ]
        shop.put(f"tide{number}.txt", f"Tide table {number}\n\n" + "\n\n".join(paragraphs))
    shop.put(f"note{edition % 7}.txt", f"Note {edition}\n\nThe cook wrote note {edition} on the kitchen wall.")
    (shop.seeds / f"note{(edition + 3) % 7}.txt").unlink(missing_ok=True)


def whole(shop: Workshop) -> None:
    """Every version is intact, byte for byte, and CURRENT names one of them."""
    found = versions(shop.index)
    assert current_name(shop.index) in [version.name for version in found]
    for segment_id in {entry.id for version in found for entry in version.segments}:
        verify_segment(shop.index, segment_id, every_byte=True)


def nothing_is_left_over(shop: Workshop) -> None:
    """Every file belongs to a version, and CURRENT names the newest."""
    assert version_names(shop.index)[0] == current_name(shop.index)
    assert set(segment_ids(shop.index)) == {entry.id for version in versions(shop.index) for entry in version.segments}
    assert not list(shop.index.rglob(".*"))


def merge_is_due(shop: Workshop) -> bool:
    """Whether there are segments to merge."""
    sizes = []
    for entry in shop.version().segments:
        with closing(Segment.open(segment_path(shop.index, entry.id))) as segment:
            kept = [each for row, each in enumerate(segment.documents) if row not in entry.removed]
            sizes.append(Size(entry.id, entry.passages, sum(info.passages for info in kept)))
    return bool(next_merge(sizes))


class Builders:
    """Starts builders, and counts their results."""

    def __init__(self, shop: Workshop, seed: int) -> None:
        self.shop = shop
        self.killed: Counter[Kind] = Counter()
        self.too_late = 0
        self._chance = random.Random(seed)
        self._steps: dict[Kind, int] = {}

    def start(self, target=crash_builder.run, *more: object):
        process = FRESH.Process(target=target, args=(self.shop.seeds, self.shop.index, *more))
        process.start()
        return process

    def finish(self, kind: Kind = Kind.BUILD_AND_MERGE) -> None:
        """Let a builder finish; the first of each kind gives the number of its steps."""
        if kind in self._steps:
            builder = self.start(crash_builder.run, kind)
        else:
            builder, told = self._telling(kind)
            self._steps[kind] = 0
            while os.read(told.fileno(), 1):
                self._steps[kind] += 1
        builder.join(PATIENCE_S)
        assert builder.exitcode == 0

    def kill(self, kind: Kind) -> None:
        """Kill a builder at some step, by itself or from outside."""
        at = self._chance.randrange(1, self._steps[kind] + 5)
        if self._chance.random() < 0.5:
            victim = self.start(crash_builder.run, kind, at)
        else:
            victim, told = self._telling(kind)
            while at and os.read(told.fileno(), 1):
                at -= 1
            victim.join(self._chance.uniform(0, 0.01))  # it may write without a step; any moment will do
            victim.kill()
        victim.join(PATIENCE_S)
        assert victim.exitcode in (0, -signal.SIGKILL)
        if victim.exitcode:
            self.killed[kind] += 1
        else:
            self.too_late += 1

    def any_kind(self) -> Kind:
        """The action of the next builder: two in five only merge."""
        return self._chance.choices(list(CHANCES), list(CHANCES.values()))[0]

    def _telling(self, kind: Kind):
        """A builder that reports its steps, and the pipe of these reports; the pipe ends with it."""
        told, tell = FRESH.Pipe(duplex=False)
        process = self.start(crash_builder.tell, kind, tell)
        tell.close()
        return process, told


def test_killed_builders_leave_nothing_torn_and_no_question_unanswered(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(qa.index.local.current, "LOOK_EVERY_S", 0.02)
    shop = Workshop(tmp_path, {})
    builders = Builders(shop, SEED)
    for edition, kind in enumerate((Kind.BUILD_AND_MERGE, Kind.BUILD_AND_MERGE, Kind.BUILD, Kind.BUILD)):
        write(shop, edition)
        builders.finish(kind)
    builders.finish(Kind.MERGE)
    builders.finish(Kind.ROLL_BACK)
    service = open_service(shop.settings, FakeEncoder())
    readers = Readers(service)
    readers.latest = edition
    try:
        while builders.killed.total() < KILLS:
            kind = builders.any_kind()
            if kind is Kind.BUILD_AND_MERGE:
                edition += 1
                readers.latest = edition
                write(shop, edition)
            while kind is Kind.MERGE and not merge_is_due(shop):
                edition += 1
                readers.latest = edition
                write(shop, edition)
                builders.finish(Kind.BUILD)
            builders.kill(kind)
            whole(shop)
            readers.wait_for_answers(5)
            builders.finish()
            whole(shop)
            nothing_is_left_over(shop)
            readers.wait_for_answers(snapshot=current_id(shop.index))
    finally:
        readers.close()
        service.close()
    with capsys.disabled():
        print(
            f"\n[{builders.killed.total()} kills, of which {builders.killed[Kind.MERGE]} in merges that were due,"
            f" {builders.too_late} that came too late, seed {SEED}:"
            f" {len(readers.answered)} answers, {len(readers.wrong)} wrong]"
        )
    assert readers.wrong == []
    write(shop, edition + 1)
    builders.finish()
    other = Workshop(tmp_path / "nothing", {})
    other.settings = Settings(seeds_dir=shop.seeds, index_dir=other.index)
    other.build()
    with closing(shop.open_index()) as here, closing(other.open_index()) as there:
        assert contents(here) == contents(there)
        assert signals(here, shop.encoder) == signals(there, shop.encoder)


_HELD = """
import sys, threading, qa.building.build
from qa.cli.main import main
from qa.encode import open_question_encoder

def held(settings):
    encoder = open_question_encoder(settings)  # without PyTorch, whose import takes nine seconds of CPU time
    print("the model is loaded", flush=True)
    threading.Event().wait()
    return encoder

qa.building.build.open_encoder = held
sys.exit(main(["build", "--quiet"]))
"""


@pytest.mark.model
def test_the_real_server_answers_while_the_real_builder_is_killed(tmp_path, encoder: Encoder):
    """The builder waits forever at reading its files and at loading its model."""
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
