"""What a person would check when something is wrong: each finding in a line, with what to do about it.

Nothing is changed. A finding is `ok`, a `note` that needs no haste, or `wrong`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from filelock import FileLock, Timeout

from qa.building.folder import look_into, sidecar_entries
from qa.encode import model_fingerprint
from qa.errors import MismatchedSnapshot, NoIndex, QAError, UnreadableFile
from qa.index.build_notes import read_report
from qa.index.local.manifest import SNAPSHOTS, UNFINISHED, current_id, read_manifest, snapshot_folders, verify_files
from qa.index.local.publish import LOCK, rolled_back
from qa.index.local.snapshot import open_snapshot
from qa.reading.parser_process import Parser
from qa.settings import Settings
from qa.text.safe_text import compose

_ROOM_FOR = 2.0  # times the current snapshot's size; a build writes a whole new one


class Health(StrEnum):
    """How a checked thing is."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing checked. `remedy` says what to do, where there is something to do."""

    what: str
    health: Health
    detail: str
    remedy: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Check everything, in the order in which one thing needs another."""
    checks: tuple[tuple[str, Callable[[Settings], Iterator[Finding]]], ...] = (
        ("model", _model),
        ("reading", _reading),
        ("documents", _documents),
        ("build", _build),
        ("snapshot", _snapshots),
        ("agreement", _agreement),
        ("disk", _disk),
    )
    for what, check in checks:
        try:
            yield from check(settings)
        except QAError as error:
            yield Finding(what, Health.WRONG, str(error))
        except OSError as error:
            yield Finding(what, Health.WRONG, str(error), "See that the folder is there and may be read and written.")


def _model(settings: Settings) -> Iterator[Finding]:
    fingerprint = model_fingerprint(settings)
    yield Finding("model", Health.OK, f"weights {fingerprint[:12]}… are the right ones")


def _reading(settings: Settings) -> Iterator[Finding]:
    with Parser(settings.parse_seconds, settings.parse_memory_mb) as parser:
        try:
            parser.read("trial.txt", b"A trial.")
        except UnreadableFile as error:
            remedy = "Raise QA_PARSE_SECONDS or QA_PARSE_MEMORY_MB, or install the requirements again."
            yield Finding("reading", Health.WRONG, f"even one line cannot be read: {error}", remedy)
        else:
            yield Finding("reading", Health.OK, "files are read in a process of their own")


def _documents(settings: Settings) -> Iterator[Finding]:
    contents = look_into(settings.seeds_dir, settings.max_file_mb << 20)
    sources = (*(file.source for file in contents.files), *(file.source for file in contents.skipped))
    here = set(map(compose, sources))
    stray = sorted(name for name in sidecar_entries(settings.seeds_dir) if compose(name) not in here)
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
    report = read_report(index) or {}
    if report.get("error"):
        yield Finding("build", Health.WRONG, f"the last one failed: {report['error']}", "Mend that and run `qa build`.")
    for file in report.get("files", ()):
        if file.get("fate") in ("failed", "kept"):
            state = "is not in the index" if file["fate"] == "failed" else "could not be read anew"
            remedy = (
                "Run `qa build`." if file.get("for_now") else "Mend, replace or remove the file, and run `qa build`."
            )
            yield Finding("build", Health.NOTE, f"{file['source']} {state}: {file['reason']}", remedy)
    left = [path.name for path in (index / SNAPSHOTS).glob(f"{UNFINISHED}*")]
    if left and not running:
        yield Finding("build", Health.NOTE, f"a build was cut off ({left[0]})", "The next `qa build` sweeps it up.")
    for path in sorted((index / SNAPSHOTS).glob("*.damaged-*")):
        yield Finding("build", Health.NOTE, f"{path} was set aside", "Delete it when you have looked at it.")


def _snapshots(settings: Settings) -> Iterator[Finding]:
    try:
        current = current_id(settings.index_dir)
    except NoIndex:
        yield Finding("snapshot", Health.WRONG, f"there is no index in {settings.index_dir}", "Run `qa build`.")
        return
    except QAError as error:
        yield Finding("snapshot", Health.WRONG, str(error), "Run `qa build`, or `qa rollback` to name one.")
        current = ""
    folders = snapshot_folders(settings.index_dir)
    if current and current not in {folder.name for folder in folders}:
        detail = f"CURRENT names {current}, which is not there"
        yield Finding("snapshot", Health.WRONG, detail, "Run `qa build`, or `qa rollback` to go back to another.")
    for folder in folders:
        place = f"{folder.name} ({'current' if folder.name == current else 'older'})"
        try:
            verify_files(folder, read_manifest(folder))
            if folder.name == current:
                weights = model_fingerprint(settings)
                open_snapshot(settings.index_dir, current, weights=weights, verified=True).close()
        except MismatchedSnapshot as error:
            health = Health.WRONG if folder.name == current else Health.NOTE
            yield Finding("snapshot", health, str(error), "Run `qa build`.")
        except QAError as error:
            remedy = "Run `qa build`; the damaged one is set aside, not deleted." if folder.name == current else ""
            yield Finding("snapshot", Health.WRONG, f"{place}: {error}", remedy or f"Look at it, then delete {folder}.")
        else:
            yield Finding("snapshot", Health.OK, f"{place} is whole")
    refused = [name for name in rolled_back(settings.index_dir) if name != current]
    if refused:
        detail = f"{', '.join(refused)} was rolled back; an unchanged build does not bring it back"
        yield Finding("snapshot", Health.NOTE, detail, f"Take it back with `qa rollback {refused[0]}`.")


def _agreement(settings: Settings) -> Iterator[Finding]:
    try:
        manifest: dict[str, Any] = read_manifest(settings.index_dir / SNAPSHOTS / current_id(settings.index_dir))
    except QAError:
        return  # told already
    contents = look_into(settings.seeds_dir, settings.max_file_mb << 20)
    here = {file.source: file.sha256 for file in contents.files}
    there = {each["source"]: each["sha256"] for part in ("documents", "failed") for each in manifest[part]}
    counts = {
        "new": len(here.keys() - there.keys()),
        "changed": sum(here[source] != there[source] for source in here.keys() & there.keys()),
        "gone": len(there.keys() - here.keys()),
    }
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    if said:
        yield Finding(
            "agreement", Health.NOTE, f"documents differ from the current snapshot: {said}", "Run `qa build`."
        )
    else:
        yield Finding("agreement", Health.OK, "the current snapshot holds the documents as they are")


def _disk(settings: Settings) -> Iterator[Finding]:
    free = shutil.disk_usage(settings.index_dir if settings.index_dir.exists() else ".").free
    try:
        manifest = read_manifest(settings.index_dir / SNAPSHOTS / current_id(settings.index_dir))
        needed = _ROOM_FOR * sum(file["bytes"] for file in manifest["files"].values())
    except QAError:
        needed = 0.0
    detail = f"{free / 1e9:.1f} GB free, a build needs about {needed / 1e9:.2f} GB"
    if free < needed:
        yield Finding("disk", Health.WRONG, detail, "Free some space, or lower QA_KEEP_SNAPSHOTS.")
    else:
        yield Finding("disk", Health.OK, detail)
