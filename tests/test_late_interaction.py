from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.encode.int8 import quantise, similarities
from qa.encode.max_similarities import Maxima, maxima
from qa.retrieval.late_interaction import least_met, max_sim

Floats = npt.NDArray[np.float32]
Passage = tuple[Floats, list[int]]  # token vectors, and each token's sentence, -1 for none


def unit(rows: list[list[float]]) -> Floats:
    vectors = np.array(rows, dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def compare(question: Floats, passages: list[Passage]) -> Maxima:
    """Compare a question with passages in the form of a snapshot: quantised, one after another, with bounds."""
    levels, scales = zip(*[quantise(tokens) for tokens, _ in passages], strict=True)
    matrix = similarities(question, np.concatenate(levels), np.concatenate(scales))
    bounds = np.cumsum([0, *[len(tokens) for tokens, _ in passages]])
    sentences = np.concatenate([np.array(each, dtype=np.int32) for _, each in passages])
    return maxima(matrix, bounds, sentences)


def best_sentence(found: Maxima, weights: Floats) -> Floats:
    return found.best_of(max_sim(found.sentences, weights))


@st.composite
def token_vectors(draw: st.DrawFn, count: int | None = None) -> Floats:
    seed, size = draw(st.integers(0, 2**32 - 1)), count or draw(st.integers(1, 6))
    vectors = np.random.default_rng(seed).standard_normal((size, 16))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@st.composite
def passages_(draw: st.DrawFn) -> Passage:
    """The heading trail and special tokens in no sentence, then some sentences, then the last special token."""
    lengths = draw(st.lists(st.integers(1, 3), max_size=4))
    inside = [number for number, length in enumerate(lengths) for _ in range(length)]
    sentences = [-1] * draw(st.integers(0 if inside else 1, 2)) + inside + [-1] * draw(st.integers(0, 1))
    return draw(token_vectors(len(sentences))), sentences


def oracle(question: Floats, passage: Passage, weights: Floats) -> tuple[Floats, Floats, float]:
    """By the definition: a passage's maxima, those over its tokens in no sentence, its best sentence's mean."""
    tokens, sentences = passage
    matrix = similarities(question, *quantise(tokens))
    outside = matrix[:, np.array(sentences) < 0].max(axis=1, initial=-1)
    numbers = sorted({each for each in sentences if each >= 0})
    if not numbers:  # the model encoded none of its sentences: the encoded part replaces one
        return matrix.max(axis=1), outside, float((weights @ matrix.max(axis=1)) / weights.sum())
    means = [weights @ matrix[:, np.array(sentences) == number].max(axis=1) / weights.sum() for number in numbers]
    return matrix.max(axis=1), outside, float(max(means))


def test_each_question_token_takes_its_best_match_within_each_passage_and_sentence() -> None:
    # The tokens of two passages on a circle, told by their cosine with the question's only token, (1, 0).
    def at(*cosines: float) -> Floats:
        return np.array([[cosine, np.sqrt(1 - cosine**2)] for cosine in cosines], dtype=np.float32)

    first = (at(0.9, 0.1, 0.3, -0.2), [-1, 0, 0, 1])
    second = (at(-0.5, -0.8, -0.4), [-1, 0, 1])
    found = compare(unit([[1, 0]]), [first, second])
    np.testing.assert_allclose(found.passages, [[0.9, -0.4]], atol=0.01)
    np.testing.assert_allclose(found.sentences, [[0.3, -0.2, -0.8, -0.4]], atol=0.01)
    assert found.numbers.tolist() == [0, 1, 0, 1]
    assert found.bounds.tolist() == [0, 2, 4]
    np.testing.assert_allclose(best_sentence(found, np.array([1], dtype=np.float32)), [0.3, -0.4], atol=0.01)


def test_the_best_sentence_is_one_that_meets_the_whole_question() -> None:
    question = unit([[1, 0, 0], [0, 1, 0]])
    # One sentence matches both tokens partly, the others one each fully: 1/sqrt(2) is more than (1 + 0) / 2.
    tokens = unit([[1, 0, 0], [1, 1, 0], [0, 1, 0]])
    found = compare(question, [(tokens, [0, 1, 2])])
    np.testing.assert_allclose(found.passages, [[1], [1]], atol=0.01)
    even, second = np.array([1, 1], dtype=np.float32), np.array([1, 9], dtype=np.float32)
    np.testing.assert_allclose(best_sentence(found, even), [np.sqrt(0.5)], atol=0.01)
    np.testing.assert_allclose(best_sentence(found, second), [0.9], atol=0.01)  # (1 * 0 + 9 * 1) / 10


def test_a_passage_that_says_the_opposite_scores_below_zero_beside_longer_ones() -> None:
    """Padding with zeros would raise -1 to 0, since a padding zero exceeds a negative similarity."""
    opposite, longer = unit([[-1, 0]]), unit([[0, 1], [0, 1], [0, 1], [1, 0]])
    found = compare(unit([[1, 0]]), [(opposite, [0]), (longer, [-1, 0, 0, 1])])
    np.testing.assert_allclose(found.passages, [[-1, 1]], atol=1e-6)
    np.testing.assert_allclose(best_sentence(found, np.array([1], dtype=np.float32)), [-1, 1], atol=1e-6)


@given(token_vectors(), st.lists(passages_(), min_size=1, max_size=8))
def test_a_passage_scores_in_any_batch_what_the_definition_says(question: Floats, passages: list[Passage]) -> None:
    weights = np.linspace(0.5, 4, len(question), dtype=np.float32)
    found = compare(question, passages)
    best = best_sentence(found, weights)
    for place, passage in enumerate(passages):
        expected, outside, expected_best = oracle(question, passage, weights)
        np.testing.assert_array_equal(found.outside[:, place], outside)
        np.testing.assert_allclose(found.passages[:, place], expected, atol=1e-6)
        np.testing.assert_allclose(best[place], expected_best, atol=1e-6)


@given(token_vectors(), st.lists(passages_(), min_size=1, max_size=8), st.data())
def test_a_passage_scores_alone_what_it_scores_in_any_batch(
    question: Floats, passages: list[Passage], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(passages) - 1))
    weights = np.ones(len(question), dtype=np.float32)
    alone, together = compare(question, [passages[place]]), compare(question, passages)
    np.testing.assert_array_equal(together.passages[:, place], alone.passages[:, 0])
    np.testing.assert_array_equal(together.outside[:, place], alone.outside[:, 0])
    np.testing.assert_allclose(best_sentence(together, weights)[place], best_sentence(alone, weights)[0], atol=1e-6)


