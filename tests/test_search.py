from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from hypothesis import given
from hypothesis import strategies as st
from workshop import Workshop

from qa.errors import UnknownDocument
from qa.index.contract import Index, idf
from qa.reading.passages import embedding_text
from qa.records import Filters, PassageKind
from qa.retrieval.query import content_words, token_weights
from qa.retrieval.search import (
    BOILERPLATE_PENALTY,
    CANDIDATES,
    COMPARED,
    OFF_SUBJECT_PENALTY,
    WEIGHTS,
    Ranking,
    scale,
    search,
)
from qa.text.words import terms

TEXTS = {
    "harbour.txt": "The Harbour\n\nElden's harbour has three piers. The oldest pier was built by Mara Quill in 1871.",
    "ferry.txt": "The Ferry\n\nThe ferry crosses the strait four times a day. It carries forty cars.",
    "mill.txt": "The Mill\n\nThe mill grinds rye on Tuesdays. A brook turned its wheel.\n\n© 1998 Harbour Press",
    "undated.txt": "The Light\n\nThe lighthouse of Elden shows two flashes.",
}
SIDECAR = """
["harbour.txt"]
publisher = "Elden Council"
date = 2022-04-18
["ferry.txt"]
publisher = "Strait Lines"
date = "2022-04"
["mill.txt"]
publisher = "Elden Council"
date = "2021"
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Four documents, five passages, opened."""
    workshop = Workshop(tmp_path_factory.mktemp("shop"), TEXTS)
    workshop.put("sources.toml", SIDECAR)
    workshop.build()
    index = workshop.open_index()
    yield index
    index.close()


def documents(ranking: Ranking) -> list[str]:
    return [hit.passage.document_id for hit in ranking.hits(len(ranking.rows))]


# Scaling


def test_scaling_by_hand() -> None:
    np.testing.assert_allclose(scale(np.array([2, 6, 3], dtype=np.float32)), [0, 1, (3 - 2) / (6 - 2)])


@pytest.mark.parametrize("values", [[], [3.0], [5.0, 5.0, 5.0]])
def test_equal_values_are_all_best(values: list[float]) -> None:
    assert scale(np.array(values, dtype=np.float32)).tolist() == [1.0] * len(values)


@given(
    st.lists(
        st.floats(width=32, allow_nan=False, allow_infinity=False, min_value=-(2.0**100), max_value=2.0**100),
        min_size=1,
    )
)
def test_scaled_values_stay_in_bounds_and_in_order(values: list[float]) -> None:
    scaled = scale(np.array(values, dtype=np.float32))
    assert (scaled >= 0).all()
    assert (scaled <= 1).all()
    assert scaled.max() == 1
    order = np.argsort(values, kind="stable")
    assert (np.diff(scaled[order]) >= 0).all()


# Ranking


def test_the_passage_with_the_questions_words_comes_first(shop: Index) -> None:
    ranking = search(shop, FakeEncoder(), "Who built the oldest pier?")
    assert documents(ranking)[0] == "harbour"
    assert len(ranking.rows) == shop.size == 5, "so few passages are all candidates"


def test_scores_are_the_weighted_mean_of_scaled_signals(shop: Index) -> None:
    ranking = search(shop, FakeEncoder(), "When does the harbour mill grind?")
    assert set(WEIGHTS) <= set(ranking.signals)
    for place, (hit, score) in enumerate(zip(ranking.hits(COMPARED), ranking.scores, strict=True)):
        expected = 0.0
        for name, weight in WEIGHTS.items():
            values = [float(value) for value in ranking.signals[name]]
            expected += weight * (values[place] - min(values)) / (max(values) - min(values))
        expected /= sum(WEIGHTS.values())
        if hit.passage.kind is PassageKind.BOILERPLATE:
            expected = max(0.0, expected - BOILERPLATE_PENALTY)
        assert score == pytest.approx(expected, abs=1e-5)
        assert 0 <= score <= 1
    assert sorted(ranking.scores, reverse=True) == list(ranking.scores)


def test_signals_are_what_their_names_say(shop: Index) -> None:
    encoder = FakeEncoder()
    ranking = search(shop, encoder, "Which harbour has three piers?")
    question = encoder.encode_question("Which harbour has three piers?")
    asked = content_words("Which harbour has three piers?", question, shop)
    weights = token_weights(question, asked)
    for place, hit in enumerate(ranking.hits(COMPARED)):
        title = shop.info(hit.passage.document_id).title
        (encoding,) = encoder.encode_texts([embedding_text(title, hit.passage)[0]])
        dense = float(question.vector @ encoding.vector)
        late = float(weights @ (question.tokens @ encoding.tokens.T).max(axis=1) / weights.sum())
        assert ranking.signals["dense"][place] == pytest.approx(dense, abs=1e-5)
        assert ranking.signals["late_interaction"][place] == pytest.approx(late, abs=0.02)  # tokens are int8
        met = (question.tokens @ encoding.tokens.T).max(axis=1)
        least = min(float(met[word.tokens].mean()) for word in asked)
        assert ranking.signals["least_met_word"][place] == pytest.approx(least, abs=0.02)
        assert (ranking.signals["bm25"][place] > 0) == any(
            word.term in terms(" ".join((title, *hit.passage.headings, hit.passage.text))) for word in asked
        )
        assert hit.signals == {name: float(values[place]) for name, values in ranking.signals.items()}


