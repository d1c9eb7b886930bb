"""Which snapshot serves: making one current, taking one back, and clearing away what nobody needs.

Replacing CURRENT is the one step that changes what is served; everything before it can be killed at any point. All
of this is called while holding the build lock.

A snapshot that was rolled back stands in ROLLED_BACK until another one is published, so that a build of the same
documents does not bring it back by itself.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from qa.durable import flush, replace_file
from qa.errors import QAError, UnknownSnapshot
from qa.index.local.manifest import (
    CURRENT,
    MANIFEST,
    ROLLED_BACK,
    SNAPSHOTS,
    UNFINISHED,
    current_id,
    manifests,
    read_manifest,
    rolled_back,
    snapshot_folders,
    verify_files,
)
from qa.index.local.snapshot import open_snapshot

if sys.platform != "win32":
    import fcntl

LOCK = "build.lock"

__all__ = ["LOCK", "ROLLED_BACK", "point_current", "prune", "publish", "roll_back", "rolled_back", "sweep"]


def publish(index_dir: Path, folder: Path, snapshot_id: str) -> None:
    """Make a finished snapshot the current one.

    Raises:
        DamagedSnapshot: it does not verify when reopened; CURRENT is untouched.
    """
    target = index_dir / SNAPSHOTS / snapshot_id
    if _is_whole(target):
        shutil.rmtree(folder, ignore_errors=True)  # the same content stands there already
    else:
        if target.exists():
            target.rename(_aside(target))
        folder.rename(target)
        flush(target.parent)
    open_snapshot(index_dir, snapshot_id).close()
    point_current(index_dir, snapshot_id)
    (index_dir / ROLLED_BACK).unlink(missing_ok=True)


def point_current(index_dir: Path, snapshot_id: str) -> None:
    """Name a snapshot current: the commit point."""
    replace_file(index_dir / CURRENT, f"{snapshot_id}\n".encode("ascii"))


def roll_back(index_dir: Path, snapshot_id: str | None = None) -> str:
    """Name another snapshot current: the one asked for, else the newest that is whole and was not rolled back.

    Naming a snapshot that was rolled back takes it into favour again.

    Returns:
        The id of the snapshot that is current now.

    Raises:
        UnknownSnapshot: there is no such snapshot, or none to go back to.
        DamagedSnapshot, MismatchedSnapshot: the one asked for cannot be opened.
    """
    try:
        before = current_id(index_dir)
    except QAError:
        before = ""
    refused = rolled_back(index_dir)
    if snapshot_id is None:
        snapshot_id = _newest_but(index_dir, {before, *refused})
    elif snapshot_id not in {folder.name for folder in snapshot_folders(index_dir)}:
        raise UnknownSnapshot(f"There is no snapshot {snapshot_id} in {index_dir}; `qa rollback --list` lists them.")
    open_snapshot(index_dir, snapshot_id).close()
    marked = [each for each in (*refused, before) if each and each != snapshot_id]
    # The mark first: a crash between the two leaves CURRENT as it was, and a mark that does no harm.
    replace_file(index_dir / ROLLED_BACK, "".join(f"{each}\n" for each in dict.fromkeys(marked)).encode("ascii"))
    point_current(index_dir, snapshot_id)
    return snapshot_id


def prune(index_dir: Path, keep: int, current: str) -> list[str]:
    """Remove the oldest snapshots beyond `keep`, never the current one, one in use, or one that cannot be read.

    Returns:
        The ids removed.
    """
    ids = [manifest["id"] for manifest in manifests(index_dir)]
    spare = [each for each in ids if each != current][max(0, keep - 1) :]
    return [each for each in spare if _retire(index_dir / SNAPSHOTS / each)]


def sweep(index_dir: Path) -> None:
    """Remove what builders that died have left."""
    for path in (index_dir / SNAPSHOTS).glob(f"{UNFINISHED}*"):
        shutil.rmtree(path, ignore_errors=True)
    for name in (CURRENT, ROLLED_BACK, "report.json", "progress.json"):
        for path in index_dir.glob(f".{name}.*"):
            path.unlink(missing_ok=True)


def _is_whole(folder: Path) -> bool:
    try:
        verify_files(folder, read_manifest(folder))
    except QAError:
        return False
    return True


def _aside(target: Path) -> Path:
    """A free name beside a damaged snapshot, to keep it under for inspection."""
    number = 1
    while (path := target.with_name(f"{target.name}.damaged-{number}")).exists():
        number += 1
    return path


def _newest_but(index_dir: Path, excluded: set[str]) -> str:
    for manifest in manifests(index_dir):
        name: str = manifest["id"]
        if name not in excluded and _is_whole(index_dir / SNAPSHOTS / name):
            return name
    raise UnknownSnapshot(f"There is no other whole snapshot in {index_dir} to go back to.")


def _retire(folder: Path) -> bool:
    """Remove a snapshot that nobody holds; in one step, so that none is ever half there."""
    doomed = folder.with_name(f"{UNFINISHED}{folder.name}")
    try:
        if sys.platform == "win32":
            folder.rename(doomed)  # refused while a file in it is open
        else:
            held = os.open(folder / MANIFEST, os.O_RDONLY)
            try:
                # Kept over the renaming, so that nobody takes hold of the snapshot between the two.
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                folder.rename(doomed)
            finally:
                os.close(held)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EROFS):
            raise
        return False
    with suppress(OSError):
        shutil.rmtree(doomed)
    return True
