"""One suite that every vector store passes, by values, with the exact store as the oracle."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.index.local.vectors.coded_store import CODES, CodedStore, slack, write_codes
from qa.index.local.vectors.exact import ExactStore, Proposed, inner_products
from qa.index.local.vectors.nearest import search

Floats = npt.NDArray[np.float32]
Open = Callable[[Floats], ExactStore]


def unit(vectors: npt.ArrayLike) -> Floats:
    array = np.asarray(vectors, dtype=np.float32)
    return np.asarray(array / np.linalg.norm(array, axis=-1, keepdims=True), dtype=np.float32)


def found_in(
    store: ExactStore, query: Floats, count: int, allowed: npt.NDArray[np.bool_] | None = None
) -> tuple[npt.NDArray[np.int64], Floats]:
    """The best rows of one store and their scores, best first, ties in the order of rows."""
    return best_first(*search([store], query, count, [allowed]), count)


def best_first(rows: npt.NDArray[np.int64], scores: Floats, count: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """A search's result in order, without further rows that score as much as the last."""
    assert np.all(np.diff(rows) > 0)
    assert len(rows) <= count or np.count_nonzero(scores > scores.min()) < count
    best = np.argsort(-scores, kind="stable")[:count]
    return rows[best], scores[best]


def proposed_by(store: CodedStore, query: Floats, count: int, allowed: npt.NDArray[np.bool_] | None = None) -> Proposed:
    return store.propose(query, count, float(slack(store.steps[np.newaxis], query)[0]), allowed)


def coded(vectors: Floats, folder: Path) -> CodedStore:
    """A store over codes that were saved and opened again."""
    write_codes(vectors, folder)
    return CodedStore.open(folder, vectors)


@pytest.fixture(params=["oracle", "coded"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Open:
    """Opens a store over some vectors; a store in a file is written and read again."""
    if request.param == "oracle":
        return ExactStore
    return lambda vectors: coded(vectors, tmp_path_factory.mktemp("codes"))


@pytest.fixture(scope="module")
def random_vectors() -> Floats:
    return unit(np.random.default_rng(7).standard_normal((500, 24)))


SQUARE = unit([[1, 0], [0, 1], [-1, 0], [3, 4]])


def test_scores_are_cosines_worked_out_by_hand(store: Open) -> None:
    rows, scores = found_in(store(SQUARE), np.array([1, 0], dtype=np.float32), 4)
    assert rows.tolist() == [0, 3, 1, 2]
    np.testing.assert_allclose(scores, [1, 3 / 5, 0, -1], atol=1e-6)
    assert (rows.dtype, scores.dtype) == (np.int64, np.float32)


def test_only_allowed_rows_compete(store: Open) -> None:
    rows, scores = found_in(store(SQUARE), np.array([1, 0], dtype=np.float32), 4, np.array([False, True, True, False]))
    assert rows.tolist() == [1, 2]
    np.testing.assert_allclose(scores, [0, -1], atol=1e-6)


def test_nothing_allowed_is_nothing_found(store: Open) -> None:
    rows, scores = found_in(store(SQUARE), np.array([1, 0], dtype=np.float32), 4, np.zeros(4, dtype=bool))
    assert (rows.shape, scores.shape) == ((0,), (0,))
    assert (rows.dtype, scores.dtype) == (np.int64, np.float32)


def test_more_wanted_than_there_are_is_all(store: Open) -> None:
    rows, _ = found_in(store(SQUARE), np.array([0, 1], dtype=np.float32), 100)
    assert sorted(rows.tolist()) == [0, 1, 2, 3]


def test_fewer_wanted_than_there_are_is_the_best(store: Open) -> None:
    rows, _ = found_in(store(SQUARE), np.array([0, 1], dtype=np.float32), 2)
    assert rows.tolist() == [1, 3]  # cosines 1 and 4/5


def test_ties_stand_in_the_order_of_rows(store: Open) -> None:
    same = unit(np.tile([[0, 1], [1, 0]], (5, 1)))  # even rows are one vector, odd rows another
    rows, _ = found_in(store(same), np.array([1, 0], dtype=np.float32), 10)
    assert rows.tolist() == [1, 3, 5, 7, 9, 0, 2, 4, 6, 8]


@pytest.mark.parametrize(("size", "count"), [(10, 3), (400, 150)])
def test_a_tie_across_the_last_place_keeps_the_first_rows(store: Open, size: int, count: int) -> None:
    same = unit(np.ones((size, 4)))
    rows, _ = found_in(store(same), unit([1, 0, 0, 0]), count)
    assert rows.tolist() == list(range(count))


def test_scores_of_some_rows_come_in_their_order(store: Open, random_vectors: Floats) -> None:
    rows = np.array([499, 0, 7], dtype=np.int64)
    expected = inner_products(random_vectors, random_vectors[3])[rows]
    np.testing.assert_array_equal(store(random_vectors).scores(rows, random_vectors[3]), expected)


def test_no_scores_wanted_are_none(store: Open, random_vectors: Floats) -> None:
    assert store(random_vectors).scores(np.empty(0, dtype=np.int64), random_vectors[3]).shape == (0,)


def test_size_counts_rows(store: Open, random_vectors: Floats) -> None:
    assert store(random_vectors).size == 500


COUNTS, SHARES = st.integers(1, 600), st.sampled_from([None, 0.0, 0.01, 0.5, 1.0])


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 400), count=COUNTS, share=SHARES)
def test_where_sums_are_exact_the_rows_are_the_very_same(
    tmp_path_factory: pytest.TempPathFactory, seed: int, size: int, count: int, share: float | None
) -> None:
    """Components of -1, 0 and 1 give integer inner products with hundreds of ties."""
    random = np.random.default_rng(seed)
    vectors = random.integers(-1, 2, (size, 4)).astype(np.float32)
    query = random.integers(-1, 2, 4).astype(np.float32)
    allowed = None if share is None else random.random(size) < share
    rows, scores = found_in(coded(vectors, tmp_path_factory.mktemp("codes")), query, count, allowed)
    expected_rows, expected_scores = found_in(ExactStore(vectors), query, count, allowed)
    np.testing.assert_array_equal(scores, expected_scores)
    np.testing.assert_array_equal(rows, expected_rows)


