"""A question to ranked passages.

1. Misspelt words are corrected towards the documents' own, and the question is encoded once: a vector for the whole,
   and one for each of its tokens.
2. Candidates are the union of the nearest passages by vector and the best by BM25, among those the filters allow.
3. Two cheap witnesses and the vector of each candidate's nearest sentence, encoded by itself, choose those that go on.
4. Late interaction compares the question's tokens, rare words weighing more, with theirs: once with all of a passage's
   tokens, and once with those of its best single sentence, where evidence stands close together.
5. Each signal is scaled to 0..1 over all that have it, and their weighted mean is the score.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qa.encode import Encoder, Encoding
from qa.encode.int8 import similarities
from qa.index.local.bm25 import BM25
from qa.index.local.snapshot import Snapshot, TokenMatrix
from qa.records import Filters, Hit
from qa.retrieval.late_interaction import Maxima, max_sim, maxima
from qa.retrieval.stage_timer import Stopwatch
from qa.text.words import term, words

CANDIDATES = 100  # from each of the two retrievers
COMPARED = 64  # of those; comparing them all, token by token, finds no more and takes twice the time
WEIGHTS = {"late_interaction": 1.0, "best_sentence": 1.0, "sentence_vector": 0.5, "bm25": 0.25, "dense": 0.2}
# Imprints, addresses and dead links are found when asked for, but do not compete with what a document says.
BOILERPLATE_PENALTY = 0.05

_STOP_WORD_WEIGHT = 0.5  # in MaxSim, where a content word weighs its rarity
_OWN_TOKEN_WEIGHT = 1.0  # of the tokens that a model puts around a question
_RAREST_WEIGHT = 4.0  # so that a word of a few passages in a million does not outweigh the whole question

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ContentWord:
    """A word of the question that says something of the subject.

    Attributes:
        text: As it is written.
        term: Its index term.
        rarity: Its inverse document frequency.
        tokens: Which of the question's tokens stand for it, `(n,) int64`; none where the model cut the question short.
    """

    text: str
    term: str
    rarity: float
    tokens: npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The candidates of one question that were compared with it, best first, with what ranked them.

    Attributes:
        searched: The question as it was searched for, misspelt words corrected.
        content_words: Its words but for stop words, in order.
        is_word: Whether the model knows a word whole.
        token_weights: How much each of its tokens counts in MaxSim, `(question tokens,) float32`.
        rows: Passages, `(n,) int64`.
        scores: `(n,) float32` in 0..1: the weighted mean of the scaled signals; 1 is best on every signal.
        signals: Raw values by name, each `(n,) float32`.
        dense_rows: What the vector store alone returns, best first; `bm25_rows` likewise for BM25.
        rest: The other candidates, by what was known of them, `(m,) int64`.
        order: Where each ranked passage stands in what follows, `(n,) int64`.
        tokens: The candidates' tokens.
        compared: How the question's tokens meet them.
        sentence_scores: MaxSim of every sentence compared, `(sentences,) float32`.
    """

    snapshot: Snapshot
    searched: str
    content_words: tuple[ContentWord, ...]
    is_word: Callable[[str], bool]
    token_weights: Floats
    rows: npt.NDArray[np.int64]
    scores: Floats
    signals: dict[str, Floats]
    dense_rows: npt.NDArray[np.int64]
    bm25_rows: npt.NDArray[np.int64]
    rest: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]
    tokens: TokenMatrix
    compared: Maxima
    sentence_scores: Floats

    def hit(self, place: int) -> Hit:
        """The candidate at a place."""
        row = int(self.rows[place])
        signals = {name: float(values[place]) for name, values in self.signals.items()}
        return Hit(row, self.snapshot.passage(row), float(self.scores[place]), signals)


def search(
    snapshot: Snapshot,
    encoder: Encoder,
    question: str,
    filters: Filters | None = None,
    stopwatch: Stopwatch | None = None,
) -> Ranking:
    """Rank the passages of a snapshot for a question.

    Raises:
        UnknownDocument: the filters name a document that is not there.
    """
    lap = (stopwatch or Stopwatch()).lap
    searched = snapshot.speller.correct(question, encoder.is_word)
    lap("spelling")
    encoding = encoder.encode_question(searched)
    lap("encoding")
    asked = content_words(searched, encoding, snapshot.bm25)
    weights = token_weights(encoding, asked)
    allowed = _allowed(snapshot, filters)
    dense_rows, _ = snapshot.vectors.search(encoding.vector, CANDIDATES, allowed)
    bm25_all = snapshot.bm25.scores(tuple(dict.fromkeys(word.term for word in asked)))
    bm25_rows = _best(bm25_all, CANDIDATES, allowed)
    candidates = np.union1d(dense_rows, bm25_rows)
    near = {
        "sentence_vector": _sentence_vectors(snapshot, candidates, encoding),
        "bm25": bm25_all[candidates],
        "dense": snapshot.vectors.vectors(candidates) @ encoding.vector,
    }
    nearness = _weighted(near)
    nearest = np.argsort(-nearness, kind="stable")
    best, rest = np.sort(nearest[:COMPARED]), nearest[COMPARED:]
    rows = candidates[best]
    lap("candidates")
    tokens = snapshot.tokens(rows)
    compared = maxima(encoding.tokens, tokens.levels, tokens.scales, tokens.bounds, tokens.sentences)
    sentence_scores = max_sim(compared.sentences, weights)
    late = {
        "late_interaction": max_sim(compared.passages, weights),
        "best_sentence": compared.best_of(sentence_scores),
    }
    mean = (_weighted(late) + nearness[best]) / sum(WEIGHTS.values())
    scores = np.maximum(mean - BOILERPLATE_PENALTY * snapshot.boilerplate[rows], 0.0).astype(np.float32)
    order = np.lexsort((rows, -scores))
    lap("late_interaction")
    return Ranking(
        snapshot=snapshot,
        searched=searched,
        content_words=asked,
        is_word=encoder.is_word,
        token_weights=weights,
        rows=rows[order],
        scores=scores[order],
        signals={name: values[order] for name, values in late.items()}
        | {name: values[best][order] for name, values in near.items()},
        dense_rows=dense_rows,
        bm25_rows=bm25_rows,
        rest=candidates[rest],
        order=order,
        tokens=tokens,
        compared=compared,
        sentence_scores=sentence_scores,
    )


