"""Serves metrics for Prometheus on a separate port: of all serving processes, and of the index folder.

The process that serves the metrics reads the index, the last build and memory at each request, so these values do not
depend on the number of serving processes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from qa.errors import InvalidSettings, QAError
from qa.index.build_notes import Fate, read_report
from qa.index.local.index_folder import current_version
from qa.settings import Settings

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # folder in which the client library of every process stores its values


class IndexCollector:
    """The current snapshot, the last build, and the memory of this process and those that it started."""

    def __init__(self, index_dir: Path) -> None:
        self._index_dir = index_dir

    def describe(self) -> list[Metric]:
        """Describe nothing, so that registering does not collect."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read the current values."""
        yield from self._snapshot()
        yield from self._build()
        memory = GaugeMetricFamily("qa_resident_memory_bytes", "Memory, by process", labels=["process"])
        for name, size in _memory().items():
            memory.add_metric([name], size)
        yield memory

    def _snapshot(self) -> Iterator[Metric]:
        try:
            version = current_version(self._index_dir)
        except (QAError, OSError):
            yield GaugeMetricFamily("qa_index_readable", "Whether there is a snapshot to serve", 0)
            return
        age = datetime.now(UTC) - datetime.fromisoformat(version.built_at)
        yield GaugeMetricFamily("qa_index_readable", "Whether there is a snapshot to serve", 1)
        yield GaugeMetricFamily("qa_documents", "Documents in the current snapshot", version.counts.documents)
        yield GaugeMetricFamily("qa_passages", "Passages in the current snapshot", version.counts.passages)
        yield GaugeMetricFamily("qa_snapshot_age_seconds", "Time since it was built", age.total_seconds())

    def _build(self) -> Iterator[Metric]:
        report = read_report(self._index_dir)
        if not report:
            return
        yield GaugeMetricFamily("qa_last_build_failed", "Whether the last build made nothing", bool(report.error))
        yield GaugeMetricFamily("qa_last_build_seconds", "How long it took", report.seconds)
        with suppress(ValueError):
            finished = datetime.fromisoformat(report.finished_at)
            yield GaugeMetricFamily("qa_last_build_timestamp_seconds", "When it finished", finished.timestamp())
        files = GaugeMetricFamily("qa_last_build_files", "Its files, by what became of them", labels=["fate"])
        for fate in Fate:
            files.add_metric([fate.value], report.counts.get(fate.value, 0))
        yield files


def together() -> Path:
    """Make processes that are started from now on share their counters; return the folder of their values."""
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="qa-metrics-")
    return Path(os.environ[FOLDER])


@contextmanager
def metrics_port(settings: Settings, counted: CollectorRegistry | Path) -> Iterator[str]:
    """Serve metrics while the context lasts; yields their address.

    Args:
        settings: Host and port, and the folder of the index.
        counted: The registry of the only serving process, or the folder of several; the folder is removed at the end.

    Raises:
        InvalidSettings: the port cannot be bound.
    """
    with ExitStack() as stack:
        registry = CollectorRegistry() if isinstance(counted, Path) else counted
        if isinstance(counted, Path):
            stack.callback(shutil.rmtree, counted, ignore_errors=True)
            registry.register(_Together(counted))
        yield stack.enter_context(_served(settings, registry))


@contextmanager
def _served(settings: Settings, registry: CollectorRegistry) -> Iterator[str]:
    host, _, port = settings.metrics.rpartition(":")
    registry.register(IndexCollector(settings.index_dir))
    try:
        server, thread = start_http_server(int(port), host.strip("[]"), registry)
    except OSError as error:
        raise InvalidSettings(
            f"Cannot serve metrics on {settings.metrics} ({error.strerror}). Set QA_METRICS."
        ) from None
    try:
        yield f"http://{host}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Together:
    """The summed values of several processes; gauges of processes that have ended are left out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._collector: Any = MultiProcessCollector(None, str(folder))  # type: ignore[no-untyped-call]

    def describe(self) -> list[Metric]:
        """As `IndexCollector.describe`."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Add the values up."""
        for file in self._folder.glob("gauge_live*_*.db"):
            pid = int(file.stem.rpartition("_")[2])
            if not psutil.pid_exists(pid):
                mark_process_dead(pid, str(self._folder))  # type: ignore[no-untyped-call]
        found: Iterable[Metric] = self._collector.collect()
        return found


def _memory() -> dict[str, int]:
    """Resident bytes of this process, of those that serve beside it, and of the builder with its parsers."""
    here = psutil.Process()
    sizes = {"server": here.memory_info().rss}
    for child in here.children():
        with suppress(psutil.Error):
            name = "builder" if "watch" in child.cmdline() else "workers"
            for process in (child, *child.children(recursive=True)):
                with suppress(psutil.Error):
                    sizes[name] = sizes.get(name, 0) + process.memory_info().rss
    return sizes
