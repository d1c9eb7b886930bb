"""A plain implementation of an index, computed passage by passage: the oracle of `test_index_contract`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from fakes import FakeEncoder
from rapidfuzz.distance import OSA

from qa.encode.int8 import quantise, similarities
from qa.encode.token_quantisation import rotated, token_levels
from qa.reading.documents import load_document
from qa.reading.passages import cut_passages, embedding_text
from qa.reading.sidecar import Details
from qa.records import Document, Passage, PassageKind
from qa.text.words import spelt, terms

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class PlainPassage:
    """A passage with data derived only from it."""

    passage: Passage
    terms: Counter[str]
    words: list[str]
    vector: Floats
    sentences: list[Floats]
    tokens: Floats
    spans: list[tuple[int, int]]
    numbers: list[int]

    @property
    def length(self) -> int:
        return self.terms.total() or 1


class PlainIndex:
    """The documents at some paths, and their passages in the order of rows."""

    def __init__(
        self, texts: Mapping[str, str], details: Mapping[str, Details] | None = None, token_bits: int = 4
    ) -> None:
        self.token_bits = token_bits
        self.encoder = FakeEncoder()
        self.documents = [
            load_document(source, texts[source].encode(), (details or {}).get(source)) for source in sorted(texts)
        ]
        self.passages = [
            self._passage(document, passage) for document in self.documents for passage in cut_passages(document)
        ]

    def _passage(self, document: Document, passage: Passage) -> PlainPassage:
        text, text_start = embedding_text(document.title, passage)
        (whole,) = self.encoder.encode_texts([text])
        sentences = self.encoder.encode_texts(passage.text[each.start : each.end] for each in passage.sentences)
        indexed = "\n".join((*passage.headings, passage.text))
        spans = [(-1, -1) if a < text_start else (a - text_start, b - text_start) for a, b in whole.spans.tolist()]
        return PlainPassage(
            passage=passage,
            terms=Counter(terms(indexed)),
            words=spelt(indexed),
            vector=whole.vector,
            sentences=[each.vector for each in sentences],
            tokens=whole.tokens,
            spans=spans,
            numbers=[sum(each.start <= begin for each in passage.sentences) - 1 for begin, _ in spans],
        )

    def frequency(self, term: str) -> int:
        return sum(term in each.terms for each in self.passages)

    def dense(self, vector: Floats) -> list[np.float32]:
        return [np.einsum("nd,d->n", each.vector[np.newaxis], vector)[0] for each in self.passages]

    def nearest_sentence(self, vector: Floats) -> list[np.float32]:
        return [
            max(cosines(vector[np.newaxis], each[np.newaxis])[0, 0] for each in passage.sentences)
            for passage in self.passages
        ]

    def bm25(self, asked: Iterable[str]) -> list[np.float32]:
        mean = np.float64(sum(each.length for each in self.passages)) / len(self.passages)
        scores = [np.float32(0)] * len(self.passages)
        for term in asked:
            frequency = self.frequency(term)
            idf = np.float32(math.log(1 + (len(self.passages) - frequency + 0.5) / (frequency + 0.5)))
            for row, each in enumerate(self.passages):
                if count := each.terms[term]:
                    norm = 1.5 * (0.25 + 0.75 * each.length / mean)
                    scores[row] += np.float32(idf * (count / (norm + count)))
        return scores

    def boilerplate(self) -> list[bool]:
        return [each.passage.kind is PassageKind.BOILERPLATE for each in self.passages]

    def token_cosines(self, question: Floats, stored: Floats) -> Floats:
        """Similarities of every question token with every stored token, in its stored form."""
        return similarities(rotated(question), *token_levels(stored, self.token_bits))

    def forms(self) -> dict[str, tuple[str, int]]:
        """Usual form and count by folded form, for words of at least four letters that contain only letters."""
        written: dict[str, Counter[str]] = {}
        titles = [word for document in self.documents for word in spelt(document.title)]
        words = [*titles, *(word for each in self.passages for word in each.words)]
        for word in sorted(word for word in words if len(word) >= 4 and word.isalpha()):
            written.setdefault(word.casefold(), Counter())[word] += 1
        return {folded: (counts.most_common(1)[0][0], counts.total()) for folded, counts in written.items()}

    def forms_near(self, word: str, edits: int) -> set[tuple[str, str, int]]:
        return {
            (folded, usual, count)
            for folded, (usual, count) in self.forms().items()
            if OSA.distance(word, folded) <= edits
        }


def best(scores: Sequence[np.float32], allowed: Iterable[int], count: int) -> list[int]:
    """The rows of the best scores, best first, ties in the order of rows."""
    return sorted(allowed, key=lambda row: (-scores[row], row))[:count]


def cosines(question: Floats, stored: Floats) -> Floats:
    """Similarities of every question token with every stored token, as stored."""
    return similarities(question, *quantise(stored))
