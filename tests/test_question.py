"""The asking part of a question, for any phrasing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.retrieval.query import as_encoded
from qa.text.asking_part import asked_part


@pytest.mark.parametrize(
    "opening",
    [
        "Hi, ",
        "hello there! ",
        "Good evening, ",
        "Hello, could you please tell me: ",
        "Good morning, I would like to know: ",
        "Please can you help me with this question: ",
        "Hi, quick question: ",
        "Sorry to bother you, but ",
        "I was just wondering: ",
        "Is it true that ",
        "Excuse me, may I ask ",
        "Thanks! I hope you are well. Can you tell me ",
        "I have one question for you: ",
        "KINDLY TELL ME ",
        "Does anyone know ",
    ],
)
@pytest.mark.parametrize(
    "asked", ["how many piers does the harbour have?", "OPENING HOURS FERRY", "who owns the old mill"]
)
def test_a_polite_opening_is_left_out(opening: str, asked: str) -> None:
    assert asked_part(opening + asked) == asked


@pytest.mark.parametrize("closing", [" please", ", thanks", ", thank you very much!", " pls", ". Thanks in advance."])
def test_a_polite_closing_is_left_out(closing: str) -> None:
    assert asked_part("when does the ferry leave" + closing) == "when does the ferry leave"


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("We live on the island. Which ferry takes bicycles across?", "Which ferry takes bicycles across?"),
        ("we live on the island. which ferry takes bicycles across?", "which ferry takes bicycles across?"),
        ("WE LIVE ON THE ISLAND. WHICH FERRY TAKES BICYCLES ACROSS?", "WHICH FERRY TAKES BICYCLES ACROSS?"),
        ("I live on the island How many bicycles does the ferry take", "How many bicycles does the ferry take"),
    ],
)
def test_of_two_sentences_the_one_that_asks_is_kept(question: str, asked: str) -> None:
    assert asked_part(question) == asked


@pytest.mark.parametrize(
    "question",
    [
        "My mother is deaf. Do they provide interpreters for her?",  # refers back
        "The ferry is late. Why?",  # too short alone
        "Can you help with the fares of islanders?",  # that is the question
        "Who may vote as they please?",
        "Where did Rev. Mill preach in the old harbour?",
        "Hi",
        "Thanks",
        "would you like to know",
        "the ferry. the mill.",
        "",
    ],
)
def test_what_is_needed_is_kept(question: str) -> None:
    assert asked_part(question) == question


@given(st.text(alphabet=st.sampled_from("hi pleas tk.?!,:\n"), max_size=80))
def test_the_part_stands_in_the_question_or_is_made_of_its_sentences(question: str) -> None:
    part = asked_part(question)
    assert "".join(part.split()) in "".join(question.split()) or all(each in question for each in part.split())


@pytest.mark.parametrize(
    "typed",
    ["Is fee-for-service paid, too?", "Is fee for service paid too", "« Is fee-for-service »  paid... too!?"],
)
def test_punctuation_changes_nothing_that_is_encoded(typed: str) -> None:
    assert as_encoded(typed) == "Is fee for service paid too"


def test_signs_of_amounts_and_marks_within_words_are_encoded() -> None:
    assert as_encoded("Is 4.5 % of $412.6M Kaiser's, at AT&T?") == "Is 4.5 % of $412.6M Kaiser's at AT&T"
    assert as_encoded("…") == "…"
