"""Tells the operating system which parts of a mapped array are read, so that it reads those from the disk, all at once.

By itself it reads a large stretch around each place that is touched, one after another: of a large index, for each
question some megabytes for every passage, of which a few kilobytes are used, and which drive others out of memory.
"""

from __future__ import annotations

import mmap
from contextlib import suppress

import numpy as np
import numpy.typing as npt

from qa.index.local.arrays import Array

_PAGE = mmap.PAGESIZE


def read_parts_only(array: Array) -> None:
    """Have no more read than what is touched of an array, or announced by `prefetch`."""
    mapping = _mapping(array)
    if mapping is not None and hasattr(mmap, "MADV_RANDOM"):
        with suppress(OSError):  # advice; without it the array is read all the same
            mapping.madvise(mmap.MADV_RANDOM)


def prefetch(array: Array, begins: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> None:
    """Begin to read parts of an array from the disk, without waiting for them.

    Args:
        array: A whole array of a segment. Nothing is done for one that is not mapped.
        begins: The first row of each part, `(n,) int64`.
        ends: The row behind the last of each part, `(n,) int64`.
    """
    mapping = _mapping(array)
    if mapping is None or not hasattr(mmap, "MADV_WILLNEED"):
        return
    width = array.strides[0]
    some = begins < ends
    starts = begins[some] * width // _PAGE * _PAGE
    with suppress(OSError):
        for start, length in zip(starts.tolist(), (ends[some] * width - starts).tolist(), strict=True):
            mapping.madvise(mmap.MADV_WILLNEED, start, length)


def _mapping(array: Array) -> mmap.mmap | None:
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base if isinstance(base, mmap.mmap) else None
