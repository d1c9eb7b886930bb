"""Ranks the passages of an index for a question.

1. The asking part of the question, with corrected spelling, is encoded once (`qa.retrieval.query`): one vector for the
   whole, and one for each of its tokens.
2. Candidates are the union of the nearest passages by vector and the best by BM25, among those that the filters allow.
3. BM25, the dense score and the score of each candidate's nearest sentence, encoded by itself, select those to compare.
4. Late interaction compares the question's tokens, rare words with more weight, with each passage's tokens: once with
   all of them, and once with those of its best single sentence, which requires the evidence close together. The
   similarity of the worst-matched content word is a further signal: an answer should match all of them.
5. A passage that contains the question's numbers, dates and codes as a whole gets a higher score than those that do
   not. One of a document that does not name the index's subject gets a lower score than those of documents that do.
6. Each signal is scaled to 0..1 over all passages that have it; the score is their weighted mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from qa.encode import Encoder
from qa.index.contract import Floats, Index, Maxima, Rows
from qa.records import Filters, Passage
from qa.retrieval.late_interaction import least_met, max_sim, mean_of
from qa.retrieval.query import ContentWord, Tokens, as_encoded, as_searched, content_words, either, token_weights
from qa.retrieval.query_expansion import Alternatives
from qa.retrieval.stage_timer import Stopwatch

CANDIDATES = 100  # from each of the two retrievers
COMPARED = 64  # of those; comparing all of them token by token finds no more and takes twice the time
WEIGHTS = {
    "late_interaction": 1.0,
    "best_sentence": 1.0,
    "least_met_word": 0.2,
    "sentence_vector": 0.5,
    "bm25": 0.15,
    "dense": 0.2,
}
# Imprints, addresses and dead links can be found, but rank below the document's content.
BOILERPLATE_PENALTY = 0.05
# For documents that do not name what the index is about, if others do: most questions are about it without naming it.
OFF_SUBJECT_PENALTY = 0.2
# For the question's numbers, dates and codes, which a passage contains as a whole or not at all.
HELD_WEIGHT = 2.0
_FEW_PASSAGES = 3  # contain all of them


@dataclass(frozen=True, slots=True)
class Hit:
    """A ranked passage: its row in the snapshot, its score in 0..1, and its raw signals."""

    row: int
    passage: Passage
    score: float
    signals: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The compared candidates of a question, best first, with the data that ranked them.

    Attributes:
        question: The question as asked.
        searched: The question as searched, with corrected spelling.
        alternatives: Which of its words are abbreviations of others.
        content_words: Its words without stop words, in order.
        is_word: Whether a word is a single token of the model.
        tokens: Its tokens' vectors, `(question tokens, d) float32`.
        weights: The weight of each token, `(question tokens,) float32`.
        rows: Passages, `(n,) int64`.
        scores: `(n,) float32` in 0..1: the weighted mean of the scaled signals; 1 is best on every signal.
        signals: Raw values by name, each `(n,) float32`.
        dense_rows: The nearest passages only by vector, best first; `bm25_rows` likewise by BM25.
        rest: The candidates that were not compared, in the order of their first score, `(m,) int64`.
        order: The position of each ranked passage in `compared`, `(n,) int64`.
        compared: The best matches of the question's tokens in the passages.
    """

    index: Index
    question: str
    searched: str
    alternatives: tuple[Alternatives, ...]
    content_words: tuple[ContentWord, ...]
    is_word: Callable[[str], bool]
    tokens: Floats
    weights: Floats
    rows: Rows
    scores: Floats
    signals: dict[str, Floats]
    dense_rows: Rows
    bm25_rows: Rows
    rest: Rows
    order: npt.NDArray[np.int64]
    compared: Maxima

    @property
    def met_terms(self) -> list[str]:
        """The index term of each content word that the model read, in order."""
        return [word.term for word in self.content_words if len(word.tokens)]

    def scored(self, scores: Floats) -> Ranking:
        """The ranking by other scores, `(n,) float32` in the order of `rows`; equal ones keep their order."""
        order = np.argsort(-scores, kind="stable")
        signals = _at(order, self.signals)
        return replace(self, rows=self.rows[order], scores=scores[order], signals=signals, order=self.order[order])

    def hits(self, count: int) -> list[Hit]:
        """The best candidates, at most `count`, best first."""
        rows = self.rows[:count]
        passages, scores = self.index.passages(rows), self.scores[:count].tolist()
        signals = zip(*(values[:count].tolist() for values in self.signals.values()), strict=True)
        return [
            Hit(row, passage, score, dict(zip(self.signals, values, strict=True)))
            for row, passage, score, values in zip(rows.tolist(), passages, scores, signals, strict=True)
        ]


def search(
    index: Index,
    encoder: Encoder,
    question: str,
    filters: Filters | None = None,
    stopwatch: Stopwatch | None = None,
    *,
    exactly: bool = False,
) -> Ranking:
    """Rank the passages of an index for a question.

    Args:
        index: The index.
        encoder: The model that encoded it.
        question: The question as typed.
        filters: Conditions on documents.
        stopwatch: Measures the time of each stage.
        exactly: Whether to search for the question as typed: nothing is corrected or removed.

    Raises:
        UnknownDocument: the filters name an unknown document.
    """
    lap = (stopwatch or Stopwatch()).lap
    searched, alternatives = (question, ()) if exactly else as_searched(question, index, encoder.is_word)
    lap("spelling")
    encoded = as_encoded(searched)
    encoding = encoder.encode_question(encoded)
    lap("encoding")
    asked = content_words(encoded, encoding, index)
    pairs = either(asked, alternatives)
    weights = token_weights(encoding, asked, pairs)
    found = index.candidates(encoding.vector, _terms(asked), CANDIDATES, filters)
    near = {"sentence_vector": found.sentence, "bm25": found.bm25, "dense": found.dense}
    nearness = _weighted(near)
    best, rest = _nearest(nearness)
    rows = found.rows[best]
    lap("candidates")
    compared = _compared(index, encoding.tokens, rows, pairs)
    late = _late(compared, weights, asked)
    scores = _scores(index, asked, rows, _weighted(late) + nearness[best], found.boilerplate[best])
    order = np.lexsort((rows, -scores))
    lap("late_interaction")
    return Ranking(
        index=index,
        question=question,
        searched=searched,
        alternatives=alternatives,
        content_words=asked,
        is_word=encoder.is_word,
        tokens=encoding.tokens,
        weights=weights,
        rows=rows[order],
        scores=scores[order],
        signals=_at(order, late | _at(best, near)),
        dense_rows=found.dense_rows,
        bm25_rows=found.bm25_rows,
        rest=found.rows[rest],
        order=order,
        compared=compared,
    )


