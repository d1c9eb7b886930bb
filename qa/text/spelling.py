"""Misspelt words of a question to the words of the documents.

A word is taken for misspelt only if neither the documents nor the model know it, and if a word of the documents lies
within an edit or two (optimal string alignment: insert, delete, replace, swap neighbours) and begins alike. A word
written with a capital may be a name of its own, so it is only ever taken for another such word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rapidfuzz import process
from rapidfuzz.distance import OSA

from qa.text.words import term, words

SHORTEST = 4
_LONGEST = 40  # letters; the documents' longer words are chains of letters that nobody types
_MOST_LOOKED_UP = 16  # words of one question; each is compared with all words of the documents
_TWO_EDITS_FROM = 8  # letters; a shorter word within two edits is as likely another word


@dataclass(frozen=True, slots=True)
class WordForm:
    """A word of the documents.

    Attributes:
        folded: Its case-folded form, by which it is one word.
        usual: As it is written most often.
        count: How often it occurs, however it is written.
    """

    folded: str
    usual: str
    count: int


class Vocabulary(Protocol):
    """The words and terms of some documents."""

    def frequencies(self, terms: Sequence[str]) -> Sequence[int]:
        """The number of passages that hold each index term."""
        ...

    def forms_near(self, word: str, edits: int) -> Sequence[WordForm]:
        """The words within at most `edits` edits of a folded word."""
        ...


def correct(question: str, vocabulary: Vocabulary, is_word: Callable[[str], bool]) -> str:
    """The question with its misspelt words replaced; the very same string when there are none.

    Args:
        question: As it was asked.
        vocabulary: The documents'.
        is_word: Whether the model knows a word whole.
    """
    spans = words(question)
    written = dict.fromkeys(question[span.start : span.end] for span in spans)
    corrected = {word: _nearest(word, vocabulary) for word in _strange(written, vocabulary, is_word)[:_MOST_LOOKED_UP]}
    if not corrected:
        return question
    parts = []
    end = 0
    for span in spans:
        word = question[span.start : span.end]
        parts += [question[end : span.start], corrected.get(word, word)]
        end = span.end
    return "".join((*parts, question[end:]))


def near(word: str, folded: Sequence[str], edits: int) -> list[int]:
    """The places of the words within at most `edits` edits of a word; all folded."""
    found = process.extract(word, folded, scorer=OSA.distance, score_cutoff=edits, limit=None)
    return [place for _, _, place in found]


def _strange(written: Iterable[str], vocabulary: Vocabulary, is_word: Callable[[str], bool]) -> list[str]:
    """The words that neither the documents nor the model know, of those that may be looked up."""
    unknown = [
        (word, index_term)
        for word in written
        if SHORTEST <= len(word) <= _LONGEST and word.isalpha() and (index_term := term(word)) and not is_word(word)
    ]
    if not unknown:
        return []
    frequencies = vocabulary.frequencies([index_term for _, index_term in unknown])
    return [word for (word, _), frequency in zip(unknown, frequencies, strict=True) if not frequency]


def _nearest(word: str, vocabulary: Vocabulary) -> str:
    folded = word.casefold()
    fitting = [
        (OSA.distance(folded, form.folded), -form.count, form.usual)
        for form in vocabulary.forms_near(folded, 2 if len(word) >= _TWO_EDITS_FROM else 1)
        if folded[0] in form.folded[:2] and (word.islower() or form.usual[0].isupper())
    ]
    return min(fitting)[2] if fitting else word
