"""Chooses segments to merge, so that there are few segments and each passage is rarely rewritten.

A segment's tier grows with the logarithm of its passages. Four segments of one tier are merged, and a single segment is
rewritten if more than a quarter of it was removed. After 20,000 additions of one passage there are 8 segments on
average, and a passage was written 15 times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_PASSAGES = 131_072  # of a merged segment

_AT_ONCE = 4
_LOWEST_TIER = 64  # passages below which segments are of tier 0
_FACTOR = 4  # between two tiers


@dataclass(frozen=True, slots=True)
class Size:
    """A segment's number of passages, and the number of live ones."""

    id: str
    passages: int
    live: int


def next_merge(segments: Sequence[Size]) -> list[str]:
    """The ids of the segments to merge next; empty if no merge is due."""
    by_tier: dict[int, list[Size]] = {}
    for segment in segments:
        by_tier.setdefault(_tier(segment.live), []).append(segment)
    for _, alike in sorted(by_tier.items()):
        chosen = _fitting(alike) if len(alike) >= _AT_ONCE else []
        if len(chosen) > 1:
            return [segment.id for segment in chosen]
    for segment in segments:
        if _AT_ONCE * (segment.passages - segment.live) > segment.passages:
            return [segment.id]
    return []


def _fitting(segments: Sequence[Size]) -> list[Size]:
    """The smallest of some segments, as many as fit into one."""
    chosen: list[Size] = []
    for segment in sorted(segments, key=lambda each: each.live)[:_AT_ONCE]:
        if sum(each.live for each in chosen) + segment.live <= MOST_PASSAGES:
            chosen.append(segment)
    return chosen


def _tier(passages: int) -> int:
    tier, size = 0, _LOWEST_TIER
    while passages >= size:
        tier, size = tier + 1, size * _FACTOR
    return tier
