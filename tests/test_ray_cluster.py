"""Runs the tests on a real Ray cluster in a process of their own, and sees that nothing of it is left.

Ray keeps threads, files and environment variables of the process that uses it, which other tests would meet.
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from waiting import PATIENCE_S, until

HERE = Path(__file__).parent
MARK = "TEST_CLUSTER"  # an environment variable, which every process inherits that is started below


def marked(mark: str) -> list[psutil.Process]:
    """The processes with a mark that live."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


@pytest.fixture
def mark() -> Iterator[str]:
    """A mark for processes; those that have it are ended after the test."""
    mark = uuid.uuid4().hex
    yield mark
    for process in marked(mark):
        with suppress(psutil.Error):
            process.kill()


@pytest.mark.cluster
def test_a_cluster_of_three_nodes_on_this_machine(mark, tmp_path):
    environment = os.environ | {
        MARK: mark,
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # else 127.0.0.1 becomes this machine's own address
        "RAY_agent_register_timeout_ms": str(PATIENCE_S * 1000),
        "RAY_worker_register_timeout_seconds": str(PATIENCE_S),
    }
    checks = (HERE / "ray_cluster.py", "-p", "no:cacheprovider", "-x", f"--basetemp={tmp_path / 'checks'}")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *map(str, checks)],
        cwd=HERE.parent,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=2 * PATIENCE_S,
    )
    assert done.returncode == 0, done.stdout
    until(lambda: not marked(mark))
