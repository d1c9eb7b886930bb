"""Finds a snapshot that already is what the documents and the configuration give, so that nothing is written again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from qa.building.folder import SourceFile
from qa.building.read_files import Reading
from qa.errors import OperatingError
from qa.index.local.manifest import SNAPSHOTS, current_id, read_manifest
from qa.index.local.publish import point_current, rolled_back
from qa.index.local.snapshot import Snapshot


def serving_or_restored(known: Snapshot | None, index_dir: Path) -> Snapshot | None:
    """A snapshot if CURRENT names it, else None; where CURRENT is lost after a rollback, it is made to name it again.

    Otherwise the build would find nothing that serves, and publish again what was rolled back.
    """
    if known is None:
        return None
    with suppress(OperatingError):
        if known.id == current_id(index_dir):
            return known
    refused = rolled_back(index_dir)
    if not refused or known.id in refused:
        return None
    point_current(index_dir, known.id)
    return known


def candidates(index_dir: Path, serving: Snapshot | None, configuration: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Manifests of a configuration that may be what the folder gives: the serving one's, and those rolled back."""
    if serving is None:
        return
    manifests = [serving.manifest]
    for name in rolled_back(index_dir):
        try:
            manifests.append(read_manifest(index_dir / SNAPSHOTS / name))
        except OperatingError:
            continue
    for manifest in manifests:
        if configuration == {name: value for name, value in manifest["configuration"].items() if name != "dimension"}:
            yield manifest


def documents_of(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The documents that a manifest lists, by source."""
    return {each["source"]: each for each in manifest["documents"]}


def failures_of(manifest: dict[str, Any], files: tuple[SourceFile, ...]) -> dict[str, str]:
    """Why files could not be read, as a manifest says, in the order of the files."""
    reasons = {each["source"]: each["reason"] for each in manifest["failed"]}
    return {file.source: reasons[file.source] for file in files if file.source in reasons}


def holds_all(manifest: dict[str, Any], files: tuple[SourceFile, ...]) -> bool:
    """Whether a manifest lists exactly these files, each with its bytes, and none that was only kept."""
    listed = {each["source"]: each["sha256"] for part in ("documents", "failed") for each in manifest[part]}
    kept = any(each.get("kept") for each in manifest["documents"])
    wanting = any(file.for_now for file in files)
    return not kept and not wanting and listed == {file.source: file.sha256 for file in files}


def is_outcome(manifest: dict[str, Any], files: tuple[SourceFile, ...], reading: Reading) -> bool:
    """Whether a manifest lists what these files give after they were read, or could not be."""
    documents = {each["source"]: (each["sha256"], each.get("kept", False)) for each in manifest["documents"]}
    failed = {each["source"]: (each["sha256"], each["reason"]) for each in manifest["failed"]}
    return documents == {
        file.source: (file.sha256, file.source in reading.kept) for file in files if file.source not in reading.missing
    } and failed == {
        file.source: (file.sha256, reading.failed[file.source]) for file in files if file.source in reading.failed
    }
