from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from workshop import Workshop

from qa.answering.confidence import FEATURES, measure
from qa.answering.confidence_model import FILE, model_for, shipped_model, write_model
from qa.answering.limiting_words import lacks_comparison, lacks_limit, says_opposite
from qa.answering.quotes import distinct
from qa.answering.service import Service
from qa.answering.unmet_words import unmet_vector
from qa.cli.open_service import open_service
from qa.encode import Encoder
from qa.errors import InvalidSettings
from qa.records import Verdict
from qa.retrieval.search import search
from qa.settings import Settings
from qa.text.words import terms


@pytest.fixture(scope="module")
def service(seeds_index: Settings, encoder: Encoder) -> Iterator[Service]:
    """The five documents with the real model."""
    service = open_service(seeds_index, encoder)
    yield service
    service.close()


def test_the_shipped_model_reads_the_features_that_are_measured() -> None:
    assert list(shipped_model().features) == list(FEATURES)
    assert 0 < shipped_model().related_from < shipped_model().answered_from <= shipped_model().sure_from < 1


@pytest.mark.parametrize(
    ("feature", "sign"),
    [
        ("gap", -1),
        ("sentence", 1),
        ("lacks_type", -1),
        ("limits_unmet", -1),
        ("comparison_unmet", -1),
        ("absent_words", -1),
        ("names_unmet", -1),
        ("unmet_words", 1),
    ],
)
def test_each_feature_speaks_for_what_it_says(feature: str, sign: int) -> None:
    """The similarity and the score of unmatched words raise the confidence; the other features lower it."""
    assert shipped_model().features[feature][2] * sign >= 0


def test_numbers_hold_for_what_they_were_fitted_on(tmp_path: Path) -> None:
    shipped = shipped_model()
    assert str(model_for(shipped.weights, tmp_path)) == str(shipped)
    assert model_for("another encoder", tmp_path) is None
    write_model(tmp_path / FILE, replace(shipped, weights="another encoder", answered_from=0.5), FEATURES, {})
    fitted = model_for("another encoder", tmp_path)
    assert fitted is not None
    assert fitted.answered_from == 0.5
    assert str(model_for(shipped.weights, tmp_path)) == str(shipped)
    write_model(tmp_path / FILE, replace(shipped, analyser=shipped.analyser + 1, weights="another"), FEATURES, {})
    assert model_for("another", tmp_path) is None
    former = {"a feature of a former version": (0.0, 1.0, 1.0), **shipped.features}
    write_model(tmp_path / FILE, replace(shipped, features=former, weights="another"), FEATURES, {})
    assert model_for("another", tmp_path) is None


def test_a_file_that_is_no_fitted_confidence_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{}", encoding="utf-8")
    with pytest.raises(InvalidSettings, match=FILE):
        model_for("any", tmp_path)


