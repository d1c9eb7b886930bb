"""Gives passages their vectors, in order: those of earlier builds where there are any, else new ones.

Some passages are read ahead of those that are returned, as many as the encoder takes at once, so that the encoder
never waits and memory stays bounded.
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
from qa.encode.token_form import pack, token_levels
from qa.index.local.version import Configuration
from qa.reading.passages import embedding_text, masked
from qa.records import Document, Passage


@dataclass(frozen=True, slots=True)
class ToWrite:
    """A document to write. `own` has its file's own details; `kept` says that it could not be read for now."""

    document: Document
    own: Mapping[str, str]
    passages: tuple[Passage, ...]
    sidecar: str
    kept: bool


@dataclass(frozen=True, slots=True)
class ToEncode:
    """A passage as the model reads it: with its heading trail, and sentence by sentence.

    `text_start` is where the passage's own text begins in `text`.
    """

    text: str
    text_start: int
    sentences: tuple[str, ...]

    def key(self, configuration: Configuration) -> bytes:
        """The digest of the model, of the form in which its vectors are kept, and of all that it reads."""
        form = (configuration.weights, str(configuration.token_bits))
        return sha256("\0".join((*form, str(self.text_start), self.text, *self.sentences)).encode()).digest()


@dataclass(frozen=True, slots=True)
class Encoded:
    """A passage with the digest of what was encoded, and its vectors; or a document without passages."""

    document: ToWrite
    passage: Passage | None = None
    key: bytes = b""
    vectors: PassageVectors | None = None


def to_encode(document: Document, passage: Passage) -> ToEncode:
    """A passage of a document as the model reads it."""
    sentences = tuple(masked(passage.text[span.start : span.end]) for span in passage.sentences)
    return ToEncode(*embedding_text(document.title, passage), sentences)


class PassageEncoder:
    """Gives passages their vectors."""

    def __init__(self, reuse: Reuse, configuration: Configuration, open_encoder: Callable[[], Encoder]) -> None:
        """Take what encoding needs.

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
        """The configuration with the length of a vector; loads the model if no stored segment tells."""
        return replace(self._configuration, dimension=self._reuse.dimension or self._model().dimension)

    def unknown_chars(self, documents: Iterable[ToWrite]) -> int:
        """How many characters of some documents' passages need encoding."""
        unknown: dict[bytes, int] = {}
        for each in documents:
            for passage in each.passages:
                wanted = to_encode(each.document, passage)
                key = wanted.key(self._configuration)
                if key not in unknown and not self._reuse.has_vectors(key):
                    unknown[key] = len(wanted.text)
        return sum(unknown.values())

    def encode(self, documents: Iterable[ToWrite], on_encoded: Callable[[str], None]) -> Generator[Encoded]:
        """Passages with their vectors, in the order of the documents; what is encoded is kept.

        Args:
            documents: Documents with their passages.
            on_encoded: Called with the text of each passage that had to be encoded.
        """
        waiting: deque[tuple[Encoded, ToEncode | None]] = deque()
        queued: set[bytes] = set()
        new: dict[bytes, PassageVectors] = {}  # kept while the same passage waits in the queue again

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
        """Groups of texts encoded, in order; the model is loaded only for one that holds any."""
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
    spans[encoding.spans[:, 0] < text_start] = -1  # the heading trail's and the model's own tokens
    spans = np.ascontiguousarray(spans, dtype=np.int32)
    tokens = pack(levels, token_bits)
    return PassageVectors(encoding.vector, tokens, scales, spans, *quantise(np.stack(sentences)))
