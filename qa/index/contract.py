"""The interface of an index: everything that retrieval and answering use, independent of its storage.

Every implementation passes the same test suite.

Guarantees: results depend only on the documents and the configuration, not on the storage. A score depends on the
    question and the passage (BM25 also on the number, lengths and terms of all passages):

- dense: `np.einsum("nd,d->n", vectors[rows], vector)` in float32 over the stored vectors of the requested rows;
- sentences and tokens: integer products, then the scales (`qa.encode.int8`);
- BM25: with N passages, L their lengths in terms (1 for a passage without terms), df passages that contain a term: `idf
  = float32(log(1 + (N - df + .5) / (df + .5)))`, `norm = 1.5 * (.25 + .75 * length / (L / N))` in float64, and a term
  adds `float32(idf * (count / (norm + count)))`; sums in float32, terms in the order in which they are given;
- ties: by score, then by row.

No result grows with the index. No result has a passage's token vectors: the index compares them itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from qa.encode.max_similarities import Maxima
from qa.records import Document, DocumentInfo, Filters, Passage, ShardStatus
from qa.text.spelling import WordForm

__all__ = ["Abbreviation", "Candidates", "Index", "IndexSource", "Maxima", "TokenSimilarities", "WordForm", "admitted"]

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidate passages of two retrievers for a question, and the signals for choosing among them.

    Attributes:
        rows: `(n,) int64`, ascending; n is at most twice the requested count.
        dense: `(n,) float32`, the inner product with the question's vector.
        bm25: `(n,) float32`; 0 if no term occurs.
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
    """A short form in the documents, and its long form.

    Attributes:
        short: As written in its definition; without one, in lower case.
        long: Likewise; empty if the documents use the short form without its long form.
        defined: Whether a document defines the short form; otherwise the long form's words only have its letters as
            initials.
        count: The number of documents that define it; if none does, the number of occurrences of the long form's words.
        used: The number of occurrences of the short form in capitals; known only if looked up by the short form.
    """

    short: str
    long: str
    defined: bool
    count: int
    used: int


@dataclass(frozen=True, slots=True)
class TokenSimilarities:
    """The cosine of every question token with every token of some passages, whose tokens are concatenated.

    Attributes:
        matrix: `(question tokens, tokens) float32`.
        spans: `(tokens, 2) int32`, places in the passage's text; -1 for the heading trail's tokens and the model's own.
        sentences: `(tokens,) int32`, each token's sentence within its passage; -1 for none.
        bounds: `(passages + 1,) int64`, the bounds of each passage's tokens.
    """

    matrix: Floats
    spans: npt.NDArray[np.int32]
    sentences: npt.NDArray[np.int32]
    bounds: Rows


class Index(Protocol):
    """One open version of an index. Safe to use from several threads.

    A row is a passage's number, 0 to size-1, in the order of the documents' paths and then of the text. It is valid
    only for this version.
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
    def subject(self) -> Sequence[Sequence[str]]:
        """The index terms of the name of what the documents are about, and of its initials; empty if none is known."""
        ...

    @property
    def size(self) -> int:
        """The number of passages."""
        ...

    @property
    def exact(self) -> bool:
        """Whether the nearest passages by vector are always found. Scores of found passages are always exact."""
        ...

    @property
    def documents(self) -> Sequence[DocumentInfo]:
        """All documents, in the order of their paths."""
        ...

    def frequencies(self, terms: Sequence[str]) -> Sequence[int]:
        """The number of passages that contain each index term."""
        ...

    def held(self, terms: Sequence[str], rows: Rows) -> npt.NDArray[np.bool_]:
        """Whether each of some passages contains each of some index terms, `(terms, rows) bool`."""
        ...

    def held_in_documents(self, terms: Sequence[str], rows: Rows) -> npt.NDArray[np.bool_]:
        """Whether the document of each of some passages contains each of some index terms, `(terms, rows) bool`."""
        ...

    def together(self, term: str, others: Sequence[str]) -> Sequence[int]:
        """The number of passages that contain an index term together with each of some others."""
        ...

    def candidates(
        self, vector: Floats, terms: Sequence[str], count: int, filters: Filters | None = None
    ) -> Candidates:
        """The union of the `count` nearest passages by vector and the `count` best by BM25.

        Args:
            vector: The question's vector, `(d,) float32`, unit length.
            terms: Distinct index terms, in the order of the question.
            count: At least 1.
            filters: Conditions on documents, applied before ranking.

        Raises:
            UnknownDocument: a filter names an unknown document.
        """
        ...

    def compare(self, tokens: Floats, rows: Rows) -> Maxima:
        """Find each question token's best match in each of some passages.

        Args:
            tokens: The question's token vectors, `(q, d) float32`, unit length each.
            rows: Distinct passages, `(n,) int64`; the result has this order.
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
        """The entry of `documents` for one document.

        Raises:
            UnknownDocument: no document has this id.
        """
        ...

    def present_id(self, document_id: str) -> str:
        """The current id of the document with this id, or else with this former id.

        Raises:
            UnknownDocument: no document has or had it, or several had it; the message lists those.
        """
        ...

    def abbreviations(self, keys: Sequence[str]) -> Sequence[Abbreviation]:
        """The abbreviations with a short or, if defined, long form in `keys`, folded (`qa.text.abbreviations`)."""
        ...

    def forms_near(self, word: str, edits: int) -> Sequence[WordForm]:
        """The documents' words within at most `edits` edits of a folded word (`qa.text.spelling`), in any order."""
        ...


class IndexSource(Protocol):
    """Gives access to the current version of an index, and changes to a new one between readers."""

    def reading(self) -> AbstractContextManager[Index]:
        """A context with the current version.

        Raises:
            NoIndex, DamagedSnapshot, MismatchedSnapshot: no version can be used.
        """
        ...

    def refresh(self) -> None:
        """Change to the current version at once instead of at the next regular check."""
        ...

    @property
    def trouble(self) -> str | None:
        """Why an older version serves instead of the current one, or None."""
        ...

    @property
    def shards(self) -> Sequence[ShardStatus]:
        """The hosts of every shard; empty if this process has the whole index."""
        ...

    def close(self) -> None:
        """Close the version after its last reader."""
        ...


def idf(frequency: int, size: int) -> float:
    """The inverse document frequency of a term that `frequency` of `size` passages contain, as above."""
    return math.log(1 + (size - frequency + 0.5) / (frequency + 0.5))


def admitted(filters: Filters, documents: Sequence[DocumentInfo]) -> npt.NDArray[np.bool_]:
    """Whether each document meets all conditions, `(documents,) bool`. It does not check that named documents exist."""
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
    """Whether a possibly incomplete date is within the filters; "2022" is within 2022-04-01 to …"""
    if not (filters.date_from or filters.date_to):
        return True
    if day is None:
        return filters.undated
    low, high = filters.date_from or "", filters.date_to or "9999-12-31"
    return low[: len(day)] <= day <= high[: len(day)]
