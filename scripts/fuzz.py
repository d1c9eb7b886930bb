"""Thousands of generated requests and changes against a real server; every reply is checked against the contract.

    .venv/bin/python scripts/fuzz.py [--requests 50000] [--operations 2000] [--seed N] [--clients 4] [--scale 2]

Serves a temporary index of a copy of seeds/, with a builder, in separate processes on a free port of this machine. One
part of the requests is raw bytes, valid and invalid (`fuzzing.raw`), a fifth is made from the API's own description
(`fuzzing.described`); the operations are series in which several clients add, replace and remove documents
(`fuzzing.operations`); after each, files, report and index must agree. At the end a folder of hostile files
(`fuzzing.hostile`) is built. Prints figures; exit status 1: the contract was violated. Needs the development lock.
"""

from __future__ import annotations

import argparse
import json
import secrets
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import schemathesis
from fuzzing import process, wire
from fuzzing.contract import Outside
from fuzzing.described import call
from fuzzing.hostile import write_hostile_folder
from fuzzing.operations import storms
from fuzzing.raw import plans
from fuzzing.raw_run import RawRun
from fuzzing.storm import Storm
from fuzzing.tally import Tally
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

_BATCH = 250  # examples for one run of hypothesis
_DESCRIBED = 0.2  # of the requests
_SETTLE_S = 180
_PAUSE_S = 0.001  # between the pieces of a request, so that the server reads them separately


