"""Which words of a question meet which words of a passage.

The same token similarities that rank passages tell, sentence by sentence and word by word, what in a passage answers:
they choose the highlights, feed the confidence, and explain a result to whoever tunes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from qa.encode.maxima import NO_TOKEN
from qa.index.contract import Floats, TokenSimilarities
from qa.records import Hit, Span, WordMatch
from qa.retrieval.search import Ranking
from qa.text.words import terms

Tokens = npt.NDArray[np.intp]

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


def word_matches(found: Match) -> tuple[WordMatch, ...]:
    """Each content word of the question, and how well the passage and its heading trail meet it; not where."""
    return _word_matches(found, lambda _: None)


def placed_word_matches(found: Sequence[Match]) -> list[tuple[WordMatch, ...]]:
    """For each match its `word_matches`, with the places where the passage meets the words."""
    if not found:
        return []
    ranking = found[0].ranking
    compared = ranking.index.similarities(ranking.tokens, np.array([each.hit.row for each in found], dtype=np.int64))
    return [_word_matches(each, _places(compared, number)) for number, each in enumerate(found)]


def _word_matches(found: Match, place: Callable[[Tokens], Span | None]) -> tuple[WordMatch, ...]:
    passage, compared = found.hit.passage, found.ranking.compared
    held = _terms_of(passage.text) | _terms_of(" ".join(passage.headings))
    for each in found.ranking.alternatives:
        if each.short <= held or each.long <= held:
            held |= each.short | each.long
    in_passage = compared.passages[:, found.number]
    in_sentence = _in_best_sentence(found)
    return tuple(
        WordMatch(
            word=word.text,
            weight=word.rarity,
            similarity=float(in_passage[word.tokens].mean()),
            in_sentence=float(in_sentence[word.tokens].mean()),
            exact=word.term in held,
            place=place(word.tokens),
        )
        for word in found.ranking.content_words
        if len(word.tokens)
    )


def _in_best_sentence(found: Match) -> Floats:
    """Each question token's best match in the best sentence and in what stands in no sentence, `(q,) float32`."""
    compared = found.ranking.compared
    inside = slice(int(compared.bounds[found.number]), int(compared.bounds[found.number + 1]))
    of_best = compared.sentences[:, inside][:, compared.numbers[inside] == found.best_sentence]
    best = np.maximum(compared.outside[:, found.number], of_best.max(axis=1, initial=NO_TOKEN))
    return np.asarray(best, dtype=np.float32)


def _places(compared: TokenSimilarities, number: int) -> Callable[[Tokens], Span | None]:
    """What tells where in a passage a word's tokens meet their best match together; None if in the heading trail."""
    tokens = slice(int(compared.bounds[number]), int(compared.bounds[number + 1]))
    matrix, spans = compared.matrix[:, tokens], compared.spans[tokens]

    def place(word: Tokens) -> Span | None:
        begin, end = spans[int(matrix[word].mean(axis=0).argmax())].tolist()
        return Span(begin, end) if begin >= 0 else None

    return place


@lru_cache(maxsize=1024)
def _terms_of(text: str) -> frozenset[str]:
    return frozenset(terms(text))
