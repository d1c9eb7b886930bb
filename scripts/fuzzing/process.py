"""A server in a separate process, and its use of memory and files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
from bench.servers import stop

ROOT = Path(__file__).parent.parent.parent
_PATIENCE_S = 60


@contextmanager
def serving(settings: Mapping[str, str], log: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Serve with these settings on a free port of this machine; yields the process and the port.

    Args:
        settings: `QA_*` settings in addition to those of the shell.
        log: The file of the server's log.
    """
    environment = {**os.environ, **settings, "QA_HOST": "127.0.0.1", "QA_PORT": "0"}
    command = [sys.executable, "-m", "qa", "serve"]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            address = next(line for line in process.stdout if "http://" in line)
            # The server's builder logs each build there, and would wait for a pipe that is not read.
            threading.Thread(target=deque, args=(process.stdout, 0), daemon=True).start()
            yield process, int(address.rpartition(":")[2])
        finally:
            stop(process, _PATIENCE_S)


def build(settings: Mapping[str, str]) -> int:
    """Build an index with these settings; returns the command's exit status."""
    command = [sys.executable, "-m", "qa", "build", "--quiet"]
    environment = {**os.environ, **settings}
    return subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=False).returncode


def rss_mb(server: psutil.Process) -> float:
    """Resident memory of a process and its children."""
    return sum(process.memory_info().rss for process in (server, *server.children(recursive=True))) / 1e6


def open_files(server: psutil.Process) -> int:
    """The number of open files and sockets of a process and its children."""
    return sum(process.num_fds() for process in (server, *server.children(recursive=True)))


def log_faults(log: Path, ended_with: int) -> list[str]:
    """Faults in a server's log and its exit status."""
    lines = log.read_text(errors="replace").splitlines()
    faults = [line[:200] for line in lines if "Traceback" in line or line.startswith(("ERROR", "CRITICAL"))]
    if ended_with not in (0, -signal.SIGTERM):
        faults.append(f"the server ended with {ended_with}")
    return faults