def test_a_question_of_stop_words_is_ranked_all_the_same(shop: Index) -> None:
    ranking = search(shop, FakeEncoder(), "what is it about?")
    assert ranking.content_words == ()
    assert len(ranking.bm25_rows) == 0
    assert len(ranking.rows) == 5
    assert np.isfinite(ranking.scores).all()


def test_the_same_question_is_ranked_the_same(shop: Index) -> None:
    first, second = (search(shop, FakeEncoder(), "the harbour of Elden") for _ in range(2))
    np.testing.assert_array_equal(first.rows, second.rows)
    np.testing.assert_array_equal(first.scores, second.scores)


def test_boilerplate_does_not_come_before_what_says_as_much(tmp_path: Path) -> None:
    line = "Printed by the harbour press of Elden"
    workshop = Workshop(tmp_path, {"a.txt": f"Text of some length stands here.\n\n© {line}", "b.txt": f"{line} it is."})
    workshop.build()
    with_both = workshop.open_index()
    ranking = search(with_both, FakeEncoder(), line)
    kinds = [hit.passage.kind for hit in ranking.hits(len(ranking.rows))]
    assert kinds[0] is PassageKind.BODY
    assert PassageKind.BOILERPLATE in kinds, "it is found when asked for"
    with_both.close()


OWN = "# Ropes\n\nElden Wharf sells ropes.\n\n# Records\n\nMara keeps all the records here."
FOREIGN = "# Records\n\nMara keeps the records."


def ranked(folder: Path, texts: dict[str, str], subject: str) -> tuple[list[str], list[float]]:
    """The documents and the scores for "who keeps the records" in an index about a subject."""
    workshop = Workshop(folder, texts)
    workshop.put("sources.toml", f'[site]\nname = "{subject}"')
    workshop.build()
    index = workshop.open_index()
    ranking = search(index, FakeEncoder(), "who keeps the records")
    found = documents(ranking), ranking.scores.tolist()
    index.close()
    return found


def test_documents_that_name_the_subject_come_before_others_that_say_as_much(tmp_path: Path) -> None:
    texts = {"foreign.md": FOREIGN, "own.md": OWN}
    (without, before), (about, after) = (ranked(tmp_path / (name or "no"), texts, name) for name in ("", "Elden Wharf"))
    assert without[0] == "foreign.md"
    assert about[0] == "own.md", "although only another passage of the document has the name"
    assert after[0] == pytest.approx(before[without.index("own.md")])
    assert after[about.index("foreign.md")] == pytest.approx(before[0] - OFF_SUBJECT_PENALTY)


def test_the_initials_of_the_subject_also_name_it(tmp_path: Path) -> None:
    texts = {"foreign.md": FOREIGN, "own.md": OWN.replace("Elden Wharf", "EW")}
    found, _ = ranked(tmp_path / "about", texts, "Elden Wharf")
    assert found[0] == "own.md"


@pytest.mark.parametrize("subject", ["The Wharf of Brenham", "the", "Ropes", "records"])
def test_a_subject_that_no_document_or_every_document_names_changes_no_score(tmp_path: Path, subject: str) -> None:
    texts = {"foreign.md": f"{FOREIGN} Ropes are for sale.", "own.md": OWN}
    assert ranked(tmp_path / "about", texts, subject) == ranked(tmp_path / "without", texts, "")


# Filters


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), {"harbour", "ferry", "mill", "undated"}),
        (Filters(document_ids=("ferry",)), {"ferry"}),
        (Filters(document_ids=("ferry", "mill")), {"ferry", "mill"}),
        (Filters(publishers=("Elden Council",)), {"harbour", "mill"}),
        (Filters(publishers=("Elden Council", "Strait Lines")), {"harbour", "ferry", "mill"}),
        (Filters(publishers=("Nobody",)), set()),
        (Filters(document_ids=("ferry",), publishers=("Elden Council",)), set()),
        # Known are the harbour's day, the ferry's month, the mill's year, and nothing of the light's date.
        (Filters(date_from="2022-04-18"), {"harbour", "ferry"}),  # part of April is on or after the 18th
        (Filters(date_from="2022-04-19"), {"ferry"}),
        (Filters(date_from="2022-05-01"), set()),
        (Filters(date_to="2022-04-17"), {"ferry", "mill"}),
        (Filters(date_to="2022-03-31"), {"mill"}),
        (Filters(date_from="2021-12-31", date_to="2021-12-31"), {"mill"}),
        (Filters(date_from="2022-01-01", date_to="2022-12-31"), {"harbour", "ferry"}),
        (Filters(date_from="2020-01-01", publishers=("Elden Council",)), {"harbour", "mill"}),
    ],
)
def test_filters_let_through(shop: Index, filters: Filters, expected: set[str]) -> None:
    assert set(documents(search(shop, FakeEncoder(), "the oldest pier of Elden", filters))) == expected


