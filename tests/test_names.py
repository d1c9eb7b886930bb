"""The classifier of names and other words, independent of capitals."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from workshop import Workshop

from qa.answering.confidence_model import shipped_model
from qa.answering.names import NameClassifier
from qa.encode import Encoder
from qa.encode.contract import Encoding
from qa.evaluate.gold import GoldQuestion
from qa.evaluate.name_fitting import fit_names
from qa.evaluate.questions import ask_all

PLACES = [f"{first}{last}" for first in ("Ald", "Bren", "Cor", "Dun", "El") for last in ("ham", "wick", "by", "ton")]
THINGS = [f"{first}{last}" for first in ("rope", "sail", "tar", "oar") for last in ("work", "craft", "mast", "loft")]


class Leaning(FakeEncoder):
    """An encoder whose vectors mark in their first component whether a word is a name or a thing."""

    def encode_question(self, question: str) -> Encoding:
        encoding = super().encode_question(question)
        tokens = encoding.tokens.copy()
        for token, (begin, end) in enumerate(encoding.spans):
            word = question[begin:end]
            if begin >= 0:
                tokens[token, 0] = float(word.capitalize() in PLACES) - float(word.casefold() in THINGS)
        return Encoding(encoding.vector, tokens, encoding.spans)


def test_the_probability_by_hand() -> None:
    names = NameClassifier(intercept=0.5, weights=np.array([1.0, -2.0], np.float32))
    tokens = np.array([[1, 0], [0, 1], [1, 1]], dtype=np.float32)
    first, second = names.probabilities(tokens, [np.array([0]), np.array([1, 2])])
    assert first == pytest.approx(1 / (1 + np.exp(-1.5)))
    assert second == pytest.approx(1 / (1 + np.exp(-(0.5 + 0.5 - 2))))  # of the mean (0.5, 1)
    assert names.probabilities(tokens, []) == []


def test_capitals_of_texts_teach_what_is_a_name() -> None:
    texts = [f"Here the {thing} of {place} lay." for place in PLACES for thing in THINGS]
    encoder = Leaning()
    names = fit_names(encoder, texts)
    assert names is not None
    question = "does aldham have an oarloft"
    encoding = encoder.encode_question(question)
    aldham, oarloft = names.probabilities(encoding.tokens, [np.array([2]), np.array([5])])
    assert aldham > 0.9
    assert oarloft < 0.1


def test_too_few_names_teach_nothing() -> None:
    assert fit_names(Leaning(), ["Here the rope of Elden lay."] * 50) is None
    assert fit_names(Leaning(), []) is None


def test_questions_are_measured_with_an_encoder_of_other_vectors_than_the_packaged_one(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    shop.build()
    question = GoldQuestion("q1", "who is the harbour master", True, "fact", "", ())
    with closing(shop.open_index()) as index:
        (asked,) = ask_all(index, shop.encoder, [question])
    assert asked.features is not None
    assert asked.features["names_unmet"] == 0


@pytest.mark.model
@pytest.mark.parametrize("change", [str.lower, str.upper, str])
@pytest.mark.parametrize(
    ("question", "word", "is_name"),
    [
        ("does the company operate in Texas", "Texas", True),
        ("is it owned by Amazon", "Amazon", True),
        ("are physicians at the Mayo Clinic salaried", "Mayo", True),
        ("does the company make cars", "cars", False),
        ("how are members billed", "members", False),
    ],
)
def test_the_shipped_classifier_knows_names_by_their_use(
    encoder: Encoder, question: str, word: str, is_name: bool, change: type[str]
) -> None:
    names = shipped_model().names
    assert names is not None
    encoding = encoder.encode_question(change(question))
    starts, ends = encoding.spans.T
    begin = question.index(word)
    tokens = np.flatnonzero((starts >= begin) & (ends <= begin + len(word)))
    [probability] = names.probabilities(encoding.tokens, [tokens])
    assert (probability > 0.5) is is_name