def test_no_passages_have_no_maxima() -> None:
    found = maxima(np.empty((1, 0), np.float32), np.zeros(1, np.int64), np.empty(0, np.int32))
    assert (found.passages.shape, found.sentences.shape) == ((1, 0), (1, 0))
    assert best_sentence(found, np.ones(1, dtype=np.float32)).shape == (0,)


@given(token_vectors(), token_vectors())
def test_quantised_similarities_are_cosines_to_within_half_a_level_per_dimension(
    question: Floats, tokens: Floats
) -> None:
    # Rounding moves each of the d components by at most half a level, and a level is peak/127; so a vector moves by at
    # most e = sqrt(d) * peak / 254, and restoring unit length moves it by at most as much again.
    levels, scales = quantise(tokens)
    peaks = np.abs(tokens).max(axis=1)
    bound = 2 * np.sqrt(tokens.shape[1]) * peaks / 254
    error = np.abs(similarities(question, levels, scales) - question @ tokens.T)
    assert (error <= bound + 1e-6).all()


@given(st.sampled_from([8, 384, 1040, 1041, 4096]), st.integers(1, 5), st.integers(0, 1100), st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_products_are_those_of_whole_numbers_for_any_number_of_vectors_and_components(
    dimension: int, asked: int, stored: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    question = np.repeat(random.choice(np.array([-1, 0.9, 1], np.float32), dimension)[np.newaxis], asked, axis=0)
    levels = random.integers(125, 128, (stored, dimension)).astype(np.int8) * np.sign(question[:1]).astype(np.int8)
    question_levels, question_scales = quantise(question)
    scales = np.full(stored, 2**-10, np.float32)
    products = (question_levels.astype(np.int64) @ levels.astype(np.int64).T).astype(np.float32)
    expected = products * scales * question_scales[:, np.newaxis]
    assert similarities(question, levels, scales).tobytes() == expected.tobytes()


@given(token_vectors())
def test_scales_restore_unit_length(tokens: Floats) -> None:
    levels, scales = quantise(tokens)
    assert levels.dtype == np.int8
    assert (np.abs(levels.astype(int)).max(axis=1) == 127).all(), "the whole range is used"
    restored = levels.astype(np.float32) * scales[:, np.newaxis]
    np.testing.assert_allclose(np.linalg.norm(restored, axis=1), 1, rtol=1e-5)


def test_quantising_by_hand() -> None:
    levels, scales = quantise(np.array([[0.6, -0.8]], dtype=np.float32))
    # The peak, 0.8, becomes 127; 0.6 becomes 0.6 / 0.8 * 127 = 95.25, rounded to 95.
    assert levels.tolist() == [[95, -127]]
    np.testing.assert_allclose(scales, [1 / np.sqrt(95**2 + 127**2)], rtol=1e-6)


def test_a_zero_vector_stays_zero() -> None:
    levels, scales = quantise(np.zeros((1, 4), dtype=np.float32))
    assert not levels.any()
    assert np.isfinite(levels * scales[:, np.newaxis]).all()
    assert similarities(unit([[1, 0, 0, 0]]), levels, scales).tolist() == [[0.0]]


def test_the_word_met_least_counts_by_the_mean_of_its_tokens() -> None:
    best = np.array([[0.9, 0.2], [0.5, 0.8], [0.6, 0.9]], dtype=np.float32)
    words = [np.array([0]), np.array([1, 2]), np.array([], dtype=np.intp)]  # the last one was truncated
    np.testing.assert_allclose(least_met(best, words), [(0.5 + 0.6) / 2, 0.2], rtol=1e-6)
    np.testing.assert_array_equal(least_met(best, []), [1, 1])
