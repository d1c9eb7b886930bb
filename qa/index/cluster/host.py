"""Holds one shard of the versions that are asked for, and answers calls that name one.

Guarantees: a call is answered from the version that it names, or refused. The last two versions stay open, and an older
one until its last call is done.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from socket import gethostname
from typing import Any

from qa.errors import QAError
from qa.index.cluster.assignment import assign
from qa.index.cluster.copies import CopiedSegments
from qa.index.cluster.shard import Shard
from qa.index.local.open_version import HeldVersion, SegmentPool
from qa.index.local.version import Version

_VERSIONS_KEPT = 2  # the one that answers, and the one that it takes over from

CALLS = frozenset(
    "content frequencies held together best compare similarities passages document abbreviation_entries"
    " form_counts_near".split()
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a host answers instead of raising, so that an error arrives as it was raised."""

    error: QAError


@dataclass(frozen=True, slots=True)
class HostState:
    """What a host says of itself.

    Attributes:
        machine: The name of its machine.
        process_id: There.
        release: Of this package.
        versions: The names of the versions that it has open, oldest first.
        memory_mb: Its resident memory, in megabytes; 0 where the system does not tell.
    """

    machine: str
    process_id: int
    release: str
    versions: tuple[str, ...]
    memory_mb: int


class _OpenShard:
    """A shard of one version, with a count of the calls that read it."""

    def __init__(self, held: HeldVersion) -> None:
        self.held = held
        self.shard = Shard(held.version, held.segments, held.numbers)
        self.readers = 1  # the host's own


class ShardHost:
    """One shard of an index folder. Safe to call from several threads."""

    def __init__(self, index_dir: Path, shard: int, shards: int, copies_dir: Path | None = None) -> None:
        """Nothing is opened before it is asked for.

        Args:
            index_dir: The index folder, or this machine's copy of it.
            shard: Which one, from 0.
            shards: Of how many.
            copies_dir: A folder of this machine to which segments are copied; None to read them in the index folder.
        """
        self._index_dir, self._shard, self._shards = index_dir, shard, shards
        self._copied = CopiedSegments(index_dir, copies_dir) if copies_dir else None
        self._pool = self._copied or SegmentPool(index_dir)
        self._lock = threading.Lock()  # guards what is open and its counts
        self._opening = threading.Lock()
        self._open: dict[str, _OpenShard] = {}

    def prepare(self, version: str) -> Refusal | None:
        """Open a version, so that its first question need not wait; or say why it cannot be opened."""
        try:
            with self._reading(version):
                return None
        except QAError as error:
            return Refusal(error)

    def ask(self, version: str, call: str, arguments: Sequence[Any]) -> Any:
        """Answer a call of `Shard` from a version; with a `Refusal` where it raises one of our errors."""
        if call not in CALLS:
            raise ValueError(f"{call} is no call of a shard")
        try:
            with self._reading(version) as shard:
                return getattr(shard, call)(*arguments)
        except QAError as error:
            return Refusal(error)

    def state(self) -> HostState:
        """What there is to know of this host."""
        with self._lock:
            return HostState(gethostname(), os.getpid(), version("qa"), tuple(self._open), _memory_mb())

    def close(self) -> None:
        """Close all versions, each when its last call is done."""
        with self._lock:
            names = list(self._open)
        for name in names:
            self._forget(name)

    @contextmanager
    def _reading(self, version: str) -> Iterator[Shard]:
        opened = self._taken(version)
        if opened is None:
            with self._opening:  # one opens it; the others find it open
                opened = self._taken(version) or self._opened(version)
        try:
            yield opened.shard
        finally:
            self._release(opened)

    def _taken(self, version: str) -> _OpenShard | None:
        with self._lock:
            opened = self._open.get(version)
            if opened:
                opened.readers += 1
            return opened

    def _opened(self, version: str) -> _OpenShard:
        held = HeldVersion(self._index_dir, version, pool=self._pool, choose=self._own)
        try:
            opened = _OpenShard(held)
        except BaseException:
            held.close()
            raise
        with self._lock:
            opened.readers += 1
            self._open[version] = opened
            too_many = list(self._open)[:-_VERSIONS_KEPT]
        for name in too_many:
            self._forget(name)
        if self._copied:
            self._copied.remove_unnamed()
        return opened

    def _own(self, version: Version) -> range:
        return assign([entry.passages for entry in version.segments], self._shards)[self._shard]

    def _forget(self, version: str) -> None:
        with self._lock:
            opened = self._open.pop(version, None)
        if opened:
            self._release(opened)

    def _release(self, opened: _OpenShard) -> None:
        with self._lock:
            opened.readers -= 1
            last = opened.readers == 0
        if last:
            opened.held.close()


def _memory_mb() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20
