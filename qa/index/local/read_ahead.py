"""Advises the operating system which parts of a mapped array to read from the disk, so that it reads them concurrently.

Without advice it reads a large range around each accessed page, one after another: for a large index, some megabytes
for every passage of each question, of which a few kilobytes are used, and which displace other pages from memory.
"""

from __future__ import annotations

import mmap
import sys
from contextlib import suppress

import numpy as np

from qa.index.local.arrays import Array

if sys.platform == "linux":
    import resource

_PAGE = mmap.PAGESIZE


def read_parts_only(array: Array) -> None:
    """Disable read-ahead for an array: only accessed pages, and those given to `prefetch`, are read."""
    mapping = _mapping(array)
    if mapping is not None and hasattr(mmap, "MADV_RANDOM"):
        with suppress(OSError):  # only advice; the array is readable without it
            mapping.madvise(mmap.MADV_RANDOM)


def prefetch(array: Array, begin: int, end: int) -> None:
    """Start reading the rows from `begin` to `end` of an array from the disk, without waiting for them.

    Args:
        array: A whole array of a segment. Arrays that are not mapped are ignored.
        begin: The first row.
        end: The row after the last.
    """
    mapping = _mapping(array)
    if mapping is None or begin >= end or not hasattr(mmap, "MADV_WILLNEED"):
        return
    width = array.strides[0]
    start = begin * width // _PAGE * _PAGE
    with suppress(OSError):
        mapping.madvise(mmap.MADV_WILLNEED, start, end * width - start)


def pages_read() -> int:
    """How many pages this thread has waited for the disk to read; 0 where the operating system does not count them."""
    if sys.platform != "linux":
        return 0
    return resource.getrusage(resource.RUSAGE_THREAD).ru_majflt


def _mapping(array: Array) -> mmap.mmap | None:
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base if isinstance(base, mmap.mmap) else None
