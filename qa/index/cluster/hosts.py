"""Opens versions of an index whose shards are on several hosts."""

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
from qa.index.local.open_version import HeldVersion
from qa.records import ShardStatus

_LOOK_EVERY_S = 2.0  # interval between checks of the hosts, and their time limit

log = logging.getLogger(__name__)


class ClusterVersion(ShardedIndex):
    """A version that the hosts have open; its file is locked so that it is not pruned."""

    def __init__(self, held: HeldVersion, transport: ReplicatedTransport) -> None:
        super().__init__(held.version, transport)
        self.name = held.version.name
        self._held = held

    def in_place(self) -> bool:
        """Whether the version's file has not been replaced."""
        return self._held.in_place()

    def close(self) -> None:
        """Release the version's file; the hosts close their shards themselves."""
        self._held.close()


class ClusterIndex(CurrentIndex):
    """An `IndexSource` over hosts. Every question has its own deadline."""

    def __init__(self, index_dir: Path, hosts: Hosts) -> None:
        """Open the current version, if there is one.

        Args:
            index_dir: The index folder.
            hosts: The hosts of its shards.
        """
        self._hosts = hosts
        self._shards: Sequence[ShardStatus] = ()
        self._looker: threading.Thread | None = None
        super().__init__(index_dir, hosts.opened)

    @property
    def shards(self) -> Sequence[ShardStatus]:
        """The hosts of every shard at the last check; empty before the first check, which `watch` starts."""
        return self._shards

    @contextmanager
    def reading(self) -> Iterator[Index]:
        """A context with the current index, for one question; see `CurrentIndex`."""
        with super().reading() as index:
            yield index.over(self._hosts.transport(index.name)) if isinstance(index, ClusterVersion) else index

    def watch(self) -> None:
        """Check for new versions and for the hosts' state, in threads, until `close`."""
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
            except Exception:  # no error may end the thread
                log.exception("Checking the hosts failed")
            if self._closing.wait(_LOOK_EVERY_S):
                return


class Hosts:
    """The hosts of an index. Safe to use from several threads."""

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
        """Store the arguments; nothing is asked yet.

        Args:
            index_dir: The index folder.
            replicas: The hosts, by shard.
            weights: Fingerprint of the model that will encode questions.
            answer_s: The longest time for an answer, in seconds.
            prepare_s: The longest time for opening a version, in seconds.
            hedge_s: The time without an answer after which a second replica is asked, in seconds; None for never.
        """
        self._index_dir, self._replicas, self._weights = index_dir, replicas, weights
        self._answer_s, self._prepare_s, self._hedge_s = answer_s, prepare_s, hedge_s
        self._told: dict[str, tuple[int, str]] = {}  # the process and the version that each host was told to open

    def look(self, seconds: float) -> tuple[ShardStatus, ...]:
        """The state of every host; a host that does not answer within `seconds` has none.

        A host that has not opened the current version, as after a restart, is told to, before a question needs it.
        """
        replicas = list(chain.from_iterable(self._replicas.of_shards))
        states = states_of(replicas, seconds)
        try:
            current = current_name(self._index_dir)
        except OperatingError:
            current = None
        for replica, state in zip(replicas, states, strict=True):
            if state and current and current not in state.versions:
                process = (state.process_id, current)
                if self._told.get(replica.name) != process:  # once, since it may be unable to
                    self._told[replica.name] = process
                    _begun(replica, current)
        return shard_statuses(self._replicas.of_shards, states, current)

    def transport(self, name: str, seconds: float | None = None) -> ReplicatedTransport:
        """A transport to a version's shards with a deadline in `seconds`; by default the time for one answer."""
        until = self._replicas.now_s() + (self._answer_s if seconds is None else seconds)
        return ReplicatedTransport(name, self._replicas, until, self._hedge_s)

    def opened(self, name: str) -> ClusterVersion:
        """Open a version on at least one replica of every shard.

        Raises:
            DamagedSnapshot, MismatchedSnapshot: as `qa.index.local.open_version.open_version`.
            ShardUnavailable: a shard was not ready in time.
        """
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
        """Make every host open a version, and wait until one host of each shard has opened it."""
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