@pytest.fixture(scope="module")
def clustered() -> Floats:
    """6,000 vectors around 60 centres, like passages on 60 subjects."""
    random = np.random.default_rng(11)
    centres = random.standard_normal((60, 24))
    return unit(centres[random.integers(0, 60, 6000)] + 0.5 * random.standard_normal((6000, 24)))


# Coded stores


@pytest.fixture(scope="module")
def coded_store(clustered: Floats, tmp_path_factory: pytest.TempPathFactory) -> CodedStore:
    return coded(clustered, tmp_path_factory.mktemp("codes"))


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    near=st.booleans(),
    count=st.integers(1, 900),
    share=st.sampled_from([None, 0.0, 0.001, 0.3, 0.9, 1.0]),
)
def test_coded_finds_exactly_what_the_exact_store_finds(
    coded_store: CodedStore, clustered: Floats, seed: int, near: bool, count: int, share: float | None
) -> None:
    random = np.random.default_rng(seed)
    query = unit(random.standard_normal(24) * (0.3 if near else 1) + (clustered[seed % 6000] if near else 0))
    allowed = None if share is None else random.random(6000) < share
    rows, scores = found_in(coded_store, query, count, allowed)
    expected_rows, expected_scores = found_in(ExactStore(clustered), query, count, allowed)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_array_equal(scores, expected_scores)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), step=st.sampled_from([1e-3, 1e-5, 1e-7]), count=st.integers(1, 60))
def test_coded_misses_none_that_its_codes_cannot_tell_apart(
    tmp_path_factory: pytest.TempPathFactory, seed: int, step: float, count: int
) -> None:
    """Vectors closer to each other than the resolution of the codes, and one that widens the codes' range."""
    random = np.random.default_rng(seed)
    crowd = unit(np.append(1, np.zeros(7)) + step * random.standard_normal((2000, 8)))
    vectors = np.concatenate([crowd, -crowd[:1]])
    query = unit(np.append(1, np.zeros(7)) + 0.3 * random.standard_normal(8))
    rows, scores = found_in(coded(vectors, tmp_path_factory.mktemp("codes")), query, count)
    expected_rows, expected_scores = found_in(ExactStore(vectors), query, count)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_array_equal(scores, expected_scores)


def test_the_same_vectors_give_the_same_codes(tmp_path: Path, clustered: Floats) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_codes(clustered, tmp_path / name)
    assert (tmp_path / "one" / CODES).read_bytes() == (tmp_path / "two" / CODES).read_bytes()


def test_codes_of_other_vectors_are_refused(tmp_path: Path, clustered: Floats) -> None:
    write_codes(clustered, tmp_path)
    with pytest.raises(ValueError, match="not an index of codes"):
        CodedStore.open(tmp_path, clustered[:-1])
    (tmp_path / CODES).write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match="not a FAISS index"):
        CodedStore.open(tmp_path, clustered)


@pytest.fixture(scope="module")
def long_vectors() -> dict[str, Floats]:
    """Vectors with as many components as the packaged model's, 4,500 of each kind."""
    random = np.random.default_rng(5)
    centres = random.standard_normal((40, 384))
    counts = random.poisson(0.1, (4500, 384)) * (random.random(384) < 0.5)
    counts[:, 0] += 1
    return {
        "clustered": unit(centres[random.integers(0, 40, 4500)] + 0.7 * random.standard_normal((4500, 384))),
        "to one side": unit(3 + random.standard_normal((4500, 384))),
        "counts of words": unit(counts),
    }


@pytest.fixture(scope="module")
def long_stores(
    long_vectors: dict[str, Floats], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[ExactStore]]:
    """The same in three stores: two with codes and one without."""
    return {
        kind: [
            coded(vectors[:2000], tmp_path_factory.mktemp("codes")),
            ExactStore(vectors[2000:2500]),
            coded(vectors[2500:], tmp_path_factory.mktemp("codes")),
        ]
        for kind, vectors in long_vectors.items()
    }


