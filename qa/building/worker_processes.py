"""Runs reading, encoding and writing in other processes, which may be on other machines.

1. The build divides the files into batches.
2. A process makes segments of each batch, in folders outside any version. If the process is lost, the next build
   removes its folder, and the batch is repeated from the beginning.
3. The build compares every byte of the segments, moves them to their place, and publishes as usual.

Guarantees: the version equals that of a build on one machine, since neither its id nor its answers depend on how
    documents are divided into segments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from qa.building.add_documents import Batch, SegmentMaker
from qa.building.folder import SourceFile
from qa.building.journal import Journal
from qa.building.plan import same_configuration
from qa.building.read_files import Reading, WholeFiles, tried_before
from qa.building.reuse import Reuse
from qa.building.stored_segments import stored_segments
from qa.building.upgrade import configuration_in_use
from qa.building.write_segments import Finished
from qa.encode import Encoder, model_fingerprint, open_encoder
from qa.errors import BuildFailed
from qa.index.local.version import Configuration
from qa.reading.parser_process import Parser
from qa.settings import Settings

BATCH_BYTES = 4 << 20  # of files: a few minutes of work, which a lost process costs


@dataclass(frozen=True, slots=True)
class Task:
    """A batch with everything that another process needs for it.

    Attributes:
        settings: The build's settings; the folders must have the same paths on every machine.
        configuration: The required configuration of the documents.
        batch: The files.
        segments: The ids of the segments that may already have contents and vectors.
        fresh: Whether to read and encode everything anew.
        encoder: A loaded model; None to load the model of the settings.
    """

    settings: Settings
    configuration: Configuration
    batch: Batch
    segments: tuple[str, ...]
    fresh: bool
    encoder: Encoder | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """The result of a task: files that were not read, the segments, and the number of encoded passages."""

    reading: Reading
    segments: tuple[Finished, ...]
    encoded: int


class WorkerProcesses(Protocol):
    """Runs tasks in other processes."""

    def __call__(self, work: Callable[[Task], Made], tasks: Sequence[Task]) -> Iterator[tuple[int, Made]]:
        """Run all tasks; repeat those of lost processes.

        Yields:
            The number of a task and its result, in the order of completion.

        Raises:
            BuildFailed: a task failed.
        """
        ...


def make_batch(task: Task) -> Made:
    """Run a task in this process.

    Raises:
        BuildFailed: this machine has another release or model than the build, so its documents would differ.
        ModelUnavailable: the model cannot be loaded.
    """
    settings = task.settings
    weights = task.encoder.fingerprint if task.encoder else model_fingerprint(settings)
    if not same_configuration(task.configuration, configuration_in_use(settings, weights)):
        raise BuildFailed("A machine of the cluster has another release or another model; install the same everywhere.")

    with (
        TemporaryDirectory(prefix="qa-build-") as folder,
        Journal(Path(folder)) as journal,
        stored_segments(settings.index_dir, task.segments) as segments,
        Parser(settings.parse_seconds, settings.parse_memory_mb, tried_before(settings.index_dir)) as parser,
    ):
        reuse = Reuse(segments, journal, task.configuration, fresh=task.fresh)
        maker = SegmentMaker(settings, task.configuration, task.batch, reuse)
        reading = maker.read({}, parser, WholeFiles(settings.seeds_dir))
        parser.close()
        made = tuple(maker.write(reading, lambda: task.encoder or _encoder(settings, weights)))
    return Made(reading, made, maker.encoded)


@lru_cache(maxsize=1)  # a process that does several batches loads the model once
def _encoder(settings: Settings, _: str) -> Encoder:
    """The model of the settings, given the fingerprint of its weights."""
    return open_encoder(settings)


def divided(batch: Batch) -> list[Batch]:
    """Divide a batch into batches of at most `BATCH_BYTES`, or of one file."""
    parts: list[list[SourceFile]] = []
    room = 0
    for file in batch.files:
        if not parts or file.bytes > room:
            parts.append([])
            room = BATCH_BYTES
        parts[-1].append(file)
        room -= file.bytes
    return [
        Batch(
            tuple(files),
            {file.source: batch.details[file.source] for file in files},
            batch.provisional.intersection(file.source for file in files),
        )
        for files in parts
    ]
