"""The commands `qa cluster head | join | up | status | down`, and the machines for `qa build --cluster`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from qa.cli.output import say, say_json
from qa.cli.packages import CLUSTER, check_packages
from qa.errors import InvalidSettings
from qa.index.cluster import nodes
from qa.settings import Settings

if TYPE_CHECKING:
    from qa.building.worker_processes import WorkerProcesses

_STATUS_S = 5.0  # wait for hosts that do not answer


def run_head(settings: Settings, arguments: argparse.Namespace) -> int:
    """Make this machine the first of a cluster."""
    nodes.start_head(
        arguments.address,
        arguments.port,
        arguments.places,
        settings.cluster_token_path,
        behind_firewall=arguments.i_have_a_firewall,
        stay=arguments.stay,
    )
    head = f"{arguments.address}:{arguments.port}"
    say(f"The head runs. On other machines: qa cluster join {head} --address THEIRS")
    say(f"Then here: QA_CLUSTER={head} qa cluster up")
    return 0


def run_join(settings: Settings, arguments: argparse.Namespace) -> int:
    """Have this machine join a cluster."""
    nodes.join(
        arguments.head,
        arguments.address,
        0 if arguments.no_shards else arguments.places,
        settings.cluster_token_path,
        behind_firewall=arguments.i_have_a_firewall,
        stay=arguments.stay,
    )
    say(f"This machine has joined {arguments.head}.")
    return 0


def run_up(settings: Settings, _: argparse.Namespace) -> int:
    """Start the hosts that are missing."""
    copies_dir = _copies_dir(settings)
    _connect(settings)
    from qa.index.cluster.placement import start_hosts  # noqa: PLC0415

    started = start_hosts(
        settings.index_dir.resolve(),
        settings.cluster_shards,
        settings.cluster_replicas,
        settings.cluster_prepare_seconds,
        copies_dir,
    )
    say(f"Started {len(started)} hosts; the others ran already." if started else "All hosts ran already.")
    return 0


def run_status(settings: Settings, arguments: argparse.Namespace) -> int:
    """Print the state of every host; return 1 if one does not answer or runs another release."""
    _connect(settings)
    from qa.index.cluster.actors import host_states  # noqa: PLC0415
    from qa.index.cluster.placement import machines  # noqa: PLC0415

    states = host_states(settings.cluster_shards, settings.cluster_replicas, _STATUS_S)
    found = {
        "machines": machines(),
        "hosts": [{"name": name} | (asdict(state) if state else {}) for name, state in states.items()],
    }
    odd = {state.release for state in states.values() if state} - {version("qa")}
    if arguments.json:
        say_json(found)
    else:
        say(f"{len(found['machines'])} machines")
        for name, state in states.items():
            told = "does not answer"
            if state:
                snapshots = ", ".join(state.versions) or "no snapshot yet"
                told = f"{state.machine}, process {state.process_id}, {state.memory_mb} MB, {snapshots}"
            say(f"{name}: {told}")
        for release in sorted(odd):
            say(f"Some hosts run release {release}, and this is {version('qa')}: install the same everywhere.")
    return 1 if odd or None in states.values() else 0


def run_down(settings: Settings, arguments: argparse.Namespace) -> int:
    """Stop the hosts of QA_CLUSTER_SHARDS shards, or all hosts and Ray on every machine."""
    _connect(settings)
    from qa.index.cluster.actors import disconnect, running_hosts  # noqa: PLC0415
    from qa.index.cluster.placement import run_on_other_machines, stop_hosts  # noqa: PLC0415

    seconds = settings.cluster_prepare_seconds
    stopped = stop_hosts(seconds, None if arguments.nodes else settings.cluster_shards)
    say(f"Stopped {len(stopped)} hosts.")
    if not arguments.nodes:
        others = running_hosts() - set(stopped)
        if others:
            say(f"{len(others)} hosts of another number of shards continue; set QA_CLUSTER_SHARDS to stop them.")
        return 0
    left = run_on_other_machines(nodes.STOP, seconds)
    disconnect()
    nodes.leave()
    for address in left:
        say(f"Ray may still run on {address}: run `ray stop` there.")
    say("Ray has stopped here, and ends on the other machines.")
    return 1 if left else 0


def machines_to_build(settings: Settings) -> WorkerProcesses:
    """Join the cluster whose machines run the build's tasks.

    Raises:
        InvalidSettings: QA_CLUSTER is not set.
        ShardUnavailable: the cluster cannot be reached.
        PackageMissing: Ray is not installed.
    """
    check_packages("`qa build --cluster`", CLUSTER)
    _connect(settings)
    from qa.index.cluster.tasks import run_tasks  # noqa: PLC0415

    return run_tasks


def _copies_dir(settings: Settings) -> Path | None:
    if not settings.cluster_copies:
        return None
    copies_dir, index_dir = Path(settings.cluster_copies).resolve(), settings.index_dir.resolve()
    if copies_dir.is_relative_to(index_dir) or index_dir.is_relative_to(copies_dir):
        raise InvalidSettings(f"QA_CLUSTER_COPIES={copies_dir} must be apart from the index folder, {index_dir}.")
    return copies_dir


def _connect(settings: Settings) -> None:
    if not settings.cluster:
        raise InvalidSettings("QA_CLUSTER is not set; give the head's address, as QA_CLUSTER=10.0.0.1:6379.")
    nodes.prepare(settings.cluster_token_path)
    from qa.index.cluster.actors import connect  # noqa: PLC0415 - Ray reads its settings when imported

    connect(settings.cluster)