def test_with_an_encoder_that_nothing_was_fitted_for_nothing_is_claimed(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    shop.build()
    service = open_service(shop.settings, shop.encoder)
    try:
        answer = service.ask("When was the oldest pier built?")
    finally:
        service.close()
    assert (answer.verdict, answer.confidence, answer.sure) == (Verdict.UNCALIBRATED, None, False)
    assert answer.passages


@pytest.mark.parametrize(
    ("question", "text", "unmet"),
    [
        ("Which is the largest pier?", "The harbour has three piers.", True),
        ("Which is the largest pier?", "The biggest pier is of oak.", False),
        ("who was FIRST", "Mara was the earliest.", False),
        ("Which is the largest pier?", "The largest harbour has three piers.", False),  # near enough
        ("Which is the largest pier?", "The largest harbour is Elden.\nIt has piers.", True),
        ("which region has the most members", "- Nation's largest plan\n- 10 million members in two regions", True),
        ("which region has the most members", "- Elden has most of the members", False),
        ("Which piers are there?", "Three.", False),
        ("Do they work exclusively for Elden?", "Their contract is exclusive.", False),
        ("What does the toll mean for captains?", "The toll is high.", False),
        ("Are captains free to leave?", "Captains may leave.", False),
        ("Which is the cheapest pier?", "The piers are cheap.", False),
        ("Which is the cheapest pier?", "The piers are of oak.", True),
        ("what is the average toll", "The mean toll is three coins.", False),
        ("what is the average toll", "The toll is three coins.", True),
        ("How long did the strike last?", "The strike took four days.", False),
        ("when did the toll last rise", "The toll rose in May.", False),
        ("did the toll rise last year", "The toll rose in May.", True),
        ("who owns most of the boats", "The club has boats.", False),
        ("what is the maximum toll", "Captains pay a toll of up to $5.", False),
        ("what is the maximum toll", "Captains pay a toll of $5.", True),
        ("what is the minimum age of captains", "Captains have an age of at least 20.", False),
        ("what is the minimum toll", "The toll is no captain's, and not more than $5.", True),
    ],
)
def test_superlatives_that_a_text_lacks_are_unmet(question: str, text: str, unmet: bool) -> None:
    assert lacks_limit(question, text.splitlines()) is unmet


@pytest.mark.parametrize(
    ("question", "text", "unmet"),
    [
        ("Is the pier longer than the jetty?", "The pier and the jetty are of oak.", True),
        ("Is the pier longer than the jetty?", "The longest is the pier, then come the jetty and the quay.", False),
        ("Is the pier longer than the jetty?", "The pier is longer than 300 paces.", True),
        ("Is the pier longer than 300 paces?", "The pier has 400 paces.", False),  # compares with a number
        ("which harbour has more members", "Elden has more than three members.", True),
        ("which harbour has more members", "Elden has more members than Dorn.", False),
        ("which is cheaper, the ferry or the boat", "The ferry takes a coin, the boat too.", True),
        ("is a ferry quicker than a boat", "A ferry is quicker, even with a boat of ten oars.", False),
        ("is a ferry quicker than a boat", "A ferry leaves at noon, a boat at one.", True),
        ("Who decides when things get better?", "The captain decides.", False),
        ("which harbour no longer has a pier", "Elden lost its pier.", False),  # negates, compares nothing
        ("what more do captains pay", "Captains pay a toll.", False),
        ("which pays better, rowing or sailing", "Rowing and sailing are paid.", True),
        ("why sail rather than row", "Sails need no rowers.", False),
        ("do more captains sail with ropes other than hemp", "They sail with ropes.", False),
    ],
)
def test_comparisons_that_a_text_lacks_are_unmet(question: str, text: str, unmet: bool) -> None:
    assert lacks_comparison(question, text.splitlines()) is unmet


@pytest.mark.parametrize(
    ("question", "text", "unmet"),
    [
        ("Are dogs not allowed?", "Dogs may come.", True),
        ("Are dogs not allowed?", "Dogs aren’t allowed.", False),
        ("who was NOT exempt from fees", "Captains are exempt from fees (but not from taxes).", True),
        ("who was NOT exempt from fees", "Captains were never exempt.", False),
        ("Which pier has no roof?", "The pier of oak has no roof.", False),
        ("Which pier has no roof?", "No rope is kept here.\nThe pier has a roof.", True),
        ("Don't captains pay the toll?", "Captains pay the toll.", False),
        ("Which piers have a roof?", "Two.", False),
        ("Whom did they not pay?", "They refused to pay the captain.", False),
        ("What did they not do?", "They do not sail.", False),
    ],
)
def test_what_a_question_negates_must_be_negated(question: str, text: str, unmet: bool) -> None:
    assert lacks_limit(question, text.splitlines()) is unmet


@pytest.mark.parametrize(
    ("question", "text", "contradicted"),
    [
        ("Did the toll rise in May?", "In May the toll fell.", True),
        ("Did the toll rise in May?", "In May the toll did not fall.", False),
        ("Did the toll not rise in May?", "In May the toll fell.", False),
        ("Did the toll rise in May?", "The toll rose in May, and the catch fell.", False),  # it has the word
        ("Did the toll rise in May?", "The captains are tired, so every other day the speed of the boats fell.", False),
        ("Who bought the large boat?", "The small boat was bought by Mara.", True),
        ("Which rules are inappropriate?", "The appropriate rules are these.", True),
        ("Which rules are fair?", "Unfair rules were ended.", True),
        ("What unites captains?", "Captains are of one mind.", False),
        ("Who has income from boats?", "Captains come from boats.", False),  # no prefix
    ],
)
def test_a_text_with_the_opposite_word_contradicts(question: str, text: str, contradicted: bool) -> None:
    assert says_opposite(question, [text], frozenset(terms(text))) is contradicted


def test_the_vector_of_unmatched_words_by_hand() -> None:
    tokens = np.array([[1, 0], [0, 2], [0, 4]], dtype=np.float32)
    shares = [(np.array([0]), 0.5), (np.array([1, 2]), 0.25), (np.array([0]), 0.0)]
    assert unmet_vector(tokens, shares).tolist() == [0.5, 0.75]  # of the second word the mean, (0, 3)
    assert unmet_vector(tokens, [(np.array([0]), 0.0)]).tolist() == [0, 0]


@pytest.mark.parametrize(
    "question", ["what happens to wages when jobs are cut", "why is rent so high", "how do you fire someone fairly"]
)
def test_a_passage_that_mentions_no_word_of_the_question_is_never_sure(service: Service, question: str) -> None:
    assert not service.ask(question).sure


@pytest.mark.parametrize(
    "question",
    [
        "Do they try to keep my parents from getting ill, or only fix them after?",
        "how do you ask for a raise",  # only "raise" is mentioned, of premiums
        "who selected Dr. Batra",  # "he was selected" names nobody
        "Why was Dr. Batra named COO of the medical foundation?",  # the text gives no reason
    ],
)
def test_an_answer_in_other_words_or_without_cause_or_agent_is_probable_and_not_sure(
    service: Service, question: str
) -> None:
    answer = service.ask(question)
    assert answer.confidence is not None
    assert answer.confidence >= shipped_model().sure_from
    assert (answer.verdict, answer.sure) == (Verdict.ANSWERED, False)


@pytest.mark.parametrize(
    ("question", "verdict"),
    [
        ("what year did kaiser permanente open to the public", Verdict.RELATED),  # none of its other words is matched
        ("who did batra replace", Verdict.RELATED),
        ("who will batra report to", Verdict.ANSWERED),
        ("what did paul wallace talk about", Verdict.ANSWERED),  # "talk" is only how it is put
    ],
)
def test_unmatched_words_count_by_what_they_mean(service: Service, question: str, verdict: Verdict) -> None:
    assert service.ask(question).verdict is verdict


COUNTED = "Overall, there are 40 captains in eight harbours."
NAMED = "In Elden, the captains meet, and all the captains have boats."


@pytest.mark.parametrize(("between", "lacks"), [(" ", 0), ("\n\n", 1)], ids=["one paragraph", "two paragraphs"])
def test_the_number_of_a_neighbour_counts_within_a_paragraph_only(tmp_path: Path, between: str, lacks: float) -> None:
    measured = measured_of(tmp_path, f"# Captains\n\n{COUNTED}{between}{NAMED}\n", "How many captains does Elden have?")
    assert measured["lacks_type"] == lacks


@pytest.mark.parametrize(
    ("asked", "lacks"), [("April 2022", False), ("2022", False), ("May 2022", True), ("2021", True)]
)
def test_a_date_is_met_by_the_one_of_the_document(tmp_path: Path, asked: str, lacks: bool) -> None:
    text = "---\ndate: 2022-04-18\n---\n# Piers\n\nThe harbour master said that the piers rot.\n"
    measured = measured_of(tmp_path, text, f"What did the harbour master say in {asked}?")
    assert (measured["limits_unmet"] > 0) is lacks


@pytest.mark.parametrize(
    ("asked", "lacks"),
    [
        ("What happens on 14 May 2022?", False),  # the year is the document's
        ("What happens on 14 May 2021?", True),
        ("What happens on 15 May 2022?", True),
        ("What happens on May 14?", False),
        ("Which 9 boats lie there?", False),
        ("Which 8 boats lie there?", True),
        ("What says part 4 of the rules?", False),
        ("What says part 6 of the rules?", True),
    ],
)
def test_a_day_is_met_with_the_year_of_the_document_and_a_number_in_words_and_roman_numerals(
    tmp_path: Path, asked: str, lacks: bool
) -> None:
    text = (
        "---\ndate: 2022-04-18\n---\n# Piers\n\nThe pier opens on May 14, says part IV of the rules. Nine boats lie.\n"
    )
    assert (measured_of(tmp_path, text, asked)["limits_unmet"] > 0) is lacks


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        ("How many captains does Elden have?", 1.0, 1.0),
        ("How many captains with red beards does Elden have?", 0.1, 0.7),
        ("How many boats are there?", 0.0, 0.0),
    ],
)
def test_what_is_lacking_counts_the_more_the_more_other_words_are_matched(
    tmp_path: Path, asked: str, least: float, most: float
) -> None:
    text = "# Elden\n\nIn Elden there are captains. There are 40 boats.\n"
    assert least <= measured_of(tmp_path, text, asked)["lacks_type"] <= most


