"""Publishes an older version again.

The version gets the next sequence number, so the newest is always the current one. The ids of the versions that were
rolled back are in ROLLED_BACK until a build publishes another version, so that a build of the same documents does not
publish them again.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from qa.durable import replace_file
from qa.errors import QAError, UnknownSnapshot
from qa.index.local.index_folder import (
    ROLLED_BACK,
    current_id,
    current_name,
    next_sequence,
    rolled_back,
    sequence_of,
    versions,
)
from qa.index.local.open_version import check_configuration
from qa.index.local.publish import publish
from qa.index.local.verify import verify_segment
from qa.index.local.version import Version


def roll_back(index_dir: Path, version_id: str | None = None) -> str:
    """Publish an older version again: the given one, else the newest valid one that was not rolled back.

    A rolled back version can be given explicitly.

    Returns:
        The id of the version that is current now.

    Raises:
        UnknownSnapshot: the version does not exist, or there is no earlier one.
        DamagedSnapshot, MismatchedSnapshot: the given one cannot be opened.
    """
    try:
        before = current_id(index_dir)
    except QAError:
        before = ""
    refused = rolled_back(index_dir)
    if version_id is None:
        chosen = _newest_but(index_dir, {before, *refused})
    else:
        chosen = _newest_of(index_dir, version_id)
        _check(index_dir, chosen)
    marked = [each for each in (*refused, before) if each and each != chosen.id]
    # ROLLED_BACK is written first: it is valid before and after the commit, and only then excludes the old version.
    lines = "".join(f"{each}\n" for each in dict.fromkeys((chosen.id, *marked)))
    replace_file(index_dir / ROLLED_BACK, lines.encode("ascii"))
    publish(index_dir, replace(chosen, sequence=next_sequence(index_dir)))
    return chosen.id


def _committed(index_dir: Path) -> list[Version]:
    """The versions that have been current, newest first, without those of killed builders."""
    found = versions(index_dir)
    with suppress(QAError):
        current = sequence_of(current_name(index_dir))
        return [version for version in found if version.sequence <= current]
    return found


def _newest_of(index_dir: Path, version_id: str) -> Version:
    for version in _committed(index_dir):
        if version.id == version_id:
            return version
    raise UnknownSnapshot(f"There is no snapshot {version_id} in {index_dir}; `qa rollback --list` lists them.")


def _newest_but(index_dir: Path, excluded: set[str]) -> Version:
    for version in _committed(index_dir):
        if version.id not in excluded:
            try:
                _check(index_dir, version)
            except QAError:
                continue
            return version
    raise UnknownSnapshot(f"There is no other whole snapshot in {index_dir} to go back to.")


def _check(index_dir: Path, version: Version) -> None:
    check_configuration(version)
    for entry in version.segments:
        verify_segment(index_dir, entry.id, every_byte=True)
