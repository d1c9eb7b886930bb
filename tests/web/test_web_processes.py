"""Several processes that serve one index, with the real model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest
from waiting import PATIENCE_S

from qa.settings import Settings

pytestmark = pytest.mark.model

ROOT = Path(__file__).parent.parent.parent


def test_two_processes_answer_and_stop_together(seeds_index: Settings):
    environment = {
        **os.environ,
        "QA_INDEX_DIR": str(seeds_index.index_dir),
        "QA_PORT": "0",
        "QA_WORKERS": "2",
        "QA_ANSWER_SECONDS": str(PATIENCE_S),
    }
    command = [sys.executable, "-m", "qa.cli", "serve"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().split()[-1]
            target = f"{address}/api/ask?q=who+is+the+COO+of+the+medical+foundation"
            # Each on a connection of its own; the first waits until a process listens.
            replies = [httpx.get(target, timeout=PATIENCE_S) for _ in range(8)]
            assert {reply.json()["verdict"] for reply in replies} == {"answered"}
            children = psutil.Process(process.pid).children()
            assert len([each for each in children if "spawn_main" in str(each.cmdline())]) == 2
        finally:
            process.terminate()
        assert process.wait(PATIENCE_S) == 0
        assert not psutil.wait_procs(children, PATIENCE_S)[1]
