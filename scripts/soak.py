"""Minutes of good, bad and broken traffic against a real server; every reply is checked against the contract.

    .venv/bin/python scripts/soak.py [--minutes 10] [--clients 64] [--index FOLDER] [--questions FILE] [--seed N]

Serves a temporary index of seeds/, or a given index, in a separate process on a free port of this machine, with the
`QA_*` settings of the shell. Prints the number of replies by status, violations of the contract with an example, the
times of good questions, and the server's memory over time. Exit status 1: there were violations. Needs the development
lock.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil
from fuzzing.contract import Outside, hold
from fuzzing.process import build, log_faults, open_files, rss_mb, serving
from fuzzing.wire import request
from soaking.client import Client, World
from soaking.requests import KINDS

ROOT = Path(__file__).parent.parent
LINE = 160  # characters of an example
SAMPLE_S = 2
WARM_UP = 0.2  # share of the time that the slope of memory leaves out
DOCUMENTS = 200  # documents to read at most; a large index has more


async def behave(world: World, chance: random.Random, until: float) -> None:
    """One client, until the time is over."""
    client = Client(world)
    kinds = list(KINDS)
    while time.monotonic() < until:
        kind = chance.choices(kinds, list(KINDS.values()))[0]
        world.kinds[kind.__name__] += 1
        try:
            await kind(client, chance)
        except Exception as error:  # noqa: BLE001 - any error is a finding
            what = f"{kind.__name__}: {error if isinstance(error, Outside) else repr(error)}"
            world.outside[what] += 1
            world.examples.setdefault(what, f"{time.strftime('%H:%M:%S')} {client.sent[:LINE]!r}")
            client.hang_up()
        if chance.random() < 0.1:
            client.hang_up()
    client.hang_up()


async def watch(world: World, server: psutil.Process, until: float) -> None:
    """Sample the memory of all the server's processes."""
    started = time.monotonic()
    while time.monotonic() < until:
        world.rss_mb.append(((time.monotonic() - started) / 60, rss_mb(server)))
        await asyncio.sleep(SAMPLE_S)


async def soak(world: World, server: psutil.Process, minutes: float, clients: int, seed: int) -> None:
    """Read the documents, then run the clients; afterwards the server must still be ready."""
    first = Client(world)
    listed = (await first.exchange(request("GET", "/api/documents"))).json()["documents"]
    for info in listed[:DOCUMENTS]:
        world.documents[info["id"]] = (await first.exchange(request("GET", f"/api/documents/{info['id']}"))).json()
    world.open_files.append(open_files(server))
    until = time.monotonic() + minutes * 60
    everyone = (behave(world, random.Random(seed + number), until) for number in range(clients))  # noqa: S311
    await asyncio.gather(watch(world, server, until), *everyone)
    hold(await first.exchange(request("GET", "/readyz")), 200)
    world.open_files.append(open_files(server))


def tell(world: World, log: Path, minutes: float) -> None:
    """Print the results."""
    lines = log.read_text(errors="replace").splitlines()
    replies = sum(world.statuses.values())
    print(f"replies     {replies}, {replies / minutes / 60:.0f} a second")
    print(f"by status   {', '.join(f'{status}: {count}' for status, count in sorted(world.statuses.items()))}")
    print(f"by kind     {', '.join(f'{kind} {count}' for kind, count in world.kinds.most_common())}")
    if len(world.ask_ms) > 1:
        cuts = statistics.quantiles(world.ask_ms, n=100)
        print(f"good asks   {len(world.ask_ms)}, p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms")
    print(f"reopened    {world.reopened} connections that had served before")
    print(f"log         {len(lines)} lines")
    memory = [mb for _, mb in world.rss_mb]
    warm = [(at, mb) for at, mb in world.rss_mb if at > minutes * WARM_UP]
    slope = statistics.linear_regression(*zip(*warm, strict=True)).slope if len(warm) > 1 else 0.0
    print(
        f"memory      {memory[0]:.0f} MB at the start, {min(memory):.0f} to {max(memory):.0f}, "
        f"{memory[-1]:.0f} at the end, {slope:+.2f} MB a minute after warming up"
    )
    print(f"open files  {world.open_files[0]} at the start, {world.open_files[1]} at the end")
    print(f"outside     {sum(world.outside.values())}")
    for what, count in world.outside.most_common():
        print(f"  {count:6} {what}\n         {world.examples.get(what, '')}")


def main() -> int:
    """Read the arguments, serve, and run the load."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--index", type=Path, help="an index to serve instead of one of seeds/")
    parser.add_argument("--questions", type=Path, default=ROOT / "tests/golden/verdicts.jsonl")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    questions = [json.loads(line)["question"] for line in arguments.questions.read_text().splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        index = str(arguments.index.resolve() if arguments.index else Path(folder) / "index")
        if not arguments.index and build({"QA_INDEX_DIR": index}):
            return 1
        log = Path(folder) / "log"
        with serving({"QA_INDEX_DIR": index}, log) as (process, port):
            world = World(port, questions)
            asyncio.run(soak(world, psutil.Process(process.pid), arguments.minutes, arguments.clients, arguments.seed))
        for fault in log_faults(log, process.returncode):
            world.outside[f"the server's log: {fault}"] += 1
        tell(world, log, arguments.minutes)
    return 1 if world.outside else 0


if __name__ == "__main__":
    sys.exit(main())
