"""Commands of a cluster refuse unsafe or wrong addresses and secrets before they start anything."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from marked_processes import MARK, marked
from waiting import until

from qa.cli.main import main

SECRET = "a" * 64


@pytest.fixture(autouse=True)
def _nothing_starts(request, monkeypatch):
    if request.node.get_closest_marker("cluster"):
        return

    def refuse(*command: object, **_: object) -> None:
        raise AssertionError(f"{command} was started")

    monkeypatch.setattr(subprocess, "run", refuse)


@pytest.fixture
def token(tmp_path, monkeypatch) -> Path:
    """A secret that the commands use."""
    path = tmp_path / "token"
    path.write_text(SECRET)
    path.chmod(0o600)
    monkeypatch.setenv("QA_CLUSTER_TOKEN_PATH", str(path))
    return path


@pytest.mark.parametrize("copies", ["index", "index/copies", "."])
def test_copies_are_kept_apart_from_the_index(capsys, monkeypatch, tmp_path, copies):
    monkeypatch.setenv("QA_INDEX_DIR", str(tmp_path / "index"))
    monkeypatch.setenv("QA_CLUSTER_COPIES", str(tmp_path / copies))
    monkeypatch.setenv("QA_CLUSTER", "127.0.0.1:6379")
    assert "must be apart from the index folder" in refused(capsys, "cluster", "up")


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nothing ever listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


def refused(capsys, *command: str) -> str:
    assert main(command) == 1
    return capsys.readouterr().err


BEYOND_LOOPBACK = ["10.0.0.1", "192.168.1.9", "0.0.0.0", "::", "fd00::1", "8.8.8.8", "2001:4860:4860::8888"]


@pytest.mark.parametrize("address", BEYOND_LOOPBACK)
@pytest.mark.parametrize("action", [["head"], ["join", "10.0.0.7:6379"]])
def test_beyond_loopback_there_is_no_cluster_without_a_secret(capsys, action, address):
    assert "need a shared secret" in refused(capsys, "cluster", *action, "--address", address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888"])
@pytest.mark.parametrize("action", [["head"], ["join", "10.0.0.7:6379"]])
def test_a_public_address_needs_a_firewall(capsys, token, action, address):
    told = refused(capsys, "cluster", *action, "--address", address)
    assert f"{address} is a public address" in told
    assert "--i-have-a-firewall" in told


@pytest.mark.parametrize("address", ["localhost", "10.0.0", "10.0.0.1:6379", "", "north.example"])
def test_a_machine_is_named_by_its_address(capsys, token, address):
    assert "is not an address of a machine" in refused(capsys, "cluster", "head", "--address", address)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_secret_that_others_may_read_is_none(capsys, token, mode):
    token.chmod(mode)
    assert f"Others may read {token}" in refused(capsys, "cluster", "head", "--address", "10.0.0.1")


def test_a_secret_that_is_not_there_is_told(capsys, token):
    token.unlink()
    told = refused(capsys, "cluster", "head", "--address", "10.0.0.1")
    assert f"QA_CLUSTER_TOKEN_PATH={token} cannot be read" in told


@pytest.mark.parametrize("given", [["--port", "99999"], ["--port", "0"], ["--port", "1e3"], ["--places", "-1"]])
def test_a_number_that_ray_would_take_for_another_is_refused(capsys, given):
    with pytest.raises(SystemExit):
        main(["cluster", "head", *given])
    assert f"argument {given[0]}: {given[1]} is not a whole number from " in capsys.readouterr().err


def ray_command(monkeypatch, action: str) -> tuple[list[str], dict[str, str]]:
    """The command of Ray that replaces ours, and its environment."""

    class Replaced(Exception):
        pass

    def replaced(program: str, command: list[str], environment: dict[str, str]) -> None:
        raise Replaced(command, environment)

    monkeypatch.setattr(os, "execve", replaced)
    with socket.create_server(("127.0.0.1", 0)) as head:
        where = [f"127.0.0.1:{head.getsockname()[1]}"] if action == "join" else []
        with pytest.raises(Replaced) as told:
            main(["cluster", action, *where, "--address", "10.0.0.1", "--stay"])
    command, environment = told.value.args
    return command, environment


@pytest.mark.parametrize("action", ["head", "join"])
def test_as_a_service_ray_takes_the_place_of_the_command(monkeypatch, token, action):
    command, environment = ray_command(monkeypatch, action)
    assert {"--block", "--node-ip-address=10.0.0.1", "--disable-usage-stats"} <= set(command)
    assert (environment["RAY_AUTH_MODE"], environment["RAY_AUTH_TOKEN_PATH"]) == ("token", str(token))


@pytest.mark.parametrize("store", ["10.0.0.9:6379", None])
def test_the_head_alone_is_told_the_password_of_the_store_of_its_state(monkeypatch, token, store):
    monkeypatch.setenv("RAY_REDIS_PASSWORD", SECRET)
    monkeypatch.delenv("RAY_REDIS_ADDRESS", raising=False)
    if store:
        monkeypatch.setenv("RAY_REDIS_ADDRESS", store)
    told = [f"--redis-password={SECRET}" in ray_command(monkeypatch, action)[0] for action in ("head", "join")]
    assert told == [store is not None, False]


FAKE_RAY = """
import os, subprocess, sys
from pathlib import Path

