"""The first steps of a new user, with the README's commands: serve, ask, add a file, back up, upgrade, restore."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from waiting import PATIENCE_S, until

ROOT = Path(__file__).parent.parent
QUICK_BUILDERS = os.pathsep.join(map(str, (ROOT / "tests/quick_builders", ROOT)))
FORMER_FORMAT = "0123456789abcdef\n"  # the content of CURRENT in format 5, which named its snapshots in another way

pytestmark = [pytest.mark.model, pytest.mark.long]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with one document, as after a clone without the example documents."""
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "harbour.txt").write_text("The harbour of Elsmouth has three piers, built in 1871.\n")
    return tmp_path


def qa(home: Path, *arguments: str, status: int = 0, quick: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a command; a quick build encodes without the libraries that the first one has shown to work."""
    environment = {**os.environ, "PYTHONPATH": QUICK_BUILDERS if quick else str(ROOT)}
    command = [sys.executable, "-m", "qa", *arguments]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    return done


@contextmanager
def serving(home: Path) -> Iterator[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "QA_PORT": "0"}
    command = [sys.executable, "-m", "qa", "serve"]
    with subprocess.Popen(command, cwd=home, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server.stdout.readline().split()[-1]
        finally:
            server.send_signal(signal.SIGINT)


def asked(address: str, path: str) -> dict[str, Any]:
    with urlopen(address + path, timeout=PATIENCE_S) as reply:
        return json.load(reply)


def first_source(address: str, question: str) -> str:
    return asked(address, f"/api/ask?{urlencode({'q': question})}")["passages"][0]["citation"]["source"]


def snapshot(home: Path) -> str:
    return json.loads(qa(home, "status", "--json").stdout)["snapshot"]


def test_a_new_user_serves_adds_backs_up_upgrades_and_restores(home: Path) -> None:
    qa(home, "build", "--quiet")
    first = snapshot(home)
    with serving(home) as address:
        assert first_source(address, "How many piers are there?") == "harbour.txt"
        shutil.copytree(home / "index", home / "backup")
        (home / "seeds" / "mill.txt").write_text("The mill of Elsmouth grinds rye on Tuesdays.\n")
        qa(home, "build", "--quiet", quick=True)
        second = snapshot(home)
        until(lambda: asked(address, "/api/index")["snapshot"] == second)
        assert first_source(address, "When does the mill grind rye?") == "mill.txt"

    (home / "index" / "CURRENT").write_text(FORMER_FORMAT)
    told = qa(home, "doctor", status=1).stdout
    assert "A build reads and encodes all documents anew." in told
    built = qa(home, "build", "--quiet", quick=True)
    assert "All documents are read and encoded anew." in built.stderr
    assert qa(home, "doctor").stdout
    assert json.loads(qa(home, "ask", "--json", "When does the mill grind rye?").stdout)["verdict"] == "answered"

    shutil.rmtree(home / "index")
    shutil.copytree(home / "backup", home / "index")
    assert snapshot(home) == first
    with serving(home) as address:
        assert first_source(address, "How many piers are there?") == "harbour.txt"
    assert "1 new" in qa(home, "doctor").stdout
