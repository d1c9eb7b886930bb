"""Counts the cost of a question on a cluster: calls, bytes and CPU time, against one process in the same run.

    .venv/bin/python scripts/cluster_bench.py WORK [--gold FILE] [--seeds FOLDER]

WORK gets an index of the documents in up to eight segments. The hosts are in this process; every call and every answer
is pickled, as Ray does it. The network and Ray's own work are not measured: `scripts/cluster_trial.py` has them.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SEGMENTS = 8
sys.path.insert(0, str(ROOT))

from qa.cli.openmp import limit_threads  # noqa: E402

limit_threads()

import qa.building.worker_processes  # noqa: E402
from qa.answering.service import Service  # noqa: E402
from qa.building.build import build  # noqa: E402
from qa.building.worker_processes import Made, Task  # noqa: E402
from qa.encode import open_encoder  # noqa: E402
from qa.index.cluster.host import ShardHost  # noqa: E402
from qa.index.cluster.hosts import ClusterIndex, Hosts  # noqa: E402
from qa.index.cluster.replicas import Replicas  # noqa: E402
from qa.index.local.current import CurrentIndex  # noqa: E402
from qa.settings import Settings  # noqa: E402
from qa.web.api.json_form import answer_data  # noqa: E402


@dataclass(frozen=True)
class Answered:
    """A finished call."""

    future: Future[Any]

    def cancel(self) -> None:
        """Nothing to cancel."""


class CountedHost:
    """A host in this process; calls and replies are pickled and counted."""

    def __init__(self, name: str, host: ShardHost, calls: Counter[str], sizes: Counter[str]) -> None:
        self.name, self._host, self._calls, self._sizes = name, host, calls, sizes

    def start(self, method: str, *arguments: Any) -> Answered:
        """Call a method of the host at once."""
        sent = pickle.dumps(arguments, pickle.HIGHEST_PROTOCOL)
        answer = pickle.dumps(getattr(self._host, method)(*pickle.loads(sent)), pickle.HIGHEST_PROTOCOL)  # noqa: S301
        call = arguments[1] if method == "ask" else method
        self._calls[call] += 1
        self._sizes[call] += len(sent) + len(answer)
        future: Future[Any] = Future()
        future.set_result(pickle.loads(answer))  # noqa: S301
        return Answered(future)


def one_after_another(work: Callable[[Task], Made], tasks: Sequence[Task]) -> Iterator[tuple[int, Made]]:
    """Run tasks in this process."""
    for number, task in enumerate(tasks):
        yield number, work(task)


def asked(service: Service, questions: list[str]) -> tuple[list[Any], float]:
    """Replies without their times, and their total CPU seconds."""
    for question in questions[:3]:
        service.ask(f"{question} then")
    began = time.process_time()
    answers = [service.ask(question) for question in questions]
    seconds = time.process_time() - began
    replies = [answer_data(answer, explain=False) for answer in answers]
    return [{name: value for name, value in reply.items() if name != "took_ms"} for reply in replies], seconds


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("work", type=Path)
    parser.add_argument(
        "--gold", type=Path, default=ROOT / "tests/golden/questions.jsonl", help="questions, as JSON lines"
    )
    parser.add_argument("--seeds", type=Path, default=ROOT / "seeds", help="the documents")
    arguments = parser.parse_args()
    lines = arguments.gold.read_text(encoding="utf-8").splitlines()
    questions = list(dict.fromkeys(json.loads(line)["question"] for line in lines))
    settings = Settings(seeds_dir=arguments.seeds, index_dir=arguments.work / "index", answer_seconds=600)
    encoder = open_encoder(settings)
    size = sum(path.stat().st_size for path in arguments.seeds.rglob("*") if path.is_file())
    qa.building.worker_processes.BATCH_BYTES = size // SEGMENTS
    report = build(settings, encoder=encoder, workers=one_after_another)
    with closing(
        Service(settings, encoder, CurrentIndex.of_this_machine(settings.index_dir, encoder.fingerprint))
    ) as one:
        alone, alone_s = asked(one, questions)
    print(f"{len(questions)} questions, {report.documents} documents, {report.passages} passages")
    print(f"one process: {1000 * alone_s / len(questions):.1f} CPU ms a question")
    for shards in (1, 2, 3, 5):
        calls: Counter[str] = Counter()
        sizes: Counter[str] = Counter()
        replicas = [
            [CountedHost(f"{shard}", ShardHost(settings.index_dir, shard, shards), calls, sizes)]
            for shard in range(shards)
        ]
        hosts = Hosts(
            settings.index_dir,
            Replicas(replicas),
            weights=encoder.fingerprint,
            answer_s=600,
            prepare_s=600,
            hedge_s=None,
        )
        with closing(Service(settings, encoder, ClusterIndex(settings.index_dir, hosts))) as service:
            opened = sizes["content"]
            calls.clear(), sizes.clear()
            replies, seconds = asked(service, questions)
        told = ", ".join(f"{call} {number / len(questions):.1f}" for call, number in calls.most_common())
        print(
            f"{shards} shards: {seconds / alone_s:.2f} of the CPU time, {calls.total() / len(questions):.1f} calls and "
            f"{sizes.total() / len(questions):,.0f} bytes a question, answers equal: {replies == alone}\n"
            f"  calls: {told}\n  to open: {opened / report.documents:,.0f} bytes a document"
        )


if __name__ == "__main__":
    main()