starts = Path(os.environ["STARTS"])
sleeper, nothing = [sys.executable, "-c", "import time; time.sleep(600)"], subprocess.DEVNULL
left = subprocess.Popen(sleeper, stdout=nothing, stderr=nothing, start_new_session=True)
with starts.open("a") as file:
    print(left.pid, file=file)
if len(starts.read_text().split()) <= int(os.environ["FAIL"]):
    sys.exit(os.environ["FAILURE"])
"""
SLOW = "Exception: The current node timed out during startup. The GCS may be overloaded."


@pytest.mark.cluster
@pytest.mark.skipif(sys.platform != "linux", reason="Ray has clusters on Linux only")
@pytest.mark.parametrize(
    ("failure", "fail", "status", "starts"),
    [(SLOW, 1, 0, 2), (SLOW, 1000, 1, 4), ("OSError: port 6380 is in use", 1000, 1, 1)],
    ids=["slow once", "always slow", "refused"],
)
def test_a_failed_start_of_ray_leaves_no_process_and_a_slow_one_is_repeated(
    capsys, monkeypatch, mark, tmp_path, failure, fail, status, starts
):
    scripts = tmp_path / "ray/scripts"
    scripts.mkdir(parents=True)
    for folder in (scripts, scripts.parent):
        folder.joinpath("__init__.py").touch()
    scripts.joinpath("scripts.py").write_text(FAKE_RAY)
    variables = {"PYTHONPATH": str(tmp_path), "STARTS": str(tmp_path / "starts"), "FAILURE": failure, "FAIL": str(fail)}
    for name, value in (variables | {MARK: mark}).items():
        monkeypatch.setenv(name, value)
    assert main(["cluster", "head", "--address", "127.0.0.1"]) == status
    assert status == 0 or f"Ray did not start: {failure}" in capsys.readouterr().err
    begun = [int(line) for line in (tmp_path / "starts").read_text().split()]
    assert len(begun) == starts
    until(lambda: set(marked(mark)) & set(begun) == (set() if status else {begun[-1]}))


@pytest.mark.cluster
@pytest.mark.parametrize("action", ["head", "join"])
def test_ray_takes_every_option_and_what_it_refuses_then_is_told(capsys, monkeypatch, token, action):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "quick_imports"))
    token.write_text("")
    with socket.create_server(("127.0.0.1", 0)) as head:
        where = [f"127.0.0.1:{head.getsockname()[1]}"] if action == "join" else []
        told = refused(capsys, "cluster", action, *where, "--address", "127.0.0.1")
    assert "Ray did not start: ray.exceptions.AuthenticationError" in told
    assert f"is empty: {token}" in told


def test_a_head_that_is_not_there_is_not_waited_for(capsys, nobody):
    assert f"No head answers at {nobody}" in refused(capsys, "cluster", "join", nobody)


@pytest.mark.parametrize("head", ["10.0.0.1", "6379", ":6379", "10.0.0.1:", "10.0.0.1:ray", "10.0.0.1:66000"])
def test_a_head_is_named_by_host_and_port(capsys, head):
    assert "an address is a host and a port, as 10.0.0.1:6379" in refused(capsys, "cluster", "join", head)


@pytest.mark.cluster
@pytest.mark.parametrize(
    "command", [["cluster", "status"], ["cluster", "up"], ["cluster", "down"], ["build", "--cluster"]]
)
def test_a_cluster_that_is_not_there_is_not_waited_for(capsys, monkeypatch, nobody, command):
    assert "QA_CLUSTER is not set" in refused(capsys, *command)
    monkeypatch.setenv("QA_CLUSTER", nobody)
    assert f"qa: shard_unavailable: No cluster can be joined at {nobody}" in refused(capsys, *command)
