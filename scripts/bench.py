"""Speed of the whole service over HTTP, beside the bare encoder pass measured in the same run.

    .venv/bin/python scripts/bench.py [--questions FILE] [--rounds N]

Builds the documents in seeds/ into a throw-away index, serves it in a process of its own on a free port, and prints:
start to ready, memory, latency and throughput at 1, 4 and 16 clients, and the median as a multiple of the encoder pass.
Every question of the file is asked once a round, so nothing is answered from a cache. Needs the development lock.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import psutil

from qa.build import build
from qa.encode import packaged_model
from qa.settings import Settings

CLIENTS = (1, 4, 16)
STARTS = 3


def main() -> None:
    """Read the arguments, build, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=Path, default=Path("tests/golden/verdicts.jsonl"))
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    questions = [json.loads(line)["question"] for line in arguments.questions.read_text().splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(index_dir=Path(folder))
        report = build(settings)
        print(f"machine        {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        print(
            f"index          {report.documents} documents, {report.passages} passages, built in {report.seconds:.1f} s"
        )
        serve(folder, questions, arguments.rounds)


def serve(index: str, questions: list[str], rounds: int) -> None:
    """Measure start, memory, latency and throughput of a server on an index."""
    starts = []
    for _ in range(STARTS):
        with server(index) as (_, started, _):
            starts.append(started)
    with server(index) as (address, _, process):
        memory_idle = process.memory_info().rss
        bare = [bare_pass_ms(questions) for _ in range(2)]
        print(f"start          {shown(starts)} s to ready, warm disk")
        for clients in CLIENTS:
            runs = [ask(address, questions, clients) for _ in range(rounds)]
            medians = [statistics.median(times) for times, _ in runs]
            p99 = [float(np.percentile(times, 99)) for times, _ in runs]
            rates = [len(times) / seconds for times, seconds in runs]
            print(f"{clients:3} clients    {shown(medians)} ms median, {shown(p99)} ms p99, {shown(rates)} a second")
            if clients == 1:
                bare += [bare_pass_ms(questions) for _ in range(2)]
                of_bare = statistics.median(medians) / statistics.median(bare)
                print(f"encoder pass   {shown(bare)} ms bare; one client's median is {of_bare:.2f} times that")
        print(f"memory         {memory_idle / 1e6:.0f} MB when ready, {process.memory_info().rss / 1e6:.0f} MB after")


@contextmanager
def server(index: str):  # noqa: ANN201 - a context manager of address, seconds to ready, and process
    """A server on a free port: its address, the seconds it took to be ready, and its process."""
    environment = {**os.environ, "QA_INDEX_DIR": index, "QA_PORT": "0"}
    started = time.monotonic()
    running = subprocess.Popen(
        [sys.executable, "-m", "qa.cli", "serve"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        address = next(line for line in running.stdout if "http://" in line).split()[-1]
        while httpx.get(f"{address}/readyz").status_code != httpx.codes.OK:
            time.sleep(0.05)
        yield address, time.monotonic() - started, psutil.Process(running.pid)
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(30)


def ask(address: str, questions: list[str], clients: int) -> tuple[list[float], float]:
    """Ask every question once, shared among clients: milliseconds each took, and seconds in all."""

    def client(share: list[str]) -> list[float]:
        times = []
        with httpx.Client(base_url=address) as connection:
            for question in share:
                started = time.perf_counter()
                connection.get("/api/ask", params={"q": question}).raise_for_status()
                times.append((time.perf_counter() - started) * 1000)
        return times

    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        shares = pool.map(client, [questions[number::clients] for number in range(clients)])
        times = [each for share in shares for each in share]
    return times, time.perf_counter() - started


def bare_pass_ms(questions: list[str]) -> float:
    """The median time of tokenising and running the network alone, on one thread."""
    if not hasattr(bare_pass_ms, "session"):
        import onnxruntime  # noqa: PLC0415
        from tokenizers import Tokenizer  # noqa: PLC0415

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        packaged = packaged_model()
        bare_pass_ms.session = onnxruntime.InferenceSession(str(packaged.network), options)
        bare_pass_ms.tokenizer = Tokenizer.from_file(str(packaged.tokenizer))
    times = []
    for question in questions:
        started = time.perf_counter()
        encoded = bare_pass_ms.tokenizer.encode(packaged_model().query_prompt + question)
        feed = {
            "input_ids": np.array([encoded.ids]),
            "attention_mask": np.array([encoded.attention_mask]),
            "token_type_ids": np.array([encoded.type_ids]),
        }
        bare_pass_ms.session.run(None, feed)
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def shown(values: list[float]) -> str:
    """The median, with the spread in brackets."""
    return f"{statistics.median(values):.1f} [{min(values):.1f}-{max(values):.1f}]"


if __name__ == "__main__":
    main()
