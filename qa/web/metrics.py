"""Counters and histograms of one process, with Prometheus's client library.

If the environment variable PROMETHEUS_MULTIPROC_DIR is set before the library is imported, values are stored in files
of that folder, and one process sums them.
"""

from __future__ import annotations

import asyncio
from collections import Counter as Counts
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from qa.answering.service import Service
from qa.records import Answer, Filters, HostStatus, ShardStatus, Verdict

_SHARDS_EVERY_S = 5.0
_HOST_STATES = ("current", "behind", "silent")
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """An observer of answers that also counts errors; `queue` is the gauge of the workers."""

    def __init__(self) -> None:
        self.registry = where = CollectorRegistry()
        self._questions = Counter("qa_questions", "Questions answered, by verdict", ["verdict"], registry=where)
        self._repeated = Counter("qa_repeated_questions", "Of these, answered from memory", registry=where)
        self._errors = Counter("qa_errors", "Requests refused or failed, by code", ["code"], registry=where)
        self._answer = Histogram(
            "qa_answer_seconds", "Time of an answer, the queue left out", registry=where, buckets=_SECONDS
        )
        self._stage = Histogram("qa_stage_seconds", "The same by stage", ["stage"], registry=where, buckets=_SECONDS)
        self.queue = Gauge("qa_queue", "Requests worked on or waiting", registry=where, multiprocess_mode="livesum")
        self._hosts = Gauge(
            "qa_shard_hosts",
            "Hosts of a shard of the cluster, by what they have open",
            ["shard", "state"],
            registry=where,
            multiprocess_mode="livemostrecent",
        )
        for verdict in Verdict:
            self._questions.labels(verdict.value)  # so that each exists from the start, as 0

    def answered(self, answer: Answer, filters: Filters) -> None:  # noqa: ARG002 - an observer is told them
        """Count an answer and its times."""
        self._questions.labels(answer.verdict.value).inc()
        self._answer.observe(answer.took_ms / 1000)
        if not answer.stages_ms:
            self._repeated.inc()
        for stage, ms in answer.stages_ms.items():
            self._stage.labels(stage).observe(ms / 1000)

    def failed(self, code: str) -> None:
        """Count an error."""
        self._errors.labels(code).inc()

    def looked_at(self, shards: Sequence[ShardStatus]) -> None:
        """Set the gauges for the hosts of every shard."""
        for number, shard in enumerate(shards):
            counts = Counts(_state(host) for host in shard.hosts)
            for state in _HOST_STATES:
                self._hosts.labels(str(number), state).set(counts[state])

    @asynccontextmanager
    async def looking_at(self, service: Service) -> AsyncIterator[None]:
        """A context in which the state of a service's shards is read regularly."""
        self.looked_at(service.shards())
        looking = asyncio.create_task(self._look_at(service))
        try:
            yield
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking

    async def _look_at(self, service: Service) -> None:
        while True:
            await asyncio.sleep(_SHARDS_EVERY_S)
            self.looked_at(service.shards())


def _state(host: HostStatus) -> str:
    if host.machine is None:
        return "silent"
    return "current" if host.current else "behind"