@settings(max_examples=100, deadline=None)
@given(
    kind=st.sampled_from(["clustered", "to one side", "counts of words"]),
    seed=st.integers(0, 2**32 - 1),
    count=st.sampled_from([1, 10, 100, 700]),
    share=st.sampled_from([None, 0.0, 0.02, 0.3, 0.9]),
    two_threads=st.booleans(),
)
def test_a_search_in_several_stores_finds_what_one_exact_store_finds(
    long_vectors: dict[str, Floats],
    long_stores: dict[str, list[ExactStore]],
    kind: str,
    seed: int,
    count: int,
    share: float | None,
    two_threads: bool,
) -> None:
    vectors, random = long_vectors[kind], np.random.default_rng(seed)
    query = unit(vectors[seed % 4500] + vectors[seed // 4500 % 4500])
    allowed = None if share is None else random.random(4500) < share
    bounds = [0, 2000, 2500, 4500]
    pieces = [None if allowed is None else allowed[begin:end] for begin, end in pairwise(bounds)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qa.index.local.vectors.nearest._ON_TWO_THREADS", 4500 if two_threads else 4501)
        rows, scores = best_first(*search(long_stores[kind], query, count, pieces), count)
    expected_rows, expected_scores = found_in(ExactStore(vectors), query, count, allowed)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_array_equal(scores, expected_scores)


@pytest.mark.parametrize(("from_rows", "elsewhere"), [(4500, [2000]), (4501, [])])
def test_about_half_of_many_rows_are_searched_on_another_thread(
    long_vectors: dict[str, Floats],
    long_stores: dict[str, list[ExactStore]],
    monkeypatch: pytest.MonkeyPatch,
    from_rows: int,
    elsewhere: list[int],
) -> None:
    monkeypatch.setattr("qa.index.local.vectors.nearest._ON_TWO_THREADS", from_rows)
    here, on_another = threading.get_ident(), []
    propose = CodedStore.propose

    def told(store: CodedStore, *asked: Any) -> Proposed:
        if threading.get_ident() != here:
            on_another.append(store.size)
        return propose(store, *asked)

    monkeypatch.setattr(CodedStore, "propose", told)
    search(long_stores["clustered"], long_vectors["clustered"][0], 10, [None] * 3)
    assert on_another == elsewhere


def test_no_stores_have_no_rows() -> None:
    rows, scores = search([], unit([1, 0]), 3, [])
    assert (len(rows), len(scores)) == (0, 0)


@pytest.mark.parametrize("missing", [0, 100])
def test_rows_are_announced_if_the_first_ones_were_not_in_memory(
    long_vectors: dict[str, Floats], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: int
) -> None:
    announced: set[int] = set()
    monkeypatch.setattr("qa.index.local.vectors.nearest.pages_read", count(0, missing).__next__)
    monkeypatch.setattr(CodedStore, "prefetch", lambda _, rows: announced.update(rows.tolist()))
    vectors = long_vectors["clustered"]
    rows, _ = found_in(coded(vectors, tmp_path), vectors[0], 10)
    assert announced.issuperset(rows.tolist()) if missing else not announced


def test_few_rows_are_scored_where_codes_tell_the_others_apart(long_vectors: dict[str, Floats], tmp_path: Path) -> None:
    vectors = long_vectors["clustered"]
    proposed = proposed_by(coded(vectors, tmp_path), vectors[0], 150)
    scores = np.sort(inner_products(vectors, vectors[0]))
    assert len(proposed.rows) < len(vectors) / 20
    assert proposed.rest < scores[-10]


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 400), share=st.sampled_from([None, 0.5]))
def test_no_score_is_above_the_highest_that_was_told(
    coded_store: CodedStore, clustered: Floats, seed: int, count: int, share: float | None
) -> None:
    random = np.random.default_rng(seed)
    query = unit(random.standard_normal(24))
    allowed = np.ones(6000, np.bool_) if share is None else random.random(6000) < share
    proposed = proposed_by(coded_store, query, count, None if share is None else allowed)
    scores = inner_products(clustered, query)
    assert allowed[proposed.rows].all()
    assert len(set(proposed.rows.tolist())) == len(proposed.rows)
    assert (scores[proposed.rows] <= proposed.at_most).all()
    others = allowed.copy()
    others[proposed.rows] = False
    if proposed.rest > -np.inf:
        assert scores[others].max(initial=-np.inf) <= proposed.rest


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), dimension=st.sampled_from([1, 7, 24, 33, 384]), size=st.integers(1, 300))
def test_a_score_is_the_same_alone_in_any_company_and_at_any_place(seed: int, dimension: int, size: int) -> None:
    random = np.random.default_rng(seed)
    vectors = random.standard_normal((size, dimension)).astype(np.float32)
    query = random.standard_normal(dimension).astype(np.float32)
    together = inner_products(vectors, query)
    alone = [inner_products(vectors[[row]], query)[0] for row in range(size)]
    order = random.permutation(size)[: 1 + size // 2]
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(together[order], inner_products(vectors[order], query))
