"""Abbreviations that texts define, and questions with what their abbreviations stand for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from workshop import Workshop

from qa.index.contract import Index
from qa.retrieval.widening import widened
from qa.text.abbreviations import definitions, everyday, phrases, short_folded, states

TEXTS = {
    "water.txt": "The Upper Lenne Water Authority (ULWA) runs nine reservoirs. It works in Colorado and Washington.",
    "glossary.txt": "DRT stands for demand-responsive transport. Vans are of the Harbour Board.",
    "notes.txt": "The management meets on Mondays. HB vans are white. Some offer a high-deductible plan.",
}


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("the Care Management Institute (CMI) was made", ("CMI", "Care Management Institute")),
        ("heart rate variability (HRV) fell", ("HRV", "heart rate variability")),
        ("the nonprofit Elden Harbour Plan, or EHP, handles", ("EHP", "Elden Harbour Plan")),
        ("The Mill Groups, or MGs, are", ("MG", "Mill Groups")),
        ("MRI (magnetic resonance imaging) helps", ("MRI", "magnetic resonance imaging")),
        ("DRT stands for demand-responsive transport, and", ("DRT", "demand-responsive transport")),
    ],
)
def test_what_a_text_defines_is_found(text: str, pair: tuple[str, str]) -> None:
    assert list(definitions(text)) == [pair]


@pytest.mark.parametrize("text", ["in brackets (ABC) here", "a year (2014)", "(CMI)", "see Figure (B)", ""])
def test_what_defines_nothing_is_not(text: str) -> None:
    assert not list(definitions(text))


def test_phrases_have_initials() -> None:
    found = set(phrases("The fee-for-service model of Kaiser Permanente and the Bank of Elden"))
    assert {("ffs", "fee for service"), ("kp", "Kaiser Permanente"), ("be", "Bank of Elden")} <= found


def test_short_forms_are_one_without_case_hyphens_and_plural() -> None:
    assert {short_folded(each) for each in ("PMG", "PMGs", "pmg", "P.M.G", "PM-G")} == {"pmg"}


def test_the_table_is_plain() -> None:
    assert len(states()) == 51
    assert all(short == short.casefold() and short != long for short, long in everyday().items())


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    shop = Workshop(tmp_path_factory.mktemp("shop"), TEXTS)
    shop.build()
    opened = shop.open_index()
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("question", "wide"),
    [
        ("what does ULWA run", "what does ULWA (Upper Lenne Water Authority) run"),
        ("what does ulwa run", "what does ulwa (Upper Lenne Water Authority) run"),
        ("when does demand responsive transport go", "when does demand responsive transport (DRT) go"),
        ("are the HB vans white", "are the HB (harbour board) vans white"),
        ("is there an HDHP", "is there an HDHP (high deductible plan)"),
        ("when does mgmt meet", "when does management meet"),
        ("works in CO & WA", "works in Colorado & Washington"),
        ("works in co & wa", "works in Colorado & Washington"),
        ("who works in Texas or TX", "who works in Texas or TX"),  # the documents know no such state
        ("co mgmt", "co management"),  # alone a code that is another word is that word
        ("ULWA, the Upper Lenne Water Authority", "ULWA, the Upper Lenne Water Authority"),
        ("how many vans", "how many vans"),
    ],
)
def test_a_question_has_its_abbreviations_beside_what_they_stand_for(index: Index, question: str, wide: str) -> None:
    known = {"works", "vans", "white", "there", "transport", "texas"}
    assert widened(question, index, known.__contains__)[0] == wide
