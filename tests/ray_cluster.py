"""The same on a real Ray cluster of three nodes on this machine, with hosts, nodes and servers that are killed.

`test_ray_cluster.py` runs these in a separate process. They share one cluster, and run in this order.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import psutil
import pytest
from marked_processes import MARK, end_marked
from waiting import PATIENCE_S, until
from whole_index import QUESTIONS, answers, contents, signals
from workshop import TEXTS, Workshop

import qa.building.worker_processes
from qa.answering.service import Service
from qa.encode import open_question_encoder
from qa.errors import ShardUnavailable
from qa.index.cluster.hosts import ClusterIndex, Hosts
from qa.index.file_lock import lock
from qa.index.local.current import CurrentIndex
from qa.index.local.index_folder import segment_ids

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # Ray leaves its own log files open

QUESTION = "who built the oldest pier of the harbour"
TIMES = {"took_ms", "stages_ms"}
A_MOMENT_S = 0.2  # a deadline that is expected to pass
ADDRESSES = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


def listening() -> set[str]:
    """The addresses on which this process or a child process listens."""
    processes = (psutil.Process(), *psutil.Process().children(recursive=True))
    return {
        connection.laddr.ip
        for process in processes
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }


def node_options(session: Path) -> dict[str, Any]:
    """Options of a node that does not wait for its processes in Python: that wait ends after fifteen seconds.

    The processes report their ports in files, -1 for unused ones.
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
        "include_log_monitor": False,
        "temp_dir": str(session.parent),
    }


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    """A head without hosts and one node with two hosts, all only on loopback; a second node joins them."""
    from qa.index.cluster.nodes import prepare

    prepare(os.environ["RAY_AUTH_TOKEN_PATH"])
    from ray.cluster_utils import Cluster

    from qa.index.cluster import actors

    with TemporaryDirectory(prefix="qa-ray-", ignore_cleanup_errors=True) as folder:  # short, for names of sockets
        session = Path(folder, "session")
        session.mkdir()
        head = {"session_name": session.name, "include_dashboard": False}
        Path(gettempdir(), "ray").mkdir(exist_ok=True)  # Ray writes the address there, whatever folder it is given
        cluster = Cluster(initialize_head=True, head_node_args=head | node_options(session))
        cluster.add_node(resources={actors.SHARD_PLACE: 2}, **node_options(session))
        actors.connect(cluster.address)
        try:
            yield cluster
        finally:
            actors.disconnect()
            end_marked(os.environ[MARK])  # Ray does not end all of them if the head was lost