@pytest.mark.parametrize(("year", "lacks"), [("2019", False), ("2022", True)])
def test_a_number_elsewhere_in_the_passage_is_not_met(tmp_path: Path, year: str, lacks: bool) -> None:
    text = "In 2019 the pier cost 40 crowns. Boats came. Captains slept. A long report came out in May 2022."
    measured = measured_of(tmp_path, text, f"How many crowns did the pier cost in {year}?")
    assert (measured["limits_unmet"] > 0) is lacks


@pytest.mark.parametrize(
    ("asked", "is_absent"),
    [
        ("Does the harbour make cars?", True),
        ("Does the harbour have piers?", False),
        ("Does the harbour of Elden have 42 piers for captains with boats?", True),  # no document has this number
        ("Does the harbour of Elden make cars for captains with boats?", False),
    ],
)
def test_words_of_no_document_count_in_short_questions_and_numbers_in_all(
    tmp_path: Path, asked: str, is_absent: bool
) -> None:
    """A longer question may use other words, but not other numbers; the model here knows every word."""
    text = "# Harbour\n\nThe harbour of Elden has old piers with boats and captains.\n"
    assert (measured_of(tmp_path, text, asked)["absent_words"] > 0) is is_absent


def measured_of(folder: Path, text: str, question: str) -> dict[str, float]:
    """The features of a question and the best passage of one document."""
    shop = Workshop(folder, {"only.md": text})
    shop.build()
    with closing(shop.open_index()) as index:
        ranking = search(index, shop.encoder, question)
        return measure(ranking, distinct(ranking, 1)[0].best, None, None)


