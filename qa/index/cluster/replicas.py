"""Asks shards that several hosts have: if one fails or is slow, it asks another, until the deadline.

Guarantees: it returns the answers of all shards, or raises. No call continues after its deadline; a call that is no
    longer needed is cancelled.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import Any, Protocol

from qa.errors import RequestError, ShardUnavailable
from qa.index.cluster.host import Refusal

_AVOIDED_S = 1.0  # for this time, a replica that failed or was slower than another is asked last
_BETWEEN_ROUNDS_S = 0.05  # wait after all replicas of a shard have failed


class Pending(Protocol):
    """A pending call."""

    @property
    def future(self) -> Future[Any]:
        """The future of its answer; it raises if the host is lost."""
        ...

    def cancel(self) -> None:
        """Cancel the call: its answer is no longer needed."""
        ...


class Replica(Protocol):
    """A host of a shard."""

    @property
    def name(self) -> str:
        """Its name in the cluster."""
        ...

    def start(self, method: str, *arguments: Any) -> Pending:
        """Call a method of its `ShardHost` without waiting.

        Raises:
            ConnectionError: it cannot be reached.
        """
        ...


class Replicas:
    """All hosts of all shards, with the recent failures of each. Safe to use from several threads."""

    def __init__(self, of_shards: Sequence[Sequence[Replica]], now_s: Callable[[], float] = time.monotonic) -> None:
        """Start with no failures.

        Args:
            of_shards: The replicas of each shard, at least one each.
            now_s: A clock, in seconds.
        """
        self.of_shards = [list(replicas) for replicas in of_shards]
        self.now_s = now_s
        self._turns = [itertools.count() for _ in of_shards]
        self._lock = threading.Lock()
        self._avoided_until: dict[int, float] = {}

    def in_turn(self, shard: int) -> list[Replica]:
        """The replicas of a shard in the order to ask them."""
        replicas = self.of_shards[shard]
        first = next(self._turns[shard]) % len(replicas)
        turned = replicas[first:] + replicas[:first]
        now = self.now_s()
        with self._lock:
            return sorted(turned, key=lambda each: self._avoided_until.get(id(each), 0.0) > now)

    def avoid(self, replica: Replica) -> None:
        """For some time, ask other replicas before this one."""
        with self._lock:
            self._avoided_until[id(replica)] = self.now_s() + _AVOIDED_S


@dataclass(slots=True)
class _Asked:
    """One shard's call: the replicas not asked yet, the pending calls, and when to ask one more."""

    shard: int
    arguments: Sequence[Any]
    untried: list[Replica]
    begun: dict[Future[Any], tuple[Replica, Pending]] = field(default_factory=dict)
    next_at: float = 0.0
    trouble: str = "it has not answered"


class ReplicatedTransport:
    """A `Transport` to one version, for one question."""

    def __init__(self, version: str, replicas: Replicas, until_s: float, hedge_s: float | None) -> None:
        """Store the arguments; nothing is asked yet.

        Args:
            version: The version's name.
            replicas: All hosts.
            until_s: The deadline, on the replicas' clock.
            hedge_s: The time without an answer after which a second replica is asked, in seconds; None for never.
        """
        self._version, self._replicas = version, replicas
        self._until, self._hedge_s = until_s, hedge_s

    @property
    def shards(self) -> int:
        """The number of shards."""
        return len(self._replicas.of_shards)

    def ask(self, call: str, arguments: Mapping[int, Sequence[Any]]) -> dict[int, Any]:
        """Ask some shards at once; see `Transport`."""
        open_calls = [_Asked(shard, given, self._replicas.in_turn(shard)) for shard, given in arguments.items()]
        waiting = {asked.shard: asked for asked in open_calls}
        answers: dict[int, Any] = {}
        try:
            while waiting:
                self._begin_due(call, waiting.values())
                self._wait(waiting.values())
                for asked in list(waiting.values()):
                    if self._take_answer(asked, answers):
                        del waiting[asked.shard]
        finally:
            for asked in open_calls:
                for _, pending in asked.begun.values():
                    pending.cancel()
        return {shard: answers[shard] for shard in arguments}

    def _begin_due(self, call: str, waiting: Iterable[_Asked]) -> None:
        """For every shard whose time has come, ask its next replica."""
        for asked in waiting:
            now = self._replicas.now_s()
            if now >= self._until:
                told = f"Shard {asked.shard} of {self.shards} does not answer: {asked.trouble}. Try again."
                raise ShardUnavailable(told, asked.shard)
            if now < asked.next_at or (asked.begun and not asked.untried):
                continue
            if not asked.untried:
                asked.untried = self._replicas.in_turn(asked.shard)
            replica = asked.untried.pop(0)
            asked.next_at = self._until if self._hedge_s is None else now + self._hedge_s
            try:
                pending = replica.start("ask", self._version, call, asked.arguments)
            except ConnectionError as error:
                self._failed(asked, replica, error)
            else:
                asked.begun[pending.future] = replica, pending

    def _wait(self, waiting: Iterable[_Asked]) -> None:
        """Wait for an answer, or until the next replica must be asked."""
        waiting, now = list(waiting), self._replicas.now_s()
        due = min(asked.next_at if asked.untried or not asked.begun else self._until for asked in waiting)
        patience = max(0.0, min(due, self._until) - now)
        futures = [future for asked in waiting for future in asked.begun]
        if futures:
            wait(futures, patience, FIRST_COMPLETED)
        else:
            time.sleep(patience)

    def _take_answer(self, asked: _Asked, answers: dict[int, Any]) -> bool:
        """Store a shard's first answer; return whether there is one."""
        for future in [each for each in asked.begun if each.done()]:
            begun = list(asked.begun)
            earlier = [asked.begun[each][0] for each in begun[: begun.index(future)]]
            replica, _ = asked.begun.pop(future)
            error = ConnectionAbortedError("the call was cancelled") if future.cancelled() else future.exception()
            answer = None if error else future.result()
            if isinstance(answer, Refusal):
                if isinstance(answer.error, RequestError):
                    raise answer.error
                error = answer.error  # a fault of this host; another may not have it
            if error:
                self._failed(asked, replica, error)
                continue
            answers[asked.shard] = answer
            for slow in earlier:  # asked earlier and still silent, so possibly lost
                self._replicas.avoid(slow)
            return True
        return False

    def _failed(self, asked: _Asked, replica: Replica, error: BaseException) -> None:
        """Record a failure: the next replica is asked at once; after the last, all again after a short wait."""
        self._replicas.avoid(replica)
        asked.trouble = str(error).strip().partition("\n")[0] or type(error).__name__
        asked.next_at = self._replicas.now_s() + (0.0 if asked.untried else _BETWEEN_ROUNDS_S)
