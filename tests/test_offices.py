"""Whether a text names the holder of an office that a question asks for."""

from __future__ import annotations

import pytest

from qa.answering.offices import names_holder, office_asked
from qa.text.words import terms


def is_named(question: str, text: str) -> bool:
    """Whether a text names the holder of the office that a question asks for."""
    office = office_asked(question)
    assert office is not None
    return names_holder(text, office, frozenset(terms(question)))


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Who is the president?", "President Ada Quill opened the pier."),
        ("who's the president", "President: Ada Quill"),
        ("who is the president", "Ada Quill\nPresident"),
        ("who is the president of the club", "| President | Ada Quill |"),
        ("Who was the first president?", "The club's first president was Ada Quill."),
        ("Who was named president?", "Ada Quill, MD, has been named president of the club."),
        ("Who is the COO?", "As COO, Ada Quill will report to the CEO."),
        ("Who is the chief operating officer?", "Ada Quill, COO, said so."),
        ("who is the medical director of the clinic", "Dr. Quill spent more than 12 years as area medical director."),
        ("Who is the captain of the ferry?", "The captain of the ferry Elden, Ada Quill, sails daily."),
        ("Who is currently the president?", "Its president (currently former minister Ada Quill) leads the council."),
        ("who is the boss of the harbour", "Ada Quill is the director of the harbour."),
        ("Who was the director in 1914?", "Quill was the director in 1914."),
        ("Who chairs the board?", "The board is chaired by Ada Quill."),
        ("who founded the club", "The club was founded in Elden by Quill and others. Ada Quill established the club."),
        ("who invented the winch", "The winch was developed by Ada Quill in 1871."),
        ("who founded the club", "The club was founded in 1871 by the printer Ada Quill and two others."),
        ("Who was president before Ada Quill?", "Ada Quill is president. Her predecessor, Tom Reed, retired."),
        ("Who is the secretary?", "He is the secretary of the club."),
        ("who is on the board of the club", "The board of the club includes Ada Quill and Tom Reed."),
        ("who is the president", "PRESIDENT ADA QUILL opened the pier."),
        ("who is the president", "Ada Quill, captain of the fleet, was named interim chair and president."),
        ("who is the chair", "The chair and president of the club, Ada Quill, opened the pier."),
        ("who are the members of the council", "Ada Quill joined the council in May."),
    ],
)
def test_a_name_that_stands_with_the_office_holds_it(question: str, text: str) -> None:
    assert is_named(question, text)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Who is the CEO?", "As COO, Ada Quill will report to the foundation CEO, once that individual is selected."),
        ("Who is the president of Elden Harbour?", "The president of Elden Harbour opened the pier."),
        ("Who chairs the board of the club?", "Ada Quill wrote to the board. It has a chair."),
        ("who founded the club", "Ada Quill joined the club. It was founded in 1945."),
        ("who invented the winch", "Ada Quill turns the winch. It is old."),
        ("who is the president", "Ada Quill thanked the chair and president."),
        ("Who is the head of the club?", "Ada Quill is a member of the club."),
        ("who is the executive director", "The form is signed by the EHA Executive Director."),
        ("who is on the board of the club", "Ada Quill runs the club, which has a board of captains."),
        ("who is on the board of the club", "Ada Quill, a board-certified captain, runs the club."),
        ("Who was president before Ada Quill?", "The president is Ada Quill."),
    ],
)
def test_a_name_elsewhere_in_the_text_does_not(question: str, text: str) -> None:
    assert not is_named(question, text)


@pytest.mark.parametrize(
    "question",
    [
        "Who runs the ferries?",
        "To whom does the president report?",
        "Who decides, the captain or the crew?",
        "who founds",
    ],
)
def test_other_questions_ask_for_no_office(question: str) -> None:
    assert office_asked(question) is None
