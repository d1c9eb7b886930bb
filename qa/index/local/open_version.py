"""Opens a version of the index for reading, and locks it against pruning.

Guarantees: a version opens only if its file is intact and every file of its segments is unchanged since it was last
    compared with its digest. A damaged version is refused with the reason, and stays on disk. Segments that several
    open versions share are opened once.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from qa.errors import DamagedSnapshot, MismatchedSnapshot, OperatingError
from qa.index.file_lock import in_place
from qa.index.local.index_folder import current_name, rolled_back, segment_path, version_path, versions
from qa.index.local.local_index import LocalIndex
from qa.index.local.segment import Segment
from qa.index.local.verify import verify_segment
from qa.index.local.version import Configuration, Version
from qa.index.local.version_files import SEGMENT, read_version
from qa.index.local.version_locks import hold
from qa.text.words import ANALYSER_VERSION

_TRIES = 10  # a version may be pruned between reading CURRENT and the lock; each time a newer one is current

_Key = tuple[str, int, int]
_Opened = TypeVar("_Opened")


class SegmentPool:
    """Open segments, each with the number of versions that use it. Safe to call from several threads."""

    def __init__(self, index_dir: Path) -> None:
        self._index_dir = index_dir
        self._lock = threading.Lock()
        self._open: dict[_Key, tuple[Segment, int]] = {}

    def take(self, segment_id: str) -> Segment:
        """Open a segment for a version, or share the open one.

        Raises:
            DamagedSnapshot, MismatchedSnapshot: it is damaged, or of another format.
        """
        with self._lock:
            record = verify_segment(self._index_dir, segment_id)
            key = self._key(segment_id)
            segment, users = self._open.get(key) or (Segment(segment_path(self._index_dir, segment_id), record), 0)
            segment.load()
            self._open[key] = segment, users + 1
            return segment

    def give_back(self, segment: Segment) -> None:
        """Release a segment; it is closed when no version uses it."""
        with self._lock:
            key = next(key for key, (each, _) in self._open.items() if each is segment)
            users = self._open[key][1] - 1
            if users:
                self._open[key] = segment, users
            else:
                del self._open[key]
                segment.close()

    def _key(self, segment_id: str) -> _Key:
        """What identifies a segment's files: a damaged segment may be replaced under the same id."""
        try:
            found = (segment_path(self._index_dir, segment_id) / SEGMENT).stat()
        except OSError as error:
            told = f"Segment {segment_id} cannot be read ({error.strerror}). Run `qa build --repair`."
            raise DamagedSnapshot(told) from None
        return segment_id, found.st_ino, found.st_ctime_ns


class HeldVersion:
    """A version's record and some of its open segments; its file is locked until `close`.

    Attributes:
        path: The version's file.
        version: Its content.
        numbers: The places in the version of the segments that are open.
        segments: These segments.
    """

    def __init__(
        self,
        index_dir: Path,
        name: str,
        *,
        weights: str | None = None,
        pool: SegmentPool | None = None,
        choose: Callable[[Version], Sequence[int]] | None = None,
    ) -> None:
        """Hold a version.

        Args:
            index_dir: The index folder.
            name: The version's name.
            weights: As for `open_version`.
            pool: Likewise.
            choose: Returns the numbers of the segments to open; None for all.

        Raises:
            DamagedSnapshot, MismatchedSnapshot: as `open_version`.
        """
        self.path = version_path(index_dir, name)
        self.segments: list[Segment] = []
        self._pool = pool or SegmentPool(index_dir)
        self._held: int | None = hold(self.path)
        try:
            self.version = read_version(self.path)
            check_configuration(self.version, weights)
            self.numbers = choose(self.version) if choose else range(len(self.version.segments))
            for number in self.numbers:
                self.segments.append(self._pool.take(self.version.segments[number].id))
                _match(self.version.configuration, self.segments[-1])
        except BaseException:
            self.close()
            raise

    def in_place(self) -> bool:
        """Whether the version's file is the one that was opened."""
        return self._held is not None and in_place(self._held, self.path)

    def close(self) -> None:
        """Release the segments and the lock."""
        if self._held is not None:
            for segment in self.segments:
                self._pool.give_back(segment)
            os.close(self._held)
            self._held = None


class OpenVersion(LocalIndex):
    """An open version. `close` it after its last reader."""

    def __init__(self, held: HeldVersion) -> None:
        super().__init__(held.version, held.segments)
        self.name = held.version.name
        self._held = held

    @property
    def segments(self) -> int:
        """The number of segments."""
        return len(self._held.segments)

    def in_place(self) -> bool:
        """Whether the version's file is the one that was opened."""
        return self._held.in_place()

    def close(self) -> None:
        """Release the segments and the lock."""
        self._held.close()


def open_version(
    index_dir: Path, name: str, *, weights: str | None = None, pool: SegmentPool | None = None
) -> OpenVersion:
    """Open a version by its name.

    Args:
        index_dir: The index folder.
        name: The version's name.
        weights: Fingerprint of the model that will encode questions; None for reading without questions.
        pool: Segments that are already open.

    Raises:
        DamagedSnapshot: a file is missing, truncated or altered.
        MismatchedSnapshot: it was built with another format, analyser or model.
    """
    held = HeldVersion(index_dir, name, weights=weights, pool=pool)
    try:
        return OpenVersion(held)
    except BaseException as error:
        held.close()
        if isinstance(error, OSError | ValueError | KeyError | TypeError | IndexError):
            raise DamagedSnapshot(f"Snapshot {name} cannot be opened: {error}. Run `qa build`.") from error
        raise


def open_index(index_dir: Path, *, weights: str | None = None) -> OpenVersion:
    """Open the current version; raises as `open_version`, and `NoIndex` if there is no index."""
    return open_current(index_dir, partial(open_version, index_dir, weights=weights))


def open_current(index_dir: Path, opened: Callable[[str], _Opened]) -> _Opened:
    """Open the current version by a function of its name; raises as `open_version`."""
    for _ in range(_TRIES):
        name = current_name(index_dir)
        try:
            return opened(name)
        except DamagedSnapshot:
            if current_name(index_dir) != name:
                continue
            if not version_path(index_dir, name).exists():
                told = f"CURRENT names {name}, which is not in {index_dir}. Run `qa build` or `qa rollback`."
                raise DamagedSnapshot(told) from None
            raise
    raise DamagedSnapshot(f"The current snapshot in {index_dir} changes faster than it can be opened. Try again.")


def newest_whole(index_dir: Path, opened: Callable[[str], _Opened]) -> _Opened | None:
    """Open the first readable version that can be opened: the current one, then the newest; rolled back ones are last.

    Args:
        index_dir: The index folder.
        opened: Opens a version by its name.
    """
    refused = rolled_back(index_dir)
    try:
        current = current_name(index_dir)
    except OperatingError:
        current = ""  # then the newest is first
    for version in sorted(versions(index_dir), key=lambda version: (version.name != current, version.id in refused)):
        with suppress(OperatingError):
            return opened(version.name)
    return None


def check_configuration(version: Version, weights: str | None = None) -> None:
    """Compare the configuration of a version with the one in use.

    Raises:
        MismatchedSnapshot: they differ; both are named.
    """
    difference = version.configuration.difference(ANALYSER_VERSION, weights)
    if difference:
        raise MismatchedSnapshot(f"Snapshot {version.id} was built with {difference} is in use. Run `qa build`.")


def _match(configuration: Configuration, segment: Segment) -> None:
    if segment.record.configuration != configuration:
        raise DamagedSnapshot(f"Segment {segment.id} belongs to another configuration. Run `qa build`.")
