#!/usr/bin/env python
"""Asks a served copy of an index without pause while a document is added; prints times of answers and of the build.

    .venv/bin/python scripts/swap_bench.py SEEDS INDEX FILE

INDEX must be up to date with SEEDS. FILE is copied to SEEDS during the measurement.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
from pathlib import Path

QUIET_S = 20.0
QUESTIONS = (
    "how do microbes make food",
    "what is a nursing diagnosis",
    "why do cells divide",
    "who discovered penicillin",
)


class Asker(threading.Thread):
    """Asks one question after another on one connection."""

    def __init__(self, host: str) -> None:
        super().__init__(daemon=True)
        self.host = host
        self.seen: list[tuple[float, float, str]] = []  # start time, milliseconds, snapshot
        self.failed: list[object] = []
        self.stop = threading.Event()

    def run(self) -> None:
        """Ask until `stop` is set."""
        connection = http.client.HTTPConnection(self.host, timeout=30)
        number = 0
        while not self.stop.is_set():
            number += 1
            started = time.perf_counter()
            question = urllib.parse.quote(f"{QUESTIONS[number % len(QUESTIONS)]}, case {number}")  # always different
            try:
                connection.request("GET", f"/api/ask?q={question}")
                reply = connection.getresponse()
                data = json.loads(reply.read())
                if reply.status != 200 or not data["passages"]:
                    self.failed.append(data)
                self.seen.append((started, (time.perf_counter() - started) * 1000, data.get("snapshot", "")))
            except OSError as error:
                self.failed.append(error)
                connection.close()


def p99(values: list[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(values, n=100)[98] if len(values) > 1 else float("nan")


def main() -> None:
    """Serve, measure without a build, add the file, and measure until shortly after it is searchable."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name in ("SEEDS", "INDEX", "FILE"):
        parser.add_argument(name, type=Path)
    seeds, index, new = vars(parser.parse_args()).values()
    env = {**os.environ, "QA_SEEDS_DIR": str(seeds), "QA_INDEX_DIR": str(index), "QA_PORT": "0"}
    command = [sys.executable, "-m", "qa", "serve", "--watch"]
    server = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    target = seeds / "added-by-swap-bench.txt"
    try:
        address = re.search(r"http://(\S+)", server.stdout.readline() if server.stdout else "")
        assert address
        time.sleep(15)  # the watching builder loads its model and finds no changes
        asker = Asker(address[1])
        asker.start()
        time.sleep(QUIET_S)
        before = asker.seen[-1][2]
        shutil.copy(new, target)
        added = time.perf_counter()
        while asker.seen[-1][2] == before and time.perf_counter() - added < 120:
            time.sleep(0.02)
        swapped = next(when for when, _, snapshot in asker.seen if snapshot != before)
        time.sleep(5)
        asker.stop.set()
        asker.join()
        report = json.loads((index / "report.json").read_bytes())
    finally:
        target.unlink(missing_ok=True)
        server.terminate()
        server.wait()
    quiet = [ms for when, ms, _ in asker.seen if when < added]
    busy = [ms for when, ms, _ in asker.seen if when >= added]
    print(f"{report['passages']} passages, {report['encoded']} of them new, built in {report['seconds']:.2f} s")
    print(f"searchable {swapped - added:.2f} s after the file was there")
    print(f"quiet: {len(quiet)} answers, median {statistics.median(quiet):.1f} ms, p99 {p99(quiet):.1f} ms")
    print(f"while adding: {len(busy)} answers, median {statistics.median(busy):.1f} ms, p99 {p99(busy):.1f} ms,")
    print(f"  longest {max(busy):.1f} ms; {p99(busy) / p99(quiet):.1f} times the quiet p99; {len(asker.failed)} failed")


if __name__ == "__main__":
    main()
