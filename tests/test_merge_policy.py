"""The choice of segments to merge: few remain, and each passage is rarely rewritten."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.index.local.merge_policy import MOST_PASSAGES, Size, next_merge


def sizes(*live: int) -> list[Size]:
    return [Size(str(number), passages, passages) for number, passages in enumerate(live)]


@pytest.mark.parametrize(
    ("live", "merged"),
    [
        ((), []),
        ((1, 2, 3), []),
        ((1, 2, 3, 63), ["0", "1", "2", "3"]),
        ((1, 2, 3, 64), []),  # 64 to 255 are another tier
        ((1, 2, 3, 4, 5), ["0", "1", "2", "3"]),  # the smallest four
        ((64, 255, 256, 100, 64), ["0", "4", "3", "1"]),
        ((70_000, 70_000, 70_000, 70_000), []),  # together they are too many, and so are two of them
        ((40_000, 40_000, 40_000, 40_000), ["0", "1", "2"]),
        ((70_000, 1, 70_000, 1, 70_000, 1, 70_000, 1), ["1", "3", "5", "7"]),
    ],
)
def test_four_of_a_tier_are_merged(live: tuple[int, ...], merged: list[str]) -> None:
    assert next_merge(sizes(*live)) == merged


@pytest.mark.parametrize(("live", "merged"), [(75, []), (74, ["a"]), (0, ["a"])])
def test_one_of_which_more_than_a_quarter_was_removed_is_written_anew(live: int, merged: list[str]) -> None:
    assert next_merge([Size("a", 100, live)]) == merged


@given(st.lists(st.tuples(st.integers(1, 200_000), st.floats(0, 1)), max_size=20))
def test_merging_ends_and_makes_no_segment_too_large(drawn: list[tuple[int, float]]) -> None:
    segments = [Size(str(number), size, int(size * share)) for number, (size, share) in enumerate(drawn)]
    names = count(100)
    for _ in range(100):
        chosen = next_merge(segments)
        if not chosen:
            break
        assert len(set(chosen)) == len(chosen)
        live = sum(segment.live for segment in segments if segment.id in chosen)
        assert live <= MOST_PASSAGES or len(chosen) == 1
        rest = [segment for segment in segments if segment.id not in chosen]
        segments = [*rest, Size(str(next(names)), live, live)]
    assert next_merge(segments) == []


def test_many_small_additions_leave_few_segments_and_are_seldom_written_again() -> None:
    segments: list[Size] = []
    written = most = 0
    for number in range(20_000):
        segments.append(Size(f"n{number}", 1, 1))
        while chosen := next_merge(segments):
            live = sum(segment.live for segment in segments if segment.id in chosen)
            segments = [*(each for each in segments if each.id not in chosen), Size(f"m{number}-{live}", live, live)]
            written += live
        most = max(most, len(segments))
    assert most <= 15
    assert written / 20_000 < 20
