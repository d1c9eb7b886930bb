#!/usr/bin/env python
"""Speed, memory and disk of the whole service over HTTP, with the bare encoder and other stacks, in one run.

    .venv/bin/python scripts/bench.py                                      the documents in seeds/, about ten minutes
    .venv/bin/python scripts/bench.py --texts FILE --sizes 45,10000,100000 --peers --json FILE
    .venv/bin/python scripts/bench.py --render FILE                        docs/performance.md from such a FILE

Needs the development lock. Servers and clients communicate only over 127.0.0.1. Every figure is a median of several
rounds, with its spread; each round measures all services in turn, so that a slow period of the machine affects all
alike.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(1, str(Path(__file__).resolve().parent.parent))
os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:2])  # for the started processes

from bench import encoder, peers, render
from bench.corpus import Index, built, expected_passages, questions, real_documents, real_index
from bench.load import ask
from bench.servers import Running, Service, drop_page_cache, own, running, stages_ms

CLIENTS = (1, 4, 16, 64)
BARE_QUESTIONS = 100  # questions for each timing of the bare encoder and of an answer's stages
BUILD_ROUNDS = 3  # at most: a round takes minutes
LIBRARIES = ("onnxruntime", "sentence-transformers", "torch", "faiss-cpu", "numpy", "fastapi", "uvicorn")
REPOSITORY = Path(__file__).resolve().parent.parent


def main() -> None:
    """Read the arguments, measure one size after another, and write each result at once."""
    arguments = _arguments()
    if arguments.render:
        render.write(json.loads(arguments.render.read_text()), REPOSITORY / "docs")
        return
    arguments.work, arguments.peer_cache = arguments.work.resolve(), arguments.peer_cache.resolve()
    arguments.work.mkdir(parents=True, exist_ok=True)
    documents = real_documents(arguments.texts) if arguments.texts else []
    results: dict[str, Any] = {"about": _about(arguments), "sizes": [], "build": None}

    def keep() -> None:
        if arguments.json:
            arguments.json.write_text(json.dumps(results, indent=1))

    for wanted in arguments.sizes:
        index = _index(wanted, documents, arguments)
        results["sizes"].append(_measured(index, arguments))
        keep()
    if arguments.build_passages:
        results["build"] = _build_rates(documents, arguments)
        keep()
    print(render.tables(json.loads(json.dumps(results))))  # as from a file: every key is a string


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n\n")[0], epilog=__doc__.partition("\n\n")[2], formatter_class=_Formatter
    )
    add = parser.add_argument
    add(
        "--texts",
        type=Path,
        help="textbook passages: gzipped lines of JSON with _id, title and text; what _id has "
        "before '#' names the document",
    )
    add(
        "--sizes",
        type=_sizes,
        default=[0],
        help="numbers of passages, separated by commas; below 1,000 the documents "
        "in seeds/, 'all' for all real ones, and beyond that resampled",
    )
    add("--real", type=int, default=sys.maxsize, help="at most so many real passages; larger indexes are made of them")
    add(
        "--questions",
        type=Path,
        nargs="+",
        default=[REPOSITORY / "tests/golden/verdicts.jsonl"],
        help="lines of JSON with a question",
    )
    add("--work", type=Path, default=Path("~/.cache/qa-bench").expanduser(), help="where indexes are kept between runs")
    add("--peers", action="store_true", help="measure txtai, Haystack and LlamaIndex too, up to --peer-passages")
    add("--peer-cache", type=Path, default=Path("~/.cache/qa-bench/peers").expanduser(), help="their environments")
    add("--peer-passages", type=int, default=30_000, help="largest index that peers are measured on")
    add("--rounds", type=int, default=5)
    add("--starts", type=int, default=3, help="warm and cold starts of each service; 0 for none")
    add("--seconds", type=float, default=6, help="how long each number of clients asks in a round")
    add(
        "--build-passages", type=int, default=0, help="so many real passages are built from nothing, for the build rate"
    )
    add("--json", type=Path, help="write all results to this file")
    add("--render", type=Path, metavar="JSON", help="write docs/performance.md's figures from this file, and end")
    return parser.parse_args()


class _Formatter(argparse.RawDescriptionHelpFormatter, argparse.ArgumentDefaultsHelpFormatter):
    """Keeps the layout of the usage, and shows defaults."""


def _sizes(text: str) -> list[int]:
    return [sys.maxsize if each == "all" else int(each) for each in text.split(",")]


def _about(arguments: argparse.Namespace) -> dict[str, Any]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    cpu = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": next(cpu, platform.machine()),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "peers": peers.REQUIREMENTS if arguments.peers else {},
        "rounds": arguments.rounds,
        "seconds": arguments.seconds,
        "load_before": os.getloadavg()[0],
    }


def _index(wanted: int, documents: list[tuple[str, str]], arguments: argparse.Namespace) -> Index:
    work = arguments.work
    if wanted < 1000:
        return built(work / "seeds", REPOSITORY / "seeds")
    if not documents:
        raise SystemExit("Sizes of 1,000 passages and more need --texts.")
    everything = min(expected_passages(documents), arguments.real)
    if wanted <= everything or wanted == sys.maxsize:
        return real_index(work, documents, min(wanted, everything))
    base = real_index(work, documents, everything)
    with encoder.apart() as process:
        return process.submit(encoder.called, "bench.resampled.resampled_index", work, base, wanted).result()


def _measured(index: Index, arguments: argparse.Namespace) -> dict[str, Any]:
    with encoder.apart() as process:
        process.submit(encoder.called, "bench.resampled.export", index).result()
    services = [own(index.folder, index.seeds)]
    if arguments.peers and index.passages <= arguments.peer_passages:
        work = arguments.work / f"peers-{index.version}"
        services += [peers.service(name, arguments.peer_cache, index.exported, work) for name in peers.REQUIREMENTS]
    pool = questions(arguments.questions, None if index.seeds == REPOSITORY / "seeds" else index.exported)
    _say(f"{index.passages:,} passages: starts")
    starts = _starts(services, index, pool[0], arguments)
    _say(f"{index.passages:,} passages: load")
    return {
        "passages": index.passages,
        "documents": index.documents,
        "real": index.real,
        "disk": index.disk(),
        "starts": starts,
        **_load(services, pool, arguments),
    }


def _starts(services: list[Service], index: Index, question: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Seconds to the first answer, by service, with files in memory and without."""
    found: dict[str, Any] = {service.name: {"warm": [], "cold": []} for service in services}
    folders = [index.folder, Path(sys.prefix), arguments.peer_cache, arguments.work]
    for number in range(arguments.starts + 1 if arguments.starts else 0):
        for service in services:
            with running(service, question) as server:
                if number:  # the first round only loads the files into memory
                    found[service.name]["warm"].append(server.started_s)
    for _ in range(arguments.starts):
        for service in services:
            found["cold_how"] = drop_page_cache(folders)
            with running(service, question) as server:
                found[service.name]["cold"].append(server.started_s)
    return found


