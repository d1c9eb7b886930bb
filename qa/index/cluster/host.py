"""Opens one shard of each requested version, and answers calls for a version.

Guarantees: a call is answered from the version that it names, or refused. The last two versions stay open; an older one
    closes after its last call.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from itertools import accumulate
from pathlib import Path
from socket import gethostname
from typing import Any

from qa.errors import QAError
from qa.index.cluster.copies import CopiedSegments
from qa.index.local.local_index import LocalIndex
from qa.index.local.open_version import HeldVersion, SegmentPool
from qa.index.local.version import Version

_VERSIONS_KEPT = 2  # the current version and its predecessor

CALLS = frozenset(
    "content frequencies held held_in_documents together best compare similarities passages document"
    " abbreviation_entries form_counts_near".split()
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as a return value, so that Ray does not wrap it in an error of its own."""

    error: QAError


@dataclass(frozen=True, slots=True)
class HostState:
    """The state of a host.

    Attributes:
        machine: The name of its machine.
        process_id: The host's process on that machine.
        release: The version of this package.
        versions: The names of its open versions, oldest first.
        memory_mb: Its resident memory, in megabytes; 0 if the system does not report it.
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
        self.shard = LocalIndex(held.version, held.segments, held.numbers)
        self.readers = 1  # the host itself


class ShardHost:
    """One shard of an index folder. Safe to call from several threads."""

    def __init__(self, index_dir: Path, shard: int, shards: int, copies_dir: Path | None = None) -> None:
        """Open nothing yet; a version is opened when it is requested.

        Args:
            index_dir: The index folder, or this machine's copy of it.
            shard: The number of the shard, from 0.
            shards: The number of shards.
            copies_dir: A folder of this machine to which segments are copied; None to read them in the index folder.
        """
        self._index_dir, self._shard, self._shards = index_dir, shard, shards
        self._copied = CopiedSegments(index_dir, copies_dir) if copies_dir else None
        self._pool = self._copied or SegmentPool(index_dir)
        self._lock = threading.Lock()  # guards the open versions and their counts
        self._opening = threading.Lock()
        self._open: dict[str, _OpenShard] = {}

    def prepare(self, version: str) -> Refusal | None:
        """Open a version before its first question; return the error if it cannot be opened."""
        try:
            with self._reading(version):
                return None
        except QAError as error:
            return Refusal(error)

    def ask(self, version: str, call: str, arguments: Sequence[Any]) -> Any:
        """Call a method of a version's shard; return a `Refusal` if it raises a `QAError`."""
        if call not in CALLS:
            raise ValueError(f"{call} is not a call of a shard")
        try:
            with self._reading(version) as shard:
                return getattr(shard, call)(*arguments)
        except QAError as error:
            return Refusal(error)

    def state(self) -> HostState:
        """The state of this host."""
        with self._lock:
            return HostState(gethostname(), os.getpid(), version("qa"), tuple(self._open), _memory_mb())

    def close(self) -> None:
        """Close all versions, each when its last call is done."""
        with self._lock:
            names = list(self._open)
        for name in names:
            self._forget(name)

    @contextmanager
    def _reading(self, version: str) -> Iterator[LocalIndex]:
        opened = self._taken(version)
        if opened is None:
            with self._opening:  # one thread opens it, the others wait
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


def assign(sizes: Sequence[int], shards: int) -> list[range]:
    """Divide segments into contiguous groups of about the same size; the result depends only on the arguments.

    The total size is divided into equal shares; a segment goes to the shard whose share contains its middle. A shard
    may be empty.

    Args:
        sizes: Each segment's size, in any unit, in the version's order.
        shards: The number of groups, at least 1.

    Returns:
        The numbers of each shard's segments.
    """
    whole = sum(sizes)
    middles = [end - size / 2 for end, size in zip(accumulate(sizes), sizes, strict=True)]
    of_segment = [min(shards - 1, int(middle * shards / whole)) if whole else 0 for middle in middles]
    ends = [sum(1 for each in of_segment if each <= shard) for shard in range(shards)]
    return [range(begin, end) for begin, end in zip([0, *ends], ends, strict=False)]
