from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from workshop import Workshop

from qa.building.reuse import Memory, ToEncode
from qa.encode import Encoding
from qa.errors import ModelUnavailable

CONFIGURATION = {"loader": "l", "passages": 1, "weights": "fake-1", "sidecar": None}


class Hasty(FakeEncoder):
    """Takes groups ahead of those it gives out, as the real one does."""

    ahead = 5

    def encode_groups(self, groups: Iterable[Sequence[str]]) -> Iterator[list[Encoding]]:
        taken: deque[Sequence[str]] = deque()
        for group in groups:
            taken.append(group)
            if len(taken) > self.ahead:
                yield list(self.encode_texts(taken.popleft()))
        for group in taken:
            yield list(self.encode_texts(group))


def passage(number: int) -> ToEncode:
    return ToEncode(f"Heading\nThis is number{number}. Second.", 8, (f"This is number{number}.", "Second."))


def recalled(memory: Memory, numbers: Iterable[int]) -> tuple[list[bytes], list[str]]:
    """The vectors recalled for some passages, and the texts encoded for them."""
    encoded: list[str] = []
    wanted = ((memory.key(each), each) for each in map(passage, numbers))
    return [vectors.vector.tobytes() for vectors in memory.recall(wanted, encoded.append)], encoded


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory(tmp_path, None, CONFIGURATION, Hasty) as memory:
        yield memory


def test_each_passage_gets_its_own_vectors_in_order(memory: Memory) -> None:
    numbers = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 3, 3, 3, 3]
    expected = [FakeEncoder().encode_question(passage(number).text).vector.tobytes() for number in numbers]
    found, encoded = recalled(memory, numbers)
    assert found == expected
    assert encoded == [passage(number).text for number in dict.fromkeys(numbers)], "each is encoded once"
    assert recalled(memory, numbers) == (expected, [])


def test_what_is_known_loads_no_model_and_is_not_taken_ahead(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    shop.build()
    known = shop.open()

    def no_model() -> FakeEncoder:
        raise ModelUnavailable("not to be loaded")

    with Memory(tmp_path, known, known.manifest["configuration"], no_model) as memory:
        keys = [row[0] for row in known._database.execute("SELECT key FROM passages ORDER BY row")]
        taken = 0

        def wanted() -> Iterator[tuple[bytes, ToEncode]]:
            nonlocal taken
            for key in keys:
                taken += 1
                yield key, passage(0)

        for row, vectors in enumerate(memory.recall(wanted())):
            np.testing.assert_array_equal(vectors.vector, known.passage_vectors(row).vector)
            assert taken == row + 1
    known.close()


def test_passages_are_taken_no_further_ahead_than_the_encoder_takes_them(memory: Memory) -> None:
    taken = 0

    def wanted() -> Iterator[tuple[bytes, ToEncode]]:
        nonlocal taken
        for each in map(passage, range(50)):
            taken += 1
            yield memory.key(each), each

    for given, _ in enumerate(memory.recall(wanted())):
        assert taken <= given + 1 + Hasty.ahead


def test_a_broken_off_recall_keeps_what_was_encoded(tmp_path: Path) -> None:
    with Memory(tmp_path, None, CONFIGURATION, Hasty) as memory:
        wanted = ((memory.key(each), each) for each in map(passage, range(20)))
        recall = memory.recall(wanted)
        for _ in range(7):
            next(recall)
        recall.close()
    with Memory(tmp_path, None, CONFIGURATION, Hasty) as memory:
        assert recalled(memory, range(20))[1] == [passage(number).text for number in range(7, 20)]
