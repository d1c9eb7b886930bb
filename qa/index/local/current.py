"""Holds the current version open, and exchanges it for a new one between requests.

Guarantees: a reader keeps the same version until it ends. A version is closed after its last reader; segments that the
    next version shares stay open. If a new version cannot be opened, the previous one still serves; at the start, the
    newest undamaged one serves instead. Documents, versions and segments on disk are not changed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

from qa.errors import NoIndex, OperatingError, ShardUnavailable
from qa.index.contract import Index
from qa.index.local.index_folder import CURRENT, current_name
from qa.index.local.open_version import SegmentPool, newest_whole, open_current, open_version
from qa.records import ShardStatus

LOOK_EVERY_S = 0.1
_RETRY_EVERY_S = 30.0  # the cause of a refusal may be temporary

log = logging.getLogger(__name__)


class Held(Index, Protocol):
    """A version that stays open until `close`."""

    @property
    def name(self) -> str:
        """The version's name, as in CURRENT."""
        ...

    def in_place(self) -> bool:
        """Whether the version's file is the one that was opened."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


class _Lease:
    """An index with the number of its readers."""

    def __init__(self, index: Held) -> None:
        self.index = index
        self.readers = 1  # the holder itself


class CurrentIndex:
    """An `IndexSource`: holds the current snapshot of an index folder. Safe to call from several threads."""

    def __init__(self, index_dir: Path, opened: Callable[[str], Held]) -> None:
        """Open the current snapshot, if there is one.

        Args:
            index_dir: The index folder.
            opened: Opens a version by its name; as `open_version`.
        """
        self._index_dir = index_dir
        self._open = opened
        self._lock = threading.Lock()  # guards the lease and its count
        self._refreshing = threading.Lock()
        self._lease: _Lease | None = None
        self._trouble: OperatingError | None = None
        self._seen: object = ()
        self._tried_at = 0.0
        self._closing = threading.Event()
        self._watcher: threading.Thread | None = None
        self.refresh()

    @classmethod
    def of_this_machine(cls, index_dir: Path, weights: str) -> CurrentIndex:
        """Open the current snapshot of an index folder, if there is one.

        Args:
            index_dir: The index folder.
            weights: Fingerprint of the model that will encode questions.
        """
        return cls(index_dir, partial(open_version, index_dir, weights=weights, pool=SegmentPool(index_dir)))

    @property
    def trouble(self) -> str | None:
        """Why another snapshot serves instead of the one in CURRENT, or None."""
        trouble, lease = self._trouble, self._lease
        if trouble is None:
            return None
        return f"{trouble} Snapshot {lease.index.id} serves instead." if lease else str(trouble)

    @property
    def shards(self) -> Sequence[ShardStatus]:
        """Empty: this process has the whole index."""
        return ()

    @contextmanager
    def reading(self) -> Iterator[Index]:
        """A context with the current index.

        Raises:
            NoIndex, DamagedSnapshot, MismatchedSnapshot: no index can be used.
        """
        with self._lock:
            lease = self._lease
            if lease is None:
                trouble = self._trouble or NoIndex("The service is closed.")
                raise type(trouble)(str(trouble))  # a new object: one keeps the tracebacks of all its raises
            lease.readers += 1
        try:
            yield lease.index
        finally:
            self._release(lease)

    def watch(self) -> None:
        """Check for a new snapshot every `LOOK_EVERY_S`, in a thread, until `close`."""
        self._watcher = threading.Thread(target=self._watch, name="snapshots", daemon=True)
        self._watcher.start()

    def close(self) -> None:
        """Stop watching and close the snapshot."""
        self._closing.set()
        if self._watcher:
            self._watcher.join()
        self._exchange(None)

    def refresh(self) -> None:
        """Open the snapshot that CURRENT names, if CURRENT was written since the last check."""
        with self._refreshing:
            seen = self._look()
            retry = self._trouble is not None and time.monotonic() - self._tried_at > _RETRY_EVERY_S
            if seen == self._seen and not retry:
                return
            self._seen, self._tried_at = seen, time.monotonic()
            try:
                index = self._opened()
            except OperatingError as error:
                self._refuse(error)
                return
            self._trouble = None
            if index:
                self._exchange(index)

    def _look(self) -> object:
        """The file status of CURRENT, which differs after each publication, since the file is always replaced."""
        try:
            found = (self._index_dir / CURRENT).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _opened(self) -> Held | None:
        """Open the current version; None if it already serves."""
        serving = self._lease.index if self._lease else None
        if serving and serving.name == current_name(self._index_dir) and serving.in_place():
            return None
        return open_current(self._index_dir, self._open)

    def _refuse(self, error: OperatingError) -> None:
        said_before = str(error) == str(self._trouble)
        self._trouble = error
        if said_before:
            pass
        elif isinstance(error, NoIndex):
            log.warning("%s", error)
        else:
            log.error("The current snapshot is refused: %s", error)
        # Without an index, or if the hosts do not answer, no other version can be opened.
        if self._lease is None and not isinstance(error, NoIndex | ShardUnavailable):
            other = newest_whole(self._index_dir, self._open)
            if other:
                log.error("Falling back to snapshot %s, the newest whole one", other.id)
                self._exchange(other)

    def _exchange(self, index: Held | None) -> None:
        with self._lock:
            old, self._lease = self._lease, _Lease(index) if index else None
        if index:
            log.info("Opened snapshot %s", index.id)
        if old:
            self._release(old)

    def _release(self, lease: _Lease) -> None:
        with self._lock:
            lease.readers -= 1
            last = lease.readers == 0
        if last:
            lease.index.close()

    def _watch(self) -> None:
        while not self._closing.wait(LOOK_EVERY_S):
            try:
                self.refresh()
            except Exception:  # no error may end the thread
                log.exception("Looking for a new snapshot failed")
