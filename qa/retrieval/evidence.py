"""Which words of a question meet which words of a passage.

The same token similarities that rank passages tell, sentence by sentence and word by word, what in a passage answers:
they choose the highlights, feed the confidence, and explain a result to whoever tunes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from qa.records import Hit, Span, WordMatch
from qa.retrieval.search import Floats, Ranking
from qa.text.words import terms

_AS_GOOD = 0.99  # of the best sentence's score, for a second one to be highlighted with it


@dataclass(frozen=True, slots=True)
class Match:
    """A hit, held against its question.

    Attributes:
        number: Which of the passages compared it is.
        sentence_scores: Each sentence's MaxSim, `(sentences,) float32`; 0 for one that the model did not see.
    """

    ranking: Ranking
    hit: Hit
    number: int
    sentence_scores: Floats

    @property
    def best_sentence(self) -> int:
        """The sentence that meets the question best."""
        return int(self.sentence_scores.argmax())

    @property
    def tokens(self) -> slice:
        """Where the passage's tokens stand among those compared."""
        bounds = self.ranking.tokens.bounds
        return slice(int(bounds[self.number]), int(bounds[self.number + 1]))


def match(ranking: Ranking, place: int, hit: Hit) -> Match:
    """Hold the hit at a place of the ranking against the question."""
    number = int(ranking.order[place])
    compared = ranking.compared
    inside = slice(int(compared.bounds[number]), int(compared.bounds[number + 1]))
    scores = np.zeros(len(hit.passage.sentences), dtype=np.float32)
    seen = compared.numbers[inside] >= 0
    scores[compared.numbers[inside][seen]] = ranking.sentence_scores[inside][seen]
    return Match(ranking, hit, number, scores)


def highlights(found: Match) -> tuple[Span, ...]:
    """The sentence that answers, with the runner-up where it is as good; offsets into the passage's text."""
    best, *others = np.argsort(-found.sentence_scores, kind="stable")[:2]
    chosen = [best, *(other for other in others if _as_good(found.sentence_scores, other, best))]
    return tuple(found.hit.passage.sentences[number] for number in sorted(chosen))


def _as_good(scores: Floats, other: np.intp, best: np.intp) -> bool:
    return bool(scores[other] >= _AS_GOOD * scores[best])


def word_matches(found: Match, *, placed: bool = False) -> tuple[WordMatch, ...]:
    """Each content word of the question, and how well the passage and its heading trail meet it; if asked, where."""
    ranking, passage = found.ranking, found.hit.passage
    held = _terms_of(passage.text) | _terms_of(" ".join(passage.headings))
    sentences, matrix = ranking.tokens.sentences[found.tokens], ranking.compared.matrix[:, found.tokens]
    in_passage = ranking.compared.passages[:, found.number]
    in_sentence = matrix[:, (sentences == found.best_sentence) | (sentences < 0)].max(axis=1)
    return tuple(
        WordMatch(
            word=word.text,
            weight=word.rarity,
            similarity=float(in_passage[word.tokens].mean()),
            in_sentence=float(in_sentence[word.tokens].mean()),
            exact=word.term in held,
            place=_place(ranking.tokens.spans[found.tokens], matrix[word.tokens]) if placed else None,
        )
        for word in ranking.content_words
        if len(word.tokens)
    )


def _place(spans: npt.NDArray[np.int32], matrix: Floats) -> Span | None:
    """Where in the passage a word's tokens meet their best match together; None if in the heading trail."""
    begin, end = spans[int(matrix.mean(axis=0).argmax())].tolist()
    return Span(begin, end) if begin >= 0 else None


@lru_cache(maxsize=1024)
def _terms_of(text: str) -> frozenset[str]:
    return frozenset(terms(text))
