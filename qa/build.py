"""A folder of documents to a new snapshot.

Guarantees: the snapshot is a function of the documents and the configuration alone. What was read or encoded before is
remembered (`qa.memory`), so a build does only what is new, goes on where it was interrupted, and gives the same bytes
as one from nothing. A file that cannot be read is reported and the others go in. Whatever fails, the snapshot that
serves is untouched.

1. Look into the folder. If the current snapshot is what it would give, nothing is to be done.
2. Read the files that are new, each in a process that may die of it.
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

from qa.document_names import composed
from qa.encode import Encoder, model_fingerprint, model_name, open_encoder
from qa.errors import BuildFailed, BuildRunning, OperatingError, UnreadableFile
from qa.folder import Contents, SourceFile, look_into
from qa.lexical import ANALYSER_VERSION
from qa.load import loader_identity, make_document
from qa.load.sources import NAME as SIDECAR
from qa.load.sources import Details, read_sources
from qa.manifest import SNAPSHOTS, current_id, read_manifest
from qa.memory import Memory, ToEncode
from qa.parsing import Parser
from qa.passages import PASSAGES_VERSION, embedding_text
from qa.progress import ProgressNote
from qa.publish import LOCK, point_current, prune, publish, rolled_back, sweep
from qa.records import Document, Passage
from qa.report import BuildReport, Fate, FileReport, Progress, Step, write_report
from qa.settings import Settings
from qa.snapshot import Snapshot, newest_whole
from qa.snapshot_writer import SnapshotWriter
from qa.uploads import sweep_uploads
from qa.vectors import IndexChoice

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
                _keep(settings.index_dir, BuildReport(error=str(error) or type(error).__name__), started)
                raise
            finally:
                note.close()
            _keep(settings.index_dir, report, started)
            return report
    except Timeout:
        raise BuildRunning(f"Another build is running in {settings.index_dir}; wait for it to end.") from None
    except (OSError, sqlite3.Error) as error:
        raise BuildFailed(f"The index in {settings.index_dir} cannot be written: {error}.") from error


def _keep(index_dir: Path, report: BuildReport, started: float) -> None:
    report.seconds = round(time.monotonic() - started, 3)
    report.finished_at = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        write_report(index_dir, report)
    except OSError as error:
        log.warning("The build's report cannot be kept: %s", error)


_NOTHING = ToEncode("", 0, ())


@dataclass(frozen=True, slots=True)
class _Item:
    """A passage to write, or a document that opens (`passage` None)."""

    document: Document
    own: dict[str, str]
    passage: Passage | None = None
    to_encode: ToEncode = _NOTHING
    key: bytes = b""


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
        self._passing: set[str] = set()  # files whose trouble is not in their bytes
        self._contents: Contents = look_into(settings.seeds_dir, settings.max_file_mb << 20)
        self._details = {composed(name): details for name, details in read_sources(settings.seeds_dir).items()}
        self._configuration: dict[str, Any] = {
            "model": model_name(settings),
            "weights": encoder.fingerprint if encoder else model_fingerprint(settings),
            "loader": loader_identity(),
            "passages": PASSAGES_VERSION,
            "analyser": ANALYSER_VERSION,
            "sidecar": _digest_of(settings.seeds_dir / SIDECAR),
        }

    def run(self) -> BuildReport:
        """Build, publish, and tell every file's fate."""
        known = newest_whole(self._index_dir)
        try:
            serving = _current(self._index_dir, known)
            refused = rolled_back(self._index_dir)
            if serving is None and refused and known and known.id not in refused:
                # CURRENT is lost. Without a new one, the build would take up again what was rolled back.
                point_current(self._index_dir, known.id)
                serving = known
            before = _entries(serving.manifest) if serving else {}
            wanted = None if self._fresh else self._wanted_already(serving)
            if wanted:
                after, failed = _entries(wanted), _failures(wanted, self._contents.files)
                self._report.documents = wanted["counts"]["documents"]
                self._report.passages = self._report.reused = wanted["counts"]["passages"]
                self._settle(wanted["id"], serving)
            else:
                after, failed = self._write(known, serving)
        finally:
            if known:
                known.close()
        self._report.files = _fates(self._contents, before, after, failed)
        if self._report.published:
            prune(self._index_dir, self._settings.keep_snapshots, self._report.snapshot)
        return self._report

    def _wanted_already(self, serving: Snapshot | None) -> dict[str, Any] | None:
        """The manifest of a snapshot that is what the folder would give: the current one, or one rolled back."""
        if serving is None:
            return None
        found = [serving.manifest]
        for name in rolled_back(self._index_dir):
            try:
                found.append(read_manifest(self._index_dir / SNAPSHOTS / name))
            except OperatingError:
                continue
        files = {file.source: file.sha256 for file in self._contents.files}
        for manifest in found:
            configuration = {name: value for name, value in manifest["configuration"].items() if name != "dimension"}
            held = {each["source"]: each["sha256"] for part in ("documents", "failed") for each in manifest[part]}
            if configuration == self._configuration and held == files:
                return manifest
        return None

    def _write(
        self, known: Snapshot | None, serving: Snapshot | None
    ) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
        """Write a snapshot; returns its documents' entries, and the reasons of the files that failed, by source."""
        remembered = None if self._fresh else known
        with Memory(self._index_dir, remembered, self._configuration, self._open_encoder) as memory:
            if self._fresh:
                memory.clear()
            failed = self._read(memory)
            if len(failed) == len(self._contents.files):
                raise BuildFailed(f"No file in {self._settings.seeds_dir} could be indexed. {_reasons(failed)}")
            to_encode = self._count(memory, failed)
            writer = SnapshotWriter(self._index_dir, {**self._configuration, "dimension": memory.dimension})
            try:
                for file in self._contents.files:
                    if file.source in failed:
                        # Without its digest the next build tries again.
                        digest = "" if file.source in self._passing else file.sha256
                        writer.add_failed(file.source, digest, failed[file.source])
                self._fill(writer, memory, failed, to_encode)
                self._on_progress(Progress(Step.WRITING, 0, self._report.passages))
                snapshot_id = writer.finish()
                _warn_of_slow_search(writer.index_choice)
                self._on_progress(Progress(Step.WRITING, self._report.passages, self._report.passages))
                if not self._settle(snapshot_id, serving):
                    publish(self._index_dir, writer.folder, snapshot_id)
            finally:
                writer.abandon()
            memory.forget()
        return writer.entries(), failed

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

    def _read(self, memory: Memory) -> dict[str, str]:
        """Read every file that is not remembered; returns why some could not be read, by source."""
        failed: dict[str, str] = {}
        done, total = 0, sum(file.bytes for file in self._contents.files)
        with Parser(self._settings.parse_seconds, self._settings.parse_memory_mb) as parser:
            for file in self._contents.files:
                self._on_progress(Progress(Step.READING, done, total))
                trouble = file.trouble or memory.failure(file.source, file.sha256)
                known = memory.holds(file.source, file.sha256) or trouble
                if not known and memory.content(file.source, file.sha256) is None:
                    try:
                        data = file.path.read_bytes()
                        if sha256(data).hexdigest() != file.sha256:
                            self._passing.add(file.source)
                            trouble = "was changed while the build ran; build again"
                        else:
                            memory.keep(file.source, file.sha256, parser.read(file.source, data))
                    except OSError as error:
                        self._passing.add(file.source)
                        trouble = f"cannot be opened ({error.strerror})"
                    except UnreadableFile as error:
                        trouble = str(error)
                if trouble:
                    failed[file.source] = trouble
                done += file.bytes
        self._on_progress(Progress(Step.READING, done, total))
        return failed

    def _count(self, memory: Memory, failed: dict[str, str]) -> int:
        """The characters that need encoding."""
        known = memory.same_vectors
        files = [file for file in self._contents.files if not (known and memory.holds(file.source, file.sha256))]
        items = self._items(memory, failed, files)
        unknown = {item.key: len(item.to_encode.text) for item in items if not memory.knows(item.key)}
        return sum(unknown.values())

    def _items(self, memory: Memory, failed: dict[str, str], files: Iterable[SourceFile]) -> Iterator[_Item]:
        for file in files:
            content = None if file.source in failed else memory.content(file.source, file.sha256)
            if content is None:
                continue
            details: Details | None = self._details.get(composed(file.source))
            document = make_document(file.source, file.sha256, content.parsed, details)
            yield _Item(document, dict(content.parsed.own))
            for passage in content.passages:
                sentences = tuple(passage.text[span.start : span.end] for span in passage.sentences)
                to_encode = ToEncode(*embedding_text(document.title, passage), sentences)
                placed = replace(passage, document_id=document.id)
                yield _Item(document, {}, placed, to_encode, memory.key(to_encode))

    def _fill(self, writer: SnapshotWriter, memory: Memory, failed: dict[str, str], to_encode: int) -> None:
        """Encode what is new and write everything, in order."""
        done = 0

        def encoded(text: str) -> None:
            nonlocal done
            done += len(text)
            self._report.encoded += 1
            self._on_progress(Progress(Step.ENCODING, done, to_encode))

        items, ahead = tee(self._items(memory, failed, self._contents.files))
        wanted = ((item.key, item.to_encode) for item in ahead if item.passage)
        with closing(memory.recall(wanted, encoded)) as vectors:
            for item in items:
                if item.passage is None:
                    writer.add_document(item.document, item.own)
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


