"""A folder of documents to a new snapshot.

Guarantees: the snapshot is a function of the documents and the configuration alone. What was encoded before is
remembered, by digest of the exact text and model, from the current snapshot and from a journal of unfinished builds;
so a build encodes only what is new, goes on where it was interrupted, and gives the same bytes as one from nothing.
A file that cannot be read is reported and the others go in. Whatever fails, the snapshot that serves is untouched.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from filelock import FileLock, Timeout

from qa.encode import Encoder, Encoding, model_fingerprint, open_encoder
from qa.errors import BuildFailed, BuildRunning, DamagedSnapshot, MismatchedSnapshot, NoIndex, UnreadableFile
from qa.late_interaction import quantise
from qa.lexical import ANALYSER_VERSION
from qa.load import LOADER_VERSION, load_document
from qa.load.sources import NAME as SIDECAR
from qa.load.sources import Details, read_sources
from qa.passages import PASSAGES_VERSION, cut_passages, embedding_text
from qa.records import Document, Passage
from qa.report import REPORT
from qa.settings import Settings
from qa.snapshot import Snapshot, current_id, open_snapshot
from qa.snapshot_writer import SnapshotWriter, prune, publish, replace_file, sweep

LOCK = "build.lock"
JOURNAL = "encoded.sqlite"

_CHUNK = 256  # passages encoded, remembered and written at a time


class Fate(StrEnum):
    """What became of a file."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file's fate, with the reason where it is not in the index."""

    source: str
    fate: Fate
    reason: str | None = None


@dataclass(slots=True)
class BuildReport:
    """What a build did. `published` says whether there is a new snapshot; without, the current one is as wanted."""

    snapshot: str = ""
    published: bool = False
    files: list[FileReport] = field(default_factory=list)
    documents: int = 0
    passages: int = 0
    encoded: int = 0
    reused: int = 0
    seconds: float = 0.0
    finished_at: str = ""

    @property
    def failed(self) -> list[FileReport]:
        """The files that could not be read."""
        return [file for file in self.files if file.fate is Fate.FAILED]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a build is: bytes of documents done and in all, and passages so far."""

    bytes_done: int
    bytes_total: int
    passages: int
    encoded: int


@dataclass(frozen=True, slots=True)
class _File:
    source: str
    path: Path
    sha256: str
    size: int


_Vectors = tuple[npt.NDArray[np.float32], npt.NDArray[np.int8], npt.NDArray[np.float32], npt.NDArray[np.int32]]


def build(settings: Settings, on_progress: Callable[[Progress], None] = lambda _: None) -> BuildReport:
    """Bring the index up to date with the documents.

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
            report = _build(settings, on_progress)
            report.seconds = round(time.monotonic() - started, 3)
            report.finished_at = datetime.now(UTC).isoformat(timespec="seconds")
            content = json.dumps(asdict(report), indent=1, ensure_ascii=False)
            replace_file(settings.index_dir / REPORT, content.encode("utf-8"))
            return report
    except Timeout:
        raise BuildRunning(f"Another build is running in {settings.index_dir}; wait for it to end.") from None
    except (OSError, sqlite3.OperationalError) as error:
        raise BuildFailed(f"The index in {settings.index_dir} cannot be written: {error}.") from error


def _build(settings: Settings, on_progress: Callable[[Progress], None]) -> BuildReport:
    files = list(_files(settings.seeds_dir))
    details = read_sources(settings.seeds_dir)
    configuration: dict[str, Any] = {
        "model": settings.model or "packaged",
        "weights": model_fingerprint(settings),
        "loader": LOADER_VERSION,
        "passages": PASSAGES_VERSION,
        "analyser": ANALYSER_VERSION,
        "sidecar": _sidecar_digest(settings.seeds_dir),
    }
    current = _current(settings.index_dir)
    try:
        before = {each["source"]: each["sha256"] for each in current.manifest["documents"]} if current else {}
        if current and _is_wanted(current, configuration, files):
            report = _unchanged(current, files)
        else:
            report = _write(settings, configuration, files, details, current, on_progress)
        report.files = sorted(
            [*_fates(report.files, files, before)], key=lambda file: (file.fate is Fate.REMOVED, file.source)
        )
    finally:
        if current:
            current.close()
    if report.published:
        prune(settings.index_dir, settings.keep_snapshots, report.snapshot)
    return report


