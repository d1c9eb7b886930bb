"""Small deterministic replacements for the model and other slow parts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Self

import numpy as np
import numpy.typing as npt

from qa.encode import Encoding
from qa.reading.parsed import Content, from_data
from qa.reading.parser_worker import read

_WORD = re.compile(r"\w+")


class FakeEncoder:
    """An `Encoder` whose vectors depend only on words: equal words have equal vectors, others nearly orthogonal ones.

    A text's vector is the mean of its words' vectors, so texts that share words are near each other. As in a real
    model, the first token represents the whole text and has no place in it. `encoded` counts the encoded texts (not
    questions); `seen` is called with each text before it is encoded; it may wait or raise.
    """

    id = "fake words"

    def __init__(self, dimension: int = 32, fingerprint: str = "fake-1") -> None:
        self.dimension = dimension
        self.fingerprint = fingerprint
        self.encoded = 0
        self.seen = _nothing

    def encode_question(self, question: str) -> Encoding:
        return self._encode(question)

    def is_word(self, _: str) -> bool:
        """Every word is a token here, so none counts as misspelt."""
        return True

    def encode_groups(self, groups: Iterable[Sequence[str]]) -> Iterator[list[Encoding]]:
        for group in groups:
            yield list(self.encode_texts(group))

    def encode_texts(self, texts: Iterable[str]) -> Iterator[Encoding]:
        for text in texts:
            self.seen(text)
            self.encoded += 1
            yield self._encode(text)

    def _encode(self, text: str) -> Encoding:
        places = [match.span() for match in _WORD.finditer(text)][:500]
        words = [word_vector(text[start:end].lower(), self.dimension) for start, end in places]
        whole = _unit(np.sum(words, axis=0)) if words else word_vector("", self.dimension)
        return Encoding(
            whole,
            np.stack([whole, *words]),
            np.array([(-1, -1), *places], dtype=np.int32),
        )


class ParserHere:
    """Replaces `Parser`: reads files in this process, which saves the start of another."""

    def __init__(self, *_: object) -> None:
        """Takes the same arguments as `Parser`; has no limits."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def read(self, source: str, data: bytes) -> Content:
        return from_data(read(source, data))


def _nothing(_: str) -> None:
    pass


@lru_cache(maxsize=100_000)
def word_vector(word: str, dimension: int = 32) -> npt.NDArray[np.float32]:
    """A word's unit vector, `(dimension,) float32`, the same in every process."""
    seed = int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
    return _unit(np.random.default_rng(seed).standard_normal(dimension))


def _unit(vector: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)
