"""The cache of values by term: each is computed once, none of a long term is kept, and the number is bounded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qa.index.local.term_cache import TermCache


class Lengths:
    """Computes the length of terms, and counts the requested terms."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, terms: Sequence[str]) -> Iterator[int]:
        self.asked += terms
        return map(len, terms)


def test_values_are_in_the_order_of_the_terms_and_found_once() -> None:
    cache, find = TermCache[int](), Lengths()
    assert cache.of(["fee", "a", "fee"], find) == [3, 1, 3]
    assert cache.of(["harbour", "a", "fee"], find) == [7, 1, 3]
    assert cache.of([], find) == []
    assert find.asked == ["fee", "a", "harbour"]


def test_nothing_is_kept_of_a_long_term() -> None:
    cache, find = TermCache[int](), Lengths()
    for _ in range(2):
        assert cache.of(["x" * 100_000, "fee"], find) == [100_000, 3]
    assert len(find.asked) == 3


def test_the_number_of_terms_kept_is_bounded() -> None:
    cache, find = TermCache[int](), Lengths()
    terms = [f"t{number}" for number in range(100_000)]
    for term in terms:
        assert cache.of([term], find) == [len(term)]
    find.asked.clear()
    assert cache.of(terms, find) == list(map(len, terms))
    assert len(find.asked) > 80_000
