"""A segment's words as written, with counts by document, for correcting misspelt questions.

Counts are stored by document, so that those of a removed document can be subtracted.

Words near another word are first searched by the letters that they have once and more than once, 64 bits a word: an
edit changes at most two of these bits, and at most one if it makes the word longer or shorter. Only the few words that
may be near are read and compared.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from qa.index.local import arrays
from qa.index.local.arrays import ArrayFiles
from qa.text.spelling import SHORTEST, WordForm, near
from qa.text.words import spelt

_LETTERS = 27
_BITS_AN_EDIT = 2  # another letter instead of one: the one may be gone, the other new
_BLOCK = 4096  # words sketched at a time


class WordForms:
    """The word forms of one segment, in the order of their code points."""

    def __init__(
        self,
        texts: npt.NDArray[np.uint8],
        bounds: npt.NDArray[np.int64],
        document_forms: npt.NDArray[np.int32],
        counts: npt.NDArray[np.int32],
        document_bounds: npt.NDArray[np.int64],
    ) -> None:
        """Use mapped arrays.

        Args:
            texts: The forms, one after another, `(bytes,) uint8`.
            bounds: The bounds of each form, `(forms + 1,) int64`.
            document_forms: Each document's forms, ascending, one document after another, `(n,) int32`.
            counts: The number of occurrences of each in the document, `(n,) int32`.
            document_bounds: The bounds of each document's forms, `(documents + 1,) int64`.
        """
        self._texts, self._bounds = texts, bounds
        self._document_forms, self._counts, self._document_bounds = document_forms, counts, document_bounds

    def forms(self, places: npt.NDArray[np.intp] | None = None) -> list[str]:
        """The forms at some places; by default all."""
        data, chosen = (self._texts.tobytes(), slice(None)) if places is None else (self._texts.data, places)
        begins, ends = self._bounds[:-1][chosen].tolist(), self._bounds[1:][chosen].tolist()
        return [str(data[begin:end], "utf-8", "surrogatepass") for begin, end in zip(begins, ends, strict=True)]

    def of_document(self, row: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """The forms of a document, ascending, and their counts."""
        piece = slice(self._document_bounds[row], self._document_bounds[row + 1])
        return self._document_forms[piece], self._counts[piece]

    def counts(self, removed: Iterable[int] = ()) -> npt.NDArray[np.int64]:
        """The number of occurrences of each form, without removed documents, `(forms,) int64`."""
        left = self._totals.copy()
        for row in removed:
            forms, counts = self.of_document(row)
            left[forms] -= counts
        return left

    def near(self, word: str, edits: int) -> list[tuple[int, str]]:
        """The forms whose folded words are within at most `edits` edits of a folded word, each with its place."""
        lengths, letters = self._sketches
        (length,), (own,) = _sketched([word])
        bits = np.bitwise_count(letters ^ own)
        places = np.flatnonzero(bits <= _BITS_AN_EDIT * edits)
        longer = np.abs(lengths[places] - length)
        places = places[(longer <= edits) & (bits[places] + longer <= _BITS_AN_EDIT * edits)]
        forms = self.forms(places)
        return [(int(places[each]), forms[each]) for each in near(word, [form.casefold() for form in forms], edits)]

    @cached_property
    def _totals(self) -> npt.NDArray[np.int64]:
        size = len(self._bounds) - 1
        return np.bincount(self._document_forms, self._counts, minlength=size).astype(np.int64)

    @cached_property
    def _sketches(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint64]]:
        """Of all forms; made at the first use."""
        return _sketched([form.casefold() for form in self.forms()])


def counts_near(
    parts: Sequence[tuple[WordForms, npt.NDArray[np.int64]]], word: str, edits: int
) -> dict[str, Counter[str]]:
    """For each folded word near a folded word, the number of occurrences of its forms in live documents."""
    found: dict[str, Counter[str]] = {}
    for forms, live in parts:
        for place, form in forms.near(word, edits):
            found.setdefault(form.casefold(), Counter())[form] += int(live[place])
    return found


def usual_forms(counts: Mapping[str, Counter[str]]) -> list[WordForm]:
    """Words in their most frequent forms, given the counts of all forms by folded word."""
    return [
        WordForm(folded, min(of_forms, key=lambda form: (-of_forms[form], form)), of_forms.total())
        for folded, of_forms in sorted(counts.items())
        if of_forms.total()
    ]


class WordFormsWriter:
    """Collects the word forms of documents, and writes them at the end. Memory grows with the segment."""

    def __init__(self, files: ArrayFiles) -> None:
        self._files = files
        self._numbers: dict[str, int] = {}
        self._forms, self._counts, self._ends = array("i"), array("i"), array("q", [0])

    def add(self, counts: Mapping[str, int]) -> None:
        """Add the next document's forms with their counts."""
        for form, count in counts.items():
            self._forms.append(self._numbers.setdefault(form, len(self._numbers)))
            self._counts.append(count)
        self._ends.append(len(self._forms))

    def finish(self) -> None:
        """Write the arrays."""
        ranks = _write_texts(self._files, self._numbers)
        forms, bounds = ranks[np.frombuffer(self._forms, np.int32)], np.frombuffer(self._ends, np.int64)
        documents = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
        order = np.lexsort((forms, documents))
        self._files.write(arrays.DOCUMENT_FORMS, forms[order])
        self._files.write(arrays.DOCUMENT_FORM_COUNTS, np.frombuffer(self._counts, np.int32)[order])
        self._files.write(arrays.DOCUMENT_FORM_BOUNDS, bounds)


