"""Fits the classifier of names (`qa.answering.names`) on texts, with capital letters as labels.

1. A word with a capital in at least four of five uses inside sentences is a name; a word in lower case in as many uses
   is not. Other words, numbers, stop words and the first words of sentences are ignored.
2. Sentences are encoded like questions, in lower case, so that the vectors do not depend on capitals.
3. A logistic regression separates the mean token vectors of names from those of other words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

from qa.answering.names import NameClassifier
from qa.encode import Encoder
from qa.records import Span
from qa.text.sentences import split_sentences
from qa.text.words import term, words

_MOST_SENTENCES = 4000
_MOST_CHARS = 400  # of a sentence
_CLEARLY = 0.8  # minimum share of a word's uses with the same case
_FEWEST = 100  # minimum of names, and of other words
_PENALTY = 3.0  # inverse regularisation strength
_STEPS = 1000  # maximum iterations of the regression


def fit_names(encoder: Encoder, texts: Iterable[str]) -> NameClassifier | None:
    """A classifier for an encoder, fitted on texts; None if they have too few names or other words."""
    sentences = [sentence for text in texts for sentence in _sentences(text)]
    is_name = _names(sentences)
    vectors, labels = [], []
    for sentence in sentences[:: -(-len(sentences) // _MOST_SENTENCES) or 1]:
        folded = sentence.lower()
        if len(folded) != len(sentence):
            continue  # offsets would differ
        encoding = encoder.encode_question(folded)
        starts, ends = encoding.spans.T
        for place in _inner_words(sentence):
            label = is_name.get(folded[place.start : place.end])
            tokens = np.flatnonzero((starts >= place.start) & (ends <= place.end))
            if label is not None and len(tokens):
                vectors.append(encoding.tokens[tokens].mean(axis=0))
                labels.append(label)
    if min(labels.count(True), labels.count(False)) < _FEWEST:
        return None
    fitted = LogisticRegression(C=_PENALTY, max_iter=_STEPS).fit(np.stack(vectors), labels)
    return NameClassifier(float(fitted.intercept_[0]), fitted.coef_[0].astype(np.float32))


def _sentences(text: str) -> Iterator[str]:
    for span in split_sentences(text):
        yield text[span.start : min(span.end, span.start + _MOST_CHARS)]


def _names(sentences: Sequence[str]) -> dict[str, bool]:
    """For each word (in lower case) with consistent case in the texts, whether it is a name."""
    small: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    for sentence in sentences:
        for place in _inner_words(sentence):
            word = sentence[place.start : place.end]
            (capital if word[0].isupper() else small)[word.lower()] += 1
    shares = {word: capital[word] / (capital[word] + small[word]) for word in capital | small}
    return {word: share >= _CLEARLY for word, share in shares.items() if share >= _CLEARLY or share <= 1 - _CLEARLY}


def _inner_words(sentence: str) -> Iterator[Span]:
    """The spans of a sentence's alphabetic words, except its first word and stop words."""
    for place in words(sentence)[1:]:
        word = sentence[place.start : place.end]
        if word.isalpha() and term(word):
            yield place
