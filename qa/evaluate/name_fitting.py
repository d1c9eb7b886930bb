"""Fits what tells names from other words (`qa.answering.names`) on texts, whose capitals say which words are names.

1. A word that texts write with a capital inside sentences, four times of five at least, is a name; one that they write
   in small letters as often is none. Others, numbers, stop words and the first words of sentences do not count.
2. Sentences are encoded as questions are, in small letters, so that capitals tell nothing.
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
_CLEARLY = 0.8  # of a word's uses that are written alike
_FEWEST = 100  # names, and other words
_PENALTY = 3.0  # inverse strength of the regression's
_STEPS = 1000  # of the regression, at most


def fit_names(encoder: Encoder, texts: Iterable[str]) -> NameClassifier | None:
    """A classifier for an encoder, fitted on some texts; None where they have too few names or other words."""
    sentences = [sentence for text in texts for sentence in _sentences(text)]
    is_name = _names(sentences)
    vectors, labels = [], []
    for sentence in sentences[:: -(-len(sentences) // _MOST_SENTENCES) or 1]:
        folded = sentence.lower()
        if len(folded) != len(sentence):
            continue  # places would differ
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
    return NameClassifier(float(fitted.intercept_[0]), tuple(map(float, fitted.coef_[0])))


def _sentences(text: str) -> Iterator[str]:
    for span in split_sentences(text):
        yield text[span.start : min(span.end, span.start + _MOST_CHARS)]


def _names(sentences: Sequence[str]) -> dict[str, bool]:
    """For each word that texts write in one way, in small letters, whether it is a name."""
    small: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    for sentence in sentences:
        for place in _inner_words(sentence):
            word = sentence[place.start : place.end]
            (capital if word[0].isupper() else small)[word.lower()] += 1
    shares = {word: capital[word] / (capital[word] + small[word]) for word in capital | small}
    return {word: share >= _CLEARLY for word, share in shares.items() if share >= _CLEARLY or share <= 1 - _CLEARLY}


def _inner_words(sentence: str) -> Iterator[Span]:
    """The places of a sentence's words of letters but for its first and stop words."""
    for place in words(sentence)[1:]:
        word = sentence[place.start : place.end]
        if word.isalpha() and term(word):
            yield place