def _terms(asked: Sequence[ContentWord]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.term for word in asked))


def _nearest(nearness: Floats) -> tuple[Rows, Rows]:
    """The positions of the candidates to compare, ascending, and of the others, best first."""
    nearest = np.argsort(-nearness, kind="stable")
    return np.sort(nearest[:COMPARED]), nearest[COMPARED:]


def _late(compared: Maxima, weights: Floats, asked: Sequence[ContentWord]) -> dict[str, Floats]:
    """The signals of late interaction by name, `(n,) float32` each."""
    return {
        "late_interaction": max_sim(compared.passages, weights),
        "best_sentence": compared.best_of(max_sim(compared.sentences, weights)),
        "least_met_word": least_met(compared.passages, (word.tokens for word in asked)),
    }


def _at(places: Rows, signals: dict[str, Floats]) -> dict[str, Floats]:
    return {name: values[places] for name, values in signals.items()}


def _scores(
    index: Index, asked: Sequence[ContentWord], rows: Rows, total: Floats, boilerplate: npt.NDArray[np.bool_]
) -> Floats:
    """The scores of some passages, `(n,) float32` in 0..1, given the weighted sum of their scaled signals."""
    held, weight = _held(index, asked, rows)
    mean = (total + held) / (sum(WEIGHTS.values()) + weight)
    lowered = mean - BOILERPLATE_PENALTY * boilerplate - OFF_SUBJECT_PENALTY * _off_subject(index, rows)
    return np.asarray(np.maximum(lowered, 0.0), dtype=np.float32)


def _off_subject(index: Index, rows: Rows) -> npt.NDArray[np.bool_]:
    """Whether each passage's document does not name the index's subject; nowhere if no other's does, `(n,) bool`."""
    if not index.subject:
        return np.zeros(len(rows), np.bool_)
    held = iter(index.held_in_documents([term for form in index.subject for term in form], rows))
    named = np.any([np.all([next(held) for _ in form], axis=0) for form in index.subject], axis=0)
    return np.asarray(~named & named.any(), dtype=np.bool_)


def _compared(index: Index, tokens: Floats, rows: Rows, pairs: Sequence[tuple[Tokens, Tokens]]) -> Maxima:
    """Best matches of the question's tokens in some passages; a short form and its long form get the better one."""
    found = index.compare(tokens, rows)
    return replace(
        found,
        passages=_joined(found.passages, pairs),
        sentences=_joined(found.sentences, pairs),
        outside=_joined(found.outside, pairs),
    )


def _held(index: Index, asked: Sequence[ContentWord], rows: Rows) -> tuple[Floats, float]:
    """The rarity-weighted share of the question's numbers, dates and codes that each passage contains.

    Returns:
        The shares times a weight, `(n,) float32`, and that weight; 0 if none of them is distinctive.
    """
    whole = {word.term: word for word in asked if word.whole and word.frequency}
    weight = HELD_WEIGHT * max(map(_tells_apart, whole.values()), default=0.0)
    if not weight:
        return np.zeros(len(rows), dtype=np.float32), 0.0
    weights = np.array([word.weight for word in whole.values()], dtype=np.float32)
    held = (weights[:, np.newaxis] * index.held(list(whole), rows)).sum(axis=0) / weights.sum()
    return np.asarray(weight * held, dtype=np.float32), weight


def _tells_apart(word: ContentWord) -> float:
    """The weight of a number, date or code: the more passages contain it, the smaller.

    A year or a small number has no weight, since an answering passage need not repeat it.
    """
    return min(1.0, _FEW_PASSAGES / word.frequency) if word.precise else 0.0


def _joined(best: Floats, pairs: Sequence[tuple[Tokens, Tokens]]) -> Floats:
    """Best matches `(question tokens, n)` in which a short form and its long form both have the better match."""
    if not pairs:
        return best
    joined = best.copy()
    for short, long in pairs:
        joined[np.concatenate([short, long])] = np.maximum(mean_of(best, short), mean_of(best, long))
    return joined


def scale(values: Floats) -> Floats:
    """Min-max scaling to 0..1 along the last axis; all 1 if all values are equal."""
    if not values.shape[-1]:
        return values
    low, high = values.min(axis=-1, keepdims=True), values.max(axis=-1, keepdims=True)
    return np.where(high <= low, np.float32(1), (values - low) / np.where(high <= low, np.float32(1), high - low))


def _weighted(signals: dict[str, Floats]) -> Floats:
    """The weighted sum of the signals, each scaled over the passages that have it."""
    weights = np.array([WEIGHTS[name] for name in signals], dtype=np.float32)
    return np.asarray(np.einsum("s,sn->n", weights, scale(np.stack(list(signals.values())))), dtype=np.float32)
