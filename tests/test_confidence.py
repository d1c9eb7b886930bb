from __future__ import annotations

from collections.abc import Iterator

import pytest

from qa.answering.confidence import FEATURES, shipped_model
from qa.answering.service import Service
from qa.cli.open_service import open_service
from qa.encode import Encoder
from qa.records import Verdict
from qa.settings import Settings


@pytest.fixture(scope="module")
def service(seeds_index: Settings, encoder: Encoder) -> Iterator[Service]:
    """The five documents behind the real model."""
    service = open_service(seeds_index, encoder)
    yield service
    service.close()


def test_the_shipped_model_reads_the_features_that_are_measured() -> None:
    assert list(shipped_model().features) == list(FEATURES)
    assert 0 < shipped_model().related_from < shipped_model().answered_from < 1


@pytest.mark.parametrize(
    ("feature", "sign"),
    [
        ("worst_met", 1),
        ("met_exactly", 1),
        ("lacks_type", -1),
        ("strangers", -1),
        ("strangers_unmet", -1),
    ],
)
def test_each_feature_speaks_for_what_it_says(feature: str, sign: int) -> None:
    """A word met better never lowers the confidence, and one met worse never raises it."""
    assert shipped_model().features[feature][2] * sign >= 0


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