def test_an_unknown_document_is_an_error_that_names_it(shop: Index) -> None:
    with pytest.raises(UnknownDocument, match="'lighthouse'"):
        search(shop, FakeEncoder(), "Who?", Filters(document_ids=("ferry", "lighthouse")))


def test_a_filter_goes_before_the_ranking_so_that_no_better_passages_crowd_out_the_allowed_one(tmp_path: Path) -> None:
    crowd = {f"crowd{number:03}.txt": f"The oldest pier is pier number {number}." for number in range(CANDIDATES + 20)}
    workshop = Workshop(tmp_path, crowd | {"wanted.txt": "Nothing of that is written here, only a pier."})
    workshop.build()
    index = workshop.open_index()
    assert "wanted" not in documents(search(index, FakeEncoder(), "oldest pier"))
    assert documents(search(index, FakeEncoder(), "oldest pier", Filters(document_ids=("wanted",)))) == ["wanted"]
    index.close()


def test_of_many_candidates_the_nearest_are_compared_and_the_rest_follow_them(tmp_path: Path) -> None:
    texts = {f"pier{number:03}.txt": f"Pier {number} is {number % 7} years old." for number in range(COMPARED + 15)}
    workshop = Workshop(tmp_path, texts | {"wanted.txt": "The oldest pier of Elden was built by Mara Quill."})
    workshop.build()
    index = workshop.open_index()
    ranking = search(index, FakeEncoder(), "who built the oldest pier of Elden")
    assert documents(ranking)[0] == "wanted"
    assert len(ranking.rows) == COMPARED
    candidates = {*ranking.dense_rows.tolist(), *ranking.bm25_rows.tolist()}
    assert {*ranking.rows.tolist()} | {*ranking.rest.tolist()} == candidates
    assert len(ranking.rows) + len(ranking.rest) == len(candidates) > COMPARED
    index.close()


# Weights and spelling


def test_rarity_by_hand(shop: Index) -> None:
    # "elden" is in 2 of 5 passages, "dragon" in none.
    assert shop.frequencies(["elden", "dragon"]) == [2, 0]
    assert idf(2, 5) == pytest.approx(math.log(1 + (5 - 2 + 0.5) / (2 + 0.5)))
    assert idf(0, 5) == pytest.approx(math.log(1 + (5 - 0 + 0.5) / (0 + 0.5)))


def test_rare_words_weigh_more_than_common_ones_and_stop_words_and_the_models_own_tokens_least(shop: Index) -> None:
    question = "who has Elden pier"
    encoding = FakeEncoder().encode_question(question)
    own, who, has, elden, pier = token_weights(encoding, content_words(question, encoding, shop))
    assert who == has < min(elden, pier)
    assert pier == pytest.approx(idf(*shop.frequencies(["pier"]), 5))
    assert pier > elden == pytest.approx(idf(2, 5))
    assert 0 < own < elden


class Unlettered(FakeEncoder):
    """Knows no word as one token, so that every word outside the documents may be misspelt."""

    def is_word(self, word: str) -> bool:  # noqa: ARG002 - as `Encoder` has it
        return False


@pytest.mark.parametrize(
    ("asked", "searched"),
    [
        ("who built the oldest peir", "who built the oldest pier"),
        ("the whheel of Elden", "the wheel of Elden"),
        ("the lighthuose", "the lighthouse"),
        ("the Hrbour", "the Harbour"),
        ("who is Dana Quall", "who is Dana Quill"),
        ("dragons and zeppelins", "dragons and zeppelins"),  # nothing near
        ("who built the oldest pier", "who built the oldest pier"),
    ],
)
def test_misspelt_words_are_searched_as_the_documents_write_them(shop: Index, asked: str, searched: str) -> None:
    assert search(shop, Unlettered(), asked).searched == searched


def test_a_word_that_the_model_knows_is_left_alone(shop: Index) -> None:
    assert search(shop, FakeEncoder(), "the oldest peer").searched == "the oldest peer"


def test_a_misspelt_question_finds_what_the_right_one_finds(shop: Index) -> None:
    right, wrong = (search(shop, Unlettered(), text) for text in ("the oldest pier", "the oldest peir"))
    np.testing.assert_array_equal(right.rows, wrong.rows)
    np.testing.assert_allclose(right.scores, wrong.scores)


def test_a_code_typed_with_a_blank_is_that_of_the_documents(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, {"forms.txt": "Form PS-20B grants a permit. Form KX41 grants a licence."})
    workshop.build()
    index = workshop.open_index()
    for typed, index_term in (("form PS 20B", "!ps20b"), ("form KX 41", "!kx41")):
        assert search(index, FakeEncoder(), typed).content_words[-1].term == index_term
    index.close()
