"""Writes segments and indexes of small documents without a build, for tests of stored data."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import numpy as np
from fakes import FakeEncoder
from hypothesis import strategies as st

from qa.encode.int8 import PassageVectors, quantise
from qa.encode.token_quantisation import pack, token_levels
from qa.index.local.local_index import LocalIndex
from qa.index.local.segment import Segment
from qa.index.local.segment_writer import SegmentWriter
from qa.index.local.version import Configuration, SegmentEntry, Version, VersionCounts, version_id
from qa.records import Block, BlockKind, Document, Passage, PassageKind
from qa.text.document_ids import document_id
from qa.text.sentences import split_sentences

ENCODER = FakeEncoder()
CONFIGURATION = Configuration("fake words", "fake-1", "test", 1, 1, 4, ENCODER.dimension)

_VOCABULARY = (
    "Harbour harbour piers Pier ferry the of Mill mills rye café Quill 1871 salt SALT wheel strait dog".split()
)
_sentences = st.lists(st.sampled_from(_VOCABULARY), min_size=1, max_size=7).map(lambda words: " ".join(words) + ".")
_paragraphs = st.lists(_sentences, min_size=1, max_size=3).map(" ".join)
_texts = st.lists(_paragraphs, max_size=4).map("\n\n".join)
_paths = st.sampled_from([f"{folder}{name}.txt" for folder in ("", "a/", "b-c/") for name in "ABCdefé"])
corpora = st.dictionaries(_paths, _texts, max_size=8)

_MEMORY = Path("/dev/shm")  # where fsync, which every segment needs, takes no time


@contextmanager
def temporary() -> Iterator[Path]:
    """A folder for one example."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        yield Path(folder)


Item = tuple[Passage, bytes, PassageVectors]


def document_of(source: str, text: str) -> Document:
    """A document of one block; its fields depend on its path and its text."""
    digest = sha256(f"{source}\0{text}".encode()).hexdigest()
    blocks = (Block(BlockKind.PARAGRAPH, 0, len(text), page=1),)
    publisher = ("Harbour Press", "Mill Books", None)[int(digest[0], 16) % 3]
    date = (None, "2021", "2022-05-01")[int(digest[1], 16) % 3]
    return Document(document_id(source), source, digest, text, blocks, f"Of {source}", publisher, None, date)


def items_of(document: Document) -> Iterator[Item]:
    """The document's paragraphs as passages, with their vectors."""
    place = 0
    for number, paragraph in enumerate(document.text.split("\n\n")):
        if paragraph:
            kind = PassageKind.BOILERPLATE if "salt" in paragraph else PassageKind.BODY
            headings = ("The Mill",) if number % 2 else ()
            sentences = split_sentences(paragraph)
            end = place + len(paragraph)
            passage = Passage(document.id, place, end, paragraph, headings, sentences, kind, 1 + number)
            texts = [" ".join((*headings, paragraph)), *(paragraph[each.start : each.end] for each in sentences)]
            whole, *singles = ENCODER.encode_texts(texts)
            spans = whole.spans - sum(len(heading) + 1 for heading in headings)
            spans[spans[:, 0] < 0] = -1
            of_sentences = quantise(np.stack([each.vector for each in singles]))
            levels, scales = token_levels(whole.tokens)
            vectors = PassageVectors(whole.vector, pack(levels), scales, spans.astype(np.int32), *of_sentences)
            yield passage, sha256(texts[0].encode()).digest(), vectors
        place += len(paragraph) + 2


def write_segment(root: Path, texts: Mapping[str, str], items: Callable[[Document], Iterator[Item]] = items_of) -> Path:
    """Write a segment of documents by path; returns its folder."""
    unfinished = root / ".unfinished-test"
    writer = SegmentWriter(unfinished, CONFIGURATION)
    try:
        for source in sorted(texts):
            document = document_of(source, texts[source])
            writer.add(document, {"title": document.title}, items(document), sidecar=f"of {source}")
        record = writer.finish()
    except BaseException:
        writer.abandon()
        raise
    folder = root / record.id
    return folder if folder.exists() else unfinished.rename(folder)


def version_of(segments: Sequence[Segment], removed: Sequence[Sequence[int]]) -> Version:
    """The version of some segments, without the documents removed from them."""
    live = sorted(
        (stored.info.source, stored.digest, stored.info.passages)
        for segment, rows in zip(segments, removed, strict=True)
        for row, stored in enumerate(segment.stored)
        if row not in rows
    )
    entries = tuple(
        SegmentEntry(each.id, each.record.counts.documents, each.size, each.record.counts.terms, tuple(sorted(rows)))
        for each, rows in zip(segments, removed, strict=True)
    )
    counts = VersionCounts(len(live), sum(passages for _, _, passages in live))
    name = version_id(CONFIGURATION, ((path, digest) for path, digest, _ in live))
    return Version(name, 1, "2026-01-01T00:00:00+00:00", CONFIGURATION, counts, entries).sealed()


@contextmanager
def opened(folders: Sequence[Path], removed: Mapping[int, set[str]] | None = None) -> Iterator[LocalIndex]:
    """An index over segments; of each numbered in `removed`, the documents at some paths are left out."""
    segments = [Segment.open(folder) for folder in folders]
    try:
        gone = [
            [row for row, info in enumerate(segment.documents) if info.source in (removed or {}).get(number, ())]
            for number, segment in enumerate(segments)
        ]
        yield LocalIndex(version_of(segments, gone), segments)
    finally:
        for segment in segments:
            segment.close()
