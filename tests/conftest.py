"""Fixtures that all tests share: settings without the shell's variables, the real encoder and the five documents."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from marked_processes import end_marked

from qa.cli.openmp import limit_threads

limit_threads()  # as the command line does, before NumPy is imported

from qa.encode import Encoder, open_question_encoder  # noqa: E402
from qa.records import Document  # noqa: E402
from qa.settings import Settings  # noqa: E402

# Before the hub's client is imported: no test waits for, or depends on, another machine.
os.environ["HF_HUB_OFFLINE"] = "1"
# Text recognition may be installed or not; only its own tests use it.
os.environ["TESSDATA_PREFIX"] = "/nowhere"

ROOT = Path(__file__).parent.parent

# Shared machines are slow at times, so examples and their generation have no time limit. The examples are the same
# everywhere, so that a failure repeats. `pytest --hypothesis-profile=wide` tries more.
_UNTIMED = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("qa", derandomize=True, max_examples=60, **_UNTIMED)
hypothesis.settings.register_profile("wide", max_examples=1000, **_UNTIMED)
hypothesis.settings.load_profile("qa")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden/ from what the loader makes")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the longest tests first, so that no process has one left when the others have ended."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(autouse=True)
def _no_settings_from_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("QA_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _nothing_is_flushed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable fsync: data that a killed process has written is kept without it."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def mark() -> Iterator[str]:
    """A mark for processes; marked processes are ended after the test."""
    mark = uuid.uuid4().hex
    yield mark
    end_marked(mark)


@pytest.fixture(scope="session")
def seeds() -> tuple[Document, ...]:
    """The five documents, read as in a build."""
    from qa.reading.documents import load_document
    from qa.reading.sidecar import parse_sidecar

    known = parse_sidecar((ROOT / "seeds/sources.toml").read_bytes()).documents
    files = sorted((ROOT / "seeds").glob("*.txt"))
    return tuple(load_document(path.name, path.read_bytes(), known.get(path.name)) for path in files)


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The packaged model, without the library: its vectors are the same, as `test_encode.py` shows."""
    return open_question_encoder(Settings())


@pytest.fixture(scope="session")
def seeds_index(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Settings:
    """Settings of an index of the five documents, built with the packaged model."""
    from qa.building.build import build

    settings = Settings(seeds_dir=ROOT / "seeds", index_dir=tmp_path_factory.mktemp("seeds") / "index")
    assert not build(settings, encoder=encoder).failed
    return settings
