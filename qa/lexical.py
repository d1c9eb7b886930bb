"""BM25 over stemmed words (Robertson & Zaragoza 2009, in the variant of Lucene: k1 1.5, b 0.75).

The index is bm25s's: every word's contributions are computed at build, so a query sums a few sparse columns. The
analyser is ours, since the same one must tell the confidence model which words of a question a passage holds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import bm25s
import numpy as np
import numpy.typing as npt
import Stemmer

from qa.records import Span

# Part of every snapshot's configuration: raise it when the same text gives other terms.
ANALYSER_VERSION = 1

# Words that ask or bind and say nothing of the subject. Negations and numbers are no such words.
STOP_WORDS = frozenset(
    "a about all also am an and any are as at be been being between but by can could d did do does doing for from get "
    "had has have having he her hers him his how i if in into is it its itself just ll m may me might more most much "
    "must my of on or our ours out over re s shall she should so some such t than that the their theirs them then "
    "there these they this those through to too under until up us ve very was we were what when where which while who "
    "whom whose why will with would you your yours".split()
)

_WORD = re.compile(r"[^\W_]+(?:['’.&][^\W_]+)*")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_POSSESSIVE = re.compile(r"['’]s?$")
_stemmer = Stemmer.Stemmer("english")


def words(text: str) -> list[Span]:
    """The words of a text, in order: runs of letters and digits, with inner apostrophes, stops and ampersands."""
    return [Span(match.start(), match.end()) for match in _WORD.finditer(text)]


@lru_cache(maxsize=65536)
def term(word: str) -> str:
    """The index term of a word: folded to lower case without accents, possessives or endings; "" for a stop word."""
    folded = unicodedata.normalize("NFKD", word).casefold()
    folded = "".join(char for char in folded if not unicodedata.combining(char))
    folded = _POSSESSIVE.sub("", folded).replace("’", "'")
    if _INITIALS.fullmatch(folded):
        return folded.replace(".", "")  # A.F.L. and AFL are one term, and U.S. is not the stop word
    if folded in STOP_WORDS:
        return ""
    return str(_stemmer.stemWord(folded))


def terms(text: str) -> list[str]:
    """The index terms of a text, in order, repeats included."""
    found = (term(match[0]) for match in _WORD.finditer(text))
    return [each for each in found if each]


class BM25:
    """An open BM25 index over the passages of a snapshot."""

    def __init__(self, index: bm25s.BM25) -> None:
        self._index = index
        self.vocabulary: dict[str, int] = index.vocab_dict
        self.size = int(index.scores["num_docs"])

    @classmethod
    def open(cls, folder: Path) -> BM25:
        """Open a saved index; its arrays are memory-mapped."""
        return cls(bm25s.BM25.load(folder, mmap=True, show_progress=False))

    def scores(self, query_terms: Sequence[str]) -> npt.NDArray[np.float32]:
        """Every passage's score for the given terms, `(passages,) float32`; 0 where none occurs."""
        ids = [self.vocabulary[each] for each in query_terms if each in self.vocabulary]
        if not ids:
            return np.zeros(self.size, dtype=np.float32)
        return np.asarray(self._index.get_scores_from_ids(ids), dtype=np.float32)

    def frequency(self, query_term: str) -> int:
        """The number of passages that hold a term."""
        column = self.vocabulary.get(query_term)
        if column is None:
            return 0
        bounds = self._index.scores["indptr"]
        return int(bounds[column + 1] - bounds[column])


def write_bm25(texts: Iterable[str], folder: Path) -> None:
    """Index texts, in order, and save the index into a folder."""
    vocabulary = {"": 0}  # never empty, and the same for the same texts
    corpus = [[vocabulary.setdefault(each, len(vocabulary)) for each in terms(text)] or [0] for text in texts]
    index = bm25s.BM25(k1=1.5, b=0.75, method="lucene")
    index.index((corpus, vocabulary), show_progress=False)
    index.save(folder, show_progress=False)
