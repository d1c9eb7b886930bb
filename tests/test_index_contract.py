"""One suite that every index passes, bit for bit, with a plain oracle that computes every passage separately."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from fakes import FakeEncoder
from hypothesis import given, settings
from hypothesis import strategies as st
from index_implementations import IMPLEMENTATIONS, TWO_BITS, Made
from plain_index import PlainIndex, best

from qa.errors import UnknownDocument
from qa.index.contract import Abbreviation, Candidates, Index, Maxima
from qa.reading.sidecar import Details
from qa.records import Filters, PassageKind
from qa.text.words import term

TEXTS = {
    "harbour.txt": "The Harbour\n\nElden's harbour has three piers. The oldest pier was built by Mara Quill in 1871.",
    "ferry.md": "# The Ferry\n\n## Fares\n\nChildren ride free. Dogs pay half, dogs. Cars pay.\n\n## Times\n\nThe ferry"
    " crosses four times a day.\n\n## Notes\n\nIt is what it is.\n",
    "mill.txt": "The Mill\n\nThe mill grinds rye on Tuesdays. A brook turned its wheel.\n\n© 1998 Harbour Press",
    "Old Mill.txt": "The Mill\n\nThe mill grinds rye on Tuesdays. A brook turned its wheel.",
    "light.txt": "The Light\n\nThe lighthouse of Elden shows two flashes. " * 12,
}
DETAILS = {
    "harbour.txt": Details(publisher="Elden Council", date="2022-04-18"),
    "ferry.md": Details(publisher="Strait Lines", date="2022-04"),
    "mill.txt": Details(publisher="Elden Council", date="2021"),
}
SIDECAR = "\n".join(
    f'["{source}"]\npublisher = "{details.publisher}"\ndate = "{details.date}"\n' for source, details in DETAILS.items()
)
FILTERS = [
    None,
    Filters(),
    Filters(document_ids=("ferry.md",)),
    Filters(document_ids=("mill", "light")),
    Filters(publishers=("Elden Council",)),
    Filters(publishers=("Nobody",)),
    Filters(date_from="2022-04-19"),
    Filters(date_to="2021-12-31"),
    Filters(publishers=("Elden Council", "Strait Lines"), date_from="2022-01-01", date_to="2022-12-31"),
]
WORDS = "harbour Elden pier piers oldest dogs rye mill brook wheel lighthouse 1871 fares dragon children Quill".split()
QUESTIONS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join)


@pytest.fixture(scope="module", params=IMPLEMENTATIONS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def made(kind: str) -> Made:
    return IMPLEMENTATIONS[kind]


@pytest.fixture(scope="module")
def index(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with made(tmp_path_factory.mktemp("index"), TEXTS, SIDECAR) as opened:
        yield opened


@pytest.fixture(scope="module")
def plain(kind: str) -> PlainIndex:
    return PlainIndex(TEXTS, DETAILS, token_bits=2 if kind == TWO_BITS else 4)


def asked(question: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(term, question.split()))))


def search(index: Index, question: str, count: int = 100, filters: Filters | None = None) -> Candidates:
    return index.candidates(FakeEncoder().encode_question(question).vector, asked(question), count, filters)


def same(found: npt.NDArray[np.generic], expected: object) -> bool:
    """Whether an array has exactly these values, bit for bit."""
    return bool(np.array_equal(found, np.array(expected, dtype=found.dtype).reshape(found.shape)))


def check_candidates(
    index: Index, plain: PlainIndex, question: str, count: int, filters: Filters | None = None
) -> None:
    found = search(index, question, count, filters)
    vector = FakeEncoder().encode_question(question).vector
    dense, bm25, sentence = plain.dense(vector), plain.bm25(asked(question)), plain.nearest_sentence(vector)
    rows = [row for row in range(index.size) if allowed(plain, row, filters)]
    assert found.dense_rows.tolist() == best(dense, rows, count)
    assert found.bm25_rows.tolist() == best(bm25, [row for row in rows if bm25[row] > 0], count)
    assert found.rows.tolist() == sorted({*found.dense_rows.tolist(), *found.bm25_rows.tolist()})
    assert same(found.dense, [dense[row] for row in found.rows])
    assert same(found.bm25, [bm25[row] for row in found.rows])
    assert same(found.sentence, [sentence[row] for row in found.rows])
    assert same(found.boilerplate, [plain.boilerplate()[row] for row in found.rows])
    assert (found.rows.dtype, found.dense_rows.dtype, found.bm25_rows.dtype) == (np.int64,) * 3
    assert (found.dense.dtype, found.bm25.dtype, found.sentence.dtype) == (np.float32,) * 3
    assert found.boilerplate.dtype == np.bool_


def allowed(plain: PlainIndex, row: int, filters: Filters | None) -> bool:
    document_id = plain.passages[row].passage.document_id
    document = next(each for each in plain.documents if each.id == document_id)
    if filters is None:
        return True
    if filters.document_ids and document.id not in filters.document_ids:
        return False
    if filters.publishers and document.publisher not in filters.publishers:
        return False
    if not (filters.date_from or filters.date_to):
        return True
    if document.date is None:
        return False
    days = {"2022-04-18": ("2022-04-18", "2022-04-18"), "2022-04": ("2022-04-01", "2022-04-30")}
    first, last = days.get(document.date, ("2021-01-01", "2021-12-31"))
    return last >= (filters.date_from or "0000") and first <= (filters.date_to or "9999")


# Properties


def test_it_says_what_it_is(index: Index, plain: PlainIndex) -> None:
    assert re.fullmatch("[0-9a-f]{16}", index.id)
    assert datetime.fromisoformat(index.built_at).utcoffset() == datetime.now(UTC).utcoffset()
    assert (index.weights, index.dimension) == (plain.encoder.fingerprint, plain.encoder.dimension)
    assert index.size == len(plain.passages)
    assert index.exact


def test_documents_stand_in_the_order_of_their_paths(index: Index, plain: PlainIndex) -> None:
    assert [info.source for info in index.documents] == sorted(TEXTS)
    for info, document in zip(index.documents, plain.documents, strict=True):
        names = ("id", "source", "title", "publisher", "author", "date", "url")
        assert [getattr(info, name) for name in names] == [getattr(document, name) for name in names]
        assert info.characters == len(document.text)
        assert info.passages == sum(each.passage.document_id == document.id for each in plain.passages)
        assert index.info(document.id) == info
        assert index.document(document.id) == document


def test_rows_are_passages_in_the_order_of_documents_and_texts(index: Index, plain: PlainIndex) -> None:
    assert list(index.passages(range(index.size))) == [each.passage for each in plain.passages]
    assert {each.passage.kind for each in plain.passages} == {PassageKind.BODY, PassageKind.BOILERPLATE}
    last = index.size - 1
    assert list(index.passages([last, 0])) == [plain.passages[last].passage, plain.passages[0].passage]
    assert list(index.passages([])) == []


@pytest.mark.parametrize("unknown", ["dragon", "", "Harbour", "harbour.txt"])
def test_an_unknown_document_is_an_error_that_names_it(index: Index, unknown: str) -> None:
    for look in (index.document, index.info, index.present_id):
        with pytest.raises(UnknownDocument, match=re.escape(repr(unknown))):
            look(unknown)
    with pytest.raises(UnknownDocument, match=re.escape(repr(unknown))):
        search(index, "dogs", filters=Filters(document_ids=("mill", unknown)))


def test_an_id_that_a_document_had_leads_to_it(index: Index) -> None:
    assert index.present_id("ferry") == "ferry.md"
    assert index.present_id("ferry.md") == "ferry.md"
    assert index.present_id("mill") == "mill"


# Terms and words


def test_frequencies_equal_a_count_over_the_texts(index: Index, plain: PlainIndex) -> None:
    known = sorted({each for passage in plain.passages for each in passage.terms})
    assert len(known) > 30
    for _ in range(2):  # results may be cached
        found = index.frequencies([*known, "dragon", "", "dragon" * 50])
        assert list(found) == [*map(plain.frequency, known), 0, 0, 0]
    assert list(index.frequencies([])) == []


@given(st.sampled_from([*WORDS, "Elder", "hrbour", "peir"]), st.integers(1, 2))
def test_words_near_another_equal_a_walk_through_all_words(
    index: Index, plain: PlainIndex, word: str, edits: int
) -> None:
    found = index.forms_near(word.casefold(), edits)
    assert {(form.folded, form.usual, form.count) for form in found} == plain.forms_near(word.casefold(), edits)
    assert len({form.folded for form in found}) == len(found)


@given(st.lists(st.sampled_from(WORDS), max_size=4, unique=True), st.data())
def test_what_passages_hold_equals_a_look_at_each(
    index: Index, plain: PlainIndex, asked: list[str], data: st.DataObject
) -> None:
    rows = data.draw(st.lists(st.integers(0, len(plain.passages) - 1), max_size=9, unique=True))
    held = index.held(list(map(term, asked)), np.array(rows, np.int64))
    assert held.shape == (len(asked), len(rows))
    assert held.tolist() == [[term(word) in plain.passages[row].terms for row in rows] for word in asked]
    of_documents: dict[str, set[str]] = {}
    for each in plain.passages:
        of_documents.setdefault(each.passage.document_id, set()).update(each.terms)
    said = [of_documents[plain.passages[row].passage.document_id] for row in rows]
    in_documents = index.held_in_documents(list(map(term, asked)), np.array(rows, np.int64))
    assert in_documents.shape == (len(asked), len(rows))
    assert in_documents.tolist() == [[term(word) in words for words in said] for word in asked]
    for word in asked:
        counts = [sum({term(word), term(other)} <= set(each.terms) for each in plain.passages) for other in asked]
        assert list(index.together(term(word), [term(other) for other in asked])) == counts


def test_abbreviations_are_found_by_either_form(made: Made, tmp_path_factory: pytest.TempPathFactory) -> None:
    texts = {
        "a.txt": "The Upper Lenne Water Authority (ULWA) runs nine reservoirs of the Northern Valley.",
        "b.txt": "NV and XWQ stand in capitals. A high-deductible plan is a plan. The Northern Valley is green.",
    }
    with made(tmp_path_factory.mktemp("short"), texts, "") as index:
        for key in ("ulwa", "upper lenne water authority"):
            (found,) = index.abbreviations([key])
            assert (found.short, found.long) == ("ULWA", "Upper Lenne Water Authority")
            assert (found.defined, found.count) == (True, 1)
        assert [each.used for each in index.abbreviations(["ulwa"])] == [1]
        assert Abbreviation("nv", "northern valley", defined=False, count=2, used=1) in index.abbreviations(["nv"])
        assert Abbreviation("hdp", "high deductible plan", defined=False, count=1, used=0) in index.abbreviations(
            ["hdp"]
        )
        assert index.abbreviations(["xwq"]) == [Abbreviation("xwq", "", defined=False, count=0, used=1)]
        assert not index.abbreviations(["xyz", "northern valley"])


# Candidates


@given(QUESTIONS, st.integers(1, 9), st.sampled_from(FILTERS))
def test_candidates_equal_the_oracles_to_the_last_bit(
    index: Index, plain: PlainIndex, question: str, count: int, filters: Filters | None
) -> None:
    check_candidates(index, plain, question, count, filters)


@pytest.mark.parametrize("question", ["harbour", "dragon zeppelin", "what is it about", "dogs " * 40 + "rye"])
def test_more_candidates_wanted_than_there_are_passages_is_all(index: Index, plain: PlainIndex, question: str) -> None:
    check_candidates(index, plain, question, 1000)
    assert search(index, question, 1000).rows.tolist() == list(range(index.size))


def test_equal_scores_stand_in_the_order_of_rows(index: Index, plain: PlainIndex) -> None:
    twins = [row for row, each in enumerate(plain.passages) if each.passage.text.startswith("The mill grinds")]
    assert len(twins) == 2
    found = search(index, "rye brook", 2)
    assert found.bm25_rows.tolist() == twins
    assert found.dense[0] == found.dense[1]


@settings(max_examples=8)
@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "c c", "d", "E"]).map("{}.txt".format),
        st.lists(st.sampled_from([*WORDS, "it", "is."]), min_size=1, max_size=30).map(" ".join),
        min_size=1,
    ),
    st.lists(QUESTIONS, min_size=1, max_size=4),
    st.integers(1, 4),
)
def test_any_documents_give_what_the_oracle_gives(
    made: Made,
    tmp_path_factory: pytest.TempPathFactory,
    texts: dict[str, str],
    questions: list[str],
    count: int,
) -> None:
    plain = PlainIndex(texts)
    with made(tmp_path_factory.mktemp("any"), texts, "") as index:
        for question in questions:
            check_candidates(index, plain, question, count)
            assert list(index.frequencies(asked(question))) == [plain.frequency(each) for each in asked(question)]


# Tokens


@given(QUESTIONS, st.data())
def test_maxima_equal_the_oracles_in_any_batch_and_order(
    index: Index, plain: PlainIndex, question: str, data: st.DataObject
) -> None:
    tokens = FakeEncoder().encode_question(question).tokens
    rows = data.draw(st.permutations(range(index.size)))[: data.draw(st.integers(0, index.size))]
    found = index.compare(tokens, np.array(rows, dtype=np.int64))
    assert found.bounds.tolist()[0] == 0
    assert len(found.bounds) == len(rows) + 1
    for place, row in enumerate(rows):
        check_maxima(found, place, plain, row, tokens)


def check_maxima(found: Maxima, place: int, plain: PlainIndex, row: int, tokens: npt.NDArray[np.float32]) -> None:
    passage = plain.passages[row]
    matrix, numbers = plain.token_cosines(tokens, passage.tokens), np.array(passage.numbers)
    inside = slice(*found.bounds[place : place + 2].tolist())
    assert same(found.passages[:, place], matrix.max(axis=1))
    assert same(found.outside[:, place], matrix[:, numbers < 0].max(axis=1))
    assert found.numbers[inside].tolist() == list(range(len(passage.passage.sentences)))
    for number, maxima in zip(found.numbers[inside].tolist(), found.sentences[:, inside].T, strict=True):
        assert same(maxima, matrix[:, numbers == number].max(axis=1))


@given(QUESTIONS, st.data())
def test_similarities_are_those_of_each_passage_alone(
    index: Index, plain: PlainIndex, question: str, data: st.DataObject
) -> None:
    tokens = FakeEncoder().encode_question(question).tokens
    rows = data.draw(st.permutations(range(index.size)))[: data.draw(st.integers(0, 4))]
    found = index.similarities(tokens, np.array(rows, dtype=np.int64))
    assert found.matrix.shape == (len(tokens), found.bounds[-1])
    for place, row in enumerate(rows):
        passage, inside = plain.passages[row], slice(*found.bounds[place : place + 2].tolist())
        assert same(found.matrix[:, inside], plain.token_cosines(tokens, passage.tokens))
        assert found.spans[inside].tolist() == [list(span) for span in passage.spans]
        assert found.sentences[inside].tolist() == passage.numbers


# Independence


def test_a_passage_scores_the_same_beside_other_documents(
    made: Made, index: Index, tmp_path: Path, plain: PlainIndex
) -> None:
    """Only BM25 depends on other passages: on their number, lengths and terms."""
    question = "who built the oldest pier of Elden"
    tokens = FakeEncoder().encode_question(question).tokens
    others = {f"{letter}.txt": f"Of {letter} nothing is told but a pier." for letter in "aiz"}
    with made(tmp_path, TEXTS | others, SIDECAR) as larger:
        assert larger.size == index.size + 3
        places = {passage: row for row, passage in enumerate(larger.passages(range(larger.size)))}
        rows = np.array([places[each.passage] for each in plain.passages])
        few, many = search(index, question), search(larger, question)
        assert same(many.dense[rows], few.dense)
        assert same(many.sentence[rows], few.sentence)
        assert not same(many.bm25[rows], few.bm25)
        one, other = index.compare(tokens, few.rows), larger.compare(tokens, rows)
        assert same(other.passages, one.passages)
        assert same(other.sentences, one.sentences)


def test_several_threads_get_what_one_gets(index: Index) -> None:
    questions = [f"{one} {other}" for one in WORDS[:6] for other in WORDS[6:]]
    expected = [search(index, question, 3) for question in questions]
    with ThreadPoolExecutor(4) as pool:
        for found, alone in zip(
            pool.map(lambda question: search(index, question, 3), questions), expected, strict=True
        ):
            assert same(found.rows, alone.rows)
            assert same(found.dense, alone.dense)
            assert same(found.bm25, alone.bm25)
            assert same(found.sentence, alone.sentence)
