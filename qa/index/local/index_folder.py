"""Paths in the index folder, and its versions and segments.

These functions change nothing on disk.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from qa.errors import DamagedSnapshot, MismatchedSnapshot, NoIndex, QAError
from qa.index.local.shortages import raise_if_short
from qa.index.local.version import FORMAT, Version
from qa.index.local.version_files import VERSION_NAME, read_version

CURRENT = "CURRENT"
ROLLED_BACK = "ROLLED_BACK"
VERSIONS = "versions"
SEGMENTS = "segments"
VERIFIED = "verified"
LOCK = "build.lock"
UNFINISHED = ".unfinished-"  # prefix of folders that are being written or removed
DAMAGED = ".damaged-"  # suffix of damaged folders and files, kept only for inspection
FORMAT_5 = "snapshots"  # the snapshots' folder in the previous format

_FORMAT_5_ID = re.compile(r"[0-9a-f]{16}")
_SEGMENT_NAME = re.compile(r"[0-9a-f]{32}")


def current_name(index_dir: Path) -> str:
    """The name of the current version in CURRENT, `<sequence>-<id>`.

    Raises:
        NoIndex: nothing has been built in this folder.
        MismatchedSnapshot: CURRENT is of the previous format.
        DamagedSnapshot: CURRENT cannot be read, has no valid name, or is missing although there are versions.
    """
    path = index_dir / CURRENT
    try:
        name = path.read_bytes().decode("ascii", "replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        if version_names(index_dir):
            raise DamagedSnapshot(f"{path} is missing. Run `qa build` or `qa rollback`.") from None
        raise NoIndex(f"There is no index in {index_dir}. Build one with `qa build`.") from None
    except OSError as error:
        raise_if_short(error, str(path))
        raise DamagedSnapshot(f"{path} cannot be read ({error.strerror}). Run `qa doctor`.") from None
    if _FORMAT_5_ID.fullmatch(name):
        told = f"The index in {index_dir} is of format 5, but {FORMAT} is in use. Run `qa build`."
        raise MismatchedSnapshot(told)
    if not VERSION_NAME.fullmatch(name):
        raise DamagedSnapshot(
            f"{path} does not name a snapshot: it holds {name[:40]!r}. Run `qa build` or `qa rollback`."
        )
    return name


def current_id(index_dir: Path) -> str:
    """The id of the current version.

    Raises:
        NoIndex, MismatchedSnapshot, DamagedSnapshot: as `current_name`.
    """
    return current_name(index_dir).partition("-")[2]


def current_version(index_dir: Path) -> Version:
    """The current version's record.

    Raises:
        NoIndex, MismatchedSnapshot, DamagedSnapshot: as `current_name`, or its file cannot be read.
    """
    return read_version(version_path(index_dir, current_name(index_dir)))


def version_path(index_dir: Path, name: str) -> Path:
    """The file of a version."""
    return index_dir / VERSIONS / f"{name}.json"


def segment_path(index_dir: Path, segment_id: str) -> Path:
    """The folder of a segment."""
    return index_dir / SEGMENTS / segment_id


def sequence_of(name: str) -> int:
    """The sequence number in a version's name."""
    return int(name.partition("-")[0])


def version_names(index_dir: Path) -> list[str]:
    """The names of all versions, readable or not, newest first."""
    names = [path.stem for path in (index_dir / VERSIONS).glob("*.json") if VERSION_NAME.fullmatch(path.stem)]
    return sorted(names, key=lambda name: (-sequence_of(name), name))


def versions(index_dir: Path) -> list[Version]:
    """All versions that can be read, newest first."""
    found = []
    for name in version_names(index_dir):
        try:
            found.append(read_version(version_path(index_dir, name)))
        except QAError:
            continue  # damaged or of another format
    return found


def segment_ids(index_dir: Path) -> list[str]:
    """The ids of all segments with a folder, valid or not."""
    return sorted(path.name for path in (index_dir / SEGMENTS).glob("*") if _SEGMENT_NAME.fullmatch(path.name))


def rolled_back(index_dir: Path) -> list[str]:
    """The ids of the versions that `qa rollback` replaced.

    ROLLED_BACK has the chosen id and then the replaced ones. They apply while a version with the chosen id is current;
    if another one is, a build has ended the rollback.
    """
    try:
        chosen, *others = (index_dir / ROLLED_BACK).read_text(encoding="ascii", errors="replace").split()
        current = current_id(index_dir)
    except (OSError, ValueError):
        return []
    except QAError:
        return others
    return others if current in (chosen, *others) else []


def next_sequence(index_dir: Path) -> int:
    """One more than the highest sequence number in the folder."""
    found = [sequence_of(name) for name in version_names(index_dir)]
    with suppress(QAError):
        found.append(sequence_of(current_name(index_dir)))
    return 1 + max(found, default=0)


def aside(path: Path) -> Path:
    """An unused path next to a damaged file or folder, under which it is kept for inspection."""
    number = 1
    while (found := path.with_name(f"{path.name}{DAMAGED}{number}")).exists():
        number += 1
    return found
