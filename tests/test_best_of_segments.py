"""The best passages of several segments, some with codes of their vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from segment_work import ENCODER, opened, write_segment

from qa.index.local.best_scores import among_best, best_of_parts
from qa.index.local.local_index import LocalIndex
from qa.index.local.vectors.coded_store import CODES
from qa.records import Filters
from qa.text.words import terms

WORDS = "harbour pier ferry mill rye café quill salt wheel strait dog brook lamp tide rope crane".split()
FILTERS = (None, Filters(publishers=("Harbour Press",)), Filters(date_from="2021"))


@pytest.fixture(scope="module")
def whole_and_parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalIndex, LocalIndex]]:
    """1,500 passages in one segment, which is searched without codes, and in five, which have some."""
    random = np.random.default_rng(3)
    texts = {
        f"{number:02}.txt": "\n\n".join(" ".join(random.choice(WORDS, random.integers(1, 9))) + "." for _ in range(50))
        for number in range(30)
    }
    folder = tmp_path_factory.mktemp("best")
    whole = write_segment(folder, texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qa.index.local.segment_writer.CODED_FROM", 0)
        parts = [write_segment(folder, dict(list(texts.items())[first::5])) for first in range(5)]
    assert not (whole / CODES).exists()
    assert all((part / CODES).exists() for part in parts)
    with opened([whole]) as one, opened(parts, {}) as many:
        yield one, many


@settings(max_examples=150, deadline=None)
@given(
    question=st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join),
    count=st.integers(1, 40),
    filters=st.sampled_from(FILTERS),
)
def test_segments_with_codes_give_what_one_without_gives(
    whole_and_parts: tuple[LocalIndex, LocalIndex], question: str, count: int, filters: Filters | None
) -> None:
    vector, asked = ENCODER.encode_question(question).vector, tuple(dict.fromkeys(terms(question)))
    one, many = (index.candidates(vector, asked, count, filters) for index in whole_and_parts)
    for left, right in zip(astuple(one), astuple(many), strict=True):
        np.testing.assert_array_equal(left, right)


def test_the_best_are_found_with_all_that_are_equal_to_the_last() -> None:
    scores = np.array([0.5, 0.25, 0.75, 0.25, 0.125], np.float32)
    found = {count: among_best(scores, count).tolist() for count in (1, 2, 3, 4, 5, 9)}
    assert found == {1: [2], 2: [0, 2], 3: [0, 1, 2, 3], 4: [0, 1, 2, 3], 5: [0, 1, 2, 3, 4], 9: [0, 1, 2, 3, 4]}
    assert among_best(np.empty(0, np.float32), 3).tolist() == []


@given(
    st.lists(st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), max_size=40), max_size=8),
    st.integers(1, 9),
)
def test_the_best_of_parts_are_the_best_of_all_together(parts: list[list[float]], count: int) -> None:
    together = np.array([score for part in parts for score in part], np.float32)
    held = np.flatnonzero(together > 0)
    best = held[among_best(together[held], count)]
    rows, scores = best_of_parts([np.array(part, np.float32) for part in parts], count)
    assert (rows.tolist(), scores.tolist()) == (best.tolist(), together[best].tolist())
