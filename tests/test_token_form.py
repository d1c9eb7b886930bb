"""Token vectors at four bits: the rotation, the levels, and how they are packed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.encode.int8 import similarities
from qa.encode.token_form import pack, packed_width, rotated, token_levels, unpack

dimensions = st.sampled_from([1, 2, 7, 12, 32, 384])
seeds = st.integers(0, 2**32 - 1)


def unit(seed: int, size: int, dimension: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((size, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@given(seeds, st.integers(0, 5), dimensions)
def test_the_rotation_keeps_every_inner_product(seed: int, size: int, dimension: int) -> None:
    vectors = unit(seed, size, dimension)
    turned = rotated(vectors)
    assert (turned.shape, turned.dtype) == (vectors.shape, np.float32)
    np.testing.assert_allclose(turned @ turned.T, vectors @ vectors.T, atol=1e-5)


def test_the_rotation_spreads_one_component_over_all() -> None:
    turned = rotated(np.eye(384, dtype=np.float32)[[7]])
    assert np.abs(turned).max() < 0.25  # evenly spread they would all be 0.051


def test_the_rotation_is_this_one() -> None:
    """Tokens on disk were turned by it: another would make every stored index wrong."""
    assert rotated(np.array([[1, 2, 3, 4]], np.float32)).tolist() == [[2, 1, 4, 3]]


@given(seeds, st.integers(1, 9), dimensions)
def test_a_token_is_the_same_alone_and_in_company(seed: int, size: int, dimension: int) -> None:
    vectors = unit(seed, size, dimension)
    levels, scales = token_levels(vectors)
    for row in range(size):
        alone, scale = token_levels(vectors[[row]])
        assert (alone[0].tolist(), scale[0]) == (levels[row].tolist(), scales[row])


@given(seeds, st.integers(0, 9), dimensions)
def test_levels_are_packed_without_loss(seed: int, size: int, dimension: int) -> None:
    levels, _ = token_levels(unit(seed, size, dimension))
    packed = pack(levels)
    assert (packed.shape, packed.dtype) == ((size, packed_width(dimension)), np.uint8)
    found = unpack(packed, dimension)
    assert (found.dtype, found.tolist()) == (np.int8, levels.tolist())


def test_what_is_no_level_is_refused() -> None:
    with pytest.raises(ValueError, match="four bits"):
        pack(np.array([[16, 3]], np.int8))


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_cosines_are_near_those_of_the_vectors(seed: int) -> None:
    question, tokens = unit(seed, 5, 384), unit(seed + 1, 20, 384)
    found = similarities(rotated(question), *token_levels(tokens))
    # A component's error is even over a step of about 0.16 / 7, so the whole error's length is 0.023 * sqrt(384 / 12),
    # 0.13, and its part along another unit vector 0.13 / sqrt(384), 0.007.
    np.testing.assert_allclose(found, question @ tokens.T, atol=0.04)
    same = similarities(rotated(tokens), *token_levels(tokens))
    assert (np.diag(same) > 0.97).all()
