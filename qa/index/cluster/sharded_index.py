"""Implements the `Index` contract for one version of an index of several shards, over a transport.

1. The shards count how many of their passages hold each term; the sums give every term's weight.
2. Each shard returns its best passages by vector and by BM25 with their signals; the best of all are kept.
3. The shards that have these passages compare them with the question.

Guarantees: results equal, to the last bit, those of one process with all segments. They come from all shards, or the
    call raises.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from itertools import chain
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from qa.encode.max_similarities import Maxima
from qa.index.cluster.combine import combined_candidates, combined_maxima, combined_similarities
from qa.index.contract import Candidates, Floats, Rows, TokenSimilarities
from qa.index.local.abbreviations import Entry
from qa.index.local.candidate_search import Wanted
from qa.index.local.indexed_version import IndexedVersion
from qa.index.local.row_map import first_rows
from qa.index.local.term_cache import TermCache
from qa.index.local.version import Version
from qa.records import Document, Passage


class ShardedIndex(IndexedVersion):
    """An `Index` over shards. It does not close them."""

    def __init__(self, version: Version, transport: Transport) -> None:
        """Ask every shard for its contents.

        Args:
            version: The version that the shards have open.
            transport: Calls the shards.

        Raises:
            ShardUnavailable: a shard did not answer in time.
            ValueError: two documents have one path or one id.
        """
        self._transport = transport
        found = self._ask_all("content")
        lists, statistics = zip(*(found[shard] for shard in range(transport.shards)), strict=True)
        super().__init__(version, lists, statistics)
        self._frequencies: TermCache[int] = TermCache()
        self._first_rows = [first_rows(each.documents) for each in lists]  # of each document, by shard

    def over(self, transport: Transport) -> Self:
        """The same version over another transport to the same shards."""
        other = copy(self)
        other._transport = transport  # noqa: SLF001 - its own kind
        return other

    def frequencies(self, terms: Sequence[str]) -> Sequence[int]:
        """The number of passages that hold each index term."""
        return self._frequencies.of(terms, lambda unknown: self._sums("frequencies", len(unknown), unknown))

    def held(self, terms: Sequence[str], rows: Rows) -> npt.NDArray[np.bool_]:
        """Whether each of some passages holds each of some index terms, `(terms, rows) bool`."""
        return self._holding("held", terms, rows)

    def held_in_documents(self, terms: Sequence[str], rows: Rows) -> npt.NDArray[np.bool_]:
        """Whether the document of each of some passages holds each of some index terms, `(terms, rows) bool`."""
        return self._holding("held_in_documents", terms, rows)

    def together(self, term: str, others: Sequence[str]) -> Sequence[int]:
        """The number of passages that hold an index term and each of some others."""
        return self._sums("together", len(others), term, others)

    def best(self, wanted: Wanted) -> Candidates:
        """The best of all shards' candidates; see `IndexedVersion`."""
        found = self._ask_all("best", wanted)
        return combined_candidates([self._of_index(shard, each) for shard, each in found.items()], wanted.count)

    def compare(self, tokens: Floats, rows: Rows) -> Maxima:
        """Each question token's best match in each of some passages; see `Index`."""
        found, order = self._of_passages("compare", rows, tokens)
        return combined_maxima(found, order)

    def similarities(self, tokens: Floats, rows: Rows) -> TokenSimilarities:
        """The cosine of every question token with every token of a few passages; see `Index`."""
        found, order = self._of_passages("similarities", rows, tokens)
        return combined_similarities(found, order)

    def passages(self, rows: Sequence[int] | Rows) -> Sequence[Passage]:
        """Some passages, in the order of `rows`."""
        found, order = self._of_passages("passages", np.asarray(rows, np.int64))
        passages = list(chain.from_iterable(found))
        return [passages[place] for place in order.tolist()]

    def document(self, document_id: str) -> Document:
        """A document with its canonical text and blocks; see `Index`."""
        shard = int(self._map.segments[self.number(document_id)])
        found: Document = self._transport.ask("document", {shard: (document_id,)})[shard]
        return found

    def abbreviation_entries(self, keys: Sequence[str]) -> Iterable[Entry]:
        """The abbreviations of all shards; see `IndexedVersion`."""
        return chain.from_iterable(self._ask_all("abbreviation_entries", keys).values())

    def form_counts_near(self, word: str, edits: int) -> dict[str, Counter[str]]:
        """The forms in all shards of each word near a folded word; see `IndexedVersion`."""
        counts: dict[str, Counter[str]] = {}
        for of_shard in self._ask_all("form_counts_near", word, edits).values():
            for folded, of_forms in of_shard.items():
                counts.setdefault(folded, Counter()).update(of_forms)
        return counts

    def _ask_all(self, call: str, *arguments: Any) -> dict[int, Any]:
        return self._transport.ask(call, dict.fromkeys(range(self._transport.shards), arguments))

    def _sums(self, call: str, length: int, *arguments: Any) -> list[int]:
        """The element-wise sum of the shards' answers."""
        found = self._ask_all(call, *arguments)
        return [sum(of_one) for of_one in zip(*found.values(), strict=True)] if length else []

    def _holding(self, call: str, terms: Sequence[str], rows: Rows) -> npt.NDArray[np.bool_]:
        found, order = self._of_passages(call, rows, terms)
        return np.take(np.concatenate(found, axis=1), order, axis=1)

    def _of_passages(self, call: str, rows: Rows, *arguments: Any) -> tuple[list[Any], Rows]:
        """Call the shards that have some passages; for none one shard, whose answer has the form of none.

        Returns:
            Their answers, and for each requested passage its position in the concatenated answers, `(n,) int64`.
        """
        shards, local = self._map.places(np.asarray(rows, np.int64))
        asked = np.unique(shards).tolist() or [0]
        found = self._transport.ask(call, {shard: (*arguments, local[shards == shard]) for shard in asked})
        order = np.empty(len(local), np.int64)
        order[np.argsort(shards, kind="stable")] = np.arange(len(local))
        return [found[shard] for shard in asked], order

    def _of_index(self, shard: int, found: Candidates) -> Candidates:
        """A shard's candidates with rows of the index, which have the same order."""

        def rows(of_shard: Rows) -> Rows:
            documents = self._first_rows[shard].searchsorted(of_shard, side="right").astype(np.int32) - 1
            return self._map.rows(shard, of_shard, documents)

        return replace(found, rows=rows(found.rows), dense_rows=rows(found.dense_rows), bm25_rows=rows(found.bm25_rows))


class Transport(Protocol):
    """Calls the shards of one version. Safe to use from several threads."""

    @property
    def shards(self) -> int:
        """The number of shards."""
        ...

    def ask(self, call: str, arguments: Mapping[int, Sequence[Any]]) -> dict[int, Any]:
        """Call some shards at once, and wait for all of them.

        Args:
            call: A method of a shard, a `LocalIndex`.
            arguments: The arguments for each shard to call, by its number.

        Returns:
            The answers of all called shards, by number.

        Raises:
            ShardUnavailable: a shard did not answer in time.
            OperatingError: any other error of a shard.
        """
        ...