@pytest.fixture(scope="module", autouse=True)
def strangers(nodes: Any, tmp_path_factory: pytest.TempPathFactory) -> list[subprocess.Popen[str]]:
    """Processes that try to join without the secret. They start early, since Ray tries for twenty seconds."""
    wrong = tmp_path_factory.mktemp("strangers") / "wrong"
    wrong.write_text("b" * 64)
    wrong.chmod(0o600)
    trusted = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}
    return [
        subprocess.Popen(
            [sys.executable, "-m", "qa", "cluster", "status"],
            env=trusted | {"QA_CLUSTER": nodes.address} | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for more in ({}, {"QA_CLUSTER_TOKEN_PATH": str(wrong)})
    ]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """An index of three segments, with the packaged model, since servers answer from it too."""
    workshop = Workshop(tmp_path_factory.mktemp("cluster"), {})
    workshop.encoder = open_question_encoder(workshop.settings)
    for name, text in TEXTS.items():
        workshop.put(name, text)
        workshop.build()
    return workshop


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("copies")


@pytest.fixture(scope="module")
def service(nodes: Any, shop: Workshop, copies: Path) -> Iterator[Service]:
    """A service over two shards with two hosts each, which answer from copies. At first only one of two is started."""
    from qa.index.cluster.actors import replicas_of
    from qa.index.cluster.placement import start_hosts

    assert start_hosts(shop.index, 2, 1, PATIENCE_S, copies) == ["qa-2-0-0", "qa-2-1-0"]
    assert start_hosts(shop.index, 2, 1, PATIENCE_S) == []
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
    """The answers of one process."""
    source = CurrentIndex.of_this_machine(shop.index, shop.encoder.fingerprint)
    with closing(Service(shop.settings, shop.encoder, source)) as opened:
        return answers(opened)


def processes() -> dict[str, int]:
    from qa.index.cluster.actors import host_states

    return {name: state.process_id for name, state in host_states(2, 2, PATIENCE_S).items() if state}


def test_answers_equal_those_of_one_process(service, shop, copies):
    assert answers(service) == alone(shop)
    assert segment_ids(copies) == segment_ids(shop.index)


def test_where_there_is_no_room_nothing_is_started(service, shop):
    from qa.index.cluster.placement import start_hosts

    with pytest.raises(ShardUnavailable, match="2 replicas need 2 machines that take hosts, and there are 1"):
        start_hosts(shop.index, 2, 2, PATIENCE_S)
    with pytest.raises(ShardUnavailable, match="1 hosts are to start, and there is room for 0"):
        start_hosts(shop.index, 1, 1, PATIENCE_S)


def test_a_node_that_joins_under_questions_takes_one_more_host_of_each_shard(nodes, service, shop, copies):
    from qa.index.cluster.actors import SHARD_PLACE
    from qa.index.cluster.placement import start_hosts

    expected, grown = alone(shop), threading.Event()

    def ask() -> list[object]:
        found = []
        while not grown.is_set():
            found.append(answers(service))
        return found

    with ThreadPoolExecutor(1) as thread:
        asking = thread.submit(ask)
        try:
            nodes.add_node(resources={SHARD_PLACE: 2}, **node_options(Path(nodes.head_node.get_session_dir_path())))
            assert start_hosts(shop.index, 2, 2, PATIENCE_S, copies) == ["qa-2-0-1", "qa-2-1-1"]
        finally:
            grown.set()
        assert all(each == expected for each in asking.result(PATIENCE_S))
    assert answers(service) == expected
    for shard in range(2):
        nodes_of_hosts = {psutil.Process(processes()[f"qa-2-{shard}-{replica}"]).ppid() for replica in range(2)}
        assert len(nodes_of_hosts) == 2


def test_every_socket_listens_on_loopback_alone(nodes, service):
    assert listening()
    assert listening() <= ADDRESSES


def test_a_killed_host_costs_no_answer_and_is_started_again(service, shop):
    killed = processes()["qa-2-0-1"]
    os.kill(killed, signal.SIGKILL)
    for _ in range(3):
        assert answers(service) == alone(shop)
    until(lambda: processes().get("qa-2-0-1", killed) != killed)


def test_a_build_is_taken_up_and_hosts_tell_their_state_while_they_copy(service, shop, copies):
    shop.put("salt.txt", "The Salt\n\nSalt is sold on the oldest pier by weight.")
    with copies.joinpath("copies.lock").open("rb+") as held:
        lock(held.fileno())  # as another host of the machine that copies
        shop.build()
        until(lambda: all(host.machine and not host.current for shard in service.shards() for host in shard.hosts))
    until(lambda: service.ask("salt by weight").passages[0].citation.source == "salt.txt")
    assert answers(service) == alone(shop)


@dataclass
class WaitsForAKill:
    """Writes the id of the process that encodes a certain text to a file, and waits until a process was killed.

    Ray may lose a process by itself on a busy machine; the one that repeats its task then writes its own id.
    """

    text: str
    folder: Path

    def __call__(self, text: str) -> None:
        if text.endswith(self.text) and not self.killed.exists():
            whole = self.folder / str(os.getpid())
            whole.write_text(whole.name)
            whole.replace(self.folder / "process")
            until(self.killed.exists)

    @property
    def killed(self) -> Path:
        return self.folder / "killed"

    def kill(self) -> bool:
        """Kill the process that waits, and let those after it continue; False if none waits yet."""
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((self.folder / "process").read_text()), signal.SIGKILL)
            self.killed.touch()
        return self.killed.exists()


def test_what_a_killed_builder_was_doing_is_done_again(nodes, tmp_path, monkeypatch):
    from qa.index.cluster.tasks import run_tasks

    monkeypatch.setattr(qa.building.worker_processes, "BATCH_BYTES", 1)
    here, there = Workshop(tmp_path / "here"), Workshop(tmp_path / "there")
    here.build()
    there.encoder.seen = waiting = WaitsForAKill("forty cars.", tmp_path)
    with ThreadPoolExecutor(1) as thread:
        built = thread.submit(there.build, workers=run_tasks)
        until(lambda: built.done() or waiting.kill())
        report = built.result(PATIENCE_S)
    assert waiting.killed.exists()
    there.encoder = here.encoder
    assert report.encoded == report.passages > 2
    assert len(there.version().segments) == 3
    assert there.version().id == here.version().id
    with closing(here.open_index()) as one, closing(there.open_index()) as other:
        assert contents(one) == contents(other)
        assert signals(one, here.encoder) == signals(other, here.encoder)
    assert alone(here) == alone(there)


def test_of_a_shard_the_missing_host_alone_is_started(service, shop):
    import ray

    from qa.index.cluster.actors import NAMESPACE
    from qa.index.cluster.placement import start_hosts

    ray.kill(ray.get_actor("qa-2-1-0", NAMESPACE), no_restart=True)
    until(lambda: "qa-2-1-0" not in processes())
    assert start_hosts(shop.index, 2, 2, PATIENCE_S) == ["qa-2-1-0"]
    assert answers(service) == alone(shop)


