"""The interface of an index: all that retrieval and answering use of it, however and wherever it is stored.

Every implementation passes one test suite.

Guarantees: what an index returns depends on its documents and its configuration alone, not on how they are stored. A
score depends on the question and the passage (and BM25 on the number, the lengths and the terms of all passages):

- dense: `np.einsum("nd,d->n", vectors[rows], vector)` in float32 over the stored vectors of the rows asked for;
- sentences and tokens: products of whole numbers, then the scales (`qa.encode.int8`);
- BM25: with N passages, L their lengths in terms (1 for a passage without terms), df passages that hold a term:
  `idf = float32(log(1 + (N - df + .5) / (df + .5)))`, `norm = 1.5 * (.25 + .75 * length / (L / N))` in float64, and a
  term adds `float32(idf * (count / (norm + count)))`; sums in float32, terms in the order in which they are given;
- ties: by score, then by row.

No result is as long as the index. No result has a passage's token vectors: the index compares them itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from qa.encode.maxima import Maxima
from qa.records import Document, DocumentInfo, Filters, Passage, ShardStatus
from qa.text.spelling import WordForm

__all__ = ["Abbreviation", "Candidates", "Index", "IndexSource", "Maxima", "TokenSimilarities", "WordForm", "admitted"]

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Candidates:
    """The passages that two retrievers propose for a question, and the signals that choose among them.

    Attributes:
        rows: `(n,) int64`, ascending; n is at most twice the count asked for.
        dense: `(n,) float32`, the inner product with the question's vector.
        bm25: `(n,) float32`; 0 where no term occurs.
        sentence: `(n,) float32`, the cosine of the question's vector with the passage's nearest sentence.
        boilerplate: `(n,) bool`.
        dense_rows: `(a,) int64`, the nearest by vector, best first, ties in the order of rows.
        bm25_rows: `(b,) int64`, likewise those with the best BM25 scores above 0.
    """

    rows: Rows
    dense: Floats
    bm25: Floats
    sentence: Floats
    boilerplate: npt.NDArray[np.bool_]
    dense_rows: Rows
    bm25_rows: Rows


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """A short form of the documents, and what it stands for.

    Attributes:
        short: As it is written where it is defined; otherwise in small letters.
        long: Likewise.
        defined: Whether a document says that the one stands for the other; otherwise the long form's words have the
            short form's letters as initials.
        count: How many documents define it; if none does, how often the documents have the long form's words.
        used: How often the documents have the short form, in capitals; known if it is looked up by its short form.
    """

    short: str
    long: str
    defined: bool
    count: int
    used: int


@dataclass(frozen=True, slots=True)
class TokenSimilarities:
    """The cosine of every question token with every token of some passages, which stand one after another.

    Attributes:
        matrix: `(question tokens, tokens) float32`.
        spans: `(tokens, 2) int32`, places in the passage's text; -1 for the heading trail's tokens and the model's own.
        sentences: `(tokens,) int32`, each token's sentence within its passage; -1 for none.
        bounds: `(passages + 1,) int64`, where each passage's tokens begin and end.
    """

    matrix: Floats
    spans: npt.NDArray[np.int32]
    sentences: npt.NDArray[np.int32]
    bounds: Rows


class Index(Protocol):
    """One version of an index, open. Safe to call from several threads.

    Rows are passages in the order of their documents' paths, then of the text: 0 .. size-1. A row means nothing in
    another version.
    """

    @property
    def id(self) -> str:
        """A digest of the documents and the configuration, 16 hexadecimal digits."""
        ...

    @property
    def built_at(self) -> str:
        """When it was built, ISO 8601 in UTC."""
        ...

    @property
    def weights(self) -> str:
        """The fingerprint of the model that encoded it."""
        ...

    @property
    def dimension(self) -> int:
        """The length d of its vectors."""
        ...

    @property
    def size(self) -> int:
        """The number of passages."""
        ...

    @property
    def exact(self) -> bool:
        """Whether the nearest passages by vector are found without fail. The scores of those found are exact anyway."""
        ...

    @property
    def documents(self) -> Sequence[DocumentInfo]:
        """All documents, in the order of their paths."""
        ...

    def frequencies(self, terms: Sequence[str]) -> Sequence[int]:
        """The number of passages that hold each index term; 0 for a term that none holds."""
        ...

    def held(self, terms: Sequence[str], rows: Rows) -> npt.NDArray[np.bool_]:
        """Which of some passages hold which index terms, `(terms, rows) bool`."""
        ...

    def together(self, term: str, others: Sequence[str]) -> Sequence[int]:
        """The number of passages that hold an index term and each of some others."""
        ...

    def candidates(
        self, vector: Floats, terms: Sequence[str], count: int, filters: Filters | None = None
    ) -> Candidates:
        """The union of the `count` nearest passages by vector and the `count` best by BM25.

        Args:
            vector: The question's, `(d,) float32`, unit length.
            terms: Distinct index terms, in the order of the question.
            count: At least 1.
            filters: Conditions on documents, applied before ranking.

        Raises:
            UnknownDocument: a filter names a document that is not there.
        """
        ...

    def compare(self, tokens: Floats, rows: Rows) -> Maxima:
        """Find each question token's best match in each of some passages.

        Args:
            tokens: The question's, `(q, d) float32`, unit length each.
            rows: Distinct passages `(n,) int64`; the result has them in this order.
        """
        ...

    def similarities(self, tokens: Floats, rows: Rows) -> TokenSimilarities:
        """Compare all tokens of a question with all tokens of a few passages, to explain a result; as `compare`."""
        ...

    def passages(self, rows: Sequence[int] | Rows) -> Sequence[Passage]:
        """Some passages, in the order of `rows`."""
        ...

    def document(self, document_id: str) -> Document:
        """A document with its canonical text and blocks.

        Raises:
            UnknownDocument: no document has this id.
        """
        ...

    def info(self, document_id: str) -> DocumentInfo:
        """What `documents` says of one.

        Raises:
            UnknownDocument: no document has this id.
        """
        ...

    def present_id(self, document_id: str) -> str:
        """The id of the document that has this id, or else of the one that had it by a former rule.

        Raises:
            UnknownDocument: no document has or had it, or several had; then they are listed.
        """
        ...

    def abbreviations(self, keys: Sequence[str]) -> Sequence[Abbreviation]:
        """Those with one of the given short forms or, if defined, long forms, folded (`qa.text.abbreviations`)."""
        ...

    def forms_near(self, word: str, edits: int) -> Sequence[WordForm]:
        """The documents' words within at most `edits` edits of a folded word (`qa.text.spelling`), in any order."""
        ...


