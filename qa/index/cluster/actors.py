"""Hosts as actors of a Ray cluster: the only module that imports Ray.

Ray places the hosts, and restarts them when they or their machines end. `qa.index.cluster.replicas` does everything
else: it selects the host to ask, sets time limits and handles failures.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import ray
from ray.exceptions import RayError
from ray.util.placement_group import (
    PlacementGroup,
    get_placement_group,
    placement_group,
    placement_group_table,
    remove_placement_group,
)
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from qa.errors import ShardUnavailable
from qa.index.cluster.host import HostState, Refusal, ShardHost
from qa.index.cluster.host_states import states_of
from qa.index.cluster.nodes import check_listening
from qa.index.cluster.replicas import Replicas

_Method = TypeVar("_Method", bound=Callable[..., Any])
engine: Any = ray  # only a part of its functions is typed
_control: Callable[[_Method], _Method] = engine.method(concurrency_group="control")
NAMESPACE = "qa"
SHARD_PLACE = "qa_shard"  # a Ray resource; a machine has one unit for each host that it accepts

_LOOK_EVERY_S = 0.1  # between checks for free places
_THREADS = 8  # concurrent calls of a host


class _Host:
    """A host in a separate process, with one thread reserved for calls that must not wait for questions."""

    def __init__(self, index_dir: Path, shard: int, shards: int, copies_dir: Path | None) -> None:
        self._host = ShardHost(index_dir, shard, shards, copies_dir)

    def ask(self, version: str, call: str, arguments: Sequence[Any]) -> Any:
        return self._host.ask(version, call, arguments)

    @_control
    def prepare(self, version: str) -> Refusal | None:
        return self._host.prepare(version)

    @_control
    def state(self) -> HostState:
        return self._host.state()


@dataclass(frozen=True, slots=True)
class RayCall:
    """A pending call to an actor."""

    future: Future[Any]
    reference: Any

    def cancel(self) -> None:
        """Cancel the call if it has not begun: otherwise unneeded calls would fill the host's queue."""
        with suppress(RayError, TypeError, ValueError):
            ray.cancel(self.reference)


