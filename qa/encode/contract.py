"""The protocols of the package: `TextModel` encodes one text, `Encoder` is what the other packages use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Spans = npt.NDArray[np.int32]  # `(tokens, 2)`: the bounds of each token in its text, in code points


@dataclass(frozen=True, slots=True)
class Encoding:
    """One text's vectors.

    Attributes:
        vector: The text's vector, `(d,) float32`, unit length.
        tokens: One vector for each token, `(n, d) float32`, unit length each.
        spans: Each token's place in the text, `(n, 2) int32`, in code points; `(-1, -1)` for the model's own tokens.
    """

    vector: npt.NDArray[np.float32]
    tokens: npt.NDArray[np.float32]
    spans: Spans


class Encoder(Protocol):
    """A model that turns text into vectors."""

    @property
    def id(self) -> str:
        """The model's name, for people."""
        ...

    @property
    def fingerprint(self) -> str:
        """A digest of the weights and of everything else that affects a vector."""
        ...

    @property
    def dimension(self) -> int:
        """The length d of every vector."""
        ...

    def encode_question(self, question: str) -> Encoding:
        """Encode a question with the model's query prompt, whose own tokens are left out of the result."""
        ...

    def is_word(self, word: str) -> bool:
        """Whether a word is a single token of the model."""
        ...

    def encode_groups(self, groups: Iterable[Sequence[str]]) -> Iterator[list[Encoding]]:
        """Encode the texts of each group in order; several groups in parallel, some ahead of the caller.

        A group without texts gives an empty list, so there is one result for each group.
        """
        ...

    def encode_texts(self, texts: Iterable[str]) -> Iterator[Encoding]:
        """Encode texts in order, several in parallel. The model cuts texts that are longer than it can read."""
        ...


class TextModel(Protocol):
    """A model that `qa.encode.text_encoder` wraps as an `Encoder`."""

    @property
    def id(self) -> str:
        """The model's name, for people."""
        ...

    @property
    def fingerprint(self) -> str:
        """A digest of the weights and of everything else that affects a vector."""
        ...

    @property
    def query_prompt(self) -> str:
        """The text that goes before a question."""
        ...

    def encode(self, text: str) -> Encoding:
        """The vectors of one non-empty text. Safe to call from several threads."""
        ...

    def is_word(self, word: str) -> bool:
        """Whether a word is a single token of the model."""
        ...

    def spans(self, text: str) -> Spans:
        """Only the places of a text's tokens; -1 for the model's own."""
        ...
