"""Opens versions of an index whose shards lie on several hosts."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from qa.errors import DamagedSnapshot, OperatingError, ShardUnavailable
from qa.index.cluster.host import Refusal
from qa.index.cluster.host_states import shard_statuses, states_of
from qa.index.cluster.replicas import Replica, Replicas, ReplicatedTransport
from qa.index.cluster.sharded_index import ShardedIndex
from qa.index.contract import Index
from qa.index.local.current import CurrentIndex
from qa.index.local.index_folder import current_name
from qa.index.local.open_version import HeldVersion, by_preference
from qa.records import ShardStatus

_LOOK_EVERY_S = 2.0  # at the hosts, which have so long to answer

log = logging.getLogger(__name__)


class ClusterVersion(ShardedIndex):
    """A version that the hosts have open, and whose file is held so that nobody prunes it."""

    def __init__(self, held: HeldVersion, transport: ReplicatedTransport) -> None:
        super().__init__(held.version, transport)
        self.name = held.version.name
        self._held = held

    def in_place(self) -> bool:
        """Whether this version's file is still the one in its place."""
        return self._held.in_place()

    def close(self) -> None:
        """Close the version's file; the hosts close their shards by themselves."""
        self._held.close()


class ClusterIndex(CurrentIndex):
    """An `IndexSource` over hosts. Every question has a deadline of its own."""

    def __init__(self, index_dir: Path, hosts: Hosts) -> None:
        """Open the current version, if there is one.

        Args:
            index_dir: The index folder.
            hosts: Where its shards lie.
        """
        self._hosts = hosts
        self._shards: Sequence[ShardStatus] = ()
        self._looker: threading.Thread | None = None
        super().__init__(index_dir, hosts.open_current, hosts.open_newest)

    @property
    def shards(self) -> Sequence[ShardStatus]:
        """The hosts of every shard, as they were at the last look; nothing before the first, which `watch` begins."""
        return self._shards

    @contextmanager
    def reading(self) -> Iterator[Index]:
        """The index that serves, for one question; see `CurrentIndex`."""
        with super().reading() as index:
            yield index.over(self._hosts.transport(index.name)) if isinstance(index, ClusterVersion) else index

    def watch(self) -> None:
        """Check for a new version and look at the hosts, in threads, until `close`."""
        super().watch()
        self._looker = threading.Thread(target=self._look_at_hosts, name="hosts", daemon=True)
        self._looker.start()

    def close(self) -> None:
        """Stop watching and close the version."""
        super().close()
        if self._looker:
            self._looker.join()

    def _look_at_hosts(self) -> None:
        while True:
            try:
                self._shards = self._hosts.look(_LOOK_EVERY_S)
            except Exception:  # an error of any kind must not end the thread
                log.exception("Looking at the hosts failed")
            if self._closing.wait(_LOOK_EVERY_S):
                return


class Hosts:
    """The hosts of an index, asked as one. Safe to use from several threads."""

    def __init__(
        self,
        index_dir: Path,
        replicas: Replicas,
        *,
        weights: str,
        answer_s: float,
        prepare_s: float,
        hedge_s: float | None,
    ) -> None:
        """Nothing is asked yet.

        Args:
            index_dir: The index folder.
            replicas: The hosts, by shard.
            weights: Fingerprint of the model that will encode questions.
            answer_s: Longest time of an answer, in seconds.
            prepare_s: Longest time in which a version is opened.
            hedge_s: After what time without an answer a second replica is asked; None for never.
        """
        self._index_dir, self._replicas, self._weights = index_dir, replicas, weights
        self._answer_s, self._prepare_s, self._hedge_s = answer_s, prepare_s, hedge_s

    def open_current(self) -> ClusterVersion:
        """Open the current version on at least one replica of every shard.

        Raises:
            NoIndex, DamagedSnapshot, MismatchedSnapshot: as `qa.index.local.open_version.open_index`.
            ShardUnavailable: a shard was not ready in time.
        """
        return self._opened(current_name(self._index_dir))

    def open_newest(self) -> ClusterVersion | None:
        """Open the newest version that opens, the current one first; as `newest_whole`."""
        for version in by_preference(self._index_dir):
            try:
                return self._opened(version.name)
            except OperatingError:
                continue
        return None

    def look(self, seconds: float) -> tuple[ShardStatus, ...]:
        """How every host is; those that do not answer within so many seconds count as silent."""
        states = states_of(list(chain.from_iterable(self._replicas.of_shards)), seconds)
        try:
            current = current_name(self._index_dir)
        except OperatingError:
            current = None
        return shard_statuses(self._replicas.of_shards, states, current)

    def transport(self, name: str, seconds: float | None = None) -> ReplicatedTransport:
        """A way to a version's shards for so many seconds; without them, for one answer."""
        until = self._replicas.now_s() + (self._answer_s if seconds is None else seconds)
        return ReplicatedTransport(name, self._replicas, until, self._hedge_s)

    def _opened(self, name: str) -> ClusterVersion:
        held = HeldVersion(self._index_dir, name, weights=self._weights, choose=lambda _: ())
        try:
            self._prepare(name)
            return ClusterVersion(held, self.transport(name, self._prepare_s))
        except BaseException as error:
            held.close()
            if isinstance(error, ValueError):
                raise DamagedSnapshot(f"Snapshot {name} cannot be opened: {error}. Run `qa build`.") from error
            raise

    def _prepare(self, name: str) -> None:
        """Have every host open a version, and wait until one of each shard has."""
        until = time.monotonic() + self._prepare_s
        begun = [[_begun(replica, name) for replica in replicas] for replicas in self._replicas.of_shards]
        for shard, preparing in enumerate(begun):
            self._wait_for_one(shard, preparing, until)

    def _wait_for_one(self, shard: int, preparing: list[Future[Any]], until: float) -> None:
        trouble = "none has opened the snapshot in time"
        waiting = set(preparing)
        while waiting:
            done, waiting = wait(waiting, max(0.0, until - time.monotonic()), return_when="FIRST_COMPLETED")
            for future in done:
                error = future.exception()
                if error is None and future.result() is None:
                    return
                refusal = future.result() if error is None else None
                trouble = str(refusal.error if isinstance(refusal, Refusal) else error).strip().partition("\n")[0]
            if not done:
                break
        raise ShardUnavailable(f"Shard {shard} of {len(self._replicas.of_shards)} is not ready: {trouble}", shard)


def _begun(replica: Replica, version: str) -> Future[Any]:
    try:
        return replica.start("prepare", version).future
    except ConnectionError as error:
        failed: Future[Any] = Future()
        failed.set_exception(error)
        return failed