class RayReplica:
    """A host in the actor with a given name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._handle: Any = None

    def start(self, method: str, *arguments: Any) -> RayCall:
        """Call a method of the host without waiting.

        Raises:
            ConnectionError: the actor or the cluster cannot be found.
        """
        try:
            reference = getattr(self._found(), method).remote(*arguments)
            future: Future[Any] = reference.future()
        except (RayError, ValueError, RuntimeError) as error:
            self._forget()
            raise ConnectionRefusedError(f"{self.name} cannot be reached ({_first_line(error)})") from None
        future.add_done_callback(self._look_at)
        return RayCall(future, reference)

    def _found(self) -> Any:
        with self._lock:
            if self._handle is None:
                self._handle = ray.get_actor(self.name, NAMESPACE)
            return self._handle

    def _forget(self) -> None:
        with self._lock:
            self._handle = None

    def _look_at(self, future: Future[Any]) -> None:
        """After a loss, look the actor up again at the next call: a new actor may have its name."""
        if not future.cancelled() and isinstance(future.exception(), RayError):
            self._forget()


def connect(address: str) -> None:
    """Join the cluster at an address as a client.

    Raises:
        ShardUnavailable: no cluster is at this address, or it refuses this process.
    """
    logging.getLogger("ray").setLevel(logging.ERROR)  # it warns that groups end with this process; these are permanent
    try:
        check_listening(address)
        ray.init(address=address, namespace=NAMESPACE, log_to_driver=False, configure_logging=False)
    except (RayError, OSError, RuntimeError, ValueError) as error:
        told = f"No cluster can be joined at {address} ({_first_line(error)}). Start one with `qa cluster head`."
        raise ShardUnavailable(told) from None


def disconnect() -> None:
    """Disconnect from the cluster."""
    ray.shutdown()


def host_names(shards: int, replicas: int) -> list[list[str]]:
    """The name of every host, by shard."""
    return [[f"qa-{shards}-{shard}-{replica}" for replica in range(replicas)] for shard in range(shards)]


def replicas_of(shards: int, replicas: int) -> Replicas:
    """The hosts of all shards, started or not."""
    return Replicas([[RayReplica(name) for name in names] for names in host_names(shards, replicas)])


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
    there = _running()
    incomplete = [(shard, names) for shard, names in enumerate(host_names(shards, replicas)) if not set(names) <= there]
    groups = {shard: _found_group(_group_name(shards, shard, replicas)) for shard, _ in incomplete}
    _check_room(sum(group is None for group in groups.values()), replicas)
    started: list[str] = []
    for shard, names in incomplete:
        group = groups[shard] or _new_group(_group_name(shards, shard, replicas), replicas)
        if not group.wait(timeout_seconds=seconds):
            remove_placement_group(group)
            raise ShardUnavailable(f"Shard {shard} of {shards} found no free place within {seconds:g} s.", shard)
        for number, name in enumerate(names):
            if name not in there:
                where = PlacementGroupSchedulingStrategy(group, number)
                _start(name, where, index_dir, shard, shards, copies_dir)
                started.append(name)
    states = host_states(shards, replicas, seconds)
    silent = [name for name, state in states.items() if state is None]
    if silent:
        raise ShardUnavailable(f"Not all hosts started within {seconds:g} s; missing are {', '.join(silent)}.")
    return started


def stop_hosts(seconds: float) -> list[str]:
    """End all hosts and wait until their places are free.

    Args:
        seconds: The longest wait.

    Returns:
        Their names.
    """
    until = time.monotonic() + seconds
    names = sorted(_running())
    for name in names:
        with suppress(ValueError):  # it has already ended
            ray.kill(ray.get_actor(name, NAMESPACE), no_restart=True)
    for group in placement_group_table().values():
        if group["state"] != "REMOVED" and group["name"].startswith("qa-"):
            remove_placement_group(get_placement_group(group["name"]))
    while _free_places() < sum(each["places"] for each in machines()) and time.monotonic() < until:
        time.sleep(_LOOK_EVERY_S)
    return names


def host_states(shards: int, replicas: int, seconds: float) -> dict[str, HostState | None]:
    """The state of every host by name; None for a host that does not answer in time."""
    hosts = list(chain.from_iterable(replicas_of(shards, replicas).of_shards))
    return dict(zip((host.name for host in hosts), states_of(hosts, seconds), strict=True))


def machines() -> list[dict[str, Any]]:
    """The running machines of the cluster: `address`, and `places`, the number of hosts that each accepts."""
    return [
        {"address": node["NodeManagerAddress"], "places": int(node["Resources"].get(SHARD_PLACE, 0))}
        for node in engine.nodes()
        if node["Alive"]
    ]


def _group_name(shards: int, shard: int, replicas: int) -> str:
    return f"qa-{shards}-{shard}-on-{replicas}"


def _found_group(name: str) -> PlacementGroup | None:
    """The placement group with a name, or None; a group remains when its hosts end."""
    try:
        found: PlacementGroup = get_placement_group(name)
    except ValueError:
        return None
    return found


def _new_group(name: str, replicas: int) -> PlacementGroup:
    """Reserve places on different machines."""
    places = [{SHARD_PLACE: 1} for _ in range(replicas)]
    reserved: PlacementGroup = placement_group(places, strategy="STRICT_SPREAD", name=name, lifetime="detached")
    return reserved


def _start(name: str, where: PlacementGroupSchedulingStrategy, *arguments: Path | int | None) -> None:
    """Start a host, which `_Host` makes of the arguments."""
    actor = engine.remote(concurrency_groups={"control": 1})(_Host)
    actor.options(
        name=name,
        namespace=NAMESPACE,
        lifetime="detached",
        max_restarts=-1,
        max_task_retries=0,  # the caller has a deadline and calls again
        max_concurrency=_THREADS,
        num_cpus=0,
        resources={SHARD_PLACE: 1},
        scheduling_strategy=where,
        runtime_env={"env_vars": {"OMP_NUM_THREADS": "1"}},
    ).remote(*arguments)


def _check_room(groups: int, replicas: int) -> None:
    """Check before any start that enough places are free: an actor without a place waits without limit."""
    places = [each["places"] for each in machines()]
    takers = sum(1 for each in places if each)
    if groups and takers < replicas:
        raise ShardUnavailable(
            f"{replicas} replicas need {replicas} machines that take hosts, and there are {takers}. "
            "Join more with `qa cluster join`, or set QA_CLUSTER_REPLICAS."
        )
    free = _free_places()
    if groups * replicas > free:
        raise ShardUnavailable(
            f"{groups * replicas} hosts are to start, and there is room for {free}. Join more machines with "
            "`qa cluster join`, or set QA_CLUSTER_SHARDS or QA_CLUSTER_REPLICAS."
        )


def _free_places() -> int:
    return int(engine.available_resources().get(SHARD_PLACE, 0))


def _running() -> set[str]:
    found: Sequence[dict[str, Any]] = ray.util.list_named_actors(all_namespaces=True)
    return {each["name"] for each in found if each["namespace"] == NAMESPACE}


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
