"""Different figures of different documents are shown together, and only if they are about the same thing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeEncoder
from hypothesis import given
from hypothesis import strategies as st
from workshop import Workshop

from qa.answering.disagreement import disagreement
from qa.answering.figures import figures
from qa.answering.quotes import distinct
from qa.index.contract import Index
from qa.retrieval.search import search

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "golden" / "disagreement.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    texts = {
        f"{number:02}_{place}.txt": text
        for number, case in enumerate(CASES)
        for place, text in enumerate(case["texts"])
    }
    shop = Workshop(tmp_path_factory.mktemp("shop"), texts)
    shop.build()
    opened = shop.open_index()
    yield opened
    opened.close()


def test_half_of_the_cases_are_traps() -> None:
    assert len(CASES) >= 30
    assert sum(not case["values"] for case in CASES) * 2 == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["question"])
def test_figures_that_differ_are_told_and_others_are_not(index: Index, case: dict[str, Any]) -> None:
    ranking = search(index, FakeEncoder(), case["question"])
    found = disagreement(index, ranking.searched, ranking.content_words, distinct(ranking, 5))
    assert sorted(each.value for each in found) == sorted(case["values"])
    for each in found:
        text = index.document(each.citation.document_id).text
        assert each.value in text[each.citation.start : each.citation.end]


PIECES = (
    "May June May_1 1 31 2014 1921-05 9:30 3 pm % $ 412.6M mg E10.9 to of the in 5/3/24 1,200 -5 two , . - –".split()
)


@given(st.lists(st.sampled_from(PIECES), max_size=8), st.sampled_from(["year", "share", "amount", "count"]))
def test_every_text_has_its_figures_told(pieces: list[str], kind: str) -> None:
    text = " ".join(pieces).replace("_", " ")
    for figure in figures(text, kind):
        assert figure.value == text[figure.place.start : figure.place.end]


def test_a_day_without_its_year_is_no_year() -> None:
    assert [figure.value for figure in figures("It is open from May 1 to 31 May 1921, at 9:30.", "year")] == [
        "31 May 1921"
    ]