def rarity(bm25: BM25, index_term: str) -> float:
    """A term's inverse document frequency as Lucene's BM25 has it; highest for one that no passage holds."""
    frequency = bm25.frequency(index_term)
    return math.log(1 + (bm25.size - frequency + 0.5) / (frequency + 0.5))


def content_words(question: str, encoding: Encoding, bm25: BM25) -> tuple[ContentWord, ...]:
    """The words of an encoded question but for stop words, in order, repeats included."""
    starts, ends = encoding.spans.T
    return tuple(
        ContentWord(
            text, index_term, rarity(bm25, index_term), np.flatnonzero((starts >= span.start) & (ends <= span.end))
        )
        for span in words(question)
        if (index_term := term(text := question[span.start : span.end]))
    )


def token_weights(encoding: Encoding, asked: Iterable[ContentWord]) -> Floats:
    """How much each question token counts in MaxSim, `(tokens,) float32`: a content word's tokens, its rarity."""
    weights = np.full(len(encoding.spans), _STOP_WORD_WEIGHT, dtype=np.float32)
    weights[encoding.spans[:, 0] < 0] = _OWN_TOKEN_WEIGHT
    for word in asked:
        weights[word.tokens] = min(word.rarity, _RAREST_WEIGHT)
    return weights


def scale(values: Floats) -> Floats:
    """Min-max scaling to 0..1 along the last axis; all 1 where every value is the same."""
    if not values.shape[-1]:
        return values
    low, high = values.min(axis=-1, keepdims=True), values.max(axis=-1, keepdims=True)
    return np.where(high <= low, np.float32(1), (values - low) / np.where(high <= low, np.float32(1), high - low))


def _sentence_vectors(snapshot: Snapshot, rows: npt.NDArray[np.int64], encoding: Encoding) -> Floats:
    """The cosine of the question's vector with each passage's nearest sentence."""
    if not len(rows):
        return np.empty(0, np.float32)
    sentences = snapshot.sentences(rows)
    matrix = similarities(encoding.vector[np.newaxis], sentences.levels, sentences.scales)
    return np.asarray(np.maximum.reduceat(matrix[0], sentences.bounds[:-1]), dtype=np.float32)


def _weighted(signals: dict[str, Floats]) -> Floats:
    """The weighted sum of signals scaled over all that have them."""
    weights = np.array([WEIGHTS[name] for name in signals], dtype=np.float32)
    return np.asarray(np.einsum("s,sn->n", weights, scale(np.stack(list(signals.values())))), dtype=np.float32)


def _best(scores: Floats, count: int, allowed: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int64]:
    """Rows of the best positive scores, best first, ties in the order of rows."""
    rows = np.flatnonzero(scores > 0 if allowed is None else (scores > 0) & allowed)
    if len(rows) > count:
        least = np.partition(scores[rows], len(rows) - count)[len(rows) - count]
        rows = rows[scores[rows] >= least]
    return rows[np.argsort(-scores[rows], kind="stable")][:count].astype(np.int64)


def _allowed(snapshot: Snapshot, filters: Filters | None) -> npt.NDArray[np.bool_] | None:
    if not filters:
        return None
    for document_id in filters.document_ids:
        snapshot.document_row(document_id)
    document_ids, publishers = frozenset(filters.document_ids), frozenset(filters.publishers)
    keep = np.array(
        [
            (not document_ids or info.id in document_ids)
            and (not publishers or info.publisher in publishers)
            and _dated_within(info.date, filters)
            for info in snapshot.documents
        ]
    )
    return np.asarray(keep[snapshot.document_rows], dtype=np.bool_)


def _dated_within(day: str | None, filters: Filters) -> bool:
    """Whether a document's date, as far as it is known, lies within the filters; "2022" lies within 2022-04-01 to …"""
    if not (filters.date_from or filters.date_to):
        return True
    if day is None:
        return False
    low, high = filters.date_from or "", filters.date_to or "9999-12-31"
    return low[: len(day)] <= day <= high[: len(day)]