def test_confidence_by_hand() -> None:
    means = {name: mean for name, (mean, _, _) in shipped_model().features.items()}
    even = shipped_model().probability(means)
    assert even == pytest.approx(1 / (1 + 2.718281828459045 ** -shipped_model().intercept))


@pytest.mark.model
@pytest.mark.parametrize(
    "question",
    [
        "Who is the COO of the medical foundation?",
        "What is the Care Management Institute?",
        "Are physicians salaried?",
        "How big is the LMP trust fund?",
        "wallace",
        "In Colorado and Washington, what will organize expertise to manage ambulatory care and also focus on growth?",
    ],
)
def test_what_the_documents_say_is_answered(service: Service, question: str) -> None:
    assert service.ask(question).verdict is Verdict.ANSWERED


@pytest.mark.model
@pytest.mark.parametrize(
    "question",
    [
        "How do I bake a chocolate cake?",
        "flurble wob snarkle",
        "the",
        "what is it about",
        "Who won the world cup in 1998?",
        "How do I bake a cake with flour, eggs, butter, sugar, vanilla, milk and salt at 350 degrees for an hour?",
        "flurble wob snarkle zonk mibble trask quorn bleep drin sploosh grak munter fizzle",
        "zeppelin volcano penguin guitar pizza moon rocket pyramid tiger violin glacier " * 2,
    ],
    ids=lambda question: question[:30],
)
def test_what_they_do_not_say_is_not_whatever_the_length(service: Service, question: str) -> None:
    assert service.ask(question).verdict is not Verdict.ANSWERED
