"""The distributed package: a wheel that runs alone, and a bill of materials that agrees with the lock."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from urllib.request import urlopen

import pytest
from waiting import PATIENCE_S

from qa.settings import Settings

ROOT = Path(__file__).parent.parent
BUILT_FROM = ["pyproject.toml", "README.md", "LICENSE", "NOTICE"]
QUESTION = "who is the COO of the medical foundation"


def run(*command: str | Path, **options) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of a copy of the tree, so that the tree does not change."""
    source, into = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT / "qa", source / "qa", ignore=shutil.ignore_patterns("__pycache__"))
    for name in BUILT_FROM:
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-index"]
    run(*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", into, source)
    (built,) = into.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment: the wheel, and only the other packages of this environment."""
    folder = tmp_path_factory.mktemp("clean")
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    program = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", program, "install", "--quiet", "--disable-pip-version-check"]
    run(*pip, "--no-index", "--no-deps", wheel)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return program.parent


def environment(settings: Settings) -> dict[str, str]:
    """Environment variables without a path to the tree."""
    names = {name: value for name, value in os.environ.items() if name != "PYTHONPATH" and not name.startswith("QA_")}
    return names | {"QA_INDEX_DIR": str(settings.index_dir), "QA_PORT": "0"}


def test_the_wheel_holds_the_package_whole_and_nothing_else(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if not name.split("/")[0].endswith(".dist-info")}
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "qa").rglob("*") if path.is_file()}
    assert held == {name for name in files if "__pycache__" not in name}


def test_the_wheel_carries_licence_and_notice(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    for name in ("LICENSE", "NOTICE"):
        (path,) = [each for each in archive.namelist() if each.endswith(f".dist-info/licenses/{name}")]
        assert archive.read(path) == (ROOT / name).read_bytes()
    (metadata,) = [each for each in archive.namelist() if each.endswith(".dist-info/METADATA")]
    assert "\nLicense-Expression: Apache-2.0\n" in archive.read(metadata).decode()


@pytest.mark.model
def test_the_wheel_answers_in_an_environment_of_its_own(installed: Path, seeds_index: Settings, tmp_path: Path) -> None:
    variables = environment(seeds_index)
    where = run(installed / "python", "-c", "import qa; print(qa.__file__)", env=variables, cwd=tmp_path).stdout
    assert Path(where.strip()).is_relative_to(installed.parent)
    told = json.loads(run(installed / "qa", "ask", "--json", QUESTION, env=variables, cwd=tmp_path).stdout)
    assert told["passages"][0]["text"].startswith("Binesh Batra, MD")


@pytest.mark.model
def test_the_wheel_serves_its_pages(installed: Path, seeds_index: Settings, tmp_path: Path) -> None:
    with subprocess.Popen(
        [installed / "qa", "serve"], env=environment(seeds_index), cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            address = server.stdout.readline().split()[-1]
            with urlopen(f"{address}/?q={QUESTION.replace(' ', '+')}", timeout=PATIENCE_S) as page:
                text = page.read().decode()
            assert "Binesh Batra, MD" in text
            (style,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', text)
            with urlopen(address + style, timeout=PATIENCE_S) as reply:
                assert reply.read()
        finally:
            server.send_signal(signal.SIGINT)


@pytest.mark.parametrize("lock", ["requirements-serve.lock", "requirements.lock"])
def test_the_bill_of_materials_names_every_package_of_the_lock_with_its_hashes(lock: str) -> None:
    variables = {**os.environ, "PYTHON": sys.executable}
    made = json.loads(run(ROOT / "scripts/sbom", lock, env=variables).stdout)
    assert (made["bomFormat"], made["metadata"]["component"]["name"]) == ("CycloneDX", "qa")
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", "")
    pinned = {
        (name, version): set(re.findall(r"sha256:([0-9a-f]{64})", hashes))
        for name, version, hashes in re.findall(r"^([\w.-]+)==(\S+)(.*)$", text, re.MULTILINE)
    }
    named = {
        (each["name"], each["version"]): {
            digest["content"] for source in each["externalReferences"] for digest in source["hashes"]
        }
        for each in made["components"]
    }
    assert named == pinned
    assert all(each["purl"].startswith("pkg:pypi/") for each in made["components"])
