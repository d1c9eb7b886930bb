"""Passages read from indexes for measuring, and resampled indexes with more passages than there are real ones.

A resampled passage is made from a real one: it has its first sentence and its headings, and then sentences of other
real passages, each with its own token vectors and sentence vector; the passage's vector is the real one plus those
sentences' mean and a little noise. So texts, offsets, words and vectors agree, and no two passages are equal. They
serve to measure time, memory and disk; search results in them have no meaning.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from itertools import accumulate, islice, product
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from bench.corpus import Index
from qa.building.background_merge import merge
from qa.building.write_segments import PASSAGES_AT_ONCE
from qa.encode.int8 import PassageVectors
from qa.index.local.index_folder import SEGMENTS, UNFINISHED, current_version, segment_path
from qa.index.local.open_version import open_index
from qa.index.local.publish import install_segment, publish
from qa.index.local.row_map import DocumentList, RowMap
from qa.index.local.segment import Segment
from qa.index.local.segment_writer import SegmentWriter
from qa.index.local.version import SegmentEntry, SegmentRecord, Version, VersionCounts, version_id
from qa.reading.passages import embedding_text
from qa.records import Block, BlockKind, Document, DocumentInfo, Passage, Span
from qa.settings import Settings

_SEED = 20261122
_KEPT = 20_000  # passages with their vectors, 40 kB each
_NOISE = 0.02  # standard deviation in each of the 384 dimensions: a length of about 0.4, next to unit vectors


class Source:
    """The passages of an index in the order of its rows, with their vectors. A context.

    Attributes:
        passage: Returns the passage at a row.
        vectors: Returns the vectors of the passage at a row.
    """

    def __init__(self, folder: Path) -> None:
        self._index = open_index(folder)
        self.version = current_version(folder)
        self.configuration = self.version.configuration
        entries = self.version.segments
        self._segments = [Segment.open(segment_path(folder, entry.id)) for entry in entries]
        lists = [
            DocumentList(segment.documents, entry.removed)
            for segment, entry in zip(self._segments, entries, strict=True)
        ]
        self._map = RowMap(lists)
        self.documents, self.size = self._index.documents, self._index.size
        self._begins = list(accumulate((info.passages for info in self.documents), initial=0))
        # Each is used many times.
        self.passage = lru_cache(_KEPT)(self._passage)
        self.vectors = lru_cache(_KEPT)(self._vectors)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._index.close()
        for segment in self._segments:
            segment.close()

    def rows(self, document: int) -> range:
        """The rows of a document's passages."""
        return range(*self._begins[document : document + 2])

    def _passage(self, row: int) -> Passage:
        return self._index.passages([row])[0]

    def _vectors(self, row: int) -> PassageVectors:
        (segment,), (local,) = self._map.places(np.array([row], np.int64))
        return self._segments[segment].passage_vectors(int(local))


def export(index: Index) -> None:
    """Write an index's passages to its file of passages, for peers and for questions."""
    with Source(index.folder) as source, index.exported.open("w", encoding="utf-8") as file:
        for row in range(source.size):
            file.write(json.dumps({"id": row, "text": source.passage(row).text}) + "\n")


def encoded_texts(index: Index) -> list[str]:
    """The texts that `qa build` encodes for an index: each passage with its titles and headings, and each sentence."""
    texts = []
    with Source(index.folder) as source:
        for number, info in enumerate(source.documents):
            for passage in map(source.passage, source.rows(number)):
                texts.append(embedding_text(info.title, passage)[0])
                texts += [passage.text[span.start : span.end] for span in passage.sentences]
    return texts


def needed_bytes(base: Index, passages: int) -> int:
    """The approximate disk space of a resampled index."""
    return int(sum(base.disk().values()) / base.passages * passages * 1.1)


def resampled_index(work: Path, base: Index, passages: int) -> Index:
    """An index of exactly so many passages, resampled from a real one. Kept, and rebuilt when its base changes."""
    folder = work / f"resampled-{passages}"
    note = folder.with_suffix(".json")
    origin = base.version
    if not (note.exists() and folder.exists() and json.loads(note.read_text())["origin"] == origin):
        shutil.rmtree(folder, ignore_errors=True)
        needed, free = needed_bytes(base, passages), shutil.disk_usage(work).free
        if needed > free:
            raise SystemExit(
                f"{passages:,} passages need {needed / 1e9:.1f} GB in {work}; {free / 1e9:.1f} GB are free."
            )
        with Source(base.folder) as source:
            documents = _write_resampled(source, folder, passages)
        note.write_text(json.dumps({"origin": origin, "documents": documents}))
    return Index(folder, base.seeds, real=False, documents=json.loads(note.read_text())["documents"], passages=passages)


