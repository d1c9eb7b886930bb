#!/usr/bin/env python
"""The waiting time of a client before, during and after a merge of segments, in one run.

    .venv/bin/python scripts/merge_bench.py SEEDS INDEX [--rounds N] [--seconds S]

INDEX has segments that are due to be merged. Every round serves a copy of it, whose files are links, so INDEX does not
change. One client asks without pause before, during and after the merge. The merge runs as in the builder: in a
separate process, in a thread of the lowest priority. On a busy machine the server's CPU milliseconds for each answer
are more reliable than the client's waiting time.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(1, str(Path(__file__).resolve().parent.parent))
os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:2])  # for the started processes

from bench.corpus import questions
from bench.load import ask
from bench.servers import Running, own, running

WINDOW_S = 1.0  # length of a period of questions during the merge
MERGE = (
    "from qa.building.background_merge import merge; from qa.settings import load_settings; "
    "print(merge(load_settings()))"
)
QUESTIONS = Path(__file__).resolve().parent.parent / "tests/golden/verdicts.jsonl"


class Client:
    """Asks different questions, one after another."""

    def __init__(self, server: Running, pool: list[str]) -> None:
        self._server = server
        self._left = [server.service.request(question) for question in pool]
        self.failed = 0

    def ask(self, phase: Phase, seconds: float) -> None:
        """Ask for some time, and record the times."""
        before = self._cpu_s()
        asked = ask(self._server.port, self._left[: int(500 * seconds) + 1], 1, seconds)
        phase.cpu_s += self._cpu_s() - before
        phase.times_ms += asked.times_ms
        del self._left[: asked.used]
        self.failed += sum(asked.failed.values())

    def _cpu_s(self) -> float:
        times = self._server.process.cpu_times()
        return float(times.user + times.system)


@dataclass(slots=True)
class Phase:
    """Milliseconds of each answer, and the server's CPU seconds for all."""

    times_ms: list[float] = field(default_factory=list)
    cpu_s: float = 0.0

    def figures(self) -> dict[str, float]:
        """Medians and percentiles."""
        return {
            "median": statistics.median(self.times_ms),
            "p99": statistics.quantiles(self.times_ms, n=100, method="inclusive")[98],
            "CPU": self.cpu_s * 1000 / len(self.times_ms),
        }


def main() -> None:
    """Measure several rounds; print each phase and its ratio to the phase before the merge."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("seeds", type=Path)
    parser.add_argument("index", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10, help="how long the client asks before and after")
    arguments = parser.parse_args()
    pool = questions([QUESTIONS], None)
    rounds = []
    for number in range(arguments.rounds):
        phases, told = _round(arguments.seeds.resolve(), arguments.index.resolve(), pool, arguments.seconds)
        rounds.append({name: phase.figures() for name, phase in phases.items()})
        print(f"round {number + 1}: {told}", flush=True)
        for name, phase in phases.items():
            figures = ", ".join(f"{what} {value:.1f} ms" for what, value in phase.figures().items())
            print(f"  {name}: {len(phase.times_ms)} answers, {figures}", flush=True)
    for name in ("beside", "after"):
        for what in ("median", "p99", "CPU"):
            ratios = [each[name][what] / each["before"][what] for each in rounds]
            spread = f"[{min(ratios):.2f}-{max(ratios):.2f}]"
            print(f"{what} {name} the merge, of that before it: {statistics.median(ratios):.2f} {spread}")


def _round(seeds: Path, index: Path, pool: list[str], seconds: float) -> tuple[dict[str, Phase], str]:
    phases = {"before": Phase(), "beside": Phase(), "after": Phase()}
    with tempfile.TemporaryDirectory(dir=index.parent) as work:
        copy = Path(work) / "index"
        shutil.copytree(index, copy, copy_function=os.link, ignore=shutil.ignore_patterns("*.lock", "verified"))
        service = own(copy, seeds)
        with running(service, pool[0]) as server:
            client = Client(server, pool[1:])
            client.ask(Phase(), seconds / 4)  # warm-up
            client.ask(phases["before"], seconds)
            environment = {**os.environ, **service.environment, "QA_PORT": "0"}
            merge = subprocess.Popen([sys.executable, "-c", MERGE], env=environment, stdout=subprocess.PIPE, text=True)
            began = time.monotonic()
            while merge.poll() is None:
                client.ask(phases["beside"], WINDOW_S)
            took_s = time.monotonic() - began
            merges = int(merge.stdout.read()) if merge.stdout else 0
            if not merges:
                raise SystemExit(f"Nothing was to be merged in {index}.")
            client.ask(Phase(), seconds / 4)  # meanwhile the server opens the new version
            client.ask(phases["after"], seconds)
    return phases, f"{merges} merge{'s' * (merges > 1)} in {took_s:.1f} s, {client.failed} answers failed"


if __name__ == "__main__":
    main()