class IndexSource(Protocol):
    """Gives the current version of an index, and changes to a new one between readers."""

    def reading(self) -> AbstractContextManager[Index]:
        """The version that serves, for as long as the context lasts.

        Raises:
            NoIndex, DamagedSnapshot, MismatchedSnapshot: there is none, and why.
        """
        ...

    def refresh(self) -> None:
        """Change to the current version at once, and not only at the next regular check."""
        ...

    @property
    def trouble(self) -> str | None:
        """Why the version that serves is not the current one, or None."""
        ...

    @property
    def shards(self) -> Sequence[ShardStatus]:
        """The hosts of every shard; nothing where this process has the whole index."""
        ...

    def close(self) -> None:
        """Close the version that serves when its last reader is done."""
        ...


def admitted(filters: Filters, documents: Sequence[DocumentInfo]) -> npt.NDArray[np.bool_]:
    """Which documents meet all conditions, `(documents,) bool`. Whether a document named is there is not checked."""
    document_ids = frozenset(filters.document_ids)
    publishers = frozenset(name.casefold() for name in filters.publishers)
    return np.fromiter(
        (
            (not document_ids or info.id in document_ids)
            and (not publishers or (info.publisher or "").casefold() in publishers)
            and _dated_within(info.date, filters)
            for info in documents
        ),
        np.bool_,
        len(documents),
    )


def _dated_within(day: str | None, filters: Filters) -> bool:
    """Whether a document's date, as far as it is known, lies within the filters; "2022" lies within 2022-04-01 to …"""
    if not (filters.date_from or filters.date_to):
        return True
    if day is None:
        return filters.undated
    low, high = filters.date_from or "", filters.date_to or "9999-12-31"
    return low[: len(day)] <= day <= high[: len(day)]
