"""Which words of a question meet which words of a passage.

The same token similarities that rank passages tell, word by word, what in a passage answers: they choose the
highlighted sentences, feed the confidence, and explain a result to whoever tunes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qa.encode import Encoding
from qa.late_interaction import similarities
from qa.lexical import term, terms, words
from qa.records import Hit, Span, WordMatch
from qa.search import Floats, Ranking, rarity

_SECOND_SENTENCE = 0.95  # of the best sentence's score, for another to be marked with it


@dataclass(frozen=True, slots=True)
class Match:
    """A hit, held against the question token by token. `matrix` is `(question tokens, passage tokens) float32`."""

    hit: Hit
    words: tuple[WordMatch, ...]
    matrix: Floats
    spans: np.ndarray[tuple[int, int], np.dtype[np.int32]]


def match(ranking: Ranking, question: str, hit: Hit) -> Match:
    """Hold a hit against the question."""
    tokens = ranking.snapshot.tokens([hit.row])
    matrix = similarities(ranking.question.tokens, tokens.levels, tokens.scales)
    held = {*terms(hit.passage.text), *terms(" ".join(hit.passage.headings))}
    held.update(terms(ranking.snapshot.documents[int(ranking.snapshot.document_rows[hit.row])].title))
    matches = []
    for place in words(question):
        word = question[place.start : place.end]
        index_term = term(word)
        pieces = _pieces(ranking.question, place)
        if not index_term or not len(pieces):
            continue
        best = matrix[pieces].mean(axis=0)
        column = int(best.argmax())
        begin, end = tokens.spans[column]
        matches.append(
            WordMatch(
                word,
                rarity(ranking.snapshot.bm25, index_term),
                float(matrix[pieces].max(axis=1).mean()),
                index_term in held,
                Span(int(begin), int(end)) if begin >= 0 else None,
            )
        )
    return Match(hit, tuple(matches), matrix, tokens.spans)


def highlights(found: Match) -> tuple[Span, ...]:
    """The sentences that answer: the one that meets the question best, and any nearly as good beside it."""
    sentences = found.hit.passage.sentences
    scores = np.array([_sentence_score(found, sentence) for sentence in sentences])
    best = int(scores.argmax())
    beside = (near for near in (best - 1, best + 1) if 0 <= near < len(sentences))
    chosen = [best, *(near for near in beside if scores[near] >= _SECOND_SENTENCE * scores[best])]
    return tuple(sentences[index] for index in sorted(chosen))


def _sentence_score(found: Match, sentence: Span) -> float:
    inside = (found.spans[:, 0] >= sentence.start) & (found.spans[:, 1] <= sentence.end)
    return float(found.matrix[:, inside].max(axis=1).mean()) if inside.any() else 0.0


def _pieces(question: Encoding, place: Span) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The question's tokens that stand for one of its words."""
    return np.flatnonzero((question.spans[:, 0] >= place.start) & (question.spans[:, 1] <= place.end))
