"""The lock files: exact versions, a hash for every file that may be installed, and nothing missing."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = ["requirements.lock", "requirements-dev.lock"]


def pins(lock: str) -> dict[str, tuple[str, list[str]]]:
    """Version and hashes by normalised name."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", "")
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            pin, *hashes = line.split()
            name, version = re.fullmatch(r"([\w.-]+)==([\w.]+)", pin).groups()
            assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", each) for each in hashes), pin
            assert len(set(hashes)) == len(hashes), pin
            found[normalised(name)] = (version, hashes)
    return found


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_version_is_exact_and_has_hashes(lock: str) -> None:
    assert len(pins(lock)) > 60
    assert [name for name, (_, hashes) in pins(lock).items() if not hashes] == []


def test_both_locks_agree_and_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for lock, wanted in (
        (LOCKS[0], project["dependencies"]),
        (LOCKS[1], project["dependencies"] + project["optional-dependencies"]["dev"]),
    ):
        names = {normalised(re.match(r"[\w.-]+", each)[0]) for each in wanted}
        assert names - pins(lock).keys() == set()
    small, large = map(pins, LOCKS)
    assert {name: large.get(name) for name in small} == small


def test_more_than_one_build_of_torch_may_be_installed() -> None:
    """Its builds for CPUs alone come from elsewhere than those for GPUs, under the same version."""
    version, hashes = pins(LOCKS[0])["torch"]
    assert f'"torch=={version}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert len(hashes) > 10


def test_the_scripts_install_nothing_without_its_hash() -> None:
    script = (ROOT / "scripts/environment").read_text(encoding="utf-8")
    installs = re.findall(r'"\$\{pip\[@\]\}" (.*)', script)
    assert len(installs) == 3
    assert script.count("pip install ") == 1
    assert all(each.startswith("--require-hashes ") for each in installs[:2])
    assert installs[2] == "--no-build-isolation --editable .", "a build environment would be drawn without hashes"


def test_pip_takes_the_lock_and_what_is_installed_is_what_it_names() -> None:
    command = [sys.executable, "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-index", "--dry-run"]
    command += ["--disable-pip-version-check", "-r", LOCKS[1]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Would install" not in done.stdout