def _files(folder: Path) -> Iterator[_File]:
    if not folder.is_dir():
        raise BuildFailed(f"There is no folder {folder}; make it, put documents in, and build again.")
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        relative = path.relative_to(folder)
        hidden = any(part.startswith((".", "~$")) for part in relative.parts)
        if path.is_file() and not hidden and relative.as_posix() != SIDECAR:
            data = path.read_bytes()
            yield _File(relative.as_posix(), path, sha256(data).hexdigest(), len(data))


def _sidecar_digest(folder: Path) -> str | None:
    path = folder / SIDECAR
    return sha256(path.read_bytes()).hexdigest() if path.exists() else None


def _current(index_dir: Path) -> Snapshot | None:
    try:
        return open_snapshot(index_dir, current_id(index_dir))
    except (NoIndex, DamagedSnapshot, MismatchedSnapshot):
        return None


def _is_wanted(current: Snapshot, configuration: dict[str, Any], files: list[_File]) -> bool:
    found = {name: value for name, value in current.manifest["configuration"].items() if name != "dimension"}
    known = {each["source"]: each["sha256"] for part in ("documents", "failed") for each in current.manifest[part]}
    return found == configuration and known == {file.source: file.sha256 for file in files}


def _unchanged(current: Snapshot, files: list[_File]) -> BuildReport:
    reasons = {each["source"]: each["reason"] for each in current.manifest["failed"]}
    return BuildReport(
        snapshot=current.id,
        files=[FileReport(file.source, Fate.FAILED, reasons[file.source]) for file in files if file.source in reasons],
        documents=len(current.documents),
        passages=current.size,
        reused=current.size,
    )


def _fates(failed: list[FileReport], files: list[_File], before: dict[str, str]) -> Iterator[FileReport]:
    """Every file's fate, given those that failed and what the index held before."""
    yield from failed
    unread = {file.source for file in failed}
    for file in files:
        if file.source not in unread:
            same = before.get(file.source) == file.sha256
            yield FileReport(
                file.source, Fate.UNCHANGED if same else Fate.CHANGED if file.source in before else Fate.ADDED
            )
    present = {file.source for file in files}
    yield from (FileReport(source, Fate.REMOVED) for source in before if source not in present)


def _write(
    settings: Settings,
    configuration: dict[str, Any],
    files: list[_File],
    details: dict[str, Details],
    current: Snapshot | None,
    on_progress: Callable[[Progress], None],
) -> BuildReport:
    report = BuildReport()
    encoder = open_encoder(settings)
    writer = SnapshotWriter(settings.index_dir, {**configuration, "dimension": encoder.dimension})
    try:
        with _Memory(settings.index_dir, current, encoder) as memory:
            items = _items(files, details, writer, report)
            total = sum(file.size for file in files)
            while chunk := list(islice(items, _CHUNK)):
                _write_chunk(chunk, writer, memory, report)
                on_progress(Progress(chunk[-1].bytes_done, total, report.passages, report.encoded))
            report.snapshot = _finish(settings, writer, report)
            report.published = current is None or report.snapshot != current.id
            memory.forget()
    except BaseException:
        writer.abandon()
        raise
    return report


def _finish(settings: Settings, writer: SnapshotWriter, report: BuildReport) -> str:
    if not report.passages:
        raise BuildFailed(f"No file in {settings.seeds_dir} could be indexed. {_reasons(report)}")
    snapshot_id = writer.finish()
    publish(settings.index_dir, writer.folder, snapshot_id)
    return snapshot_id


def _reasons(report: BuildReport) -> str:
    if not report.files:
        return "Put documents there and build again."
    return " ".join(f"{file.source}: {file.reason}." for file in report.files[:3])


@dataclass(frozen=True, slots=True)
class _Item:
    """A passage to write, or a document that opens (`passage` None)."""

    document: Document
    bytes_done: int
    passage: Passage | None = None
    text: str = ""
    text_start: int = 0


def _items(
    files: Iterable[_File], details: dict[str, Details], writer: SnapshotWriter, report: BuildReport
) -> Iterator[_Item]:
    ids: set[str] = set()
    done = 0
    for file in files:
        done += file.size
        try:
            document = load_document(file.source, file.path.read_bytes(), details.get(file.source))
        except UnreadableFile as error:
            report.files.append(FileReport(file.source, Fate.FAILED, str(error)))
            writer.add_failed(file.source, file.sha256, str(error))
            continue
        if document.id in ids:  # "a.md" beside "a.txt"
            document = replace(document, id=f"{document.id}-{sha256(file.source.encode()).hexdigest()[:8]}")
        ids.add(document.id)
        yield _Item(document, done)
        for passage in cut_passages(document):
            text, text_start = embedding_text(document.title, passage)
            yield _Item(document, done, passage, text, text_start)