def generate(strategy: st.SearchStrategy[Any], call: Callable[[Any], None], number: int, first_seed: int) -> None:
    """Call with a given number of examples of a strategy; always the same for one seed."""

    @seed(first_seed)
    @settings(max_examples=number, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(strategy)
    def run(example: Any) -> None:
        call(example)

    run()


class Fuzz:
    """One run against one server."""

    def __init__(self, server: psutil.Process, port: int, token: str, seeds_dir: Path) -> None:
        self.tally = Tally()
        self.operations = 0
        self.memory: list[str] = []
        self._server = server
        self._port = port
        self._token = token
        self._seeds_dir = seeds_dir

    def look(self, when: str) -> None:
        """Record the server's memory and its open files."""
        alone = self._server.memory_info().rss / 1e6
        files, beside = process.open_files(self._server), process.rss_mb(self._server)
        self.memory.append(f"{when}: {alone:.0f} MB, {beside:.0f} with the builder, {files} open files")
        print(f"{time.strftime('%H:%M:%S')} {self.memory[-1]}; {self.tally.requests} requests", flush=True)

    def described(self, requests: int, first_seed: int) -> None:
        """Send requests made from the description."""
        if not requests:
            return
        schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{self._port}/openapi.json")
        operations = [each.ok() for each in schema.get_all_operations()]

        def one(case: Any) -> None:
            try:
                self.tally.count(1, [call(case, self._token)])
            except (Outside, OSError, ValueError, LookupError) as fault:
                self.tally.note(fault, case)

        for number, operation in enumerate(operations):
            generate(operation.as_strategy(), one, -(-requests // len(operations)), first_seed + number)

    def raw(self, requests: int, clients: int, first_seed: int) -> None:
        """Send raw requests, several clients at once."""
        until = self.tally.requests + requests
        run = RawRun(self._port, self._seeds_dir, self.tally, lambda *_: time.sleep(_PAUSE_S))

        def client(number: int) -> None:
            batch = 0
            while self.tally.requests < until:
                generate(plans(self._token), one, _BATCH, first_seed + number + clients * batch)
                batch += 1

        def one(plan: Any) -> None:
            if self.tally.requests < until:
                run.run(plan)

        threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def storms(self, operations: int, first_seed: int) -> None:
        """Change documents, and compare after each series."""

        def one(rounds: Any) -> None:
            storm = Storm(self._port, self._token, self._seeds_dir, self.tally)
            storm.run(rounds)
            storm.settle(_SETTLE_S)
            self.operations += sum(len(each) for each in rounds)

        batch = 0
        while self.operations < operations:
            generate(storms(clients=6, rounds=30), one, 5, first_seed + batch)
            batch += 1

    def end(self) -> None:
        """Check that the server is ready, as at the start."""
        for target in ("/healthz", "/readyz", "/api/documents"):
            reply = wire.ask(self._port, "GET", target)
            if reply.status != 200:
                self.tally.note(Outside(f"{reply.status} to {target} at the end"), reply)


def hostile(folder: Path, scale: int, tally: Tally) -> str:
    """Build a folder of hostile files; returns the results."""
    seeds_dir, index_dir = folder / "hostile", folder / "hostile-index"
    shutil.copytree(process.ROOT / "seeds", seeds_dir)
    names = write_hostile_folder(seeds_dir, scale)
    began = time.monotonic()
    status = process.build({"QA_SEEDS_DIR": str(seeds_dir), "QA_INDEX_DIR": str(index_dir)})
    files = json.loads((index_dir / "report.json").read_text())["files"]
    fates = {file["source"]: file for file in files}
    hidden = {name for name in names if any(part.startswith(".") for part in name.split("/"))}
    good = [path.name for path in (process.ROOT / "seeds").glob("*.txt")]
    for name in [*good, *(name for name in names if name not in hidden)]:
        file = fates.get(name)
        if file is None or (file["fate"] in ("failed", "skipped") and not file["reason"]):
            tally.note(Outside("a file without a fate or a reason"), name)
    if any(fates[name]["fate"] != "added" for name in good):
        tally.note(Outside("a good file beside hostile ones is not in"), good)
    refused = sum(file["fate"] in ("failed", "skipped") for file in files)
    return f"{len(names)} files, {refused} refused, {time.monotonic() - began:.0f} s, exit status {status}"


def fuzz(folder: Path, arguments: argparse.Namespace) -> Tally:
    """Run everything in a separate folder, and print the figures."""
    seeds_dir, token, log = folder / "seeds", secrets.token_urlsafe(24), folder / "log"
    shutil.copytree(process.ROOT / "seeds", seeds_dir)
    settings_here = {"QA_SEEDS_DIR": str(seeds_dir), "QA_INDEX_DIR": str(folder / "index"), "QA_ADMIN_TOKEN": token,
                     "QA_MAX_FILE_MB": "1", "QA_PARSE_SECONDS": "120"}  # fmt: skip
    process.build(settings_here)
    began = time.monotonic()
    with process.serving(settings_here, log) as (server, port):
        run = Fuzz(psutil.Process(server.pid), port, token, seeds_dir)
        run.look("start")
        run.described(int(arguments.requests * _DESCRIBED), arguments.seed)
        run.look("after requests made from the description")
        by_bytes = arguments.requests - run.tally.requests
        for quarter in range(1, 5):
            run.raw(-(-by_bytes // 4), arguments.clients, arguments.seed + 100_000 * quarter)
            run.look(f"after {quarter}/4 of the raw requests")
        run.storms(arguments.operations, arguments.seed)
        run.look("after the storms")
        run.end()
    for fault in process.log_faults(log, server.returncode):
        run.tally.note(Outside(f"the server's log: {fault}"), log.read_text(errors="replace")[-2_000:])
    told = hostile(folder, arguments.scale, run.tally) if arguments.scale else "left out"
    print("\n".join(run.tally.lines()))
    print(f"operations  {run.operations}")
    print(f"lost        {run.tally.lost_bytes} bytes")
    print("\n".join(f"memory      {line}" for line in run.memory))
    print(f"log         {len(log.read_text(errors='replace').splitlines())} lines")
    print(f"hostile     {told}")
    print(f"seed        {arguments.seed}, {time.monotonic() - began:.0f} s")
    return run.tally


def main() -> int:
    """Read the arguments, and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=50_000)
    parser.add_argument("--operations", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clients", type=int, default=4, help="that send raw requests at once")
    parser.add_argument("--scale", type=int, default=2, help="of the hostile files; 0 leaves them out")
    with tempfile.TemporaryDirectory() as folder:
        tally = fuzz(Path(folder), parser.parse_args())
    return 1 if tally.outside or tally.lost_bytes else 0


if __name__ == "__main__":
    sys.exit(main())
