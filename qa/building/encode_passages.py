"""Gets the vectors of passages in order: from earlier builds if stored, else by encoding.

Passages are read ahead of the returned ones, as many as the encoder processes at once, so that the encoder never waits
and memory is bounded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import chain

import numpy as np
import numpy.typing as npt

from qa.building.reuse import Reuse
from qa.encode import Encoder, Encoding
from qa.encode.int8 import PassageVectors, quantise
from qa.encode.token_quantisation import pack, token_levels
from qa.index.local.version import Configuration
from qa.reading.passages import embedding_text, masked
from qa.records import Document, Passage


@dataclass(frozen=True, slots=True)
class ToWrite:
    """A document to write. `own` has details from its file; `kept` says that the file could not be read this time."""

    document: Document
    own: Mapping[str, str]
    passages: tuple[Passage, ...]
    sidecar: str
    kept: bool


@dataclass(frozen=True, slots=True)
class ToEncode:
    """The texts that the model reads for a passage: with its heading trail, and each sentence.

    `text_start` is where the passage's own text begins in `text`.
    """

    text: str
    text_start: int
    sentences: tuple[str, ...]

    def key(self, configuration: Configuration) -> bytes:
        """The digest of the model, the form of stored vectors, and all texts."""
        form = (configuration.weights, str(configuration.token_bits))
        return sha256("\0".join((*form, str(self.text_start), self.text, *self.sentences)).encode()).digest()


@dataclass(frozen=True, slots=True)
class Encoded:
    """A passage with the digest of its encoded texts, and its vectors; or a document without passages."""

    document: ToWrite
    passage: Passage | None = None
    key: bytes = b""
    vectors: PassageVectors | None = None


def to_encode(document: Document, passage: Passage) -> ToEncode:
    """The texts that the model reads for a passage of a document."""
    sentences = tuple(masked(passage.text[span.start : span.end]) for span in passage.sentences)
    return ToEncode(*embedding_text(document.title, passage), sentences)


class PassageEncoder:
    """Gets the vectors of passages."""

    def __init__(self, reuse: Reuse, configuration: Configuration, open_encoder: Callable[[], Encoder]) -> None:
        """Store the arguments.

        Args:
            reuse: Vectors of earlier builds; new vectors are added to it.
            configuration: The model's weights, and how many bits a component of a token's vector has.
            open_encoder: Loads the model; called only if something needs encoding.
        """
        self._reuse = reuse
        self._configuration = configuration
        self._open_encoder = open_encoder
        self._encoder: Encoder | None = None

    def complete_configuration(self) -> Configuration:
        """The configuration with the vectors' dimension; loads the model if no stored segment has it."""
        return replace(self._configuration, dimension=self._reuse.dimension or self._model().dimension)

    def unknown_chars(self, documents: Iterable[ToWrite]) -> int:
        """The number of characters of some documents' passages that must be encoded."""
        unknown: dict[bytes, int] = {}
        for each in documents:
            for passage in each.passages:
                wanted = to_encode(each.document, passage)
                key = wanted.key(self._configuration)
                if key not in unknown and not self._reuse.has_vectors(key):
                    unknown[key] = len(wanted.text)
        return sum(unknown.values())

    def encode(self, documents: Iterable[ToWrite], on_encoded: Callable[[str], None]) -> Generator[Encoded]:
        """Passages with their vectors, in the order of the documents; new vectors are stored for reuse.

        Args:
            documents: Documents with their passages.
            on_encoded: Called with the text of each passage that had to be encoded.
        """
        waiting: deque[tuple[Encoded, ToEncode | None]] = deque()
        queued: set[bytes] = set()
        new: dict[bytes, PassageVectors] = {}  # kept while a passage with the same text waits in the queue

        def groups() -> Iterator[Sequence[str]]:
            for item, wanted in self._items(documents):
                known = None if wanted is None or item.key in queued else self._reuse.vectors(item.key)
                if wanted is None or known is not None or item.key in queued:
                    waiting.append((Encoded(item.document, item.passage, item.key, known), wanted))
                    yield ()
                else:
                    waiting.append((item, wanted))
                    queued.add(item.key)
                    yield (wanted.text, *wanted.sentences)

        for encodings in self._encoded(groups()):
            item, wanted = waiting.popleft()
            if wanted is None:
                yield item
                continue
            if encodings:
                new[item.key] = self._quantised(item.key, wanted, encodings)
                on_encoded(wanted.text)
            yield Encoded(item.document, item.passage, item.key, item.vectors or new[item.key])
            if item.key in queued and all(item.key != other.key for other, _ in waiting):
                queued.remove(item.key)
                del new[item.key]

    def _items(self, documents: Iterable[ToWrite]) -> Iterator[tuple[Encoded, ToEncode | None]]:
        for each in documents:
            if not each.passages:
                yield Encoded(each), None
            for passage in each.passages:
                wanted = to_encode(each.document, passage)
                yield Encoded(each, passage, wanted.key(self._configuration)), wanted

    def _encoded(self, groups: Iterator[Sequence[str]]) -> Iterator[list[Encoding]]:
        """Encode groups of texts in order; the model is loaded at the first non-empty group."""
        for group in groups:
            if group:
                yield from self._model().encode_groups(chain([group], groups))
            else:
                yield []

    def _quantised(self, key: bytes, wanted: ToEncode, encodings: list[Encoding]) -> PassageVectors:
        whole, *sentences = encodings
        vectors = _passage_vectors(
            whole, wanted.text_start, [each.vector for each in sentences], self._configuration.token_bits
        )
        self._reuse.keep_vectors(key, vectors)
        return vectors

    def _model(self) -> Encoder:
        if self._encoder is None:
            self._encoder = self._open_encoder()
        return self._encoder


def _passage_vectors(
    encoding: Encoding, text_start: int, sentences: list[npt.NDArray[np.float32]], token_bits: int
) -> PassageVectors:
    levels, scales = token_levels(encoding.tokens, token_bits)
    spans = encoding.spans - text_start
    spans[encoding.spans[:, 0] < text_start] = -1  # tokens of the heading trail and the model's own
    spans = np.ascontiguousarray(spans, dtype=np.int32)
    tokens = pack(levels, token_bits)
    return PassageVectors(encoding.vector, tokens, scales, spans, *quantise(np.stack(sentences)))
