"""Abbreviations that texts define, and questions with the long forms of their abbreviations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from workshop import Workshop

from qa.index.contract import Index
from qa.retrieval.query_expansion import widened
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
        ('the Elden Harbour Plan (the "EHP") is', ("EHP", "Elden Harbour Plan")),
        ("the Elden Harbour Plan (EHP; made in 1921) is", ("EHP", "Elden Harbour Plan")),
        ("the Elden Harbour Plan (hereafter EHP) is", ("EHP", "Elden Harbour Plan")),
        ("the Elden Harbour Plan (E.H.P.) is", ("E.H.P.", "Elden Harbour Plan")),
        ("Terms\nEHP: Elden Harbour Plan\nand more", ("EHP", "Elden Harbour Plan")),
        ("our Code of Conduct (CoC) says", ("CoC", "Code of Conduct")),
        ("the Code of Conduct Committee (CoCC) says", ("CoCC", "Code of Conduct Committee")),
        ("| EHP | Elden Harbour Plan |", ("EHP", "Elden Harbour Plan")),
        ("- **EHP** – Elden Harbour Plan", ("EHP", "Elden Harbour Plan")),
    ],
)
def test_what_a_text_defines_is_found(text: str, pair: tuple[str, str]) -> None:
    assert list(definitions(text)) == [pair]


@pytest.mark.parametrize(
    "text",
    [
        "in brackets (ABC) here",
        "a year (2014)",
        "Grand Ephemeral Rivers (GA)",  # no letter is in the last word
        "(CMI)",
        "see Figure (B)",
        "NOTE: Nothing is open today",
        "US - a ship",
        "",
    ],
)
def test_what_defines_nothing_is_not(text: str) -> None:
    assert not list(definitions(text))


def test_phrases_have_initials() -> None:
    found = set(phrases("The fee-for-service model of Kaiser Permanente and the Bank of Elden"))
    assert not set(phrases("Am I late? As I Said It"))
    assert ("tpp", "The Pilot Plan") in set(phrases("The Pilot Plan"))
    assert {("ffs", "fee for service"), ("kp", "Kaiser Permanente"), ("be", "Bank of Elden")} <= found
    assert set(phrases("non-profit and fair, non-profit work")) == {("np", "non profit"), ("npw", "non profit work")}


def test_short_forms_are_one_without_case_hyphens_and_plural() -> None:
    assert {short_folded(each) for each in ("PMG", "PMGs", "pmg", "P.M.G", "PM-G", "PMG's", "PMGs’")} == {"pmg"}


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
        ("what does U.L.W.A. run", "what does U.L.W.A. (Upper Lenne Water Authority) run"),
        ("the ULWA's reservoirs", "the ULWA's (Upper Lenne Water Authority) reservoirs"),
        ("what does ulwa run", "what does ulwa (Upper Lenne Water Authority) run"),
        ("when does demand responsive transport go", "when does demand responsive transport (DRT) go"),
        ("are the HB vans white", "are the HB (harbour board) vans white"),
        ("is there an HDHP", "is there an HDHP (high deductible plan)"),
        ("when does mgmt meet", "when does management meet"),
        ("when does the mgmt. of ULWA meet", "when does the management of ULWA (Upper Lenne Water Authority) meet"),
        ("when meets the mgmt. Tell me", "when meets the management. Tell me"),
        ("works in CO & WA", "works in Colorado & Washington"),
        ("works in co & wa", "works in Colorado & Washington"),
        ("who works in Texas or TX", "who works in Texas or TX"),  # the documents have no such state
        ("where are the docs", "where are the docs"),  # nor doctors
        ("co mgmt", "co management"),  # without a number, a code that is also a word is that word
        ("ULWA, the Upper Lenne Water Authority", "ULWA, the Upper Lenne Water Authority"),
        ("how many vans", "how many vans"),
    ],
)
def test_a_question_has_its_abbreviations_beside_what_they_stand_for(index: Index, question: str, wide: str) -> None:
    known = {"works", "vans", "white", "there", "transport", "texas"}
    assert widened(question, index, known.__contains__)[0] == wide


IN_DOUBT = {
    "growth.txt": "The automatic grain engine (AGE) stands still.",
    "ages.txt": "The age of a van is told by its plate.\n\nAt the age of nine it is sold.",
    "fund.txt": "The Harbour Pilot Fund (HPF) pays on Mondays.",
    "force.txt": "The Harbour Police Force (HPF) came late.",
    "signal.txt": "The Elden Signal Box (ESB) is red.",
    "signals.txt": "The Elden Signal Box (ESB) was red.",
    "bank.txt": "The Elden Savings Bank (ESB) is closed.",
    "phrases.txt": "The Main Road Team met. The Mill Rye Trust met too.",
    "wiring.txt": "Our information technology (IT) is new. Am I late? As I said, AI, AI and AI. Ask All Inns.",
    "quay.txt": "A fee-per-ton rule is non-disruptive and fair, not new.",
    "office.txt": "Our CEO is new. An EMR holds a record.",
    "officer.txt": "A chief executive leads the trust.",
    "panel.txt": "The KWP decides on fares. NOT ONE LINE IS CUT.",
    "trust.txt": "The Lenne River Trust (LRT) buys meadows.",
    **{f"trust{number}.txt": f"The Lenne River Trust has {number} boats." for number in range(4)},
}


@pytest.fixture(scope="module")
def in_doubt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    shop = Workshop(tmp_path_factory.mktemp("doubt"), IN_DOUBT)
    shop.build()
    opened = shop.open_index()
    yield opened
    opened.close()


@pytest.mark.parametrize("question", ["at what age is a van sold", "AT WHAT AGE IS A VAN SOLD"])
def test_a_word_is_no_short_form_though_its_letters_stand_for_something(in_doubt: Index, question: str) -> None:
    assert widened(question, in_doubt, lambda _: True) == (question, ())


def test_a_short_form_is_written_out_only_if_one_meaning_leads(in_doubt: Index) -> None:
    assert widened("when does the HPF pay", in_doubt, lambda _: True)[0] == "when does the HPF pay"
    assert widened("is the ESB red", in_doubt, lambda _: True)[0] == "is the ESB (Elden Signal Box) red"


def test_words_that_have_the_initials_by_chance_are_not_added(in_doubt: Index) -> None:
    assert widened("when did the MRT meet", in_doubt, lambda _: False)[0] == "when did the MRT meet"


class Larger:
    """An index that has more passages."""

    def __init__(self, index: Index, size: int) -> None:
        self._index = index
        self.size = size

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)


def test_among_many_passages_words_that_have_the_initials_once_are_not_added(in_doubt: Index) -> None:
    assert widened("is the FPT new", in_doubt, lambda _: False)[0] == "is the FPT (fee per ton) new"
    assert widened("is the FPT new", cast("Index", Larger(in_doubt, 1000)), lambda _: False)[0] == "is the FPT new"
    assert widened("is the AI new", cast("Index", Larger(in_doubt, 1000)), lambda _: False)[0] == "is the AI new"
    defined = "is the ESB (Elden Signal Box) new"
    assert widened("is the ESB new", cast("Index", Larger(in_doubt, 10**6)), lambda _: False)[0] == defined


def test_forms_of_stop_words_alone_are_not_added(in_doubt: Index) -> None:
    for question in ("who wires information technology", "how many AI-powered vans"):
        assert widened(question, in_doubt, lambda _: True)[0] == question


def test_a_phrase_does_not_end_with_a_word_that_joins_it_to_the_next(in_doubt: Index) -> None:
    assert widened("is there an NDA", in_doubt, lambda _: False)[0] == "is there an NDA"


def test_a_short_form_in_brackets_is_not_written_out_again(in_doubt: Index) -> None:
    question = "is the Elden Signals Boxes (ESB) red"
    assert widened(question, in_doubt, lambda _: True)[0] == question


def test_a_long_form_that_finds_enough_by_itself_stays_alone(in_doubt: Index) -> None:
    question = "how many boats has the Lenne River Trust"
    assert widened(question, in_doubt, lambda _: True)[0] == question
    assert widened("when was the Elden Savings Bank shut", in_doubt, lambda _: True)[0].endswith("Bank shut")


def test_initials_that_the_documents_use_unexplained_stand_for_words_of_a_question(in_doubt: Index) -> None:
    question, alternatives = widened("what does the Keel and Wharf Panel decide", in_doubt, lambda _: True)
    assert question == "what does the Keel and Wharf Panel (KWP) decide"
    assert [(each.short, each.long) for each in alternatives] == [({"kwp"}, {"keel", "wharf", "panel"})]


@pytest.mark.parametrize(
    "question",
    [
        "the KWP, a keel and wharf panel",  # already there
        "does a keel work to the pound",  # no links of names
        "new oak trees",  # a word in capitals is no short form
        "how long is a main road team",  # words have these initials
    ],
)
def test_other_initials_of_a_question_are_not_added(in_doubt: Index, question: str) -> None:
    assert widened(question, in_doubt, lambda _: True)[0] == question


def test_the_usual_long_form_stands_beside_a_short_form_that_the_documents_use_too(in_doubt: Index) -> None:
    assert widened("who is the CEO", in_doubt, lambda _: True)[0] == "who is the CEO (chief executive)"
    assert widened("who is the CFO", in_doubt, lambda _: True)[0] == "who is the CFO"  # the documents have neither
    many = cast("Index", Larger(in_doubt, 10**6))
    question = "is there an electronic medical record"
    assert widened(question, many, lambda _: True)[0] == f"{question} (EMR)"


def test_among_many_passages_initials_of_a_question_are_not_added(in_doubt: Index) -> None:
    question = "what does the Keel and Wharf Panel decide"
    assert widened(question, cast("Index", Larger(in_doubt, 1000)), lambda _: True)[0] == question
