"""Reads and writes the files of versions and segments.

Guarantees: a record is accepted only if it is unchanged to the byte and every field is valid. Nothing here changes
    which version is current.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from qa.errors import DamagedSnapshot, MismatchedSnapshot
from qa.index.local.shortages import raise_if_short
from qa.index.local.version import FORMAT, SegmentEntry, SegmentRecord, Version
from qa.index.typed_json import canonical, from_data
from qa.text.json_reading import parse_json

SEGMENT = "segment.json"
VERSION_NAME = re.compile(r"(?P<sequence>\d{6,15})-(?P<id>[0-9a-f]{16})")

_VERSION_ID = re.compile(r"[0-9a-f]{16}")
_SEGMENT_ID = re.compile(r"[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REMEDY = "Run `qa build`."
# Fields that files of earlier releases lack.
_ADDED_LATER: dict[type, dict[str, object]] = {Version: {"subject": ""}}
_Record = TypeVar("_Record")


def version_bytes(version: Version) -> bytes:
    """A version's file, sealed."""
    return canonical(version.sealed())


def read_version(path: Path) -> Version:
    """Read a version's file.

    Raises:
        DamagedSnapshot: it is missing, altered, or another version's.
        MismatchedSnapshot: it is of another format.
    """
    version = _read(f"Snapshot {path.stem}", path, Version, _checked_version)
    if version.name != path.stem:
        raise DamagedSnapshot(f"Snapshot {path.stem}: {path} is that of snapshot {version.name}. {_REMEDY}")
    return version


def read_segment(folder: Path) -> SegmentRecord:
    """Read a segment's `segment.json`.

    Raises:
        DamagedSnapshot: it is missing, altered, or another segment's.
        MismatchedSnapshot: it is of another format.
    """
    return _read(f"Segment {folder.name}", folder / SEGMENT, SegmentRecord, _checked_segment)


def _read(what: str, path: Path, record: type[_Record], check: Callable[[_Record], None]) -> _Record:
    try:
        data = path.read_bytes()
        content = parse_json(data)
        if not isinstance(content, dict) or not _whole(data, content, path):
            raise ValueError("it is altered")  # noqa: TRY301 - told as any other fault
        other = content.get("format", FORMAT)
        found = None if other != FORMAT else from_data(record, _ADDED_LATER.get(record, {}) | content)
        if found is not None:
            check(found)
    except (OSError, ValueError) as error:
        raise_if_short(error, what)
        raise DamagedSnapshot(f"{what}: {path} cannot be read ({error}). {_REMEDY}") from None
    if found is None:
        raise MismatchedSnapshot(f"{what} is of format {other}, but {FORMAT} is in use. {_REMEDY}")
    return found


def _whole(data: bytes, content: dict[str, object], path: Path) -> bool:
    """Whether a file of any format is unchanged: a segment's by its folder's name, a version's by its seal."""
    if path.name == SEGMENT:
        return sha256(data).hexdigest()[:32] == path.parent.name
    rest = {name: value for name, value in content.items() if name != "seal"}
    return canonical(content) == data and content.get("seal") == sha256(canonical(rest)).hexdigest()


def _checked_version(version: Version) -> None:
    ids = [each.id for each in version.segments]
    if not _VERSION_ID.fullmatch(version.id) or not all(map(_SEGMENT_ID.fullmatch, ids)) or len(set(ids)) < len(ids):
        raise ValueError("an id in it is not valid, or occurs twice")
    if not all(map(_in_order, version.segments)):
        raise ValueError("removed rows are out of order or out of range")


def _in_order(entry: SegmentEntry) -> bool:
    rows = (-1, *entry.removed, entry.documents)
    return all(before < after for before, after in pairwise(rows))


def _checked_segment(record: SegmentRecord) -> None:
    if any(each.bytes < 0 or not _SHA256.fullmatch(each.sha256) for each in record.files.values()):
        raise ValueError("the size or the digest of a file is not valid")
    if any("/" in name or name.startswith(".") for name in record.files):
        raise ValueError("the name of a file leads out of the folder")
