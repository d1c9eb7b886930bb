"""What is read from snapshots for measuring, and snapshots larger than there are real passages for.

A resampled passage takes the place of a real one: it keeps its first sentence and its headings, and gets sentences of
other real passages for the rest, each with its own token vectors and sentence vector; the passage's vector is the real
one with those sentences' mean added, and a little noise. So texts, offsets, words and vectors agree, and no two
passages are copies. They serve to measure time, memory and disk; what is found in them means nothing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import accumulate, islice, product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.corpus import Index
from qa.encode.int8 import PassageVectors
from qa.index.local.publish import publish
from qa.index.local.snapshot import Snapshot, open_snapshot
from qa.index.local.snapshot_writer import SnapshotWriter
from qa.reading.passages import embedding_text
from qa.records import Block, BlockKind, Document, DocumentInfo, Passage, Span

_SEED = 20261122
_NOISE = 0.02  # standard deviation in each of the 384 dimensions, so about 0.4 beside a vector of length 1


def export(index: Index) -> None:
    """Write an index's passages to its file of them, for peers and for questions."""
    snapshot = _opened(index)
    with index.exported.open("w", encoding="utf-8") as file:
        for row in range(snapshot.size):
            file.write(json.dumps({"id": row, "text": snapshot.passage(row).text}) + "\n")
    snapshot.close()


def encoded_texts(index: Index) -> list[str]:
    """What `qa build` encodes for an index: each passage with its titles and headings, and each sentence."""
    snapshot = _opened(index)
    texts = []
    for row in range(snapshot.size):
        passage = snapshot.passage(row)
        texts.append(embedding_text(snapshot.documents[snapshot.document_rows[row]].title, passage)[0])
        texts += [passage.text[span.start : span.end] for span in passage.sentences]
    snapshot.close()
    return texts


def needed_bytes(base: Index, passages: int) -> int:
    """About how much disk a resampled index takes."""
    return int(sum(base.disk().values()) / base.passages * passages * 1.1)


def resampled_index(work: Path, base: Index, passages: int) -> Index:
    """An index of exactly so many passages, resampled from a real one. Kept, and made anew when its base changes."""
    folder = work / f"resampled-{passages}"
    note = folder.with_suffix(".json")
    origin = base.snapshot.name
    if not (note.exists() and folder.exists() and json.loads(note.read_text())["origin"] == origin):
        shutil.rmtree(folder, ignore_errors=True)
        needed, free = needed_bytes(base, passages), shutil.disk_usage(work).free
        if needed > free:
            raise SystemExit(
                f"{passages:,} passages need {needed / 1e9:.1f} GB in {work}; {free / 1e9:.1f} GB are free."
            )
        snapshot = _opened(base)
        documents = _write_resampled(snapshot, folder, passages)
        note.write_text(json.dumps({"origin": origin, "documents": documents}))
    return Index(folder, base.seeds, real=False, documents=json.loads(note.read_text())["documents"], passages=passages)


def _opened(index: Index) -> Snapshot:
    return open_snapshot(index.folder, index.snapshot.name, verified=True)


def _write_resampled(snapshot: Snapshot, folder: Path, wanted: int) -> int:
    """Write and publish so many passages; returns the number of documents."""
    writer = SnapshotWriter(folder, snapshot.manifest["configuration"])
    passages = documents = 0
    for copy, row in product(range(wanted), range(len(snapshot.documents))):
        mixed = list(islice(_mixed_passages(snapshot, row, copy), wanted - passages))
        if mixed:
            _add_document(writer, snapshot.documents[row], copy, mixed)
            passages, documents = passages + len(mixed), documents + 1
        if passages == wanted:
            break
    publish(folder, writer.folder, writer.finish())
    return documents


def _add_document(
    writer: SnapshotWriter, like: DocumentInfo, copy: int, mixed: list[tuple[Passage, PassageVectors]]
) -> None:
    text = "\n\n".join(passage.text for passage, _ in mixed)
    starts = list(accumulate((len(passage.text) + 2 for passage, _ in mixed), initial=0))
    blocks = tuple(
        Block(BlockKind.PARAGRAPH, start, start + len(passage.text))
        for start, (passage, _) in zip(starts, mixed, strict=False)
    )
    name, digest = f"{copy}/{like.source}", sha256(text.encode()).hexdigest()
    document = Document(f"{copy}_{like.id}", name, digest, text, blocks, like.title)
    writer.add_document(document, {})
    for block, (passage, vectors) in zip(blocks, mixed, strict=True):
        placed = replace(passage, document_id=document.id, start=block.start, end=block.end)
        writer.add_passage(placed, sha256(passage.text.encode()).digest(), vectors)


def _mixed_passages(snapshot: Snapshot, document: int, copy: int) -> Iterator[tuple[Passage, PassageVectors]]:
    """A document's passages, each with its first sentence its own and the others of passages drawn at random."""
    first, last = np.searchsorted(snapshot.document_rows, [document, document + 1])
    for row in range(first, last):
        chance = np.random.default_rng((_SEED, copy, row))
        own, vectors = snapshot.passage(row), snapshot.passage_vectors(row)
        others = chance.integers(snapshot.size, size=max(1, len(own.sentences) - 1))
        pieces = [_sentence(snapshot, row, 0)]
        pieces += [_sentence(snapshot, int(each), int(chance.integers(1 << 30))) for each in others]
        yield _joined(own, vectors, pieces, chance)


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence with its tokens' vectors and its own; spans from its own beginning."""

    text: str
    levels: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]
    spans: npt.NDArray[np.int32]
    own_levels: npt.NDArray[np.int8]
    own_scale: np.float32


def _sentence(snapshot: Snapshot, row: int, number: int) -> _Sentence:
    passage, vectors = snapshot.passage(row), snapshot.passage_vectors(row)
    number %= len(passage.sentences)
    span = passage.sentences[number]
    inside = (vectors.spans[:, 0] >= span.start) & (vectors.spans[:, 0] < span.end)
    return _Sentence(
        passage.text[span.start : span.end],
        vectors.levels[inside],
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
    around = vectors.spans[:, 0] < 0  # the heading trail's tokens and the model's own
    places = [piece.spans + np.int32(start) for start, piece in zip(starts, pieces, strict=False)]
    levels = np.stack([piece.own_levels for piece in pieces])
    scales = np.array([piece.own_scale for piece in pieces], dtype=np.float32)
    vector = vectors.vector + (levels[1:] * scales[1:, None]).mean(axis=0) + chance.normal(0, _NOISE, levels.shape[1])
    text = " ".join(piece.text for piece in pieces)
    return replace(own, text=text, sentences=spans, footnotes=()), PassageVectors(
        (vector / np.linalg.norm(vector)).astype(np.float32),
        np.concatenate([vectors.levels[around], *(piece.levels for piece in pieces)]),
        np.concatenate([vectors.scales[around], *(piece.scales for piece in pieces)]),
        np.concatenate([vectors.spans[around], *places]),
        levels,
        scales,
    )
