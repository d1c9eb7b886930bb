"""Matches between words of a question and words of a quote, as given in an explained answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from types import SimpleNamespace

import numpy as np
import pytest
from fakes import FakeEncoder
from test_search import Unlettered
from workshop import Workshop

from qa.answering.service import Service
from qa.cli.open_service import open_service
from qa.encode.max_similarities import maxima
from qa.index.contract import idf
from qa.records import Passage, Quote, Span, WordMatch
from qa.retrieval.evidence import match
from qa.retrieval.search import Hit

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
        word: pytest.approx(idf(*index.frequencies([index_term]), index.size), abs=1e-3)
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


@pytest.mark.parametrize(
    "sentences",
    [[0, 0, 1, 1, 2], [-1, 0, 1, 2, -1], [0, 1, -1, 1, 2], [0, -1, 0, 1, 1], [0, 1, 0, -1, 1], [-1, -1, 1, 2, 1]],
    ids=["whole", "between others", "in two pieces", "the last one cut", "mixed and cut", "the first one unseen"],
)
def test_each_sentence_has_the_score_of_its_own_tokens(sentences: list[int]) -> None:
    similarities = np.random.default_rng(7).uniform(-1, 1, (3, 2 + len(sentences))).astype(np.float32)
    weights = np.array([0.5, 2.0, 1.0], dtype=np.float32)
    compared = maxima(similarities, np.array([0, 2, 2 + len(sentences)]), np.array([0, 0, *sentences], np.int32))
    ranking = SimpleNamespace(order=np.array([1, 0]), compared=compared, tokens=np.eye(3), weights=weights)
    text = "Rye. Oats. Peas."
    passage = Passage("mill", 0, len(text), text, (), (Span(0, 4), Span(5, 10), Span(11, 16)))
    found = match(ranking, 0, Hit(1, passage, 1.0, {}))  # type: ignore[arg-type]
    own = [similarities[:, [2 + at for at, each in enumerate(sentences) if each == number]] for number in range(3)]
    scores = [weights @ each.max(axis=1) / weights.sum() if each.size else 0.0 for each in own]
    assert found.sentence_scores.tolist() == pytest.approx(scores, abs=1e-6)


BROWN = "Brown dogs ride the old ferry to Elden. Cats sleep. Forty of the brown dogs ride the ferry to Elden."


@pytest.mark.parametrize(
    ("question", "marked"),
    [
        ("how many of the brown dogs ride the old ferry to Elden", "Forty of the brown dogs ride the ferry to Elden."),
        ("brown dogs that ride the old ferry to Elden", "Brown dogs ride the old ferry to Elden."),
        ("how many ducks ride the old ferry to Elden", "Brown dogs ride the old ferry to Elden."),  # none says it
    ],
)
def test_of_sentences_about_as_near_one_with_the_kind_of_answer_is_marked(
    tmp_path_factory: pytest.TempPathFactory, question: str, marked: str
) -> None:
    shop = Workshop(tmp_path_factory.mktemp("kinds"), {"a.txt": BROWN})
    shop.build()
    with closing(open_service(shop.settings, FakeEncoder())) as service:
        (quote,) = service.ask(question).passages
        assert [quote.text[span.start : span.end] for span in quote.highlights] == [marked]


def test_a_sentence_is_read_with_the_one_before_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    shop = Workshop(tmp_path_factory.mktemp("context"), {"a.txt": "Captain Quill came to Elden. She sold the ferry."})
    shop.build()
    with closing(open_service(shop.settings, FakeEncoder())) as service:
        (quote,) = service.ask("which captain Quill of Elden sold the ferry").passages
        assert [quote.text[span.start : span.end] for span in quote.highlights] == ["She sold the ferry."]
