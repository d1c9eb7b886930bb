"""One suite that every vector store passes, by value, with the exact store as the oracle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.errors import DamagedSnapshot
from qa.vectors import ExactStore, FaissStore, VectorStore
from qa.vectors.faiss_store import write_faiss

Floats = npt.NDArray[np.float32]
Open = Callable[[Floats], VectorStore]


def unit(vectors: npt.ArrayLike) -> Floats:
    array = np.asarray(vectors, dtype=np.float32)
    return np.asarray(array / np.linalg.norm(array, axis=-1, keepdims=True), dtype=np.float32)


@pytest.fixture(params=["exact", "faiss"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Open:
    """Opens a store over some vectors, written and read again where the store lives in a file."""
    if request.param == "exact":
        return ExactStore

    def open_faiss(vectors: Floats) -> VectorStore:
        path = tmp_path_factory.mktemp("faiss") / "passages.faiss"
        write_faiss([vectors[:2], vectors[2:]] if len(vectors) > 2 else [vectors], vectors.shape[1], path)
        return FaissStore.open(path)

    return open_faiss


@pytest.fixture(scope="module")
def random_vectors() -> Floats:
    return unit(np.random.default_rng(7).standard_normal((500, 24)))


SQUARE = unit([[1, 0], [0, 1], [-1, 0], [3, 4]])


def test_scores_are_cosines_worked_out_by_hand(store: Open) -> None:
    rows, scores = store(SQUARE).search(np.array([1, 0], dtype=np.float32), 4)
    assert rows.tolist() == [0, 3, 1, 2]
    np.testing.assert_allclose(scores, [1, 3 / 5, 0, -1], atol=1e-6)
    assert (rows.dtype, scores.dtype) == (np.int64, np.float32)


def test_only_allowed_rows_compete(store: Open) -> None:
    rows, scores = store(SQUARE).search(np.array([1, 0], dtype=np.float32), 4, np.array([False, True, True, False]))
    assert rows.tolist() == [1, 2]
    np.testing.assert_allclose(scores, [0, -1], atol=1e-6)


def test_nothing_allowed_is_nothing_found(store: Open) -> None:
    rows, scores = store(SQUARE).search(np.array([1, 0], dtype=np.float32), 4, np.zeros(4, dtype=bool))
    assert (rows.shape, scores.shape) == ((0,), (0,))
    assert (rows.dtype, scores.dtype) == (np.int64, np.float32)


def test_more_wanted_than_there_are_is_all(store: Open) -> None:
    rows, _ = store(SQUARE).search(np.array([0, 1], dtype=np.float32), 100)
    assert sorted(rows.tolist()) == [0, 1, 2, 3]


def test_fewer_wanted_than_there_are_is_the_best(store: Open) -> None:
    rows, _ = store(SQUARE).search(np.array([0, 1], dtype=np.float32), 2)
    assert rows.tolist() == [1, 3]  # cosines 1 and 4/5


def test_ties_stand_in_the_order_of_rows(store: Open) -> None:
    same = unit(np.tile([[0, 1], [1, 0]], (5, 1)))  # even rows are one vector, odd rows another
    rows, _ = store(same).search(np.array([1, 0], dtype=np.float32), 10)
    assert rows.tolist() == [1, 3, 5, 7, 9, 0, 2, 4, 6, 8]


@pytest.mark.parametrize(("size", "count"), [(10, 3), (400, 150)])
def test_a_tie_across_the_last_place_keeps_the_first_rows(store: Open, size: int, count: int) -> None:
    same = unit(np.ones((size, 4)))
    rows, _ = store(same).search(unit([1, 0, 0, 0]), count)
    assert rows.tolist() == list(range(count))


def test_stored_vectors_come_back_as_they_were(store: Open, random_vectors: Floats) -> None:
    rows = np.array([499, 0, 7], dtype=np.int64)
    np.testing.assert_array_equal(store(random_vectors).vectors(rows), random_vectors[rows])


def test_no_vectors_wanted_are_none(store: Open, random_vectors: Floats) -> None:
    assert store(random_vectors).vectors(np.empty(0, dtype=np.int64)).shape == (0, 24)


def test_size_counts_rows(store: Open, random_vectors: Floats) -> None:
    assert store(random_vectors).size == 500


COUNTS, SHARES = st.integers(1, 600), st.sampled_from([None, 0.0, 0.01, 0.5, 1.0])


@given(seed=st.integers(0, 2**32 - 1), count=COUNTS, share=SHARES)
def test_faiss_finds_what_the_exact_store_finds(
    random_vectors: Floats, faiss_store: VectorStore, seed: int, count: int, share: float | None
) -> None:
    random = np.random.default_rng(seed)
    query = unit(random.standard_normal(24))
    allowed = None if share is None else random.random(500) < share
    rows, scores = faiss_store.search(query, count, allowed)
    _, expected = ExactStore(random_vectors).search(query, count, allowed)
    # The two sum in different orders, so rows whose scores differ in the seventh digit may change places.
    np.testing.assert_allclose(scores, expected, atol=1e-6)
    np.testing.assert_allclose(random_vectors[rows] @ query, expected, atol=1e-6)
    assert len(set(rows.tolist())) == len(rows)
    assert allowed is None or allowed[rows].all()


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 400), count=COUNTS, share=SHARES)
def test_where_sums_are_exact_the_rows_are_the_very_same(
    tmp_path_factory: pytest.TempPathFactory, seed: int, size: int, count: int, share: float | None
) -> None:
    """Components of -1, 0 and 1 make inner products whole numbers, and ties by the hundred."""
    random = np.random.default_rng(seed)
    vectors = random.integers(-1, 2, (size, 4)).astype(np.float32)
    query = random.integers(-1, 2, 4).astype(np.float32)
    allowed = None if share is None else random.random(size) < share
    path = tmp_path_factory.mktemp("faiss") / "passages.faiss"
    write_faiss([vectors], 4, path)
    rows, scores = FaissStore.open(path).search(query, count, allowed)
    expected_rows, expected_scores = ExactStore(vectors).search(query, count, allowed)
    np.testing.assert_array_equal(scores, expected_scores)
    np.testing.assert_array_equal(rows, expected_rows)


@pytest.fixture(scope="module")
def faiss_store(random_vectors: Floats, tmp_path_factory: pytest.TempPathFactory) -> VectorStore:
    path = tmp_path_factory.mktemp("faiss") / "passages.faiss"
    write_faiss(iter([random_vectors]), 24, path)
    return FaissStore.open(path)


def test_a_file_that_is_no_index_is_named(tmp_path: Path) -> None:
    path = tmp_path / "passages.faiss"
    path.write_bytes(b"no index at all")
    with pytest.raises(DamagedSnapshot, match=r"passages\.faiss is no FAISS index"):
        FaissStore.open(path)


def test_the_same_vectors_give_the_same_bytes(tmp_path: Path, random_vectors: Floats) -> None:
    write_faiss([random_vectors], 24, tmp_path / "one")
    write_faiss([random_vectors[:100], random_vectors[100:]], 24, tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
