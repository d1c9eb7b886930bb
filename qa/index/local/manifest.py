"""A snapshot's manifest: what the snapshot holds, whether it is whole, and which one is current.

Guarantees: a manifest is read only if it is byte for byte what its builder wrote, and `verify_files` finds every file
that differs from it. Nothing here changes anything on disk.
"""

from __future__ import annotations

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from qa.errors import DamagedSnapshot, MismatchedSnapshot, NoIndex, QAError
from qa.text.json_reading import parse_json

FORMAT = 6
MANIFEST = "manifest.json"
CURRENT = "CURRENT"
ROLLED_BACK = "ROLLED_BACK"
SNAPSHOTS = "snapshots"
UNFINISHED = ".unfinished-"  # how the folders begin that no snapshot is in, yet or any more

_ID = re.compile(r"[0-9a-f]{16}")
_REMEDY = "Run `qa build`; what is there is kept for inspection."
# When and in which order are no part of the content: the same documents give the same id again.
_NOT_CONTENT = ("id", "built_at", "sequence", "seal")


def seal(manifest: dict[str, Any]) -> bytes:
    """Complete a manifest with its id and its own digest, and render it as the bytes that stand on disk."""
    content = {name: value for name, value in manifest.items() if name not in _NOT_CONTENT}
    manifest["id"] = _digest(content)[:16]
    manifest["seal"] = _digest({name: value for name, value in manifest.items() if name != "seal"})
    return _rendered(manifest)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read a snapshot's manifest.

    Raises:
        DamagedSnapshot: it is missing, altered, or another snapshot's.
        MismatchedSnapshot: it is of another format version.
    """
    path = folder / MANIFEST
    try:
        data = path.read_bytes()
        manifest: dict[str, Any] = parse_json(data)
        found, sealed = manifest["format"], manifest.get("seal")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedSnapshot(f"Manifest {path} cannot be read ({error}). {_REMEDY}") from None
    if sealed is None:
        match(folder, "format", found, FORMAT)
    if data != seal(dict(manifest)) or manifest["id"] != folder.name:
        raise DamagedSnapshot(f"Manifest {path} is altered. {_REMEDY}")
    match(folder, "format", found, FORMAT)
    return manifest


def match(folder: Path, what: str, found: object, wanted: object) -> None:
    """Compare what a snapshot was built with and what is in use.

    Raises:
        MismatchedSnapshot: they differ; both are named.
    """
    if found != wanted:
        raise MismatchedSnapshot(
            f"Snapshot {folder} was built with {what} {found}, but {wanted} is in use. Run `qa build`."
        )


def verify_files(folder: Path, manifest: dict[str, Any]) -> None:
    """Compare every file with its size and SHA-256 in the manifest.

    Raises:
        DamagedSnapshot: naming every file that differs.
    """

    def check(item: tuple[str, dict[str, Any]]) -> str | None:
        name, expected = item
        try:
            with (folder / name).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size != expected["bytes"]:
                    return f"{name} has {size} bytes instead of {expected['bytes']}"
                return None if file_digest(file, "sha256").hexdigest() == expected["sha256"] else f"{name} is altered"
        except OSError as error:
            return f"{name} cannot be read ({error.strerror})"

    with ThreadPoolExecutor(2) as pool:
        troubles = [trouble for trouble in pool.map(check, sorted(manifest["files"].items())) if trouble]
    if troubles:
        raise DamagedSnapshot(f"Snapshot {folder}: {'; '.join(troubles)}. {_REMEDY}")


def current_id(index_dir: Path) -> str:
    """The id of the snapshot that CURRENT names.

    Raises:
        NoIndex: there is neither CURRENT nor a snapshot: nothing was ever built here.
        DamagedSnapshot: CURRENT cannot be read, names nothing, or is missing beside snapshots.
    """
    path = index_dir / CURRENT
    try:
        name = path.read_bytes().decode("ascii", "replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        if snapshot_folders(index_dir):
            raise DamagedSnapshot(f"{path} is missing. Run `qa build` or `qa rollback`.") from None
        raise NoIndex(f"There is no index in {index_dir}. Build one with `qa build`.") from None
    except OSError as error:
        raise DamagedSnapshot(f"{path} cannot be read ({error.strerror}). Run `qa doctor`.") from None
    if not _ID.fullmatch(name):
        raise DamagedSnapshot(f"{path} names no snapshot but {name[:40]!r}. Run `qa build` or `qa rollback`.")
    return name


def rolled_back(index_dir: Path) -> list[str]:
    """The snapshots that were rolled back since the last one was published."""
    try:
        return (index_dir / ROLLED_BACK).read_text(encoding="ascii", errors="replace").split()
    except OSError:
        return []


def snapshot_folders(index_dir: Path) -> list[Path]:
    """The folders of published snapshots, readable or not, in the order of their names."""
    return sorted(path for path in (index_dir / SNAPSHOTS).glob("*") if _ID.fullmatch(path.name))


def manifests(index_dir: Path) -> list[dict[str, Any]]:
    """The manifests of all published snapshots that can be read, newest first."""
    found = []
    for folder in snapshot_folders(index_dir):
        try:
            found.append(read_manifest(folder))
        except QAError:
            continue  # damaged or of another format: not ours to read, nor to delete
    return sorted(found, key=lambda manifest: -int(manifest["sequence"]))


def _digest(data: dict[str, Any]) -> str:
    return sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def _rendered(manifest: dict[str, Any]) -> bytes:
    return json.dumps(manifest, indent=1, ensure_ascii=False).encode("utf-8")