def _write_chunk(chunk: list[_Item], writer: SnapshotWriter, memory: _Memory, report: BuildReport) -> None:
    wanted = [(item.text, item.text_start) for item in chunk if item.passage]
    encoded = memory.recall(wanted)
    report.encoded += memory.encoded
    report.reused += len(wanted) - memory.encoded
    for item in chunk:
        if item.passage is None:
            writer.add_document(item.document)
            report.documents += 1
        else:
            key = memory.key(item.text, item.text_start)
            vector, levels, scales, spans = encoded[key]
            writer.add_passage(item.passage, key, vector, (levels, scales, spans))
            report.passages += 1


class _Memory:
    """Vectors by the digest of what was encoded: from the current snapshot, the journal, or the encoder."""

    def __init__(self, index_dir: Path, current: Snapshot | None, encoder: Encoder) -> None:
        self._encoder = encoder
        self._current = current
        self._rows = dict(current.keys()) if current else {}
        self._path = index_dir / JOURNAL
        self._journal = self._open()
        self.encoded = 0  # of the last call of `recall`

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._journal.close()

    def key(self, text: str, text_start: int) -> bytes:
        """The digest of model, text, and where in it the passage begins."""
        return sha256(f"{self._encoder.fingerprint}\0{text_start}\0{text}".encode()).digest()

    def recall(self, texts: list[tuple[str, int]]) -> dict[bytes, _Vectors]:
        """Vectors for texts with the offsets of their passages, encoding and journalling those not known yet."""
        wanted = {self.key(text, start): (text, start) for text, start in texts}
        found = {key: vectors for key in wanted if (vectors := self._known(key)) is not None}
        missing = {key: text for key, text in wanted.items() if key not in found}
        encodings = self._encoder.encode_texts(text for text, _ in missing.values())
        with self._journal:
            for (key, (_, start)), encoding in zip(missing.items(), encodings, strict=True):
                found[key] = _stored(encoding, start)
                self._journal.execute(
                    "INSERT OR REPLACE INTO encoded VALUES (?, ?, ?, ?, ?)",
                    (key, *(array.tobytes() for array in found[key])),
                )
        self.encoded = len(missing)
        return found

    def forget(self) -> None:
        """Drop the journal, once its vectors stand in a published snapshot."""
        self._journal.close()
        self._path.unlink(missing_ok=True)

    def _known(self, key: bytes) -> _Vectors | None:
        row = self._rows.get(key)
        if row is not None and self._current:
            tokens = self._current.tokens([row])
            return self._current.vectors.vectors(np.array([row]))[0], tokens.levels, tokens.scales, tokens.spans
        stored = self._journal.execute("SELECT * FROM encoded WHERE key = ?", (key,)).fetchone()
        if stored is None:
            return None
        _, vector, levels, scales, spans = stored
        return (
            np.frombuffer(vector, np.float32),
            np.frombuffer(levels, np.int8).reshape(-1, self._encoder.dimension),
            np.frombuffer(scales, np.float32),
            np.frombuffer(spans, np.int32).reshape(-1, 2),
        )

    def _open(self) -> sqlite3.Connection:
        for attempt in (1, 2):
            try:
                journal = sqlite3.connect(self._path)
                journal.execute(
                    "CREATE TABLE IF NOT EXISTS encoded"
                    " (key BLOB PRIMARY KEY, vector BLOB, levels BLOB, scales BLOB, spans BLOB) WITHOUT ROWID"
                )
            except sqlite3.DatabaseError:
                if attempt == 2:
                    raise
                self._path.unlink()  # torn by whatever ended the last build; it only saves time
            else:
                return journal
        raise AssertionError("unreachable")


def _stored(encoding: Encoding, text_start: int) -> _Vectors:
    levels, scales = quantise(encoding.tokens)
    spans = encoding.spans - text_start
    spans[(encoding.spans[:, 0] < text_start)] = -1  # the heading trail's and the model's own tokens
    return encoding.vector, levels, scales, np.ascontiguousarray(spans, dtype=np.int32)
