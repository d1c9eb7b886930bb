"""Hosts of shards in threads of this process, which can fail, pause, and be counted."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from waiting import PATIENCE_S

from qa.index.cluster.host import ShardHost
from qa.index.cluster.hosts import Hosts
from qa.index.cluster.replicas import Replicas


@dataclass
class ThreadCall:
    """A call to a thread."""

    future: Future[Any]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class ThreadReplica:
    """A host in threads. While `lost` is set, no call reaches it; while `stopped` is set, it sends no answer."""

    name: str
    host: ShardHost
    threads: ThreadPoolExecutor
    lost: bool = False
    refused: int = 0
    stopped: bool = False
    calls: list[tuple[str, ThreadCall]] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)

    def start(self, method: str, *arguments: Any) -> ThreadCall:
        if self.lost:
            self.refused += 1
            raise ConnectionRefusedError("the host is lost")
        call = ThreadCall(self.threads.submit(self._answer, method, arguments, wait=self.stopped))
        self.calls.append((method, call))
        return call

    def _answer(self, method: str, arguments: Sequence[Any], *, wait: bool) -> Any:
        if wait:
            self.go_on.wait(PATIENCE_S)
        return getattr(self.host, method)(*arguments)


@contextmanager
def hosted(
    index_dir: Path,
    shards: int,
    replicas: int = 1,
    *,
    answer_s: float = PATIENCE_S,
    hedge_s: float | None = None,
    copies_dir: Path | None = None,
) -> Iterator[tuple[Hosts, list[list[ThreadReplica]]]]:
    """Hosts of all shards of an index folder, and their replicas by shard."""
    with ExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(32))
        of_shards = [
            [
                ThreadReplica(f"{shard}-{replica}", ShardHost(index_dir, shard, shards, copies_dir), threads)
                for replica in range(replicas)
            ]
            for shard in range(shards)
        ]
        for replica in (each for of_shard in of_shards for each in of_shard):
            stack.callback(replica.host.close)
            stack.callback(replica.go_on.set)
        yield (
            Hosts(
                index_dir,
                Replicas(of_shards),
                weights="fake-1",
                answer_s=answer_s,
                prepare_s=PATIENCE_S,
                hedge_s=hedge_s,
            ),
            of_shards,
        )
