"""The API's description passes linters, and clients generated from it compile and work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import samples_for_tests
from live_server import serving
from waiting import PATIENCE_S

from qa.settings import Settings

ROOT = Path(__file__).parent.parent.parent
SCRIPTS = ROOT / "tests/clients"
PYTHON = Path(sys.prefix) / "clients/bin"
NODE = Path(sys.prefix) / "clients-node/node_modules"
TOKEN = "a-token-for-the-clients"
TOLD = {
    "verdict": "answered",
    "same": True,
    "quote": True,
    "pages": [1, True],
    "error": "unknown_document",
    "fates": ["added", "refused"],
}

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")


@pytest.fixture(scope="module")
def service(tmp_path_factory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("clients")
    settings = Settings(admin_token=TOKEN, seeds_dir=folder / "seeds", index_dir=folder / "index")
    with serving(samples_for_tests.service(), settings) as address:
        yield address


@pytest.fixture(scope="module")
def description(service: str, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("description") / "openapi.json"
    path.write_bytes(httpx.get(f"{service}/openapi.json", timeout=PATIENCE_S).content)
    return path


def run(*command: object, folder: Path) -> str:
    """The output of a command; if it fails, its errors are reported."""
    environment = {**os.environ, "PATH": f"{PYTHON}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": ""}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def node_folder(tmp_path: Path, *scripts: str) -> Path:
    """A folder with some scripts, in which Node.js finds the packages."""
    (tmp_path / "node_modules").symlink_to(NODE)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    for name in scripts:
        shutil.copy(SCRIPTS / name, tmp_path)
    return tmp_path


def test_the_description_is_valid(description, tmp_path):
    assert run(PYTHON / "python", "-m", "openapi_spec_validator", description, folder=tmp_path).strip().endswith("OK")


@needs_node
def test_the_description_passes_a_linter(description, tmp_path):
    assert run("node", "lint.mjs", description, folder=node_folder(tmp_path, "lint.mjs")) == ""


@needs_node
def test_the_linter_finds_faults(description, tmp_path):
    described = json.loads(description.read_text())
    del described["paths"]["/api/ask"]["get"]["operationId"]
    faulty = tmp_path / "faulty.json"
    faulty.write_text(json.dumps(described))
    assert "operation-operationId" in run("node", "lint.mjs", faulty, folder=node_folder(tmp_path, "lint.mjs"))


def test_every_operation_is_told_in_full(description):
    described = json.loads(description.read_text())
    tags = {tag["name"] for tag in described["tags"]}
    operations = [each for methods in described["paths"].values() for each in methods.values()]
    ids = [each["operationId"] for each in operations]
    assert len(set(ids)) == len(ids)
    for each in operations:
        assert all(each.get(part) for part in ("summary", "description")), each["operationId"]
        assert set(each["tags"]) <= tags
        for given in each.get("parameters", ()):
            assert given.get("description") or given["schema"].get("description"), given["name"]


def test_a_python_client_is_generated_compiled_and_used(service, description, tmp_path):
    package = tmp_path / "qa_client"
    run(
        PYTHON / "openapi-python-client", "generate", "--path", description, "--output-path", package,
        "--meta", "none", "--fail-on-warning", folder=tmp_path,
    )  # fmt: skip
    run(PYTHON / "python", "-W", "error", "-m", "compileall", "-q", package, folder=tmp_path)
    told = json.loads(run(PYTHON / "python", SCRIPTS / "use_client.py", tmp_path, service, TOKEN, folder=tmp_path))
    assert told == {
        **TOLD,
        "stored": ["c", "added"],
        "removed": "removed",
        "original": [200, True],
    }


@needs_node
def test_a_typescript_client_is_generated_compiled_and_used(service, description, tmp_path):
    folder = node_folder(tmp_path, "use_client.ts")
    run("node", NODE / "openapi-typescript/bin/cli.js", description, "--output", "qa.d.ts", folder=folder)
    options = ["--strict", "--noUncheckedIndexedAccess", "--target", "es2022", "--module", "nodenext"]
    options += ["--lib", "es2022,dom,dom.iterable"]
    run("node", NODE / "typescript/bin/tsc", *options, "use_client.ts", folder=folder)
    assert json.loads(run("node", "use_client.js", service, TOKEN, folder=folder)) == TOLD
