from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.index.local.bm25 import BM25, write_bm25
from qa.index.local.spelling import Speller
from qa.index.local.word_forms import write_words

TEXTS = [
    "Paul Wallace of Kaiser Permanente spoke of capitation. Capitation is a payment in advance.",
    "The hospitals and the physicians of Kaiser share a budget; physicians are salaried.",
    "A hospital may treat a premium of 30M as income, and the treaty says so.",
]


@pytest.fixture(scope="module")
def speller(tmp_path_factory: pytest.TempPathFactory) -> Speller:
    folder = tmp_path_factory.mktemp("words")
    write_bm25(TEXTS, folder / "bm25")
    write_words(TEXTS, folder / "words.json")
    return Speller(folder / "words.json", BM25.open(folder / "bm25"))


def knows_nothing(_: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("asked", "corrected"),
    [
        ("kaisar", "Kaiser"),  # replaced
        ("kaser", "Kaiser"),  # left out
        ("kaiiser", "Kaiser"),  # put in
        ("kasier", "Kaiser"),  # swapped
        ("who is walace?", "who is Wallace?"),
        ("the phisicans' budgte", "the physicians' budget"),  # two edits in a long word, one in a short one
        ("  odd,spaceing  of  premiumm!", "  odd,spaceing  of  premium!"),  # all else stays as it was
    ],
)
def test_a_misspelt_word_becomes_the_nearest_of_the_documents(speller: Speller, asked: str, corrected: str) -> None:
    assert speller.correct(asked, knows_nothing) == corrected


@pytest.mark.parametrize(
    "question",
    [
        "Kaiser physicians",  # spelt right
        "hospitalised physician",  # other forms of words that are there
        "kai pau",  # too short to tell
        "zeppelins",  # nothing near
        "Salaries",  # near "salaried", but a capital may begin a name, and nobody writes that one so
        "capxtatxxn",  # three edits
        "budxxt",  # two edits in a short word
        "xaiser",  # begins otherwise
        "30N 2014",  # no word of letters alone
        "",
        "😀 …",
    ],
)
def test_what_is_right_or_in_doubt_is_left_alone(speller: Speller, question: str) -> None:
    assert speller.correct(question, knows_nothing) == question


def test_what_the_model_knows_whole_is_left_alone(speller: Speller) -> None:
    assert speller.correct("treat the treats as threats", {"threats"}.__contains__) == "treat the treats as threats"
    assert speller.correct("premiun", {"premiun"}.__contains__) == "premiun"


def test_of_words_as_near_the_more_frequent_one_is_meant(tmp_path: Path) -> None:
    texts = ["The cards lie here.", "The carts stand there, red carts."]
    write_bm25(texts, tmp_path / "bm25")
    write_words(texts, tmp_path / "words.json")
    assert Speller(tmp_path / "words.json", BM25.open(tmp_path / "bm25")).correct("caros", knows_nothing) == "carts"


def test_words_are_kept_in_their_usual_form_with_their_count(tmp_path: Path) -> None:
    write_words(["Care care CARE care care; the Batra, Batra's 30M an it", "Care"], tmp_path / "words.json")
    kept = json.loads((tmp_path / "words.json").read_text(encoding="utf-8"))
    # "care" stands 6 times, mostly small; "Batra's" is no word of letters alone, and "an" and "it" are too short.
    assert kept == {"care": 6, "Batra": 1}


@given(st.text(max_size=60))
def test_any_question_keeps_everything_but_its_words(speller: Speller, question: str) -> None:
    corrected = speller.correct(question, knows_nothing)
    assert [char for char in corrected if not char.isalnum()] == [char for char in question if not char.isalnum()]


@given(st.text(max_size=60))
def test_correcting_again_changes_nothing(speller: Speller, question: str) -> None:
    corrected = speller.correct(question, knows_nothing)
    assert speller.correct(corrected, knows_nothing) == corrected


def test_a_question_of_strange_words_only_looks_a_few_of_them_up(
    speller: Speller, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str] = []

    def extract(word: str, *_: object, **__: object) -> list[object]:
        looked_up.append(word)
        return []

    monkeypatch.setattr("qa.index.local.spelling.process.extract", extract)
    letters = "abcdefghijklmnopqrst"
    strange = [f"{one}x{other}qzw{one}" for one in letters for other in letters]
    for count in (100, 400):
        looked_up.clear()
        question = " ".join(strange[:count])
        assert speller.correct(question, knows_nothing) == question
        assert len(looked_up) == 16
    looked_up.clear()
    speller.correct("zxqwv " * 400 + "y" * 5000, knows_nothing)
    assert looked_up == ["zxqwv"], "each word once, and none that nobody types"
