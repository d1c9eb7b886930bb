"""Machines made of Linux namespaces: each has a network address, processes, a host name, and a disk of its own.

They are connected by a bridge in the network namespace of this process, and end with it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

BRIDGE = "10.0.0.254"  # the address of this process
KINDS = {"ray::_Host": "hosts", "-m qa serve": "server", "ray": "Ray"}  # of processes, by parts of their commands
_MARK = "CLUSTER_TRIAL"
_FIRST = "trap '' CHLD; exec sleep infinity"  # a machine's first process: ended processes are not kept for it


def in_own_namespaces() -> None:
    """Run this script again in network, process and mount namespaces of its own.

    Everything that the script starts then ends with it. Does nothing in the second run.
    """
    if os.environ.get(_MARK):
        return
    inner = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    os.execvpe(inner[0], [*inner, sys.executable, *sys.argv], os.environ | {_MARK: "1"})  # noqa: S606 - this script


def run(*command: str) -> str:
    """The output of a command.

    Raises:
        RuntimeError: it fails.
    """
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}")
    return done.stdout


def connect() -> None:
    """Make the bridge."""
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "trial", "type", "bridge")
    run("ip", "addr", "add", f"{BRIDGE}/24", "dev", "trial")
    run("ip", "link", "set", "trial", "up")


class Machine:
    """A running machine."""

    def __init__(self, number: int, work: Path) -> None:
        """Start it.

        Args:
            number: Its number, the last part of its address.
            work: The folder for its own files. `work / "disk"` is each machine's own folder.
        """
        self.name, self.address = f"machine{number}", f"10.0.0.{number}"
        disk, own = work / "disk", work / self.name
        mounts = {own / "ray": Path("/tmp/ray"), own / "disk": disk}  # noqa: S108 - where Ray keeps its files
        shutil.rmtree(own, ignore_errors=True)
        for source, target in mounts.items():
            source.mkdir(parents=True)
            target.mkdir(parents=True, exist_ok=True)
        steps = [f"hostname {self.name}", "mount --make-rprivate /", "mount -t tmpfs none /dev/shm"]
        steps += [f"mount --bind {source} {target}" for source, target in mounts.items()]
        own_namespaces = ("--net", "--mount", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc")
        outer = subprocess.Popen(["unshare", *own_namespaces, "bash", "-ec", "; ".join([*steps, _FIRST])])
        children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
        while not (found := children.read_text().split()) or "infinity" not in _command(int(found[0])):
            time.sleep(0.05)
        self._first = int(found[0])
        inside = f"/proc/{self._first}/ns/net"
        run("ip", "link", "add", f"to{number}", "type", "veth", "peer", "name", "eth0", "netns", inside)
        run("ip", "link", "set", f"to{number}", "master", "trial", "up")
        for given in (f"addr add {self.address}/24 dev eth0", "link set eth0 up", "link set lo up"):
            run(*self._inside, "ip", *given.split())

    @property
    def _inside(self) -> list[str]:
        return ["nsenter", f"--target={self._first}", "--net", "--mount", "--pid", "--uts"]

    def start(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
        """Start a command; its output goes to the end of a file."""
        with log.open("ab") as written:
            return subprocess.Popen(
                [*self._inside, *command],
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=written,
            )

    def processes(self) -> dict[int, str]:
        """The command lines of its processes, without its first one, by their ids outside of it."""
        space = _space(self._first)
        found = (int(folder.name) for folder in Path("/proc").glob("[0-9]*"))
        here = {each: _command(each) for each in found if each != self._first and _space(each) == space}
        return {each: command for each, command in here.items() if command}

    def kill(self, part: str = "", most: int | None = None) -> None:
        """Kill its processes whose command line contains a text, at most a number of them, with SIGKILL."""
        for each in [each for each, command in self.processes().items() if part in command][:most]:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)


def cpu_seconds() -> dict[str, float]:
    """The CPU time until now of all servers, all hosts and the other processes of Ray."""
    seconds = dict.fromkeys(KINDS.values(), 0.0)
    for folder in Path("/proc").glob("[0-9]*"):
        command = _command(int(folder.name))
        kind = next((kind for part, kind in KINDS.items() if part in command), None)
        with suppress(OSError):
            if kind:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                seconds[kind] += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


def _space(process_id: int) -> str:
    with suppress(OSError):
        return str(Path(f"/proc/{process_id}/ns/pid").readlink())
    return ""


def _command(process_id: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{process_id}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""
