"""The parts of a mapped array that are read from the disk; `madvise` changes no value."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from qa.index.local.arrays import VECTORS, Array, map_array
from qa.index.local.read_ahead import pages_read, prefetch, read_parts_only
from qa.index.local.version import ArrayRecord, Configuration

DIMENSION = 384
ROWS = 20_000  # 30 MB
CONFIGURATION = Configuration("fake words", "fake-1", "test", 1, 1, 4, DIMENSION)
BEGINS = np.array([40, 5000, 5003, 19_990], np.int64)
ENDS = BEGINS + 10


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    values = np.arange(ROWS * DIMENSION, dtype=np.float32)
    with (tmp_path / VECTORS).open("wb") as file:
        file.write(values.tobytes())
        file.flush()
        os.fdatasync(file.fileno())  # required to drop it from memory
    return tmp_path


def mapped(folder: Path) -> Array:
    return map_array(folder, VECTORS, ArrayRecord("float32", (ROWS, DIMENSION)), CONFIGURATION)


def sums(array: Array) -> list[float]:
    return [float(array[begin:end].sum(dtype=np.float64)) for begin, end in zip(BEGINS, ENDS, strict=True)]


def bytes_read(folder: Path, read: Callable[[Array], object]) -> int:
    """The bytes that this process reads from the disk if no part of the array is in memory."""
    with (folder / VECTORS).open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    array = mapped(folder)
    counts = [Path("/proc/self/io").read_text().partition("\nread_bytes: ")[2].partition("\n")[0]]
    read(array)
    counts += [Path("/proc/self/io").read_text().partition("\nread_bytes: ")[2].partition("\n")[0]]
    return int(counts[1]) - int(counts[0])


def prefetch_all(array: Array) -> None:
    for begin, end in zip(BEGINS.tolist(), ENDS.tolist(), strict=True):
        prefetch(array, begin, end)


def announced(array: Array) -> None:
    read_parts_only(array)
    prefetch_all(array)
    sums(array)


def test_advice_changes_no_value(folder: Path) -> None:
    array = mapped(folder)
    expected = sums(array)
    announced(array)
    assert sums(array) == expected
    inside = slice(int(BEGINS[0]), int(ENDS[0]))
    assert array[inside].ravel().tolist() == list(range(inside.start * DIMENSION, inside.stop * DIMENSION))


@pytest.mark.parametrize("rows", [0, ROWS], ids=["at the beginning", "at the end"])
def test_parts_without_rows_are_passed_over(folder: Path, rows: int) -> None:
    for row in (rows, 3):
        prefetch(mapped(folder), row, row)


def test_an_array_that_is_not_mapped_needs_no_advice() -> None:
    for array in (np.empty((0, DIMENSION), np.float32), np.ones((ROWS, 2), np.float32)):
        read_parts_only(array)
        prefetch_all(array)


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="Linux alone tells what a process reads")
def test_no_more_is_read_than_the_parts(folder: Path) -> None:
    everything = bytes_read(folder, lambda array: array.sum(dtype=np.float64))
    if everything < ROWS * DIMENSION * 4:
        pytest.skip("the folder lies in memory, or its pages cannot be dropped")
    pages = 2 * os.sysconf("SC_PAGE_SIZE") + 10 * DIMENSION * 4
    assert bytes_read(folder, announced) <= len(BEGINS) * pages


@pytest.mark.skipif(sys.platform != "linux", reason="pages are counted on Linux only")
def test_pages_that_were_not_in_memory_are_counted(folder: Path) -> None:
    def read(array: Array) -> None:
        read_parts_only(array)
        sums(array)

    before = pages_read()
    from_disk = bytes_read(folder, read) > 0  # not on a file system in memory
    assert (pages_read() > before) == from_disk
