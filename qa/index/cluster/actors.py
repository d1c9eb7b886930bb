"""Hosts as actors of a Ray cluster.

Ray restarts the hosts when they or their machines end. `qa.index.cluster.placement` starts them on different machines,
and `qa.index.cluster.replicas` asks them: it selects the host, sets time limits and handles failures.
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

from qa.errors import ShardUnavailable
from qa.index.cluster.host import HostState, Refusal, ShardHost
from qa.index.cluster.host_states import states_of
from qa.index.cluster.nodes import check_listening
from qa.index.cluster.replicas import Replicas

_Method = TypeVar("_Method", bound=Callable[..., Any])
engine: Any = ray  # only a part of its functions is typed
_opening: Callable[[_Method], _Method] = engine.method(concurrency_group="opening")
_control: Callable[[_Method], _Method] = engine.method(concurrency_group="control")
NAMESPACE = "qa"
SHARD_PLACE = "qa_shard"  # a Ray resource; a machine has one unit for each host that it accepts

_THREADS = 8  # concurrent calls of a host
_FOUND_WITHIN_S = 1.0


class _Host:
    """A host in a separate process. Opening a version and telling its state have a thread each: neither waits for
    questions, nor the state for an opening, which may copy for minutes.
    """

    def __init__(self, index_dir: Path, shard: int, shards: int, copies_dir: Path | None) -> None:
        self._host = ShardHost(index_dir, shard, shards, copies_dir)

    def ask(self, version: str, call: str, arguments: Sequence[Any]) -> Any:
        return self._host.ask(version, call, arguments)

    @_opening
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
        self._lock = threading.Lock()  # guards the next two
        self._search: Future[Any] | None = None  # of the actor with this name
        self._patience_until = 0.0

    def start(self, method: str, *arguments: Any) -> RayCall:
        """Call a method of the host without waiting.

        Raises:
            ConnectionError: the actor or the cluster cannot be found.
        """
        try:
            reference = getattr(self._found(), method).remote(*arguments)
            future: Future[Any] = reference.future()
        except (RayError, ValueError, RuntimeError, TimeoutError) as error:
            self._forget()
            raise ConnectionRefusedError(f"{self.name} cannot be reached ({_first_line(error)})") from None
        future.add_done_callback(self._look_at)
        return RayCall(future, reference)

    def _found(self) -> Any:
        """The actor; a search without a head takes a minute, so it is not waited for."""
        with self._lock:
            if self._search is None:
                self._search = Future()
                self._patience_until = time.monotonic() + _FOUND_WITHIN_S
                threading.Thread(target=_find, args=(self.name, self._search), daemon=True).start()
            search, patience_s = self._search, max(0.0, self._patience_until - time.monotonic())
        return search.result(patience_s)

    def _forget(self) -> None:
        with self._lock:
            if self._search and self._search.done():
                self._search = None

    def _look_at(self, future: Future[Any]) -> None:
        """After a loss, look the actor up again at the next call: a new actor may have its name."""
        if not future.cancelled() and isinstance(future.exception(), RayError):
            self._forget()


def _find(name: str, found: Future[Any]) -> None:
    try:
        found.set_result(ray.get_actor(name, NAMESPACE))
    except Exception as error:  # noqa: BLE001 - raised where the result is needed
        found.set_exception(error)


def connect(address: str) -> None:
    """Join the cluster at an address as a client.

    Raises:
        ShardUnavailable: no cluster is at this address, or it refuses this process.
    """
    logging.getLogger("ray").setLevel(logging.ERROR)  # it warns that groups end with this process; these are permanent
    try:
        check_listening(address)
        ray.init(address=address, namespace=NAMESPACE, log_to_driver=False, configure_logging=False)
        # Ray's thread that listens for errors would use a whole core without a head: it ends when it loses the head.
        engine._private.worker.global_worker.threads_stopped.set()  # noqa: SLF001
    except (RayError, OSError, RuntimeError, ValueError) as error:
        raise ShardUnavailable(
            f"No cluster can be joined at {address} ({_first_line(error)}). Start one with `qa cluster head`, "
            "or have this machine join it with `qa cluster join`."
        ) from None


def disconnect() -> None:
    """Disconnect from the cluster."""
    ray.shutdown()


def host_names(shards: int, replicas: int) -> list[list[str]]:
    """The name of every host, by shard."""
    return [[f"qa-{shards}-{shard}-{replica}" for replica in range(replicas)] for shard in range(shards)]


def replicas_of(shards: int, replicas: int) -> Replicas:
    """The hosts of all shards, started or not."""
    return Replicas([[RayReplica(name) for name in names] for names in host_names(shards, replicas)])


def host_states(shards: int, replicas: int, seconds: float) -> dict[str, HostState | None]:
    """The state of every host by name; None for a host that does not answer in time."""
    hosts = list(chain.from_iterable(replicas_of(shards, replicas).of_shards))
    return dict(zip((host.name for host in hosts), states_of(hosts, seconds), strict=True))


def start_host(name: str, where: Any, index_dir: Path, shard: int, shards: int, copies_dir: Path | None) -> None:
    """Start a host without waiting; `where` is a scheduling strategy of Ray, and the rest is as of `ShardHost`."""
    actor = engine.remote(concurrency_groups={"opening": 1, "control": 1})(_Host)
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
    ).remote(index_dir, shard, shards, copies_dir)


def running_hosts() -> set[str]:
    """The names of all hosts that are started or starting."""
    found: Sequence[dict[str, Any]] = ray.util.list_named_actors(all_namespaces=True)
    return {each["name"] for each in found if each["namespace"] == NAMESPACE}


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
