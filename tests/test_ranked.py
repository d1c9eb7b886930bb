"""Passages with the kind of answer that a question asks for rank before similar ones without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from workshop import Workshop

from qa.answering.ranked import rank
from qa.index.contract import Index
from qa.records import Filters
from qa.retrieval.search import Ranking, search

TEXTS = {
    "club.txt": "Members of the sailing club in Elden have boats.",
    "count.txt": "The 300 members of the sailing club in Elden have boats.",
    "pier.txt": "The pier of the club is long.",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    shop = Workshop(tmp_path_factory.mktemp("ranked"), TEXTS)
    shop.build()
    opened = shop.open_index()
    yield opened
    opened.close()


def sources(ranking: Ranking) -> list[str]:
    index = ranking.index
    return [index.info(passage.document_id).source for passage in index.passages(ranking.rows)]


HOW_MANY = "how many members have the sailing club in Elden"


def test_a_passage_with_the_number_asked_for_comes_first(index: Index) -> None:
    before, ranking = search(index, FakeEncoder(), HOW_MANY), rank(index, FakeEncoder(), HOW_MANY)
    assert sources(before)[0] == "club.txt", "which has more words of the question"
    assert sources(ranking)[0] == "count.txt"


def test_what_belongs_to_a_passage_moves_with_it(index: Index) -> None:
    before, ranking = search(index, FakeEncoder(), HOW_MANY), rank(index, FakeEncoder(), HOW_MANY)
    moved = [before.rows.tolist().index(row) for row in ranking.rows.tolist()]
    assert moved != sorted(moved)
    assert (ranking.order == before.order[moved]).all()
    for name, values in ranking.signals.items():
        assert (values == before.signals[name][moved]).all(), name
    assert ranking.scores.dtype == np.float32
    assert (np.diff(ranking.scores) <= 0).all()
    assert 0 <= ranking.scores.min() <= ranking.scores.max() <= 1


@pytest.mark.parametrize(
    "question", ["members of the sailing club", "who are members of the sailing club", "is it long"]
)
def test_other_questions_are_ranked_by_similarity_alone(index: Index, question: str) -> None:
    before, ranking = search(index, FakeEncoder(), question), rank(index, FakeEncoder(), question)
    assert (ranking.rows == before.rows).all()
    assert (ranking.scores == before.scores).all()


def test_the_first_ten_passages_are_examined(tmp_path: Path) -> None:
    words = HOW_MANY.split()[3:]
    texts = {f"{number}.txt": f"{' '.join(words[: number % 7 + 1])} {number + 20} members." for number in range(14)}
    shop = Workshop(tmp_path, texts)
    shop.build()
    with closing(shop.open_index()) as index:
        before, ranking = search(index, FakeEncoder(), HOW_MANY), rank(index, FakeEncoder(), HOW_MANY)
        assert (ranking.rows == before.rows).all()
        assert ranking.scores[:10] == pytest.approx((before.scores[:10] + 0.1) / 1.1)
        assert len(ranking.scores) == 14
        assert ranking.scores[10:] == pytest.approx(before.scores[10:] / 1.1)


def test_nothing_is_ranked_where_no_document_may_answer(index: Index) -> None:
    assert not len(rank(index, FakeEncoder(), HOW_MANY, Filters(date_from="2020-01-01")).rows)
