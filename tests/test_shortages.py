"""Too few file descriptors: reported as such, and never as damage."""

from __future__ import annotations

import os
import resource
import tracemalloc  # noqa: F401 - else pytest would import it where no file can be opened
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from workshop import TEXTS, Workshop, fates

from qa.errors import QAError, ShortOfResources


@contextmanager
def few_descriptors(number: int) -> Iterator[None]:
    """Limit the number of open files of this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def shop(tmp_path) -> Workshop:
    workshop = Workshop(tmp_path, {})
    for name, text in TEXTS.items():
        workshop.put(name, text)
        workshop.build()
    return workshop


def open_all(shop: Workshop) -> None:
    """Open the index and read all its data, which maps every file."""
    with closing(shop.open_index()) as index:
        for info in index.documents:
            index.document(info.id)
        encoding = shop.encoder.encode_question("who built the oldest pier")
        found = index.candidates(encoding.vector, ["oldest", "pier"], 10)
        index.similarities(encoding.tokens, found.rows)
        index.forms_near("pirs", 2)


def highest_descriptor() -> int:
    with Path(os.devnull).open("rb") as file:
        return file.fileno()


def test_an_index_that_cannot_be_opened_for_now_is_not_called_damaged(shop):
    open_all(shop)
    told = []
    for more in range(1, 200, 4):
        try:
            with few_descriptors(highest_descriptor() + more):
                open_all(shop)
        except ShortOfResources as error:
            told.append(str(error))
    assert len(told) > 5
    assert all("for now" in each for each in told)
    open_all(shop)


def test_a_build_that_is_short_of_descriptors_takes_no_segment_for_damaged(shop):
    before = {path: path.stat().st_mtime_ns for path in (shop.index / "segments").rglob("*")}
    shop.put("salt.txt", "The Salt\n\nSalt is sold by weight.")
    ended = 0
    for more in range(1, 40, 3):
        try:
            with few_descriptors(highest_descriptor() + more):
                shop.build()
        except (QAError, OSError):
            ended += 1
    assert ended
    shop.build()
    assert fates(shop.build()) == dict.fromkeys([*TEXTS, "salt.txt"], "unchanged")
    assert before.items() <= {path: path.stat().st_mtime_ns for path in (shop.index / "segments").rglob("*")}.items()
    open_all(shop)
