from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from qa.late_interaction import best_matches, quantise, similarities

Floats = npt.NDArray[np.float32]


def unit(rows: list[list[float]]) -> Floats:
    vectors = np.array(rows, dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def stored(passages: list[Floats]) -> tuple[npt.NDArray[np.int8], Floats, npt.NDArray[np.int64]]:
    """Passages' tokens as a snapshot keeps them: quantised each by itself, one after another, with bounds."""
    levels, scales = zip(*map(quantise, passages), strict=True)
    bounds = np.cumsum([0, *map(len, passages)])
    return np.concatenate(levels), np.concatenate(scales), bounds


def maxsim(question: Floats, passages: list[Floats]) -> Floats:
    """The best match of every question token in every passage, `(questions, passages)`."""
    levels, scales, bounds = stored(passages)
    return best_matches(similarities(question, levels, scales), bounds)


@st.composite
def token_vectors(draw: st.DrawFn, most: int = 6) -> Floats:
    seed, count = draw(st.integers(0, 2**32 - 1)), draw(st.integers(1, most))
    vectors = np.random.default_rng(seed).standard_normal((count, 16))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_each_question_token_takes_its_best_match_within_each_passage() -> None:
    matrix = np.array(
        [  # one passage of two tokens, one of three, one of one
            [0.1, 0.9, 0.3, 0.2, 0.4, -0.5],
            [0.8, 0.7, -0.1, -0.2, -0.3, 0.6],
        ],
        dtype=np.float32,
    )
    bounds = np.array([0, 2, 5, 6])
    expected = np.array([[0.9, 0.4, -0.5], [0.8, -0.1, 0.6]], dtype=np.float32)
    np.testing.assert_array_equal(best_matches(matrix, bounds), expected)


def test_a_passage_that_says_the_opposite_scores_below_zero_beside_longer_ones() -> None:
    """Padding with zeros would lift -1 to 0, since a padding zero beats a negative similarity."""
    question = unit([[1, 0]])
    opposite, longer = unit([[-1, 0]]), unit([[0, 1], [0, 1], [0, 1], [1, 0]])
    np.testing.assert_allclose(maxsim(question, [opposite, longer]), [[-1, 1]], atol=1e-6)


@given(token_vectors(), st.lists(token_vectors(), min_size=1, max_size=8), st.data())
def test_a_passage_scores_alone_what_it_scores_in_any_batch(
    question: Floats, passages: list[Floats], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(passages) - 1))
    alone = maxsim(question, [passages[place]])[:, 0]
    np.testing.assert_allclose(maxsim(question, passages)[:, place], alone, atol=1e-6)


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
