"""Scores the words of a question that a passage does not match, by what they mean.

Whether a passage answers does not depend on how many words it lacks: "What is the point of X?" needs no passage with
"point", but "Where did X study?" hardly has an answer without one about studies. Token vectors distinguish such words
in their context, so a linear regression over them learns which words of a question can be missing.
`qa.evaluate.fitting` fits it for an encoder.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence

import numpy as np

from qa.index.contract import Floats
from qa.records import WordMatch
from qa.retrieval.late_interaction import mean_of
from qa.retrieval.query import Tokens
from qa.retrieval.search import Ranking

_UNMET, _MET = 0.5, 0.75  # similarities from which a word starts to count as matched, and counts fully


def unmet_vector(tokens: Floats, shares: Iterable[tuple[Tokens, float]]) -> Floats:
    """The sum of a question's content words' vectors, each times its share from `unmet_shares`.

    Returns:
        `(d,) float32`; 0 if all words are matched.
    """
    vectors = [np.float32(share) * mean_of(tokens, its) for its, share in shares if share]
    return np.sum(vectors, axis=0, dtype=np.float32) if vectors else np.zeros(tokens.shape[1], np.float32)


def unmet_shares(ranking: Ranking, words: Sequence[WordMatch], held: Container[str]) -> Iterator[tuple[Tokens, float]]:
    """Each content word's tokens and share of the weight, reduced by how well it is matched.

    Args:
        ranking: The ranking of the question.
        words: The content words, compared with a passage.
        held: Index terms of the sentences that answer, their neighbours and the headings; such a word is matched.
    """
    asked = {word.text: word for word in ranking.content_words if len(word.tokens)}
    total = sum(asked[word.word].weight for word in words)
    for word in words:
        this = asked[word.word]
        unmet = min(1.0, max(0.0, (_MET - word.in_sentence) / (_MET - _UNMET)))
        yield this.tokens, this.weight * unmet / total if total and this.term not in held else 0.0
