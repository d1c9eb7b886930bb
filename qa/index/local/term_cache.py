"""Caches values by index term, since a question looks up the same terms several times and a version is immutable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

_MOST = 8192
_LONGEST_CHARS = 64  # together with the number of terms, limits memory to a few megabytes

_Value = TypeVar("_Value")


class TermCache(Generic[_Value]):
    """Cached values by term. Safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: dict[str, _Value] = {}

    def of(self, terms: Sequence[str], find: Callable[[list[str]], Iterable[_Value]]) -> list[_Value]:
        """The value of each term, in order.

        Args:
            terms: Index terms.
            find: Returns the values of terms that are not cached.
        """
        kept = self._kept
        found = {term: kept[term] for term in terms if term in kept}
        unknown = [term for term in dict.fromkeys(terms) if term not in found]
        if unknown:
            found.update(zip(unknown, find(unknown), strict=True))
            if len(kept) >= _MOST:
                self._kept = kept = {}  # another thread may still read the full cache
            kept.update((term, found[term]) for term in unknown if len(term) <= _LONGEST_CHARS)
        return [found[term] for term in terms]
