"""Removes old versions, unreferenced segments, and unfinished files of killed builders.

The caller must hold the build lock. Versions held by readers, and segments of any version, are never removed.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from qa.errors import DamagedSnapshot, MismatchedSnapshot, QAError
from qa.index.local.index_folder import (
    CURRENT,
    FORMAT_5,
    ROLLED_BACK,
    SEGMENTS,
    UNFINISHED,
    VERIFIED,
    VERSIONS,
    aside,
    current_name,
    rolled_back,
    segment_ids,
    segment_path,
    sequence_of,
    version_names,
    version_path,
    versions,
)
from qa.index.local.publish import point_current
from qa.index.local.version_files import read_version
from qa.index.local.version_locks import without_readers

_BESIDE = (CURRENT, ROLLED_BACK, "report.json", "progress.json")  # files that are replaced in one step


def recover(index_dir: Path, unpublished: Collection[str] = ()) -> None:
    """Restore the folder to the state of the last commit.

    If CURRENT or its version cannot be read, the newest readable version becomes current.

    Args:
        index_dir: The index folder.
        unpublished: Ids of segments of an unfinished build that will continue.
    """
    for folder in (index_dir / SEGMENTS, index_dir / FORMAT_5):
        for path in folder.glob(f"{UNFINISHED}*"):
            shutil.rmtree(path, ignore_errors=True)
    for path in (
        *(path for name in _BESIDE for path in index_dir.glob(f".{name}.*")),
        *(index_dir / VERSIONS).glob(".*.json.*"),
        *(index_dir / VERIFIED).glob(".*.json.*"),
    ):
        path.unlink(missing_ok=True)
    with suppress(QAError):
        _remove_versions_above(index_dir, sequence_of(current_name(index_dir)))
    _mend_current(index_dir)
    _remove_segments(index_dir, unpublished)


def prune(index_dir: Path, keep: int, unpublished: Collection[str] = ()) -> list[str]:
    """Remove versions other than the newest of each of the last `keep` ids, and unreferenced segments.

    The current version and held ones are kept.

    Args:
        index_dir: The index folder.
        keep: The number of ids to keep.
        unpublished: Ids of unreferenced segments to keep.

    Returns:
        The names of the versions removed.
    """
    current, found = current_name(index_dir), versions(index_dir)
    kept: dict[str, str] = {}
    for version in found:
        if version.name == current or (version.id not in kept and len(kept) < keep):
            kept[version.id] = version.name
    removed = []
    for version in found:
        if version.name not in (*kept.values(), current):
            path = version_path(index_dir, version.name)
            if without_readers(path, path.unlink):
                removed.append(version.name)
    _remove_segments(index_dir, unpublished)
    if (index_dir / FORMAT_5).exists():
        shutil.rmtree(index_dir / FORMAT_5, ignore_errors=True)  # a server that has it open continues to use it
    return removed


def _remove_versions_above(index_dir: Path, sequence: int) -> None:
    """Remove versions that never became current."""
    for name in version_names(index_dir):
        if sequence_of(name) > sequence:
            version_path(index_dir, name).unlink(missing_ok=True)


def _mend_current(index_dir: Path) -> None:
    try:
        read_version(version_path(index_dir, current_name(index_dir)))
    except DamagedSnapshot:
        refused = rolled_back(index_dir)
        found = sorted(versions(index_dir), key=lambda version: (version.id in refused, -version.sequence))
        if found:
            point_current(index_dir, found[0].name)
    except QAError:
        pass  # there is no index, or one of another format


def _remove_segments(index_dir: Path, unpublished: Iterable[str]) -> None:
    named = set(unpublished)
    for name in version_names(index_dir):
        path = version_path(index_dir, name)
        try:
            named.update(entry.id for entry in read_version(path).segments)
        except MismatchedSnapshot:
            return  # of a later format, so its segments are not known
        except DamagedSnapshot:
            if not without_readers(path, partial(path.rename, aside(path))):
                return
    for segment_id in segment_ids(index_dir):
        if segment_id not in named:
            path = segment_path(index_dir, segment_id)
            doomed = path.with_name(f"{UNFINISHED}{path.name}")
            try:
                path.rename(doomed)  # in one step, so that no folder is ever incomplete
            except PermissionError:
                continue  # on Windows, if a file in it is open
            shutil.rmtree(doomed, ignore_errors=True)
            (index_dir / VERIFIED / f"{segment_id}.json").unlink(missing_ok=True)
