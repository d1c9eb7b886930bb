"""Starts hosts on different machines of a Ray cluster, and stops hosts and machines.

Each host has a place that is reserved in a placement group of its shard. A group remains when its hosts or machines
end, so that Ray can start them again. If a shard gets more hosts, another group is made, on other machines.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import ray
from ray.util.placement_group import (
    PlacementGroup,
    get_placement_group,
    placement_group,
    placement_group_table,
    remove_placement_group,
)
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy, PlacementGroupSchedulingStrategy

from qa.errors import ShardUnavailable
from qa.index.cluster.actors import NAMESPACE, SHARD_PLACE, engine, host_names, host_states, running_hosts, start_host

_LOOK_EVERY_S = 0.1
_HEAD = "node:__internal_head__"  # a resource that only the head's machine has


def start_hosts(
    index_dir: Path, shards: int, replicas: int, seconds: float, copies_dir: Path | None = None
) -> list[str]:
    """Start the missing hosts; hosts of one shard go on different machines.

    Args:
        index_dir: The index folder, under the same path on every machine.
        shards: The number of shards.
        replicas: The number of hosts of each shard.
        seconds: How long to wait for all of them.
        copies_dir: As of `ShardHost`, on every machine.

    Returns:
        The names of those started.

    Raises:
        ShardUnavailable: too few places are free, which is checked before any start, or a host did not start in time.
    """
    until = time.monotonic() + seconds
    there = running_hosts()
    reserved = [_groups(f"qa-{shards}-{shard}-") for shard in range(shards)]
    _check_room(sum(max(0, replicas - _places(groups)) for groups in reserved), replicas)
    started: list[str] = []
    for shard, names in enumerate(host_names(shards, replicas)):
        missing = [number for number, name in enumerate(names) if name not in there]
        if not missing:
            continue
        places = _reserve(f"qa-{shards}-{shard}-from-", reserved[shard], replicas, until)
        if places is None:
            told = f"Shard {shard} of {shards} found no free place within {seconds:g} s; its other hosts continue."
            raise ShardUnavailable(told, shard)
        for number in missing:
            start_host(names[number], places[number], index_dir, shard, shards, copies_dir)
            started.append(names[number])
    states = host_states(shards, replicas, max(0.0, until - time.monotonic()))
    silent = [name for name, state in states.items() if state is None]
    if silent:
        raise ShardUnavailable(f"Not all hosts started within {seconds:g} s; missing are {', '.join(silent)}.")
    return started


def stop_hosts(seconds: float, shards: int | None = None) -> list[str]:
    """End hosts and wait until their places are free.

    Args:
        seconds: The longest wait.
        shards: End the hosts of this number of shards only; None for all.

    Returns:
        Their names.
    """
    until = time.monotonic() + seconds
    prefix = "qa-" if shards is None else f"qa-{shards}-"
    names = sorted(name for name in running_hosts() if name.startswith(prefix))
    for name in names:
        with suppress(ValueError):  # it has already ended
            ray.kill(ray.get_actor(name, NAMESPACE), no_restart=True)
    for group in _groups(prefix):
        remove_placement_group(get_placement_group(group["name"]))
    places = sum(each["places"] for each in machines()) - _places(_groups("qa-"))
    while _free_places() < places and time.monotonic() < until:
        time.sleep(_LOOK_EVERY_S)
    return names


def machines() -> list[dict[str, Any]]:
    """The running machines of the cluster: `address`, and `places`, the number of hosts that each accepts."""
    return [
        {"address": node["NodeManagerAddress"], "places": int(node["Resources"].get(SHARD_PLACE, 0))}
        for node in _nodes()
    ]


def run_on_other_machines(arguments: Sequence[str], seconds: float) -> list[str]:
    """Start Python on every machine but this one, to stop Ray there; it continues when Ray ends.

    The head's machine is last, when the others have left, since leaving needs the head.

    Args:
        arguments: The arguments of Python.
        seconds: How long to wait for the others to leave.

    Returns:
        The addresses of the machines that have not left; the head is not waited for.
    """
    until = time.monotonic() + seconds
    here = ray.get_runtime_context().get_node_id()
    others = {node["NodeID"]: node for node in _nodes() if node["NodeID"] != here}
    heads = {node_id for node_id, node in others.items() if _HEAD in node["Resources"]}
    _start_python(others.keys() - heads, arguments, seconds)
    while (left := {node["NodeID"] for node in _nodes()} & others.keys() - heads) and time.monotonic() < until:
        time.sleep(_LOOK_EVERY_S)
    _start_python(heads, arguments, seconds)
    return sorted(others[node_id]["NodeManagerAddress"] for node_id in left)


def _nodes() -> list[dict[str, Any]]:
    return [node for node in engine.nodes() if node["Alive"]]


def _start_python(node_ids: Iterable[str], arguments: Sequence[str], seconds: float) -> None:
    """Start Python on some machines, and wait until it has started."""
    starts = [
        engine.remote(num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node_id, soft=False))(_detached)
        for node_id in node_ids
    ]
    begun = [start.remote(arguments) for start in starts]
    engine.wait(begun, num_returns=max(1, len(begun)), timeout=seconds)


def _detached(arguments: Sequence[str]) -> None:
    orphaned = '"$@" >/dev/null 2>&1 &'  # Ray ends the children of its processes
    subprocess.run(["/bin/sh", "-c", orphaned, "sh", sys.executable, *arguments], start_new_session=True, check=True)


def _groups(prefix: str) -> list[dict[str, Any]]:
    """The placement groups whose names begin with a prefix, in the order of their places."""
    table: dict[str, dict[str, Any]] = placement_group_table()
    found = [group for group in table.values() if group["state"] != "REMOVED" and group["name"].startswith(prefix)]
    return sorted(found, key=lambda group: int(group["name"].rpartition("-")[2]))


def _places(groups: Sequence[dict[str, Any]]) -> int:
    return sum(len(group["bundles"]) for group in groups)


def _reserve(
    prefix: str, groups: Sequence[dict[str, Any]], replicas: int, until: float
) -> list[PlacementGroupSchedulingStrategy] | None:
    """The places of a shard's hosts, in new groups if the present ones are too few.

    Args:
        prefix: The beginning of a group's name; the number of its first host follows.
        groups: The shard's groups.
        replicas: The number of hosts.
        until: How long to wait, as a time of the monotonic clock.

    Returns:
        The places by number of host; None if one is not free in time. Present groups are kept.
    """
    found: list[PlacementGroup] = [get_placement_group(group["name"]) for group in groups]
    first = _places(groups)
    if first < replicas:
        taken = {node_id for group in groups for node_id in group["bundles_to_node_id"].values() if node_id}
        elsewhere = {"ray.io/node-id": f"!in({','.join(sorted(taken))})"} if taken else {}
        added: PlacementGroup = placement_group(
            [{SHARD_PLACE: 1}] * (replicas - first),
            strategy="STRICT_SPREAD",
            name=f"{prefix}{first}",
            lifetime="detached",
            bundle_label_selector=[elsewhere] * (replicas - first),
        )
        found.append(added)
    for number, group in enumerate(found):
        if not group.wait(timeout_seconds=max(0.0, until - time.monotonic())):
            if number == len(groups):
                remove_placement_group(group)
            return None
    return [PlacementGroupSchedulingStrategy(group, number) for group in found for number in range(group.bundle_count)]


def _check_room(places: int, replicas: int) -> None:
    """Check before any start that enough places are free: an actor without a place waits without limit."""
    takers = sum(1 for each in machines() if each["places"])
    if places and takers < replicas:
        raise ShardUnavailable(
            f"{replicas} replicas need {replicas} machines that take hosts, and there are {takers}. "
            "Join more with `qa cluster join`, or set QA_CLUSTER_REPLICAS."
        )
    free = _free_places()
    if places > free:
        raise ShardUnavailable(
            f"{places} hosts are to start, and there is room for {free}. Join more machines with `qa cluster join`, "
            "or set QA_CLUSTER_SHARDS or QA_CLUSTER_REPLICAS."
        )


def _free_places() -> int:
    return int(engine.available_resources().get(SHARD_PLACE, 0))
