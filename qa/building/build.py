"""Builds a new version of the index from a folder of documents.

Guarantees: the answers of an index depend only on the documents and the configuration. A build reuses earlier parsed
    contents and vectors, and continues an interrupted build. A file that cannot be read is reported and the others are
    indexed; if the cause is temporary and the same bytes were served before, the earlier reading is still served. A
    failed build does not change the version that serves.

1. Plan which stored documents are kept, and which files must be read.
2. Read the new files in a worker process; if a file crashes it, the build continues.
3. Encode the new passages, and write the new documents into segments.
4. Publish a version of the resulting segments, unless it equals the current version.
5. Write the report, and remove versions and segments that are no longer needed.

Segments are merged afterwards, by `qa.building.background_merge`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from qa.building.add_documents import Batch, SegmentMaker
from qa.building.build_lock import NO_MEMORY, build_lock
from qa.building.build_versions import new_version, previous_version, segments_to_reuse
from qa.building.container_members import with_members
from qa.building.fates import fates, first_reasons
from qa.building.file_digests import FileDigests
from qa.building.folder import look_into, read_sidecar
from qa.building.journal import Journal, remove_journal, unpublished
from qa.building.plan import Plan, live_documents, make_plan, with_unanswered
from qa.building.progress import ProgressNote
from qa.building.read_files import Reading, WholeFiles, tried_before
from qa.building.reuse import Reuse, reader_of
from qa.building.stored_segments import check_segments, identity, places, stored_segments
from qa.building.upgrade import configuration_in_use, effect_of
from qa.building.worker_processes import Task, WorkerProcesses, divided, make_batch
from qa.building.write_segments import place_segment
from qa.encode import Encoder, model_fingerprint, open_encoder
from qa.errors import BuildFailed
from qa.index.build_notes import BuildReport, Progress, Step, now, write_report
from qa.index.local.index_folder import ROLLED_BACK, next_sequence, rolled_back
from qa.index.local.prune import prune, recover
from qa.index.local.publish import publish
from qa.index.local.segment import Segment
from qa.index.local.version import Version
from qa.index.upload_files import sweep_uploads
from qa.reading.parser_process import Parser
from qa.reading.sidecar import Details, details_digest
from qa.settings import Settings
from qa.text.safe_text import compose

log = logging.getLogger(__name__)


def build(
    settings: Settings,
    on_progress: Callable[[Progress], None] = lambda _: None,
    *,
    encoder: Encoder | None = None,
    fresh: bool = False,
    verify: bool = False,
    repair: bool = False,
    workers: WorkerProcesses | None = None,
) -> BuildReport:
    """Bring the index up to date with the documents.

    Args:
        settings: Where documents and index are, the model, and the limits of reading.
        on_progress: Called from time to time, from this thread.
        encoder: A loaded model; None to load the model of the settings when a passage must be encoded.
        fresh: Whether to read and encode everything anew, without reuse.
        verify: Whether to compare every byte of the current version first, and fail if one differs.
        repair: The same, but documents of a damaged segment are read anew.
        workers: Runs reading and encoding in other processes; None for this process.

    Raises:
        BuildRunning: another process is building in the same index folder.
        BuildFailed: the folder of documents is missing, no file can be read at present, or the disk is full or
            read-only.
        DamagedSnapshot: `verify` found damage.
        ModelUnavailable: weights are missing, altered or not loadable.
        UnreadableFile: the sidecar is broken.
    """
    started = time.monotonic()
    started_at = now()
    index_dir = settings.index_dir
    with build_lock(index_dir):
        recover(index_dir, unpublished(index_dir))
        sweep_uploads(settings.seeds_dir)
        note = ProgressNote(index_dir, on_progress)
        try:
            damaged = check_segments(index_dir, fail=not repair) if verify or repair else set()
            report = _Build(settings, note, encoder, damaged, workers, fresh=fresh).run()
        except Exception as error:
            _keep(index_dir, BuildReport(error=_told(error)), started, started_at)
            raise
        finally:
            note.close()
        _keep(index_dir, report, started, started_at)
        prune(index_dir, settings.keep_snapshots)
        return report


def _told(error: Exception) -> str:
    told = getattr(error, "strerror", None) or str(error)
    return told or (NO_MEMORY if isinstance(error, MemoryError) else type(error).__name__)


def _keep(index_dir: Path, report: BuildReport, started: float, started_at: str) -> None:
    report.seconds = round(time.monotonic() - started, 3)
    report.started_at = started_at
    report.finished_at = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        write_report(index_dir, report)
    except OSError as error:
        log.warning("The build's report cannot be kept: %s", error)


class _Build:
    """The steps of one build."""

    def __init__(
        self,
        settings: Settings,
        on_progress: Callable[[Progress], None],
        encoder: Encoder | None,
        damaged: set[str],
        workers: WorkerProcesses | None,
        *,
        fresh: bool,
    ) -> None:
        self._settings = settings
        self._index_dir = settings.index_dir
        self._on_progress = on_progress
        self._encoder = encoder
        self._damaged = damaged
        self._workers = workers
        self._fresh = fresh
        self._report = BuildReport()
        self._parser = Parser(settings.parse_seconds, settings.parse_memory_mb, tried_before(settings.index_dir))
        self._whole, self._most_bytes = WholeFiles(settings.seeds_dir), settings.max_file_mb << 20
        self._configuration = configuration_in_use(
            settings, encoder.fingerprint if encoder else model_fingerprint(settings)
        )
        self._digests = FileDigests(self._index_dir, reader_of(self._configuration))
        if fresh:
            self._digests.distrust()
        self._contents = look_into(settings.seeds_dir, self._most_bytes, self._digests)
        described = read_sidecar(settings.seeds_dir)
        self._details = {compose(name): details for name, details in described.documents.items()}
        self._subject = described.site.name

    def run(self) -> BuildReport:
        """Plan, read, encode and write, publish; then write the report."""
        before = previous_version(self._index_dir)
        if before and (effect := effect_of(before.configuration, self._configuration)):
            log.warning("%s", effect)
        with ExitStack() as open_segments, self._parser:
            segments = open_segments.enter_context(
                stored_segments(self._index_dir, segments_to_reuse(self._index_dir, before, self._damaged))
            )
            served = live_documents(before, segments)
            digests = {source: place.stored.sha256 for source, place in served.items()}
            listed = with_members(self._contents, self._digests, self._parser, self._whole, self._most_bytes)
            self._contents = with_unanswered(listed, digests)
            plan = self._plan(segments)
            reading, placed = Reading(dict(plan.failed)), dict(plan.kept)
            if plan.to_read:
                with Journal(self._index_dir) as journal:
                    if self._fresh:
                        journal.clear()
                    reading, written = self._make(plan, segments, journal)
                if reading.for_now and len(reading.missing) == len(self._contents.files):
                    told = f"No file in {self._settings.seeds_dir} could be indexed. {first_reasons(reading.missing)}"
                    raise BuildFailed(told, for_now=True)
                new = open_segments.enter_context(stored_segments(self._index_dir, written))
                placed |= places(new)
                placed |= {source: plan.provisional[source] for source in reading.kept if source in plan.provisional}
            sequence = next_sequence(self._index_dir)
            version = new_version(placed, self._configuration, self._subject, before, sequence)
            self._damaged |= {entry.id for entry in before.segments} if before else set()
            self._damaged -= {segment.id for segment in segments}
            self._publish(version, before)
            after = placed if self._report.held_back is None else served
            self._report.files = tuple(fates(self._contents.skipped, served, after, reading))
        self._finish(reading)
        return self._report

    def _plan(self, segments: list[Segment]) -> Plan:
        return make_plan(
            self._contents.files,
            () if self._fresh else segments,
            self._configuration,
            sidecar=lambda source: details_digest(self._described(source)),
            failure=lambda file: self._digests.failure(identity(file.source, file.sha256)),
        )

    def _described(self, source: str) -> Details | None:
        return self._details.get(compose(source))

    def _make(self, plan: Plan, segments: list[Segment], journal: Journal) -> tuple[Reading, list[str]]:
        """Read the new files and write their documents; return also the ids of their segments."""
        details = {file.source: self._described(file.source) for file in plan.to_read}
        batch = Batch(plan.to_read, details, frozenset(plan.provisional))
        if self._workers:
            return self._make_elsewhere(self._workers, plan, batch, segments, journal)
        reuse = Reuse(segments, journal, self._configuration, fresh=self._fresh)
        maker = SegmentMaker(self._settings, self._configuration, batch, reuse, self._on_progress)
        reading = maker.read(plan.failed, self._parser, self._whole)
        self._parser.close()
        written = [place_segment(self._index_dir, each, journal) for each in maker.write(reading, self._open_encoder)]
        self._report.encoded = maker.encoded
        return reading, written

    def _make_elsewhere(
        self, workers: WorkerProcesses, plan: Plan, batch: Batch, segments: list[Segment], journal: Journal
    ) -> tuple[Reading, list[str]]:
        """The same in other processes."""
        self._parser.close()
        own = self._settings.model_copy(update={"admin_token": "", "threads": 1})
        stored = tuple(segment.id for segment in segments)
        tasks = [Task(own, self._configuration, each, stored, self._fresh, self._encoder) for each in divided(batch)]
        reading, written = Reading(dict(plan.failed)), {}
        sizes = [sum(file.bytes for file in task.batch.files) for task in tasks]
        done = 0
        for number, made in workers(make_batch, tasks):
            reading.add(made.reading)
            written[number] = [place_segment(self._index_dir, each, journal) for each in made.segments]
            self._report.encoded += made.encoded
            done += sizes[number]
            self._on_progress(Progress(Step.READING, done, sum(sizes)))
        return reading, [each for number in sorted(written) for each in written[number]]

    def _open_encoder(self) -> Encoder:
        return self._encoder or open_encoder(self._settings)

    def _publish(self, version: Version, before: Version | None) -> None:
        """Publish a version, unless it is already current or was rolled back; record the version that serves."""
        if before and before.id != version.id and version.id in rolled_back(self._index_dir):
            self._report.held_back = version.id
            version = before
        elif before is None or self._damaged or (before.id, before.segments) != (version.id, version.segments):
            publish(self._index_dir, version)
            self._report.published = True
        self._report.snapshot = version.id
        self._report.documents, self._report.passages = version.counts.documents, version.counts.passages
        self._report.reused = version.counts.passages - self._report.encoded

    def _finish(self, reading: Reading) -> None:
        """Remove what is no longer needed, and store the files' digests and failures."""
        if not rolled_back(self._index_dir):
            (self._index_dir / ROLLED_BACK).unlink(missing_ok=True)
        remove_journal(self._index_dir)
        files = [file for file in self._contents.files if file.sha256 and not file.trouble]
        found = [(identity(file.source, file.sha256), reading.failed.get(file.source)) for file in files]
        self._digests.save({what: reason for what, reason in found if reason})
