"""Prepares a question for the search: the text that is encoded, the content words and their weights.

The encoded text does not depend on the question's case and punctuation: it is the asking part with corrected spelling,
as words, numbers and a few signs with single spaces between them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qa.encode import Encoding
from qa.index.contract import Floats, Index, idf
from qa.records import Span
from qa.retrieval.query_expansion import Alternatives, widened
from qa.text.asking_part import asked_part
from qa.text.quantities import CODE, WHOLE, WITHOUT_YEAR, is_precise, quantities
from qa.text.spelling import correct
from qa.text.word_breaks import as_written
from qa.text.words import WORD, term, words

_STOP_WORD_WEIGHT = 0.5  # in MaxSim, where a content word's weight is its rarity
_OWN_TOKEN_WEIGHT = 0.6  # weight of the tokens that a model adds around a question
_RAREST_WEIGHT = 4.0  # so that a word in a few of a million passages does not outweigh all others
# After "how" they ask for a measure and are not part of the subject.
_MEASURES = frozenset("big large long old high tall far deep wide heavy often fast soon well small short".split())

Tokens = npt.NDArray[np.intp]

_ENCODED = re.compile(rf"{WORD}|[$€£¥%‰§#+]")


@dataclass(frozen=True, slots=True)
class ContentWord:
    """A word of the question that is about its subject.

    Attributes:
        text: The word as written.
        term: Its index term; a number, date or code has one term as a whole.
        frequency: The number of passages that contain the term.
        rarity: Its inverse document frequency.
        tokens: Its token numbers in the question, `(n,) int64`; empty if the model cut the question before it.
    """

    text: str
    term: str
    frequency: int
    rarity: float
    tokens: npt.NDArray[np.intp]

    @property
    def weight(self) -> float:
        """Its weight: its rarity, up to a limit."""
        return min(self.rarity, _RAREST_WEIGHT)

    @property
    def whole(self) -> bool:
        """Whether it is a number, date or code, which matches as a whole or not at all."""
        return self.term[0] in WHOLE

    @property
    def precise(self) -> bool:
        """Whether it is a distinctive number, date or code: neither a year nor a small number."""
        return is_precise(self.term)


def as_searched(question: str, index: Index, is_word: Callable[[str], bool]) -> tuple[str, tuple[Alternatives, ...]]:
    """The asking part of a question, spelt as in the documents and with abbreviations next to their long forms.

    Returns:
        The text (the same string object if nothing changes), and which of its words are alternatives of each other.
    """
    corrected = correct(as_written(asked_part(question), index, is_word), index, is_word)
    return widened(asked_part(corrected), index, is_word)


def as_encoded(searched: str) -> str:
    """The words, numbers and signs of a question with single blanks between them."""
    pieces: list[str] = []
    end = 0
    for quantity in quantities(searched):
        place = quantity.place
        pieces += (*_ENCODED.findall(searched[end : place.start]), searched[place.start : place.end])
        end = place.end
    pieces += _ENCODED.findall(searched[end:])
    return " ".join(pieces) if pieces else searched


def content_words(question: str, encoding: Encoding, index: Index) -> tuple[ContentWord, ...]:
    """The words, numbers, dates and codes of an encoded question without stop words, in order, repeats included."""
    found = list(_said(question))
    places = np.array([(place.start, place.end) for place, _ in found]).reshape(-1, 2)
    starts, ends = encoding.spans.T
    inside = (starts >= places[:, :1]) & (ends <= places[:, 1:])
    asked = list(dict.fromkeys(each for _, said in found for each in said))
    frequencies = dict(zip(asked, index.frequencies(asked), strict=True))
    made = []
    for (place, said), its in zip(found, inside, strict=True):
        index_term = next((each for each in said if frequencies[each]), said[0])
        frequency = frequencies[index_term]
        text = question[place.start : place.end]
        made.append(ContentWord(text, index_term, frequency, idf(frequency, index.size), its.nonzero()[0]))
    return tuple(made)


def _said(question: str) -> Iterator[tuple[Span, tuple[str, ...]]]:
    """Each word's place and index term; for a number, date or code the terms of its readings.

    A date also has the term of its day in any year, because the text may leave out the year of its document's date; a
    number after capitals that of the code they make.
    """
    end = 0
    for quantity in quantities(question):
        yield from _words(question, end, quantity.place.start)
        yield (
            quantity.place,
            (*quantity.whole, *(each for each in quantity.parts if each.startswith((WITHOUT_YEAR, CODE)))),
        )
        end = quantity.place.end
    yield from _words(question, end, len(question))


def _words(question: str, begin: int, end: int) -> Iterator[tuple[Span, tuple[str, ...]]]:
    before = ""
    for span in words(question[begin:end]):
        place = Span(begin + span.start, begin + span.end)
        word = question[place.start : place.end]
        asks = before == "how" and word.casefold() in _MEASURES
        before = word.casefold()
        if not asks and (index_term := term(word)):
            yield place, (index_term,)


def either(asked: Iterable[ContentWord], alternatives: Iterable[Alternatives]) -> list[tuple[Tokens, Tokens]]:
    """The question's tokens of a short form, and those of its long form."""
    words_asked = list(asked)

    def tokens_of(terms: frozenset[str]) -> Tokens:
        found = [word.tokens for word in words_asked if word.term in terms]
        return np.unique(np.concatenate(found)) if found else np.empty(0, np.intp)

    pairs = ((tokens_of(each.short), tokens_of(each.long)) for each in alternatives)
    parted = ((short, np.setdiff1d(long, short)) for short, long in pairs)
    return [(short, long) for short, long in parted if len(short) and len(long)]


def token_weights(
    encoding: Encoding, asked: Iterable[ContentWord], pairs: Iterable[tuple[Tokens, Tokens]] = ()
) -> Floats:
    """The weight of each question token in MaxSim, `(tokens,) float32`; for a content word's tokens its rarity.

    A short form and its long form (`pairs`) together have the larger of their weights.
    """
    weights = np.full(len(encoding.spans), _STOP_WORD_WEIGHT, dtype=np.float32)
    weights[encoding.spans[:, 0] < 0] = _OWN_TOKEN_WEIGHT
    for word in asked:
        weights[word.tokens] = word.weight
    for short, long in pairs:
        heavier = max(weights[short].sum(), weights[long].sum())
        both = np.concatenate([short, long])
        weights[both] *= heavier / weights[both].sum()
    return weights
