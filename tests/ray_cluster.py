"""The same on a real Ray cluster of three nodes on this machine, with hosts and nodes that are killed.

`test_ray_cluster.py` runs these in a process of their own. They share one cluster, and run in their order.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest
from waiting import PATIENCE_S, until
from whole_index import answers
from workshop import TEXTS, Workshop

from qa.answering.service import Service
from qa.errors import ShardUnavailable
from qa.index.cluster.hosts import ClusterIndex, Hosts
from qa.index.local.current import CurrentIndex

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # Ray leaves its own log files open

QUESTION = "who built the oldest pier of the harbour"
ADDRESSES = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


def listening() -> set[str]:
    """The addresses on which this process or one below it listens."""
    processes = (psutil.Process(), *psutil.Process().children(recursive=True))
    return {
        connection.laddr.ip
        for process in processes
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }


def node_options(session: Path) -> dict[str, Any]:
    """Options of a node that does not wait for its processes in Python: after fifteen seconds it would give up.

    These tell their ports by files, -1 for those that they do not use.
    """
    node_id = secrets.token_hex(28)
    for name in ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port"):
        (session / f"{name}_{node_id}").write_text("-1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {
        "env_vars": {"RAY_OVERRIDE_NODE_ID_FOR_TESTING": node_id},
        "runtime_env_agent_port": port,
        "num_cpus": 1,
        "temp_dir": str(session.parent),
    }


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    """A head that takes no hosts and two nodes that take two each, all of them on loopback alone."""
    from ray.cluster_utils import Cluster

    from qa.index.cluster import actors

    with TemporaryDirectory(prefix="qa-ray-", ignore_cleanup_errors=True) as folder:  # short, for names of sockets
        session = Path(folder, "session")
        session.mkdir()
        head = {"session_name": session.name, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=head | node_options(session))
        for _ in range(2):
            cluster.add_node(resources={actors.SHARD_PLACE: 2}, **node_options(session))
        actors.connect(cluster.address)
        try:
            yield cluster
        finally:
            actors.disconnect()
            cluster.shutdown()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    workshop = Workshop(tmp_path_factory.mktemp("cluster"), {})
    for name, text in TEXTS.items():
        workshop.put(name, text)
        workshop.build()
    return workshop


@pytest.fixture(scope="module")
def service(nodes: Any, shop: Workshop) -> Iterator[Service]:
    """A service over two shards with two hosts each."""
    from qa.index.cluster.actors import replicas_of, start_hosts

    assert len(start_hosts(shop.index, 2, 2, PATIENCE_S)) == 4
    assert start_hosts(shop.index, 2, 2, PATIENCE_S) == []
    hosts = Hosts(
        shop.index,
        replicas_of(2, 2),
        weights=shop.encoder.fingerprint,
        answer_s=PATIENCE_S,
        prepare_s=PATIENCE_S,
        hedge_s=1.0,
    )
    source = ClusterIndex(shop.index, hosts)
    source.watch()
    with closing(Service(shop.settings, shop.encoder, source)) as opened:
        yield opened


def alone(shop: Workshop) -> list[object]:
    """What one process answers."""
    source = CurrentIndex.of_this_machine(shop.index, shop.encoder.fingerprint)
    with closing(Service(shop.settings, shop.encoder, source)) as opened:
        return answers(opened)


def processes() -> dict[str, int]:
    from qa.index.cluster.actors import host_states

    return {name: state.process_id for name, state in host_states(2, 2, PATIENCE_S).items() if state}


def test_answers_equal_those_of_one_process(service, shop):
    assert answers(service) == alone(shop)


def test_every_socket_listens_on_loopback_alone(nodes, service):
    assert listening()
    assert listening() <= ADDRESSES


def test_a_killed_host_costs_no_answer_and_is_started_again(service, shop):
    killed = processes()["qa-2-0-1"]
    os.kill(killed, signal.SIGKILL)
    for _ in range(3):
        assert answers(service) == alone(shop)
    until(lambda: processes().get("qa-2-0-1", killed) != killed)


def test_a_build_is_taken_up(service, shop):
    shop.put("salt.txt", "The Salt\n\nSalt is sold on the oldest pier by weight.")
    shop.build()
    until(lambda: service.ask("salt by weight").passages[0].citation.source == "salt.txt")
    assert answers(service) == alone(shop)


def test_of_a_shard_the_missing_host_alone_is_started(service, shop):
    import ray

    from qa.index.cluster.actors import NAMESPACE, start_hosts

    ray.kill(ray.get_actor("qa-2-1-0", NAMESPACE), no_restart=True)
    until(lambda: "qa-2-1-0" not in processes())
    assert start_hosts(shop.index, 2, 2, PATIENCE_S) == ["qa-2-1-0"]
    assert answers(service) == alone(shop)


def test_where_there_is_no_room_nothing_is_started(nodes, service, shop):
    from qa.index.cluster.actors import start_hosts

    with pytest.raises(ShardUnavailable, match="3 replicas need 3 machines that take hosts, and there are 2"):
        start_hosts(shop.index, 1, 3, PATIENCE_S)
    with pytest.raises(ShardUnavailable, match="2 hosts are to start, and there is room for 0"):
        start_hosts(shop.index, 1, 2, PATIENCE_S)


def test_a_lost_node_costs_no_answer(nodes, service, shop):
    nodes.remove_node(max(nodes.worker_nodes, key=id), allow_graceful=False)
    for _ in range(3):
        assert answers(service) == alone(shop)


def test_stopped_hosts_are_gone(nodes, service, shop: Workshop):
    from qa.index.cluster.actors import host_states, stop_hosts

    assert len(stop_hosts()) == 4
    assert set(host_states(2, 2, PATIENCE_S).values()) == {None}
    assert Path(shop.index).is_dir()
