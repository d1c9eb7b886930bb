"""What kind of thing a question asks for, and whether a text holds one."""

from __future__ import annotations

import pytest

from qa.answering.answer_type import AnswerType, expected_type, holds_answer


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who built the pier?", AnswerType.PERSON),
        ("who built the pier and when", AnswerType.PERSON),  # the first of several
        ("When was the pier built?", AnswerType.DATE),
        ("in what year was the pier built", AnswerType.DATE),
        ("How many boats are there?", AnswerType.COUNT),
        ("what share of the boats is new", AnswerType.COUNT),
        ("HOW OFTEN DOES THE FERRY CROSS", AnswerType.MEASURE),
        ("How much is the toll?", AnswerType.AMOUNT),
        ("what is the monthly fee", AnswerType.AMOUNT),
        ("ferry ticket price", AnswerType.AMOUNT),
        ("Where does the ferry land?", AnswerType.PLACE),
        ("What goes wrong when captains are paid by the trip?", AnswerType.OTHER),
        ("Do captains who sail alone earn more?", AnswerType.OTHER),
        ("Why is the fee for each service criticised?", AnswerType.OTHER),
        ("What do premiums pay for?", AnswerType.OTHER),
    ],
)
def test_the_kind_asked_for_is_that_of_the_word_that_asks(question: str, kind: AnswerType) -> None:
    assert expected_type(question) is kind


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Who built the pier?", "Mara Quill built the pier."),
        ("When was the pier built?", "It was built in 1871."),
        ("When did the Normans land?", "They landed in 1066."),
        ("How many boats are there?", "Elden has forty boats. Twelve boats are new."),
        ("How many boats are there?", "Boats: 12."),
        ("how many new boats are there", "12 boats lie there."),
        ("How often does the ferry cross?", "It crosses daily."),
        ("How much is the toll?", "The toll is $3."),
        ("Where does the ferry land?", "It lands in Elden."),
        ("Why is the pier closed?", "Storms."),
    ],
)
def test_a_text_that_says_it_holds_it(question: str, text: str) -> None:
    assert holds_answer(question, text)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Who led Mara Quill?", "Mara Quill led the harbour."),  # the only person is the one in the question
        ("When was the pier of 1871 closed?", "The pier of 1871 is closed."),
        ("How many captains does Elden have?", "In Elden there are more than 23 piers, each with its captains."),
        ("How many captains does Elden have?", "Captains meet in Elden."),
        ("What percentage of boats is new?", "A small percentage of boats is new."),
        ("How much is the toll?", "The toll is paid by all."),
        ("Where in Elden does the ferry land?", "The ferry of Elden lands often."),
    ],
)
def test_a_text_on_the_same_subject_that_does_not_say_it_holds_none(question: str, text: str) -> None:
    assert not holds_answer(question, text)