def _current(index_dir: Path, known: Snapshot | None) -> Snapshot | None:
    """The snapshot that CURRENT names, if it is the whole one that was found."""
    try:
        return known if known and known.id == current_id(index_dir) else None
    except OperatingError:
        return None


def _digest_of(path: Path) -> str | None:
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _entries(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["source"]: each for each in manifest["documents"]}


def _failures(manifest: dict[str, Any], files: tuple[SourceFile, ...]) -> dict[str, str]:
    reasons = {each["source"]: each["reason"] for each in manifest["failed"]}
    return {file.source: reasons[file.source] for file in files if file.source in reasons}


def _fates(
    contents: Contents, before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]], failed: dict[str, str]
) -> list[FileReport]:
    """Every file's fate: present ones in the order of their paths, then those removed."""
    present = [FileReport(source, Fate.FAILED, reason) for source, reason in failed.items()]
    for source, entry in after.items():
        same = Fate.UNCHANGED if before.get(source) == entry else Fate.CHANGED
        present.append(FileReport(source, same if source in before else Fate.ADDED, entry.get("note")))
    present = sorted((*present, *contents.skipped), key=lambda file: file.source)
    seen = {file.source for file in present}
    return [*present, *(FileReport(source, Fate.REMOVED) for source in before if source not in seen)]


def _reasons(failed: dict[str, str]) -> str:
    if not failed:
        return "Put documents there and build again."
    return " ".join(f"{source}: {reason}." for source, reason in list(failed.items())[:3])
