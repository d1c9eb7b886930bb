"""Passages get their own vectors, in order; no text is encoded twice, and memory is bounded."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from fakes import FakeEncoder
from workshop import Workshop

from qa.building.encode_passages import PassageEncoder, ToWrite, to_encode
from qa.building.journal import JOURNAL, Journal
from qa.building.reuse import Reuse
from qa.building.stored_segments import stored_segments
from qa.encode import Encoder, Encoding
from qa.errors import ModelUnavailable
from qa.index.local.version import Configuration
from qa.records import Document, Passage, Span

CONFIGURATION = Configuration("m", "fake-1", "l", 1, 1, 4, 0)


class Hasty(FakeEncoder):
    """Reads groups ahead of its output, like the real encoder."""

    ahead = 5

    def encode_groups(self, groups: Iterable[Sequence[str]]) -> Iterator[list[Encoding]]:
        taken: deque[Sequence[str]] = deque()
        for group in groups:
            taken.append(group)
            if len(taken) > self.ahead:
                yield list(self.encode_texts(taken.popleft()))
        for group in taken:
            yield list(self.encode_texts(group))


def document(number: int) -> ToWrite:
    """A document of one passage of two sentences, under a heading."""
    text = f"This is number{number}. Second."
    passage = Passage("d", 0, len(text), text, ("Heading",), (Span(0, len(text) - 8), Span(len(text) - 7, len(text))))
    return ToWrite(Document("d", "d.txt", "0", text, (), "Title"), {}, (passage,), "", kept=False)


def text_of(number: int) -> str:
    written = document(number)
    return to_encode(written.document, written.passages[0]).text


@contextmanager
def passages(
    index: Path, open_encoder: Callable[[], Encoder] = Hasty, segments: Iterable[str] = ()
) -> Iterator[PassageEncoder]:
    with stored_segments(index, segments) as stored, Journal(index) as journal:
        reuse = Reuse(stored, journal, CONFIGURATION, fresh=False)
        yield PassageEncoder(reuse, CONFIGURATION, open_encoder)


def encoded(encoder: PassageEncoder, numbers: Iterable[int]) -> tuple[list[bytes], list[str]]:
    """The vectors of some passages, and the texts encoded for them."""
    texts: list[str] = []
    found = [each.vectors.vector.tobytes() for each in encoder.encode(map(document, numbers), texts.append)]
    return found, texts


def test_each_passage_gets_its_own_vectors_in_order(tmp_path: Path) -> None:
    numbers = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 3, 3, 3, 3]
    expected = [FakeEncoder().encode_question(text_of(number)).vector.tobytes() for number in numbers]
    with passages(tmp_path) as encoder:
        assert encoder.unknown_chars(map(document, numbers)) == sum(len(text_of(each)) for each in set(numbers))
        found, texts = encoded(encoder, numbers)
        assert found == expected
        assert texts == [text_of(number) for number in dict.fromkeys(numbers)], "each is encoded once"
        assert encoded(encoder, numbers) == (expected, [])
        assert encoder.unknown_chars(map(document, numbers)) == 0


def test_what_is_stored_loads_no_model_and_is_not_taken_ahead(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    shop.build()

    def no_model() -> FakeEncoder:
        raise ModelUnavailable("not to be loaded")

    taken = 0

    def documents() -> Iterator[ToWrite]:
        nonlocal taken
        for info in index.documents:
            taken += 1
            held = tuple(each for each in index.passages(range(index.size)) if each.document_id == info.id)
            yield ToWrite(index.document(info.id), {}, held, "", kept=False)

    index = shop.open_index()
    names = [path.name for path in shop.segments()]
    with passages(shop.index, no_model, names) as encoder, stored_segments(shop.index, names) as (segment,):
        for row, each in enumerate(encoder.encode(documents(), lambda _: None)):
            assert each.vectors.vector.tobytes() == segment.passage_vectors(row).vector.tobytes()
            assert taken == row + 1
    index.close()


def test_passages_are_taken_no_further_ahead_than_the_encoder_takes_them(tmp_path: Path) -> None:
    taken = 0

    def documents() -> Iterator[ToWrite]:
        nonlocal taken
        for each in map(document, range(50)):
            taken += 1
            yield each

    with passages(tmp_path) as encoder:
        for given, _ in enumerate(encoder.encode(documents(), lambda _: None)):
            assert taken <= given + 1 + Hasty.ahead


def test_what_was_encoded_before_it_was_broken_off_is_kept(tmp_path: Path) -> None:
    with passages(tmp_path) as encoder:
        vectors = encoder.encode(map(document, range(20)), lambda _: None)
        for _ in range(7):
            next(vectors)
        vectors.close()
    with passages(tmp_path) as encoder:
        assert encoded(encoder, range(20))[1] == [text_of(number) for number in range(7, 20)]


def test_what_needs_encoding_is_counted_by_keys_alone_and_what_is_torn_is_encoded_again(tmp_path: Path) -> None:
    with passages(tmp_path) as encoder:
        expected, _ = encoded(encoder, range(3))
    with closing(sqlite3.connect(tmp_path / JOURNAL)) as journal, journal:
        journal.execute("UPDATE encoded SET vector = zeroblob(length(vector))")
    with passages(tmp_path) as encoder:
        assert encoder.unknown_chars(map(document, range(3))) == 0, "no vector is read for it"
        assert encoded(encoder, range(3)) == (expected, [text_of(number) for number in range(3)])


@pytest.mark.parametrize("number", [0, 1])
def test_a_document_without_passages_takes_its_turn(tmp_path: Path, number: int) -> None:
    empty = ToWrite(Document("e", "e.txt", "0", "x", (), "Title"), {}, (), "", kept=False)
    written = [empty, document(1)] if number == 0 else [document(1), empty]
    with passages(tmp_path) as encoder:
        found = list(encoder.encode(written, lambda _: None))
    assert [each.document for each in found] == written
    assert [each.passage is None for each in found] == [each is empty for each in written]
