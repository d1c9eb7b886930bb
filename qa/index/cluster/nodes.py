"""Starts and stops Ray on this machine, with its settings made safe.

Anyone who reaches a port of Ray can run code on the machine. So nothing listens beyond loopback without a shared
secret, nothing at a public address unless the operator says that a firewall protects it, and nothing is reported to
the vendor.
"""

from __future__ import annotations

import ipaddress
import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from qa.errors import InvalidSettings

# Fixed, so that a firewall can name them.
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
_LIMIT_S = 120  # Ray waits without end for a head that is not there


def start_head(address: str, port: int, places: int, token: str, *, behind_firewall: bool) -> None:
    """Start a head on this machine.

    Args:
        address: This machine's, in the private network.
        port: For the head.
        places: How many hosts may run here.
        token: The file with the shared secret; empty for none.
        behind_firewall: Whether a public address may be used.

    Raises:
        InvalidSettings: the address or the token is not safe, or Ray does not start and says why.
    """
    _check(address, token, behind_firewall=behind_firewall)
    _ray("start", "--head", f"--node-ip-address={address}", f"--port={port}", *_common(places), token=token)


def join(head: str, address: str, places: int, token: str, *, behind_firewall: bool) -> None:
    """Have this machine join the cluster of a head; `head` as 10.0.0.1:6379, the rest as of `start_head`."""
    _check(address, token, behind_firewall=behind_firewall)
    _ray("start", f"--address={head}", f"--node-ip-address={address}", *_common(places), token=token)


def leave() -> None:
    """Stop everything of Ray on this machine."""
    _ray("stop", token="")


def use_token(token: str) -> None:
    """Have this process, and those that it starts, show the shared secret; to be called before Ray is imported.

    Raises:
        InvalidSettings: others may read the file, or it cannot be read.
    """
    if token:
        os.environ.update(_shown(token))


def _common(places: int) -> list[str]:
    return [f'--resources={{"qa_shard": {places}}}', "--include-dashboard=false", "--disable-usage-stats", *_PORTS]


def _check(address: str, token: str, *, behind_firewall: bool) -> None:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        raise InvalidSettings(f"{address} is no address of a machine; give one as 10.0.0.1.") from None
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


def _shown(token: str) -> dict[str, str]:
    try:
        mode = Path(token).stat().st_mode
    except OSError as error:
        raise InvalidSettings(f"QA_CLUSTER_TOKEN_PATH={token} cannot be read ({error.strerror}).") from None
    if stat.S_IMODE(mode) & 0o077:
        raise InvalidSettings(f"Others may read {token}; run: chmod 600 {token}")
    return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(Path(token).resolve())}


def _ray(*arguments: str, token: str) -> None:
    environment = os.environ | {"RAY_USAGE_STATS_ENABLED": "0", "RAY_gcs_rpc_server_reconnect_timeout_s": "3600"}
    environment |= _shown(token) if token else {}
    command: Sequence[str] = (sys.executable, "-m", "ray.scripts.scripts", *arguments)
    try:
        done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=_LIMIT_S)
    except subprocess.TimeoutExpired:
        raise InvalidSettings(f"Ray did not start within {_LIMIT_S} s; is the head there?") from None
    if done.returncode:
        said = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise InvalidSettings(f"Ray did not start: {said[-1] if said else f'status {done.returncode}'}")
