#!/usr/bin/env python
"""Start, a question on the command line, and memory of this checkout and of others, alternating in one run.

    .venv/bin/python scripts/start_bench.py [--rounds N] [CHECKOUT ...]

Each checkout first builds an index of the documents in its seeds/. Prints medians with the lowest and the highest
round, and the median of the first other checkout as a multiple of this one's. On a busy machine CPU seconds are more
reliable than wall seconds.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from bench.servers import Service, own, running

REPOSITORY = Path(__file__).resolve().parent.parent
QUESTION = "who owns the hospitals"
_QA = (sys.executable, "-P", "-m", "qa")  # without -P the package in the working directory would be run
FIGURES = ("start, s", "start, CPU s", "qa ask, s", "qa ask, CPU s", "memory ready, MB", "of these its own, MB")


def main() -> None:
    """Build the indexes, measure several rounds, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("others", nargs="*", type=Path, metavar="CHECKOUT")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        services = [_service(each.resolve(), Path(work)) for each in (REPOSITORY, *arguments.others)]
        found: dict[str, list[dict[str, float]]] = {service.name: [] for service in services}
        for number in range(arguments.rounds + 1):
            for service in services:
                measured = _start(service) | _ask(service)
                if number:  # the first round only loads the files into memory
                    found[service.name].append(measured)
    for name in FIGURES:
        values = {service: [each[name] for each in rounds] for service, rounds in found.items()}
        medians = [statistics.median(each) for each in values.values()]
        cells = [f"{statistics.median(each):8.2f} [{min(each):.2f}-{max(each):.2f}]" for each in values.values()]
        print(f"{name:22}", *cells, f"{medians[1] / medians[0]:6.1f} times" if len(medians) > 1 else "")


def _service(checkout: Path, work: Path) -> Service:
    service = own(work / str(len(list(work.iterdir()))), checkout / "seeds")
    service = replace(
        service,
        name=str(checkout),
        command=(*_QA, "serve"),
        environment={**service.environment, "PYTHONPATH": str(checkout)},
    )
    Path(service.environment["QA_INDEX_DIR"]).mkdir()
    subprocess.run([*_QA, "build", "--quiet"], env=_environment(service), check=True)
    return service


def _start(service: Service) -> dict[str, float]:
    """The time from the start of the server's process to its first answer, and its memory then."""
    with running(service, QUESTION) as server:
        times, memory = server.process.cpu_times(), server.memory()
    return {
        "start, s": server.started_s,
        "start, CPU s": times.user + times.system,
        "memory ready, MB": memory["resident"],
        "of these its own, MB": memory["anonymous"],
    }


def _ask(service: Service) -> dict[str, float]:
    """A process that answers one question."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [*_QA, "ask", QUESTION]
    subprocess.run(command, env=_environment(service), stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return {"qa ask, s": time.monotonic() - began, "qa ask, CPU s": cpu}


def _environment(service: Service) -> dict[str, str]:
    return {**os.environ, **service.environment, "QA_PORT": "0"}


if __name__ == "__main__":
    main()
