"""Divides the segments of a version among shards."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate


def assign(sizes: Sequence[int], shards: int) -> list[range]:
    """Divide segments into contiguous groups of about the same size; the result depends only on the arguments.

    The total size is divided into equal shares; a segment goes to the shard whose share contains its middle. A shard
    may be empty.

    Args:
        sizes: Each segment's size, in any unit, in the version's order.
        shards: The number of groups, at least 1.

    Returns:
        The numbers of each shard's segments.
    """
    whole = sum(sizes)
    middles = [end - size / 2 for end, size in zip(accumulate(sizes), sizes, strict=True)]
    of_segment = [min(shards - 1, int(middle * shards / whole)) if whole else 0 for middle in middles]
    ends = [sum(1 for each in of_segment if each <= shard) for shard in range(shards)]
    return [range(begin, end) for begin, end in zip([0, *ends], ends, strict=False)]
