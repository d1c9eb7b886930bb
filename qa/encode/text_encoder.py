"""The `Encoder` on any `TextModel`: the same code for the packaged network and for models of sentence-transformers.

Texts are encoded one by one in parallel threads, never in padded batches: an int8 network scales its activations by the
whole batch, so a text's vector would depend on the other texts.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache

import numpy as np

from qa.encode.arrays import unit_length
from qa.encode.contract import Encoding, TextModel

_AHEAD = 8  # groups of texts in progress for each thread: bounds memory while every thread has work


class TextEncoder:
    """An `Encoder` on a model."""

    def __init__(self, model: TextModel, threads: int) -> None:
        """Use a model.

        Args:
            model: Encodes one text.
            threads: The number of texts that `encode_groups` encodes in parallel; 0: one for each core.
        """
        self._model = model
        self._threads = threads or os.cpu_count() or 1
        self._is_word = lru_cache(maxsize=65536)(model.is_word)
        self.id = model.id
        self.fingerprint = model.fingerprint
        self.dimension = len(self.encode_question("dimension").vector)

    def encode_question(self, question: str) -> Encoding:
        """Encode a question; see `Encoder`."""
        prompt = self._model.query_prompt
        encoding = self._encode(prompt + question)
        before = len(prompt.rstrip())
        kept = (encoding.spans[:, 0] >= before) | (encoding.spans[:, 0] < 0)
        spans = encoding.spans[kept]
        shifted = np.where(spans >= 0, np.maximum(spans - len(prompt), 0), spans).astype(np.int32)
        return Encoding(encoding.vector, encoding.tokens[kept], shifted)

    def is_word(self, word: str) -> bool:
        """Whether a word is a single token of the model; see `Encoder`."""
        return self._is_word(word)

    def encode_groups(self, groups: Iterable[Sequence[str]]) -> Iterator[list[Encoding]]:
        """Encode groups of texts in order; see `Encoder`."""
        pending: deque[Future[list[Encoding]] | None] = deque()
        with ThreadPoolExecutor(self._threads, thread_name_prefix="encode") as pool:
            try:
                for group in groups:
                    pending.append(pool.submit(self._encode_all, group) if group else None)
                    if len(pending) > _AHEAD * self._threads:
                        yield _result(pending.popleft())
                while pending:
                    yield _result(pending.popleft())
            finally:
                for future in filter(None, pending):
                    future.cancel()

    def encode_texts(self, texts: Iterable[str]) -> Iterator[Encoding]:
        """Encode texts in order; see `Encoder`."""
        for (encoding,) in self.encode_groups((text,) for text in texts):
            yield encoding

    def _encode_all(self, texts: Sequence[str]) -> list[Encoding]:
        return [self._encode(text) for text in texts]

    def _encode(self, text: str) -> Encoding:
        encoding = self._model.encode(text)
        return Encoding(unit_length(encoding.vector), unit_length(encoding.tokens), encoding.spans)


def _result(future: Future[list[Encoding]] | None) -> list[Encoding]:
    return future.result() if future else []