def _load(services: list[Service], pool: list[str], arguments: argparse.Namespace) -> dict[str, Any]:
    """Latency, rate and memory of all services in turn, and of the bare encoder in each first turn."""
    found: dict[str, Any] = {service.name: {"clients": {count: [] for count in CLIENTS}} for service in services}
    used = dict.fromkeys(found, 1)  # the first question was asked when they started
    bare: list[dict[str, float]] = []
    with encoder.apart() as process, ExitStack() as stack:

        def asked(server: Running, clients: int, seconds: float) -> dict[str, Any]:
            name = server.service.name
            these = pool[used[name] : used[name] + int(1000 * seconds) + clients]
            result = ask(server.port, [server.service.request(question) for question in these], clients, seconds)
            used[name] += result.used
            return {
                "median_ms": statistics.median(result.times_ms),
                "p99_ms": statistics.quantiles(result.times_ms, n=100, method="inclusive")[98],
                "rate": result.rate,
                "answers": len(result.times_ms),
                "failed": result.failed,
            }

        def encoder_ms(server: Running) -> float:
            begin = used[server.service.name]
            return process.submit(encoder.pass_ms, pool[begin : begin + BARE_QUESTIONS]).result()

        servers = [stack.enter_context(running(service, pool[0])) for service in services]
        for server in servers:
            asked(server, 4, arguments.seconds / 2)  # warm-up
            found[server.service.name]["memory"] = {"ready": server.memory()}
        for number in range(arguments.rounds):
            _say(f"  round {number + 1} of {arguments.rounds}")
            bare.append({"rate": process.submit(encoder.passes_a_second, pool[: 2 * BARE_QUESTIONS]).result()})
            for clients in CLIENTS:
                for server in servers:
                    if clients > 1:
                        result = asked(server, clients, arguments.seconds)
                    else:
                        before = encoder_ms(server)
                        result = asked(server, clients, arguments.seconds)
                        result["encoder_ms"] = (before + encoder_ms(server)) / 2
                    found[server.service.name]["clients"][clients].append(result)
        for server in servers:
            found[server.service.name]["memory"]["after"] = server.memory()
        begin = used["qa"]
        return {
            "services": found,
            "encoder": bare,
            "stages_ms": stages_ms(servers[0], pool[begin : begin + BARE_QUESTIONS]),
        }


def _build_rates(documents: list[tuple[str, str]], arguments: argparse.Namespace) -> dict[str, Any]:
    """Tokens a second of a complete build, and of the bare network on the same texts."""
    index = real_index(arguments.work, documents, arguments.build_passages)
    folder = arguments.work / "fresh"
    with encoder.apart() as process:
        texts = process.submit(encoder.called, "bench.resampled.encoded_texts", index).result()
        tokens = process.submit(encoder.count_tokens, texts).result()
    found: dict[str, Any] = {"passages": index.passages, "texts": len(texts), "tokens": tokens, "rounds": []}
    rounds = min(arguments.rounds, BUILD_ROUNDS)
    for number in range(rounds):
        _say(f"build from nothing: round {number + 1} of {rounds}")
        with encoder.apart() as process:
            build = process.submit(encoder.service_build, index.seeds, folder).result()
        with encoder.apart() as process:
            found["rounds"].append({"build": build, "bare": process.submit(encoder.bare_builds, texts).result()})
    return found


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
