"""Matches between words of a question and words of a quote, as given in an explained answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fakes import FakeEncoder
from test_search import Unlettered
from workshop import Workshop

from qa.answering.service import Service
from qa.cli.open_service import open_service
from qa.records import Quote, WordMatch
from qa.retrieval.query import rarity

TEXTS = {
    "ferry.md": "# The Ferry\n\n## Fares for Islanders\n\nChildren ride free. Dogs pay half. Cars pay by the metre.\n",
    "mill.txt": "The Mill\n\nThe mill grinds rye on Tuesdays. Rye and barley are milled; barley on Fridays.",
}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    shop = Workshop(tmp_path_factory.mktemp("shop"), TEXTS)
    shop.build()
    return shop


@pytest.fixture(scope="module")
def service(workshop: Workshop) -> Iterator[Service]:
    service = open_service(workshop.settings, FakeEncoder())
    yield service
    service.close()


def explained(service: Service, question: str) -> tuple[Quote, dict[str, WordMatch]]:
    quote = service.ask(question, explain=True).passages[0]
    return quote, {match.word: match for match in quote.words}


def test_every_content_word_is_told_and_no_stop_word(service: Service) -> None:
    _, found = explained(service, "When do the Dogs pay for a dragon?")
    assert list(found) == ["Dogs", "pay", "dragon"]


def test_a_word_that_stands_in_the_quote_is_met_there(service: Service) -> None:
    quote, found = explained(service, "Do dogs pay?")
    match = found["dogs"]
    assert (quote.text[match.place.start : match.place.end], match.exact) == ("Dogs", True)
    assert match.similarity == pytest.approx(1, abs=0.01)


def test_a_word_that_stands_above_the_quote_has_no_place_in_it(service: Service) -> None:
    quote, found = explained(service, "Which islanders are children?")
    assert "Islanders" not in quote.text
    assert (found["islanders"].place, found["islanders"].exact) == (None, True)
    assert found["islanders"].similarity == pytest.approx(1, abs=0.01)


def test_a_word_that_stands_nowhere_is_met_badly_and_not_exactly(service: Service) -> None:
    _, found = explained(service, "Do dogs ride a dragon?")
    assert not found["dragon"].exact
    assert found["dragon"].similarity < 0.8


def test_words_count_by_their_stem(service: Service) -> None:
    _, found = explained(service, "Does a dog ride?")
    assert found["dog"].exact


def test_a_word_weighs_its_rarity(workshop: Workshop, service: Service) -> None:
    _, found = explained(service, "Do dogs pay the dragon?")
    index = workshop.open_index()
    assert {word: match.weight for word, match in found.items()} == {
        word: pytest.approx(rarity(*index.frequencies([index_term]), index.size), abs=1e-3)
        for word, index_term in (("dogs", "dog"), ("pay", "pay"), ("dragon", "dragon"))
    }
    index.close()


def test_a_question_of_stop_words_is_met_by_nothing_and_answered_all_the_same(service: Service) -> None:
    quote, found = explained(service, "What is it about?")
    assert quote.text
    assert found == {}


def test_an_answer_that_need_not_explain_tells_no_words(service: Service) -> None:
    assert service.ask("Do dogs pay?").passages[0].words == ()


def test_words_after_a_corrected_one_are_told_too(workshop: Workshop) -> None:
    service = open_service(workshop.settings, Unlettered())
    try:
        _, found = explained(service, "barleyy tuesdays")  # one extra letter, so all later offsets differ
    finally:
        service.close()
    assert "tuesdays" in found
    assert found["tuesdays"].exact
