"""Blocks and passages of the five documents, as text that can be compared with the originals.

After an intended change, `pytest tests/test_golden.py --update-golden` rewrites the files; their diff shows it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.reading.passages import cut_passages
from qa.records import Block, Document, Passage

GOLDEN = Path(__file__).parent / "golden"
SOURCES = sorted(path.name for path in (Path(__file__).parent.parent / "seeds").glob("*.txt"))


def described(document: Document) -> str:
    """The document's metadata, one block in each paragraph, and the passages with one sentence in each line."""
    details = [f"{name}: {getattr(document, name)}" for name in ("id", "title", "publisher", "author", "date", "url")]
    blocks = [_block(document, block) for block in document.blocks]
    passages = [_passage(document, passage) for passage in cut_passages(document)]
    return "\n\n".join(["\n".join(details), "== Blocks ==", *blocks, "== Passages ==", *passages]) + "\n"


def _block(document: Document, block: Block) -> str:
    head = [block.kind, f"level {block.level}" if block.level else "", f"slide {block.slide}" if block.slide else ""]
    text = document.text[block.start : block.end]
    if block.run_in:
        text = f"{text[: block.run_in]}|{text[block.run_in :]}"
    return f"[{', '.join(filter(None, head))}]\n{text}"


def _passage(document: Document, passage: Passage) -> str:
    trail = " > ".join(passage.headings) or "no heading"
    lines = [passage.text[span.start : span.end] for span in passage.sentences]
    notes = [f"  note: {document.text[span.start : span.end]}" for span in passage.footnotes]
    return "\n".join([f"[{passage.kind} {passage.start}-{passage.end}, {trail}]", *lines, *notes])


@pytest.mark.parametrize("source", SOURCES)
def test_a_seed_is_read_and_cut_as_agreed(
    source: str, seeds: tuple[Document, ...], request: pytest.FixtureRequest
) -> None:
    (document,) = [each for each in seeds if each.source == source]
    path = GOLDEN / f"{document.id}.golden.txt"
    if request.config.getoption("--update-golden"):
        path.write_text(described(document), encoding="utf-8")
    assert described(document) == path.read_text(encoding="utf-8")


def test_there_are_five() -> None:
    assert len(SOURCES) == 5
    assert {path.name for path in GOLDEN.glob("*.golden.txt")} == {
        f"{source.removesuffix('.txt')}.golden.txt" for source in SOURCES
    }
