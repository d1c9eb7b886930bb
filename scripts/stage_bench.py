#!/usr/bin/env python
"""CPU milliseconds of each stage of a question on an index, in one process.

    .venv/bin/python scripts/stage_bench.py INDEX [--questions N] [--passages FILE] [--waiting]

CPU time hardly depends on other work on the machine. With --waiting it is the time that passes, which is shorter where
two threads work on a question. FILE has lines of JSON with the text of a passage, which `scripts/bench.py` writes next
to an index; their sentences are asked too.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

from qa.cli.openmp import limit_threads

limit_threads()  # before NumPy is imported

from bench.corpus import questions  # noqa: E402

from qa.cli.open_service import open_service  # noqa: E402
from qa.settings import Settings  # noqa: E402

WARM_UP = 20  # questions
RESULTS = 5
QUESTIONS = Path(__file__).resolve().parent.parent / "tests/golden/verdicts.jsonl"


def main() -> None:
    """Ask the questions, and print the median and the mean of each stage."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("index", type=Path)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--passages", type=Path)
    parser.add_argument("--waiting", action="store_true")
    arguments = parser.parse_args()
    pool = questions([QUESTIONS], arguments.passages)[: WARM_UP + arguments.questions]
    laps: dict[str, list[float]] = {}
    clock = SimpleNamespace(perf_counter=time.perf_counter if arguments.waiting else time.process_time)
    with (
        closing(open_service(Settings(index_dir=arguments.index))) as service,
        patch("qa.retrieval.stage_timer.time", clock),
    ):
        for number, question in enumerate(pool):
            answer = service.ask(question, RESULTS)
            if number >= WARM_UP:
                for stage, ms in {**answer.stages_ms, "the whole answer": answer.took_ms}.items():
                    laps.setdefault(stage, []).append(ms)
    encoding = statistics.median(laps["encoding"])
    for stage, each in laps.items():
        median = statistics.median(each)
        print(f"{stage:18} {median:7.2f} mean {statistics.mean(each):7.2f}, {median / encoding:5.2f} of the encoding")


if __name__ == "__main__":
    main()
