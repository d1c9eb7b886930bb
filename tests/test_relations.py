from __future__ import annotations

import pytest

from qa.answering.relations import lacks_agent, relation_asked, states
from qa.records import Passage
from qa.text.sentences import split_sentences

OWNERS = (
    "The foundation, which pays its physicians a salary, contracts with a school. The hospitals are owned by the "
    "foundation. It also runs three laboratories. Dr. Quill reports to the dean."
)


def passage(text: str, *headings: str) -> Passage:
    return Passage(
        document_id="a", start=0, end=len(text), text=text, headings=headings, sentences=split_sentences(text)
    )


def stated(question: str, text: str = OWNERS, everywhere: frozenset[str] = frozenset()) -> bool:
    relation = relation_asked(question)
    assert relation is not None
    return states(relation, passage(text), everywhere)


@pytest.mark.parametrize(
    "question",
    [
        "Does the foundation own the hospitals?",  # passive in the text
        "does the foundation own hospitals in town",  # what follows the object is not compared
        "Does the foundation pay the doctors?",  # another word for the same people
        "does the foundation compensate its physicians",  # another verb
        "Does the foundation run the laboratories?",  # a pronoun stands for it
        "Does Quill report to the dean?",
        "Who owns the hospitals?",
        "who pays physicians",
    ],
)
def test_a_sentence_with_verb_subject_and_object_states_the_relation(question: str) -> None:
    assert stated(question)


@pytest.mark.parametrize(
    "question",
    [
        "Do the physicians own the hospitals?",  # all words, but not this relation
        "Do the hospitals own the foundation?",  # the other way round
        "Does the foundation sell the hospitals?",  # another verb
        "Does the foundation own the school?",
        "Does the dean report to Quill?",
        "Does the school pay the physicians?",
        "Who owns the laboratories?",
        "who owns the school",
    ],
)
def test_the_words_of_a_relation_in_other_roles_do_not_state_it(question: str) -> None:
    assert not stated(question)


@pytest.mark.parametrize(
    ("question", "text", "is_stated"),
    [
        ("Did the club merge with the guild?", "The club contracts with the guild.", False),
        ("Did the club merge with the guild?", "In May the club combined with the guild.", True),
        ("Does the plan cover glasses?", "The plan handles coverage. Glasses are sold in town.", False),
        ("Does the plan cover glasses?", "The plan covers new glasses.", True),
        ("Did Quill replace the dean?", "Quill reports to the dean.", False),
        ("who did Quill replace", "Quill reports to the dean.", False),
        ("whom did Quill replace", "Quill succeeds Tom Reed.", True),
        ("Did the club hire 300 captains?", "In 2021 the club hired 300 captains.", True),
        ("Did the club hire 300 captains?", "In 2021 the club hired 200 captains.", False),
        ("Will the council close the pier?", "The council decided to shut the pier.", True),
        ("Who built the winch?", "The winch of the old pier was built in 1871.", True),
        (
            "Who built the winch?",
            "A winch stands by the ferries that serve Elden and Marsh, both built in 1871.",
            False,
        ),
    ],
)
def test_mergers_closures_successors_and_coverage_are_relations(question: str, text: str, is_stated: bool) -> None:
    assert stated(question, text) is is_stated


@pytest.mark.parametrize(
    "question",
    [
        "Does the foundation have hospitals?",  # not among the verbs
        "What does the foundation own?",
        "Who is the owner of the hospitals?",
        "Do physicians see their own files?",  # no verb
        "Who owns, as of today?",
        "Who found the error?",
        "Who owns",
        "own",
        "",
    ],
)
def test_other_questions_ask_for_no_relation(question: str) -> None:
    assert relation_asked(question) is None


def test_of_two_verbs_in_a_row_the_first_is_a_noun() -> None:
    relation = relation_asked("Does the trust fund pay the staff?")
    assert relation is not None
    assert (relation.subject, relation.object) == (("trust", "fund"), ("staff",))


def test_what_stands_everywhere_needs_no_place_in_the_sentence() -> None:
    text = "Physicians are paid a salary."
    assert not stated("Does Acme pay physicians?", text)
    assert stated("Does Acme pay physicians?", text, frozenset({"acm"}))


def test_items_of_a_list_have_the_subject_above_them() -> None:
    text = "Union of Clerks\n\n- Founded in 1996\n- Bargains with Acme"
    assert stated("Does the union bargain with Acme?", text)
    assert not stated("Does the union bargain with Globex?", text)


@pytest.mark.parametrize(
    ("question", "texts", "lacking"),
    [
        ("who opened the pier", ["The pier was opened in May."], True),
        ("who found the rope", ["It had been long found in a barn."], True),
        ("who opened the pier", ["The pier was opened by Quill."], False),
        ("who bought the rope", ["The rope was bought with money from Quill."], False),
        ("who opened the pier", ["The pier was opened in May.", "Quill opened it."], False),
        ("who opened the pier", ["Quill was there."], False),
        ("who is on the pier", ["The pier is closed."], False),
        ("when was the pier opened", ["The pier was opened in May."], False),
    ],
)
def test_a_text_that_only_says_that_something_is_done_lacks_the_agent(
    question: str, texts: list[str], lacking: bool
) -> None:
    assert lacks_agent(question, texts) is lacking
