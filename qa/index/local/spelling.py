"""Misspelt words of a question to the words of the documents.

A word is taken for misspelt only if neither the documents nor the model know it, and if a word of the documents lies
within an edit or two (optimal string alignment: insert, delete, replace, swap neighbours) and begins alike. A word
written with a capital may be a name of its own, so it is only ever taken for another such word.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from qa.index.local.bm25 import BM25
from qa.text.json_reading import parse_json
from qa.text.words import term, words

SHORTEST = 4
_LONGEST = 40  # letters; the documents' longer words are chains of letters that nobody types
_MOST_LOOKED_UP = 16  # words of one question; each is compared with all words of the documents
_TWO_EDITS_FROM = 8  # letters; a shorter word within two edits is as likely another word


class Speller:
    """Corrects questions towards the words of one snapshot."""

    def __init__(self, path: Path, bm25: BM25) -> None:
        self._bm25 = bm25
        counts: dict[str, int] = parse_json(path.read_bytes())
        self._folded = [form.casefold() for form in counts]
        self._counts = np.fromiter(counts.values(), np.int64, len(counts))
        # The usual forms of those that are not usually written in small letters.
        self._names = {row: form for row, form in enumerate(counts) if form != self._folded[row]}

    def correct(self, question: str, is_word: Callable[[str], bool]) -> str:
        """The question with its misspelt words replaced; the very same string when there are none.

        Args:
            question: As it was asked.
            is_word: Whether the model knows a word whole.
        """
        parts = []
        end = 0
        corrected: dict[str, str] = {}
        for span in words(question):
            word = question[span.start : span.end]
            if word not in corrected and len(corrected) < _MOST_LOOKED_UP and self._is_strange(word, is_word):
                corrected[word] = self._nearest(word)
            parts += [question[end : span.start], corrected.get(word, word)]
            end = span.end
        return "".join((*parts, question[end:]))

    def _is_strange(self, word: str, is_word: Callable[[str], bool]) -> bool:
        """Whether neither the documents nor the model know a word; the vocabulary's "" stands for stop words."""
        if not SHORTEST <= len(word) <= _LONGEST or not word.isalpha():
            return False
        return term(word) not in self._bm25.vocabulary and not is_word(word)

    def _nearest(self, word: str) -> str:
        folded = word.casefold()
        edits = 2 if len(word) >= _TWO_EDITS_FROM else 1
        close = process.extract(folded, self._folded, scorer=OSA.distance, score_cutoff=edits, limit=None)
        forms = (
            (distance, row, self._names.get(row, other)) for other, distance, row in close if folded[0] in other[:2]
        )
        fitting = [
            (distance, -self._counts[row], form) for distance, row, form in forms if word.islower() or form[0].isupper()
        ]
        return min(fitting)[2] if fitting else word
