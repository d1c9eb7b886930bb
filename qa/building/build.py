"""A folder of documents to a new snapshot.

Guarantees: the snapshot is a function of the documents and the configuration alone. What was read or encoded before is
remembered (`qa.building.reuse`), so a build does only what is new, goes on where it was interrupted, and gives the
same bytes as one from nothing. A file that cannot be read is reported and the others go in; one that could not be read
for now is kept as it was served, where the same bytes were. Whatever fails, the snapshot that serves is untouched.

1. Look into the folder. If the current snapshot is what it would give, nothing is to be done.
2. Read the files that are new, each in a process that may die of it. If the current snapshot is what that gives, since
   what could not be read for now still cannot, nothing more is to be done.
3. Encode the passages that are new, and write all of them, in the order of the files' paths.
4. Publish: verify, name it current, clear away what is too old.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import tee
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from qa.building.fates import fates, first_reasons
from qa.building.folder import Contents, SourceFile, has_sidecar, look_into, sidecar_entries
from qa.building.progress import ProgressNote
from qa.building.read_files import Reading, read_files
from qa.building.reuse import Memory, ToEncode
from qa.building.served import Served
from qa.building.up_to_date import candidates, documents_of, failures_of, holds_all, is_outcome, serving_or_restored
from qa.encode import Encoder, model_fingerprint, model_name, open_encoder
from qa.errors import BuildFailed, BuildRunning
from qa.index.build_notes import BuildReport, Progress, Step, write_report
from qa.index.local.publish import LOCK, prune, publish, rolled_back, sweep
from qa.index.local.snapshot import Snapshot, newest_whole
from qa.index.local.snapshot_writer import SnapshotWriter
from qa.index.local.vectors import IndexChoice
from qa.index.upload_files import sweep_uploads
from qa.reading.documents import loader_identity, make_document
from qa.reading.parsed import Content
from qa.reading.passages import PASSAGES_VERSION, embedding_text, masked
from qa.reading.sidecar import Details
from qa.records import Document, Passage
from qa.settings import Settings
from qa.text.document_names import SIDECAR
from qa.text.safe_text import compose
from qa.text.words import ANALYSER_VERSION

log = logging.getLogger(__name__)


def build(
    settings: Settings,
    on_progress: Callable[[Progress], None] = lambda _: None,
    *,
    encoder: Encoder | None = None,
    fresh: bool = False,
) -> BuildReport:
    """Bring the index up to date with the documents.

    Args:
        settings: Where documents and index are, the model, and the limits of reading.
        on_progress: Called now and then, from this thread.
        encoder: A model that is loaded already; None loads the settings' one when something needs encoding.
        fresh: Whether to read and encode everything anew, whatever is remembered.

    Raises:
        BuildRunning: another process is building in the same index folder.
        BuildFailed: there is nothing to index, or the disk refused.
        ModelUnavailable: weights are missing, altered or not loadable.
        UnreadableFile: the sidecar is broken.
    """
    started = time.monotonic()
    try:
        settings.index_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(settings.index_dir / LOCK, timeout=0):
            sweep(settings.index_dir)
            sweep_uploads(settings.seeds_dir)
            note = ProgressNote(settings.index_dir, on_progress)
            try:
                report = _Build(settings, note, encoder, fresh=fresh).run()
            except Exception as error:
                _keep(settings.index_dir, BuildReport(error=_told(error)), started)
                raise
            finally:
                note.close()
            _keep(settings.index_dir, report, started)
            return report
    except Timeout:
        raise BuildRunning(f"Another build is running in {settings.index_dir}; wait for it to end.") from None
    except MemoryError:
        raise BuildFailed(f"{_NO_MEMORY} Nothing was changed; free some and build again.", for_now=True) from None
    except (OSError, sqlite3.Error) as error:
        raise BuildFailed(f"The index in {settings.index_dir} cannot be written: {error}.", for_now=True) from error


def _told(error: Exception) -> str:
    return str(error) or (_NO_MEMORY if isinstance(error, MemoryError) else type(error).__name__)


def _keep(index_dir: Path, report: BuildReport, started: float) -> None:
    report.seconds = round(time.monotonic() - started, 3)
    report.finished_at = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        write_report(index_dir, report)
    except OSError as error:
        log.warning("The build's report cannot be kept: %s", error)


_NO_MEMORY = "There is too little memory to build."
_NOTHING = ToEncode("", 0, ())


@dataclass(frozen=True, slots=True)
class _Item:
    """A passage to write, or a document that opens (`passage` None)."""

    document: Document
    own: dict[str, str]
    passage: Passage | None = None
    to_encode: ToEncode = _NOTHING
    key: bytes = b""
    kept: bool = False


class _Build:
    """One build, step by step."""

    def __init__(
        self, settings: Settings, on_progress: Callable[[Progress], None], encoder: Encoder | None, *, fresh: bool
    ) -> None:
        self._settings = settings
        self._index_dir = settings.index_dir
        self._on_progress = on_progress
        self._encoder = encoder
        self._fresh = fresh
        self._report = BuildReport()
        self._contents: Contents = look_into(settings.seeds_dir, settings.max_file_mb << 20)
        sidecar = settings.seeds_dir / SIDECAR if has_sidecar(settings.seeds_dir) else None
        self._details = {compose(name): details for name, details in sidecar_entries(settings.seeds_dir).items()}
        self._reading = Reading()
        self._served = Served(None)
        self._configuration: dict[str, Any] = {
            "model": model_name(settings),
            "weights": encoder.fingerprint if encoder else model_fingerprint(settings),
            "loader": loader_identity(),
            "passages": PASSAGES_VERSION,
            "analyser": ANALYSER_VERSION,
            "sidecar": sha256(sidecar.read_bytes()).hexdigest() if sidecar else None,
        }

    def run(self) -> BuildReport:
        """Build, publish, and tell every file's fate."""
        known = newest_whole(self._index_dir)
        try:
            serving = serving_or_restored(known, self._index_dir)
            self._served = Served(known)
            before = documents_of(serving.manifest) if serving else {}
            files = self._contents.files
            wanted = next((each for each in self._candidates(serving) if holds_all(each, files)), None)
            if wanted:
                self._reading = Reading(failed=failures_of(wanted, files))
                after = self._as_it_is(wanted, serving)
            else:
                after = self._read_and_write(known, serving)
        finally:
            if known:
                known.close()
        self._report.files = fates(self._contents, before, after, self._reading)
        if self._report.published:
            prune(self._index_dir, self._settings.keep_snapshots, self._report.snapshot)
        return self._report

    def _candidates(self, serving: Snapshot | None) -> Iterator[dict[str, Any]]:
        return candidates(self._index_dir, None if self._fresh else serving, self._configuration)

    def _as_it_is(self, manifest: dict[str, Any], serving: Snapshot | None) -> dict[str, dict[str, Any]]:
        """Leave what serves, since a snapshot that is there is as wanted; returns its documents' entries."""
        self._report.documents = manifest["counts"]["documents"]
        self._report.passages = self._report.reused = manifest["counts"]["passages"]
        self._settle(manifest["id"], serving)
        return documents_of(manifest)

    def _read_and_write(self, known: Snapshot | None, serving: Snapshot | None) -> dict[str, dict[str, Any]]:
        """Read what is new and write a snapshot, if that gives another; returns its documents' entries, by source."""
        files = self._contents.files
        with Memory(self._index_dir, None if self._fresh else known, self._configuration, self._open_encoder) as memory:
            if self._fresh:
                memory.clear()
            self._reading = read_files(files, memory, self._served, self._settings, self._on_progress)
            if len(self._reading.missing) == len(files):
                told = f"No file in {self._settings.seeds_dir} could be indexed. {first_reasons(self._reading.missing)}"
                raise BuildFailed(told, for_now=bool(self._reading.for_now))
            for manifest in self._candidates(serving):
                if is_outcome(manifest, files, self._reading):
                    memory.forget()
                    return self._as_it_is(manifest, serving)
            after = self._write(memory, serving)
            memory.forget()
        return after

    def _write(self, memory: Memory, serving: Snapshot | None) -> dict[str, dict[str, Any]]:
        """Write a snapshot and publish it; returns its documents' entries, by source."""
        to_encode = self._count(memory)
        writer = SnapshotWriter(self._index_dir, {**self._configuration, "dimension": memory.dimension})
        try:
            for file in self._contents.files:
                if file.source in self._reading.failed:
                    writer.add_failed(file.source, file.sha256, self._reading.failed[file.source])
            self._fill(writer, memory, to_encode)
            self._on_progress(Progress(Step.WRITING, 0, self._report.passages))
            snapshot_id = writer.finish()
            _warn_of_slow_search(writer.index_choice)
            self._on_progress(Progress(Step.WRITING, self._report.passages, self._report.passages))
            if not self._settle(snapshot_id, serving):
                publish(self._index_dir, writer.folder, snapshot_id)
        finally:
            writer.abandon()
        return writer.entries()

    def _settle(self, snapshot_id: str, serving: Snapshot | None) -> bool:
        """Note what serves after a build; True if it serves already, or may not for it was rolled back."""
        if serving and serving.id != snapshot_id and snapshot_id in rolled_back(self._index_dir):
            self._report.held_back = snapshot_id
            self._report.snapshot = serving.id
            return True
        self._report.snapshot = snapshot_id
        self._report.published = serving is None or serving.id != snapshot_id
        return not self._report.published

    def _open_encoder(self) -> Encoder:
        return self._encoder or open_encoder(self._settings)

    def _count(self, memory: Memory) -> int:
        """The characters that need encoding."""
        known = memory.same_vectors
        files = [file for file in self._contents.files if not (known and memory.holds(file.source, file.sha256))]
        items = self._items(memory, files)
        unknown = {item.key: len(item.to_encode.text) for item in items if not memory.knows(item.key)}
        return sum(unknown.values())

    def _content(self, memory: Memory, file: SourceFile) -> Content | None:
        if file.source in self._reading.kept:
            return self._served.content(file)
        return None if file.source in self._reading.missing else memory.content(file.source, file.sha256)

    def _items(self, memory: Memory, files: Iterable[SourceFile]) -> Iterator[_Item]:
        for file in files:
            content = self._content(memory, file)
            if content is None:
                continue
            details: Details | None = self._details.get(compose(file.source))
            document = make_document(file.source, file.sha256, content.parsed, details)
            yield _Item(document, dict(content.parsed.own), kept=file.source in self._reading.kept)
            for passage in content.passages:
                sentences = tuple(masked(passage.text[span.start : span.end]) for span in passage.sentences)
                to_encode = ToEncode(*embedding_text(document.title, passage), sentences)
                placed = replace(passage, document_id=document.id)
                yield _Item(document, {}, placed, to_encode, memory.key(to_encode))

    def _fill(self, writer: SnapshotWriter, memory: Memory, to_encode: int) -> None:
        """Encode what is new and write everything, in order."""
        done = 0

        def encoded(text: str) -> None:
            nonlocal done
            done += len(text)
            self._report.encoded += 1
            self._on_progress(Progress(Step.ENCODING, done, to_encode))

        items, ahead = tee(self._items(memory, self._contents.files))
        wanted = ((item.key, item.to_encode) for item in ahead if item.passage)
        with closing(memory.recall(wanted, encoded)) as vectors:
            for item in items:
                if item.passage is None:
                    writer.add_document(item.document, item.own, kept=item.kept)
                    self._report.documents += 1
                else:
                    writer.add_passage(item.passage, item.key, next(vectors))
                    self._report.passages += 1
        self._report.reused = self._report.passages - self._report.encoded


def _warn_of_slow_search(choice: IndexChoice) -> None:
    if choice.kind == "exact" and choice.lists:
        log.warning(
            "The index stays exact, and searching it slower: %s of %s lists gave a recall of only %s.",
            choice.probes,
            choice.lists,
            choice.recall,
        )
