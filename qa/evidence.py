"""Which words of a question meet which words of a passage.

The same token similarities that rank passages tell, sentence by sentence and word by word, what in a passage answers:
they choose the highlights, feed the confidence, and explain a result to whoever tunes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qa.lexical import term, terms, words
from qa.records import Hit, Span, WordMatch
from qa.search import Floats, Ranking, rarity

_AS_GOOD = 0.99  # of the best sentence's score, for a second one to be highlighted with it


@dataclass(frozen=True, slots=True)
class Match:
    """A hit, held against its question.

    Attributes:
        matrix: Cosines, `(question tokens, passage tokens) float32`.
        spans: The passage tokens' places in its text, `(n, 2) int32`; `sentences` `(n,) int32` their sentences.
        sentence_scores: Each sentence's MaxSim, `(sentences,) float32`.
    """

    ranking: Ranking
    hit: Hit
    matrix: Floats
    spans: npt.NDArray[np.int32]
    sentences: npt.NDArray[np.int32]
    sentence_scores: Floats

    @property
    def best_sentence(self) -> int:
        """The sentence that meets the question best."""
        return int(self.sentence_scores.argmax())


def match(ranking: Ranking, place: int, hit: Hit) -> Match:
    """Hold the hit at a place of the ranking against the question."""
    number = int(ranking.order[place])
    inside = slice(int(ranking.tokens.bounds[number]), int(ranking.tokens.bounds[number + 1]))
    matrix, sentences = ranking.compared.matrix[:, inside], ranking.tokens.sentences[inside]
    weights = ranking.token_weights / ranking.token_weights.sum()
    scores = [
        float(weights @ matrix[:, of_sentence].max(axis=1)) if (of_sentence := sentences == each).any() else 0.0
        for each in range(len(hit.passage.sentences))
    ]
    return Match(ranking, hit, matrix, ranking.tokens.spans[inside], sentences, np.array(scores, dtype=np.float32))


def highlights(found: Match) -> tuple[Span, ...]:
    """The sentence that answers, with the runner-up where it is as good; offsets into the passage's text."""
    best, *others = np.argsort(-found.sentence_scores, kind="stable")[:2]
    chosen = [best, *(other for other in others if _as_good(found.sentence_scores, other, best))]
    return tuple(found.hit.passage.sentences[number] for number in sorted(chosen))


def _as_good(scores: Floats, other: np.intp, best: np.intp) -> bool:
    return bool(scores[other] >= _AS_GOOD * scores[best])


def word_matches(found: Match) -> tuple[WordMatch, ...]:
    """Each content word of the question, with its best counterpart in the passage and its heading trail."""
    ranking = found.ranking
    held = {*terms(found.hit.passage.text), *terms(" ".join(found.hit.passage.headings))}
    in_sentence = (found.sentences == found.best_sentence) | (found.sentences < 0)
    matches = []
    for word, index_term, pieces in _content_words(ranking):
        column = int(found.matrix[pieces].mean(axis=0).argmax())
        begin, end = found.spans[column]
        matches.append(
            WordMatch(
                word=word,
                weight=rarity(ranking.snapshot.bm25, index_term),
                similarity=float(found.matrix[pieces].max(axis=1).mean()),
                in_sentence=float(found.matrix[pieces][:, in_sentence].max(axis=1).mean()),
                exact=index_term in held,
                place=Span(int(begin), int(end)) if begin >= 0 else None,
            )
        )
    return tuple(matches)


def _content_words(ranking: Ranking) -> Iterator[tuple[str, str, npt.NDArray[np.intp]]]:
    """The question's content words, each with its index term and the tokens that stand for it."""
    spans = ranking.question.spans
    for place in words(ranking.searched):
        word = ranking.searched[place.start : place.end]
        pieces = np.flatnonzero((spans[:, 0] >= place.start) & (spans[:, 1] <= place.end))
        if (index_term := term(word)) and len(pieces):
            yield word, index_term, pieces
