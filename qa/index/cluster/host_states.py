"""Asks all hosts at once for their state, within a time limit, and reports which have the current version open."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import wait

from qa.index.cluster.host import HostState
from qa.index.cluster.replicas import Pending, Replica
from qa.records import HostStatus, ShardStatus


def states_of(replicas: Sequence[Replica], seconds: float) -> list[HostState | None]:
    """The state of every host, in the order of `replicas`; None for a host that does not answer in time."""
    begun = [_begun(replica) for replica in replicas]
    calls = [each for each in begun if each]
    done, _ = wait([each.future for each in calls], seconds)
    for call in calls:
        call.cancel()
    return [each.future.result() if each and each.future in done and _answered(each) else None for each in begun]


def shard_statuses(
    of_shards: Sequence[Sequence[Replica]], states: Sequence[HostState | None], current: str | None
) -> tuple[ShardStatus, ...]:
    """The states of all hosts by shard.

    Args:
        of_shards: The hosts of each shard.
        states: Their states, shard by shard.
        current: The name of the current version; None if there is none.
    """
    left = iter(states)
    return tuple(
        ShardStatus(tuple(_status(replica.name, next(left), current) for replica in replicas)) for replicas in of_shards
    )


def _status(name: str, state: HostState | None, current: str | None) -> HostStatus:
    if state is None:
        return HostStatus(name, None, (), current=False)
    return HostStatus(name, state.machine, state.versions, current=current in state.versions)


def _begun(replica: Replica) -> Pending | None:
    try:
        return replica.start("state")
    except ConnectionError:
        return None


def _answered(call: Pending) -> bool:
    return not call.future.cancelled() and call.future.exception() is None
