"""Health checks of model, documents, index and disk; each finding names its remedy.

Every byte of the index is compared with its digest. The only change is the record of compared files. A finding is `ok`,
a `note` that is not urgent, or `wrong`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from qa.building.container_members import with_members
from qa.building.file_digests import FileDigests
from qa.building.folder import look_into, read_sidecar
from qa.building.plan import live_documents
from qa.building.read_files import WholeFiles
from qa.building.reuse import reader_of
from qa.building.stored_segments import identity, segment_trouble, stored_segments
from qa.building.upgrade import configuration_in_use, effect_of
from qa.containers.container import file_of
from qa.encode import model_fingerprint
from qa.errors import MismatchedSnapshot, NoIndex, QAError, UnreadableFile
from qa.index.build_notes import BuildReport, Fate, read_report
from qa.index.local.index_folder import (
    DAMAGED,
    LOCK,
    SEGMENTS,
    UNFINISHED,
    VERSIONS,
    current_name,
    current_version,
    rolled_back,
    segment_path,
    version_names,
    version_path,
)
from qa.index.local.open_version import check_configuration, open_version
from qa.index.local.version_files import read_segment, read_version
from qa.reading.parser_process import Parser
from qa.settings import Settings
from qa.text.safe_text import compose

_ROOM_FOR = 2.0  # free space in sizes of the current version: a new build or a full merge writes it once more


class Health(StrEnum):
    """The result of a check."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. `remedy` says what to do; empty if nothing."""

    what: str
    health: Health
    detail: str
    remedy: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Run all checks, those that others depend on first."""
    weights: str | None = None  # the model's fingerprint, if it can be loaded
    try:
        weights = model_fingerprint(settings)
        yield Finding("model", Health.OK, f"weights {weights[:12]}… are the right ones")
    except QAError as error:
        yield Finding("model", Health.WRONG, str(error))
    checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("reading", partial(_reading, settings)),
        ("documents", partial(_documents, settings)),
        ("build", partial(_build, settings)),
        ("upgrade", partial(_upgrade, settings, weights)),
        ("snapshot", partial(_snapshots, settings, weights)),
        ("agreement", partial(_agreement, settings)),
        ("disk", partial(_disk, settings)),
    )
    for what, check in checks:
        try:
            yield from check()
        except QAError as error:
            yield Finding(what, Health.WRONG, str(error))
        except OSError as error:
            yield Finding(what, Health.WRONG, str(error), "Check that the folder exists and can be read and written.")


def _reading(settings: Settings) -> Iterator[Finding]:
    with Parser(settings.parse_seconds, settings.parse_memory_mb) as parser:
        try:
            parser.read("trial.txt", b"A trial.")
        except UnreadableFile as error:
            remedy = "Raise QA_PARSE_SECONDS or QA_PARSE_MEMORY_MB, or install the requirements again."
            yield Finding("reading", Health.WRONG, f"even one line cannot be read: {error}", remedy)
        else:
            yield Finding("reading", Health.OK, "files are read in a separate process")


def _documents(settings: Settings) -> Iterator[Finding]:
    contents = look_into(settings.seeds_dir, settings.max_file_mb << 20)
    sources = (*(file.source for file in contents.files), *(file.source for file in contents.skipped))
    here = set(map(compose, sources))
    described = read_sidecar(settings.seeds_dir).documents
    stray = sorted(name for name in described if file_of(compose(name), lambda path: path not in here) not in here)
    if not contents.files:
        yield Finding("documents", Health.WRONG, f"{settings.seeds_dir} holds no document", "Put documents there.")
    else:
        skipped = f", {len(contents.skipped)} of formats that are not read" if contents.skipped else ""
        yield Finding("documents", Health.OK, f"{len(contents.files)} files in {settings.seeds_dir}{skipped}")
    for name in stray:
        yield Finding("documents", Health.NOTE, f"sources.toml describes {name}, which is not there", "Mend its name.")


def _build(settings: Settings) -> Iterator[Finding]:
    index = settings.index_dir
    if not index.is_dir():
        yield Finding("build", Health.WRONG, f"there is no folder {index}", "Run `qa build`.")
        return
    try:
        with FileLock(index / LOCK, timeout=0):
            running = False
    except Timeout:
        running = True
    yield Finding("build", Health.OK, "a build is running" if running else "no build is running")
    report = read_report(index) or BuildReport()
    if report.error:
        yield Finding("build", Health.WRONG, f"the last one failed: {report.error}", "Mend that and run `qa build`.")
    for file in report.files:
        if file.fate in (Fate.FAILED, Fate.KEPT):
            state = "is not in the index" if file.fate is Fate.FAILED else "could not be read anew"
            remedy = "Run `qa build`." if file.for_now else "Mend, replace or remove the file, and run `qa build`."
            yield Finding("build", Health.NOTE, f"{file.source} {state}: {file.reason}", remedy)
    left = [path.name for path in (index / SEGMENTS).glob(f"{UNFINISHED}*")]
    if left and not running:
        yield Finding("build", Health.NOTE, f"a build was interrupted ({left[0]})", "The next `qa build` removes it.")
    for path in sorted(path for folder in (SEGMENTS, VERSIONS) for path in (index / folder).glob(f"*{DAMAGED}*")):
        yield Finding("build", Health.NOTE, f"{path} was set aside", "Delete it when you have looked at it.")


def _upgrade(settings: Settings, weights: str | None) -> Iterator[Finding]:
    """Report what the next build will do with the present index; nothing if the model cannot be loaded."""
    remedy = "Run `qa build` before the server is started anew."
    try:
        before = current_version(settings.index_dir).configuration
    except MismatchedSnapshot as error:
        detail = f"{str(error).removesuffix(' Run `qa build`.')} A build reads and encodes all documents anew."
        yield Finding("upgrade", Health.NOTE, f"{detail} Until then nothing can be served by this version.", remedy)
        return
    except QAError:
        return  # `_snapshots` reports it
    if weights is None:
        return  # another check reports it
    after = configuration_in_use(settings, weights)
    effect = effect_of(before, after)
    if not effect:
        yield Finding("upgrade", Health.OK, "a build goes on from what is stored")
    elif not before.difference(after.analyser, after.weights):
        yield Finding("upgrade", Health.NOTE, f"{effect} Until then the current snapshot serves.", "Run `qa build`.")
    else:
        yield Finding("upgrade", Health.NOTE, f"{effect} Until then nothing can be served by this version.", remedy)


def _snapshots(settings: Settings, weights: str | None) -> Iterator[Finding]:
    index = settings.index_dir
    try:
        current = current_name(index)
    except NoIndex:
        yield Finding("snapshot", Health.WRONG, f"there is no index in {index}", "Run `qa build`.")
        return
    except QAError as error:
        yield Finding("snapshot", Health.WRONG, str(error), "Run `qa build`, or `qa rollback` to name one.")
        current = ""
    names = version_names(index)
    if current and current not in names:
        detail = f"CURRENT names {current}, which is not there"
        yield Finding("snapshot", Health.WRONG, detail, "Run `qa build`, or `qa rollback` to go back to another.")
    damaged: dict[str, str] = {}
    for name in names:
        yield from _version(index, name, damaged, weights if name == current else None, is_current=name == current)
    refused = rolled_back(index)
    if refused:
        detail = f"{', '.join(refused)} was rolled back; an unchanged build does not bring it back"
        yield Finding("snapshot", Health.NOTE, detail, f"Take it back with `qa rollback {refused[0]}`.")


def _version(
    index: Path, name: str, compared: dict[str, str], weights: str | None, *, is_current: bool
) -> Iterator[Finding]:
    """Compare every byte of a version.

    Args:
        index: The index folder.
        name: The version.
        compared: The faults found in each segment so far; those of this version's other segments are added.
        weights: The required fingerprint of the version's encoder; None for any.
        is_current: Whether it is the current version.
    """
    place = f"{name} ({'current' if is_current else 'older'})"
    wrong = Health.WRONG if is_current else Health.NOTE
    try:
        version = read_version(version_path(index, name))
        check_configuration(version, weights)
    except MismatchedSnapshot as error:
        yield Finding("snapshot", wrong, str(error), "Run `qa build`.")
        return
    except QAError as error:
        yield Finding("snapshot", Health.WRONG, f"{place}: {error}", "Run `qa build`; the damaged file is set aside.")
        return
    for entry in version.segments:
        if entry.id not in compared:
            compared[entry.id] = segment_trouble(index, entry.id)
    troubles = [compared[entry.id] for entry in version.segments if compared[entry.id]]
    for trouble in troubles:
        remedy = "Run `qa build --repair`." if is_current else "`qa build` removes it when it is too old."
        yield Finding("snapshot", Health.WRONG, f"{place}: {trouble}", remedy)
    if troubles:
        return
    try:
        open_version(index, name).close()
    except QAError as error:
        yield Finding("snapshot", Health.WRONG, f"{place}: {error}", "Run `qa build --fresh`.")
    else:
        segments = f"{len(version.segments)} segment{'' if len(version.segments) == 1 else 's'}"
        yield Finding("snapshot", Health.OK, f"{place} is whole, in {segments}")


def _agreement(settings: Settings) -> Iterator[Finding]:
    index = settings.index_dir
    try:
        version = current_version(index)
    except QAError:
        return  # another check reports it
    configuration = version.configuration
    remembered = FileDigests(index, reader_of(configuration))
    listed = look_into(settings.seeds_dir, settings.max_file_mb << 20, remembered)
    contents = with_members(listed, remembered, None, WholeFiles(settings.seeds_dir), settings.max_file_mb << 20)
    readable = [file for file in contents.files if not remembered.failure(identity(file.source, file.sha256))]
    here = {file.source: file.sha256 for file in readable if not file.trouble}
    with stored_segments(index, [entry.id for entry in version.segments]) as segments:
        there = {source: place.stored.sha256 for source, place in live_documents(version, segments).items()}
    counts = {
        "new": len(here.keys() - there.keys()),
        "changed": sum(here[source] != there[source] for source in here.keys() & there.keys()),
        "gone": len(there.keys() - here.keys()),
    }
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    if said:
        detail = f"documents differ from the current snapshot: {said}"
        yield Finding("agreement", Health.NOTE, detail, "Run `qa build`.")
    else:
        yield Finding("agreement", Health.OK, "the current snapshot holds the documents as they are")


def _disk(settings: Settings) -> Iterator[Finding]:
    index = settings.index_dir
    free = shutil.disk_usage(index if index.exists() else ".").free
    needed = 0.0
    with suppress(QAError):
        sizes = [_bytes(index, entry.id) for entry in current_version(index).segments]
        needed = _ROOM_FOR * sum(sizes)
    detail = f"{free / 1e9:.1f} GB free, a build needs up to {needed / 1e9:.2f} GB"
    if free < needed:
        yield Finding("disk", Health.WRONG, detail, "Free some space, or lower QA_KEEP_SNAPSHOTS.")
    else:
        yield Finding("disk", Health.OK, detail)


def _bytes(index_dir: Path, segment_id: str) -> int:
    return sum(file.bytes for file in read_segment(segment_path(index_dir, segment_id)).files.values())