def _write_resampled(source: Source, folder: Path, wanted: int) -> int:
    """Write so many passages, publish and merge them, as a build does; returns the number of documents."""
    entries, digests, count = [], [], 0
    unfinished = folder / SEGMENTS / f"{UNFINISHED}bench"
    writer: SegmentWriter | None = None
    for copy, number in product(range(wanted), range(len(source.documents))):
        mixed = list(islice(_mixed_passages(source, number, copy), wanted - count))
        if mixed:
            writer = writer or SegmentWriter(unfinished, source.configuration)
            _add_document(writer, source.documents[number], copy, mixed)
            count += len(mixed)
        if writer and (count == wanted or writer.passages >= PASSAGES_AT_ONCE):
            entries.append(_installed(folder, unfinished, writer.finish()))
            writer = None
        if count == wanted:
            break
    for entry in entries:
        with closing(Segment.open(segment_path(folder, entry.id))) as segment:
            digests += [(each.info.source, each.digest) for each in segment.stored]
    name = version_id(source.configuration, sorted(digests))
    counts = VersionCounts(len(digests), count)
    publish(folder, Version(name, 1, source.version.built_at, source.configuration, counts, tuple(entries)).sealed())
    merge(Settings(index_dir=folder))
    return len(digests)


def _installed(folder: Path, unfinished: Path, record: SegmentRecord) -> SegmentEntry:
    install_segment(folder, unfinished, record)
    return SegmentEntry(record.id, record.counts.documents, record.counts.passages, record.counts.terms)


def _add_document(
    writer: SegmentWriter, like: DocumentInfo, copy: int, mixed: list[tuple[Passage, PassageVectors]]
) -> None:
    text = "\n\n".join(passage.text for passage, _ in mixed)
    starts = list(accumulate((len(passage.text) + 2 for passage, _ in mixed), initial=0))
    blocks = tuple(
        Block(BlockKind.PARAGRAPH, start, start + len(passage.text))
        for start, (passage, _) in zip(starts, mixed, strict=False)
    )
    name, digest = f"{copy:05}/{like.source}", sha256(text.encode()).hexdigest()
    document = Document(f"{copy}_{like.id}", name, digest, text, blocks, like.title)
    placed = (
        replace(passage, document_id=document.id, start=block.start, end=block.end)
        for block, (passage, _) in zip(blocks, mixed, strict=True)
    )
    keys = (sha256(passage.text.encode()).digest() for passage, _ in mixed)
    writer.add(document, {}, zip(placed, keys, (vectors for _, vectors in mixed), strict=True))


def _mixed_passages(source: Source, document: int, copy: int) -> Iterator[tuple[Passage, PassageVectors]]:
    """A document's passages, each with its own first sentence and further sentences of random passages."""
    for row in source.rows(document):
        chance = np.random.default_rng((_SEED, copy, row))
        own, vectors = source.passage(row), source.vectors(row)
        others = chance.integers(source.size, size=max(1, len(own.sentences) - 1))
        pieces = [_sentence(source, row, 0)]
        pieces += [_sentence(source, int(each), int(chance.integers(1 << 30))) for each in others]
        yield _joined(own, vectors, pieces, chance)


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence with its tokens' vectors and its own; spans count from its start."""

    text: str
    tokens: npt.NDArray[np.uint8]
    scales: npt.NDArray[np.float32]
    spans: npt.NDArray[np.int32]
    own_levels: npt.NDArray[np.int8]
    own_scale: np.float32


def _sentence(source: Source, row: int, number: int) -> _Sentence:
    passage, vectors = source.passage(row), source.vectors(row)
    number %= len(passage.sentences)
    span = passage.sentences[number]
    inside = (vectors.spans[:, 0] >= span.start) & (vectors.spans[:, 0] < span.end)
    return _Sentence(
        passage.text[span.start : span.end],
        vectors.tokens[inside],
        vectors.scales[inside],
        vectors.spans[inside] - np.int32(span.start),
        vectors.sentence_levels[number],
        vectors.sentence_scales[number],
    )


def _joined(
    own: Passage, vectors: PassageVectors, pieces: list[_Sentence], chance: np.random.Generator
) -> tuple[Passage, PassageVectors]:
    starts = list(accumulate((len(piece.text) + 1 for piece in pieces), initial=0))
    spans = tuple(Span(start, start + len(piece.text)) for start, piece in zip(starts, pieces, strict=False))
    around = vectors.spans[:, 0] < 0  # tokens of the heading trail, and special tokens
    places = [piece.spans + np.int32(start) for start, piece in zip(starts, pieces, strict=False)]
    levels = np.stack([piece.own_levels for piece in pieces])
    scales = np.array([piece.own_scale for piece in pieces], dtype=np.float32)
    vector = vectors.vector + (levels[1:] * scales[1:, None]).mean(axis=0) + chance.normal(0, _NOISE, levels.shape[1])
    text = " ".join(piece.text for piece in pieces)
    return replace(own, text=text, sentences=spans, footnotes=()), PassageVectors(
        (vector / np.linalg.norm(vector)).astype(np.float32),
        np.concatenate([vectors.tokens[around], *(piece.tokens for piece in pieces)]),
        np.concatenate([vectors.scales[around], *(piece.scales for piece in pieces)]),
        np.concatenate([vectors.spans[around], *places]),
        levels,
        scales,
    )
