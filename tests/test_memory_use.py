"""Memory for each passage: little while a segment is written, and almost none while it is open."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from fakes import word_vector

from qa.encode.int8 import PassageVectors
from qa.encode.token_quantisation import pack, token_levels
from qa.index.local.segment import Segment
from qa.index.local.segment_writer import SegmentWriter
from qa.index.local.version import Configuration
from qa.records import Document, Passage, PassageKind, Span
from qa.text.words import ANALYSER_VERSION

DIMENSION = 32
CONFIGURATION = Configuration("m", "w", "l", 1, ANALYSER_VERSION, 4, DIMENSION)
TEXT = "the tide table of the harbour"


@pytest.fixture
def grown() -> Iterator[Callable[[], int]]:
    """The growth of used memory in bytes since the previous call."""
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


def write(folder: Path, count: int, halfway: Callable[[], object]) -> SegmentWriter:
    """Write passages with equal text, 50 in each document."""
    levels, scales = token_levels(np.stack([word_vector(word, DIMENSION) for word in TEXT.split()]))
    spans = np.zeros((len(levels), 2), dtype=np.int32)
    writer = SegmentWriter(folder, CONFIGURATION)

    def passages(name: str, first: int) -> Iterator[tuple[Passage, bytes, PassageVectors]]:
        for number in range(first, first + 50):
            if number == count // 2:
                halfway()
            passage = Passage(name, 0, len(TEXT), TEXT, (), (Span(0, len(TEXT)),), PassageKind.BODY, None, ())
            vector = word_vector(f"word{number % 1000}", DIMENSION)
            vectors = PassageVectors(vector, pack(levels), scales, spans, levels[:1], scales[:1])
            yield passage, sha256(str(number).encode()).digest(), vectors

    for number in range(0, count, 50):
        name = f"d{number // 50:05}"
        writer.add(Document(name, f"{name}.txt", "0", TEXT, (), name), {}, passages(name, number))
    return writer


def test_writing_holds_some_bytes_for_each_passage(tmp_path: Path, grown: Callable[[], int]) -> None:
    writer = write(tmp_path / "segment", 4000, grown)
    assert grown() < 200 * 2000, "its terms and words"
    writer.abandon()


def test_an_open_segment_holds_a_few_bytes_for_each_passage(tmp_path: Path, grown: Callable[[], int]) -> None:
    writer = write(tmp_path / "segment", 4000, lambda: None)
    record = writer.finish()
    (tmp_path / "segment").rename(tmp_path / record.id)
    del writer
    grown()
    segment = Segment.open(tmp_path / record.id)
    assert segment.size == 4000
    assert grown() < 60 * 4000, "documents and words, but no passage"
    segment.close()
