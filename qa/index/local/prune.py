"""Removes old versions, segments that no version names, and unfinished files of killed builders.

All of this is called while holding the build lock. A version that a reader holds is never removed, nor a segment that
any version names.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from qa.errors import DamagedSnapshot, MismatchedSnapshot, QAError
from qa.index.local.hold import without_readers
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

_BESIDE = (CURRENT, ROLLED_BACK, "report.json", "progress.json")  # files that are replaced in one step


def recover(index_dir: Path, unpublished: Collection[str] = ()) -> None:
    """Bring the folder into the state of the last commit.

    Where CURRENT, or the version that it names, cannot be read, the newest other version that can be becomes current.

    Args:
        index_dir: The index folder.
        unpublished: Ids of segments that an unfinished build goes on with.
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
    """Remove versions beyond the newest of each of the last `keep` ids, and segments that none names any more.

    The current version and any that is held stay.

    Args:
        index_dir: The index folder.
        keep: How many ids to keep.
        unpublished: Ids of segments to keep though no version names them.

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
        shutil.rmtree(index_dir / FORMAT_5, ignore_errors=True)  # a server that has it open goes on with it
    return removed


def _remove_versions_above(index_dir: Path, sequence: int) -> None:
    """Remove versions that were written and never became current."""
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
            return  # of a later format: which segments it names is not known here
        except DamagedSnapshot:
            if not without_readers(path, partial(path.rename, aside(path))):
                return
    for segment_id in segment_ids(index_dir):
        if segment_id not in named:
            path = segment_path(index_dir, segment_id)
            doomed = path.with_name(f"{UNFINISHED}{path.name}")
            try:
                path.rename(doomed)  # in one step, so that none is ever half there
            except PermissionError:
                continue  # on Windows, where a file in it is open
            shutil.rmtree(doomed, ignore_errors=True)
            (index_dir / VERIFIED / f"{segment_id}.json").unlink(missing_ok=True)
