"""What a question asks for: its content words, and how much each of its tokens weighs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qa.encode import Encoding
from qa.index.contract import Floats, Index
from qa.text.words import term, words

_STOP_WORD_WEIGHT = 0.5  # in MaxSim, where a content word weighs its rarity
_OWN_TOKEN_WEIGHT = 1.0  # of the tokens that a model puts around a question
_RAREST_WEIGHT = 4.0  # so that a word of a few passages in a million does not outweigh the whole question


@dataclass(frozen=True, slots=True)
class ContentWord:
    """A word of the question that says something of the subject.

    Attributes:
        text: As it is written.
        term: Its index term.
        frequency: The number of passages that hold the term.
        rarity: Its inverse document frequency.
        tokens: Which of the question's tokens stand for it, `(n,) int64`; none where the model cut the question short.
    """

    text: str
    term: str
    frequency: int
    rarity: float
    tokens: npt.NDArray[np.intp]


def content_words(question: str, encoding: Encoding, index: Index) -> tuple[ContentWord, ...]:
    """The words of an encoded question but for stop words, in order, repeats included."""
    starts, ends = encoding.spans.T
    found = [
        (text, index_term, np.flatnonzero((starts >= span.start) & (ends <= span.end)))
        for span in words(question)
        if (index_term := term(text := question[span.start : span.end]))
    ]
    asked = list(dict.fromkeys(index_term for _, index_term, _ in found))
    frequencies = dict(zip(asked, index.frequencies(asked), strict=True))
    return tuple(
        ContentWord(text, index_term, frequencies[index_term], rarity(frequencies[index_term], index.size), tokens)
        for text, index_term, tokens in found
    )


def rarity(frequency: int, size: int) -> float:
    """The inverse document frequency, as Lucene's BM25 has it, of a term that so many of `size` passages hold."""
    return math.log(1 + (size - frequency + 0.5) / (frequency + 0.5))


def token_weights(encoding: Encoding, asked: Iterable[ContentWord]) -> Floats:
    """How much each question token counts in MaxSim, `(tokens,) float32`: a content word's tokens, its rarity."""
    weights = np.full(len(encoding.spans), _STOP_WORD_WEIGHT, dtype=np.float32)
    weights[encoding.spans[:, 0] < 0] = _OWN_TOKEN_WEIGHT
    for word in asked:
        weights[word.tokens] = min(word.rarity, _RAREST_WEIGHT)
    return weights