def test_stopped_hosts_are_gone_and_start_anew(nodes, service, shop):
    from qa.index.cluster.actors import host_states
    from qa.index.cluster.placement import start_hosts, stop_hosts

    down = [sys.executable, "-m", "qa", "cluster", "down"]
    settings = os.environ | {"QA_CLUSTER": nodes.address, "QA_CLUSTER_SHARDS": "1"}
    said = subprocess.run(down, env=settings, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout
    assert "Stopped 0 hosts." in said
    assert "4 hosts of another number of shards continue" in said
    assert len(processes()) == 4
    stopped = stop_hosts(PATIENCE_S, shards=2)
    assert len(stopped) == 4
    assert set(host_states(2, 2, PATIENCE_S).values()) == {None}
    assert sorted(start_hosts(shop.index, 2, 2, PATIENCE_S)) == stopped
    assert answers(service) == alone(shop)


@contextmanager
def server(nodes: Any, shop: Workshop, log: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server of the cluster in a separate process, with the place of its API."""
    settings = {"CLUSTER": nodes.address, "CLUSTER_SHARDS": "2", "INDEX_DIR": str(shop.index), "PORT": "0"}
    environment = os.environ | {f"QA_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "qa", "serve"]
    with (
        log.open("w") as written,
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=written, text=True) as process,
    ):
        try:
            place = next((line.split()[-1] for line in process.stdout if "http://" in line), None)
            assert place, log.read_text()
            yield process, place
        finally:
            process.kill()


def test_a_killed_server_costs_no_answer_where_there_is_another(nodes, service, shop, tmp_path):
    def ask(question: str) -> object:
        """What the first server replies that can be reached, without the times."""
        for place in places:
            with suppress(OSError, HTTPException):
                asked = f"{place}/api/ask?explain=1&k=5&q={quote(question)}"
                with urlopen(asked, timeout=PATIENCE_S) as reply:
                    return {name: value for name, value in json.load(reply).items() if name not in TIMES}
        raise AssertionError("no server answers")

    with server(nodes, shop, tmp_path / "1") as (first, one), server(nodes, shop, tmp_path / "2") as (_, other):
        places = [one, other]
        expected = json.loads(json.dumps(alone(shop)))
        with ThreadPoolExecutor(2) as threads:
            asked = [threads.submit(ask, question) for question in QUESTIONS * 20]
            until(lambda: sum(each.done() for each in asked) >= 5)
            first.kill()
            assert [each.result(PATIENCE_S) for each in asked] == expected * 20


def test_python_is_started_on_every_other_machine_and_tells_which_do_not_leave(nodes, service, tmp_path):
    from qa.index.cluster.placement import run_on_other_machines

    program = f"import pathlib, os; pathlib.Path({str(tmp_path)!r}, str(os.getpid())).touch()"
    assert run_on_other_machines(("-c", program), A_MOMENT_S) == ["127.0.0.1", "127.0.0.1"]
    until(lambda: len(list(tmp_path.iterdir())) == 2)


def test_without_the_secret_nobody_joins(nodes, strangers):
    for process in strangers:
        said, _ = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 1, said
        assert f"No cluster can be joined at {nodes.address}" in said


def test_a_lost_node_costs_no_answer(nodes, service, shop):
    import ray

    from qa.index.cluster.actors import NAMESPACE, running_hosts
    from qa.index.cluster.placement import machines, start_hosts

    nodes.remove_node(max(nodes.worker_nodes, key=id), allow_graceful=False)
    for _ in range(3):
        assert answers(service) == alone(shop)
    until(lambda: len(machines()) == 2)
    lost = min({"qa-2-0-0", "qa-2-0-1"} - processes().keys())
    ray.kill(ray.get_actor(lost, NAMESPACE), no_restart=True)
    until(lambda: lost not in running_hosts())
    with pytest.raises(ShardUnavailable, match="Shard 0 of 2 found no free place"):
        start_hosts(shop.index, 2, 2, A_MOMENT_S)
    assert answers(service) == alone(shop)


def test_a_lost_head_costs_no_answer_and_a_build_is_taken_up_without_one(nodes, service, shop):
    nodes.head_node.kill_gcs_server()
    assert answers(service) == alone(shop)
    until(lambda: "ray_listen_error_messages" not in {thread.name for thread in threading.enumerate()})
    shop.put("salt.txt", "The Salt\n\nSalt is sold on the newest pier by the barrel.")
    shop.build()
    until(lambda: "barrel" in service.ask("salt by the barrel").passages[0].text)
    assert answers(service) == alone(shop)
