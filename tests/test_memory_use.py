"""What is held in memory for each passage: next to nothing, while a snapshot is written and while it serves."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from fakes import word_vector

from qa.encode.int8 import PassageVectors, quantise
from qa.index.local.publish import publish
from qa.index.local.snapshot import open_snapshot
from qa.index.local.snapshot_writer import SnapshotWriter
from qa.records import Document, Passage, PassageKind, Span
from qa.text.words import ANALYSER_VERSION

DIMENSION = 32
CONFIGURATION = {"model": "m", "weights": "w", "analyser": ANALYSER_VERSION, "dimension": DIMENSION}
TEXT = "the tide table of the harbour"


@pytest.fixture
def grown() -> Iterator[Callable[[], int]]:
    """Tells by how many bytes the memory in use has grown since it was last asked."""
    tracemalloc.start()
    before = 0

    def grown() -> int:
        nonlocal before
        gc.collect()
        now = tracemalloc.get_traced_memory()[0]
        before, more = now, now - before
        return more

    yield grown
    tracemalloc.stop()


def write(index: Path, count: int, halfway: Callable[[], object]) -> SnapshotWriter:
    """Write passages that say all the same, 50 to a document."""
    levels, scales = quantise(np.stack([word_vector(word, DIMENSION) for word in TEXT.split()]))
    spans = np.zeros((len(levels), 2), dtype=np.int32)
    writer = SnapshotWriter(index, CONFIGURATION)
    for number in range(count):
        if number == count // 2:
            halfway()
        name = f"d{number // 50}"
        if number % 50 == 0:
            document = Document(name, f"{name}.txt", "0", TEXT, (), name, None, None, None, None)
            writer.add_document(document, {})
        passage = Passage(name, 0, len(TEXT), TEXT, (), (Span(0, len(TEXT)),), PassageKind.BODY, None, ())
        vector = word_vector(f"word{number % 1000}", DIMENSION)
        vectors = PassageVectors(vector, levels, scales, spans, levels[:1], scales[:1])
        writer.add_passage(passage, sha256(str(number).encode()).digest(), vectors)
    return writer


def test_writing_holds_a_few_bytes_for_each_passage(tmp_path: Path, grown: Callable[[], int]) -> None:
    writer = write(tmp_path, 4000, grown)
    assert grown() < 40 * 2000, "as much as documents need for the manifest"
    writer.abandon()


def test_an_open_snapshot_holds_a_few_bytes_for_each_passage(tmp_path: Path, grown: Callable[[], int]) -> None:
    writer = write(tmp_path, 4000, lambda: None)
    snapshot_id = writer.finish()
    publish(tmp_path, writer.folder, snapshot_id)
    del writer
    grown()
    snapshot = open_snapshot(tmp_path, snapshot_id)
    assert snapshot.size == 4000
    assert grown() < 60 * 4000, "documents and words, but no passage"
    snapshot.close()