def count_forms(text: str) -> Counter[str]:
    """The words of a text to which a misspelt word may be corrected, as written, with counts."""
    return Counter(word for word in spelt(text) if len(word) >= SHORTEST and word.isalpha())


def merge_forms(parts: Sequence[WordForms], documents: Iterable[tuple[int, int]], files: ArrayFiles) -> Iterator[None]:
    """Merge the word forms of several segments, calling the pause after each document.

    Args:
        parts: Each segment's word forms.
        documents: The documents to copy, in order: number of the segment, and the document's row in it.
        files: Where to write.
    """
    documents = list(documents)
    forms = [part.forms() for part in parts]
    used = [np.zeros(len(each), np.bool_) for each in forms]
    for number, row in documents:
        used[number][parts[number].of_document(row)[0]] = True
    numbers: dict[str, int] = {}
    for of_part, marks in zip(forms, used, strict=True):
        for place in np.flatnonzero(marks).tolist():
            numbers.setdefault(of_part[place], len(numbers))
    ranks = _write_texts(files, numbers)
    new = [np.array([ranks[numbers[form]] if form in numbers else -1 for form in each], np.int32) for each in forms]
    end = 0
    files.write(arrays.DOCUMENT_FORM_BOUNDS, np.zeros(1, np.int64))
    for number, row in documents:
        places, counts = parts[number].of_document(row)
        end += len(places)
        # Forms are in code point order in every segment, so they stay ascending.
        files.write(arrays.DOCUMENT_FORMS, new[number][places])
        files.write(arrays.DOCUMENT_FORM_COUNTS, counts)
        files.write(arrays.DOCUMENT_FORM_BOUNDS, np.array([end], np.int64))
        yield


def _sketched(words: Sequence[str]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint64]]:
    """The length of each folded word, `(words,) int32`, and the letters that it has once and twice, `(words,) uint64`.

    All characters other than a to z count as one letter.
    """
    lengths = np.fromiter(map(len, words), np.int32, len(words))
    letters = np.empty(len(words), np.uint64)
    bits = np.uint64(1) << np.arange(_LETTERS, dtype=np.uint64)
    for at in range(0, len(words), _BLOCK):
        block = words[at : at + _BLOCK]
        codes = np.frombuffer("".join(block).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
        classes = np.where((codes >= ord("a")) & (codes <= ord("z")), codes - ord("a"), _LETTERS - 1)
        owners = np.repeat(np.arange(len(block)), lengths[at : at + _BLOCK])
        counts = np.bincount(owners * _LETTERS + classes, minlength=len(block) * _LETTERS).reshape(-1, _LETTERS)
        letters[at : at + _BLOCK] = (counts > 0) @ bits + ((counts > 1) @ bits << np.uint64(_LETTERS))
    return lengths, letters


def _write_texts(files: ArrayFiles, numbers: Mapping[str, int]) -> npt.NDArray[np.int32]:
    """Write forms in order; return the new number of each, `(forms,) int32`."""
    forms = sorted(numbers)
    ranks = np.empty(len(forms), np.int32)
    ranks[[numbers[form] for form in forms]] = np.arange(len(forms), dtype=np.int32)
    texts = [form.encode("utf-8", "surrogatepass") for form in forms]
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    files.write(arrays.FORMS, np.frombuffer(b"".join(texts), np.uint8))
    files.write(arrays.FORM_BOUNDS, np.append(np.int64(0), np.cumsum(lengths, dtype=np.int64)))
    return ranks
