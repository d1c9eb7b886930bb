"""Starts and stops Ray on this machine with safe settings.

Anyone who reaches a port of Ray can run code on the machine. So Ray listens beyond loopback only with a shared secret,
and at a public address only if the operator confirms that a firewall protects it. Ray's usage reports are off.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from qa.errors import InvalidSettings

# Fixed numbers, so that firewall rules can list them.
_PORTS = (
    "--node-manager-port=6380",
    "--object-manager-port=6381",
    "--runtime-env-agent-port=6382",
    "--dashboard-agent-grpc-port=6383",
    "--dashboard-agent-listen-port=6384",
    "--metrics-export-port=6385",
    "--min-worker-port=6400",
    "--max-worker-port=6599",
)
# A Redis in which the head keeps its state, by names that Ray has for them; it takes the password as an option only.
_STORE, _STORE_PASSWORD = "RAY_REDIS_ADDRESS", "RAY_REDIS_PASSWORD"
# Without the first, a process ends a minute after the head is lost.
_SETTINGS = {"RAY_gcs_rpc_server_reconnect_timeout_s": "3600", "RAY_USAGE_STATS_ENABLED": "0"}
_RAY = ("-m", "ray.scripts.scripts")
STOP = (*_RAY, "stop")  # arguments of Python that end all processes of Ray on a machine
_REACHED_WITHIN_S = 5.0
_LIMIT_S = 120  # Ray waits without limit for a missing head
# On a busy machine Ray gives up because one of its own processes has not started within 15 s.
_SLOW, _ATTEMPTS = "timed out during startup", 4
_MARK = "QA_CLUSTER_START"  # an environment variable by which the processes of one start are found


def start_head(address: str, port: int, places: int, token: str, *, behind_firewall: bool, stay: bool = False) -> None:
    """Start a head on this machine.

    Args:
        address: This machine's address in the private network.
        port: The head's port.
        places: The number of hosts that may run on this machine.
        token: The path of the file with the shared secret; empty for none.
        behind_firewall: Whether a public address is allowed.
        stay: Whether Ray replaces this process, which then ends when Ray ends.

    Raises:
        InvalidSettings: the address or the token is not safe, or Ray does not start; the message has Ray's reason.
    """
    _check(address, token, behind_firewall=behind_firewall)
    own = ["--head", f"--node-ip-address={address}", f"--port={port}", "--include-dashboard=false"]
    if os.environ.get(_STORE) and os.environ.get(_STORE_PASSWORD):
        own.append(f"--redis-password={os.environ[_STORE_PASSWORD]}")
    _ray(*_RAY, "start", *own, *_common(places), token=token, stay=stay)


def join(head: str, address: str, places: int, token: str, *, behind_firewall: bool, stay: bool = False) -> None:
    """Make this machine join the cluster of a head.

    Args:
        head: The head's address, such as 10.0.0.1:6379.
        address: As of `start_head`, like the rest.
        places: Likewise.
        token: Likewise.
        behind_firewall: Likewise.
        stay: Likewise.

    Raises:
        InvalidSettings: as `start_head`, or nothing listens at the head's address.
    """
    _check(address, token, behind_firewall=behind_firewall)
    try:
        check_listening(head)
    except OSError as error:
        raise InvalidSettings(f"No head answers at {head} ({error}).") from None
    own = (f"--address={head}", f"--node-ip-address={address}")
    _ray(*_RAY, "start", *own, *_common(places), token=token, stay=stay)


def leave() -> None:
    """Stop all processes of Ray on this machine."""
    _ray(*STOP, token="")


def check_listening(address: str) -> None:
    """Check that something listens at an address, since Ray would retry for minutes.

    Args:
        address: Host and port, such as 10.0.0.1:6379.

    Raises:
        OSError: nothing listens there, or this is not an address; the message says which.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ConnectionError("an address is a host and a port, as 10.0.0.1:6379")
    socket.create_connection((host.strip("[]"), int(port)), _REACHED_WITHIN_S).close()


def prepare(token: str) -> None:
    """Set the environment that Ray reads when it is imported, for this process and its children.

    Args:
        token: The path of the file with the shared secret; empty for none.

    Raises:
        InvalidSettings: others may read the file, or it cannot be read.
    """
    os.environ.update(_environment(token))


def _common(places: int) -> list[str]:
    return [f'--resources={{"qa_shard": {places}}}', "--disable-usage-stats", "--include-log-monitor=false", *_PORTS]


def _check(address: str, token: str, *, behind_firewall: bool) -> None:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        raise InvalidSettings(f"{address} is not an address of a machine; give one as 10.0.0.1.") from None
    if not (found.is_loopback or token):
        raise InvalidSettings(
            f"Beyond loopback the machines of a cluster need a shared secret, or anyone who reaches {address} runs "
            "code here. Write one into a file of mode 600, the same on every machine, and name it in "
            "QA_CLUSTER_TOKEN_PATH."
        )
    if found.is_global and not behind_firewall:
        raise InvalidSettings(
            f"{address} is a public address, and Ray listens on all of this machine's. Use a private network, or add "
            "--i-have-a-firewall if one keeps strangers away from its ports."
        )


def _environment(token: str) -> dict[str, str]:
    return _SETTINGS | (_shown(token) if token else {})


def _shown(token: str) -> dict[str, str]:
    try:
        mode = Path(token).stat().st_mode
    except OSError as error:
        raise InvalidSettings(f"QA_CLUSTER_TOKEN_PATH={token} cannot be read ({error.strerror}).") from None
    if stat.S_IMODE(mode) & 0o077:
        raise InvalidSettings(f"Others may read {token}; run: chmod 600 {token}")
    return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(Path(token).resolve())}


def _ray(*arguments: str, token: str, stay: bool = False) -> None:
    environment = os.environ | _environment(token)
    command: Sequence[str] = (sys.executable, *arguments)
    if stay:
        os.execve(sys.executable, [*command, "--block"], environment)  # noqa: S606 - our own command
    mark = secrets.token_hex(16)
    for attempt in range(1, _ATTEMPTS + 1):
        said = _failure(command, environment | {_MARK: mark})
        if said is None:
            return
        _end_marked(mark)
        if _SLOW not in said or attempt == _ATTEMPTS:
            raise InvalidSettings(f"Ray did not start: {said}")


def _failure(command: Sequence[str], environment: dict[str, str]) -> str | None:
    """Run a command of Ray; return why it failed, or None."""
    try:
        done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=_LIMIT_S)
    except subprocess.TimeoutExpired:
        return f"it was not ready within {_LIMIT_S} s; is the head running?"
    if not done.returncode:
        return None
    said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip() and "{}" not in line]
    return said[-1] if said else f"status {done.returncode}"


def _end_marked(mark: str) -> None:
    """End the processes that a failed start has left, which would keep the next one from its ports."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or belongs to someone else
            if f"{_MARK}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                os.kill(int(folder.name), signal.SIGKILL)
