"""Runs the tests on a real Ray cluster in a separate process, and checks that none of its processes remains.

Ray keeps threads, files and environment variables of the process that uses it, which would affect other tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from marked_processes import MARK, marked
from waiting import PATIENCE_S, until

HERE = Path(__file__).parent


@pytest.mark.cluster
@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="Ray has clusters on Linux only")
def test_a_cluster_of_three_nodes_on_this_machine(mark, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("a" * 64)
    secret.chmod(0o600)
    environment = os.environ | {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(secret),
        MARK: mark,
        "PYTHONPATH": os.pathsep.join(map(str, (HERE.parent, HERE, HERE / "quick_imports"))),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # else 127.0.0.1 becomes this machine's own address
        "RAY_health_check_period_ms": "500",  # of a lost node; one that is only slow has ten seconds for each reply
        "RAY_agent_register_timeout_ms": str(PATIENCE_S * 1000),
        "RAY_worker_register_timeout_seconds": str(PATIENCE_S),
    }
    options = ["-p", "no:cacheprovider", "-p", "no:schemathesis", "-x", f"--basetemp={tmp_path / 'checks'}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", HERE / "ray_cluster.py", *options],
        cwd=HERE.parent,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=6 * PATIENCE_S,
    )
    assert done.returncode == 0, done.stdout
    until(lambda: not marked(mark))
