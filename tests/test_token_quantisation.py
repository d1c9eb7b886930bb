"""Token vectors at four bits: the rotation, the levels, and the packing."""

from __future__ import annotations

from hashlib import shake_128

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.encode import token_quantisation
from qa.encode.int8 import similarities
from qa.encode.integer_products import products
from qa.encode.token_quantisation import BITS, pack, packed_width, rotated, token_levels, unpack

dimensions = st.sampled_from([1, 2, 7, 12, 32, 384])
seeds = st.integers(0, 2**32 - 1)


def unit(seed: int, size: int, dimension: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((size, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def rotation_signs(dimension: int, number: int) -> np.ndarray:
    bits = np.unpackbits(np.frombuffer(shake_128(bytes([number])).digest(-(-dimension // 2)), np.uint8))
    return np.where(bits[:dimension], np.float32(1), np.float32(-1))


@given(seeds, st.integers(0, 5), dimensions)
def test_the_rotation_keeps_every_inner_product(seed: int, size: int, dimension: int) -> None:
    vectors = unit(seed, size, dimension)
    turned = rotated(vectors)
    assert (turned.shape, turned.dtype) == (vectors.shape, np.float32)
    np.testing.assert_allclose(turned @ turned.T, vectors @ vectors.T, atol=1e-5)


def test_the_rotation_spreads_one_component_over_all() -> None:
    turned = rotated(np.eye(384, dtype=np.float32)[[7]])
    assert np.abs(turned).max() < 0.25  # evenly distributed they would all be 0.051


def test_the_rotation_is_this_one() -> None:
    """Stored tokens are rotated by it: another rotation would make every stored index wrong."""
    assert rotated(np.array([[1, 2, 3, 4]], np.float32)).tolist() == [[2, 1, 4, 3]]


@given(seeds, dimensions)
def test_the_rotation_adds_in_this_order(seed: int, dimension: int) -> None:
    """Bit for bit: sums of float32 in another order would differ from the stored numbers."""
    vector = unit(seed, 1, dimension)[0]
    signs = [rotation_signs(dimension, number) for number in range(2)]
    block = dimension & -dimension
    turned = vector
    for number in range(2):
        turned = np.concatenate([turned[at::block] for at in range(block)]) * signs[number]
        width = 1
        while width < block:
            for at in (at for at in range(dimension) if not at & width):
                turned[at], turned[at + width] = turned[at] + turned[at + width], turned[at] - turned[at + width]
            width *= 2
        turned = turned * np.float32(block**-0.5)
    assert rotated(vector[np.newaxis])[0].tobytes() == turned.tobytes()


@given(seeds, st.integers(1, 9), dimensions, st.sampled_from(BITS))
def test_a_token_is_the_same_alone_and_in_company(seed: int, size: int, dimension: int, bits: int) -> None:
    vectors = unit(seed, size, dimension)
    levels, scales = token_levels(vectors, bits)
    for row in range(size):
        alone, scale = token_levels(vectors[[row]], bits)
        assert (alone[0].tolist(), scale[0]) == (levels[row].tolist(), scales[row])


@given(seeds, st.integers(0, 9), dimensions, st.sampled_from(BITS))
def test_levels_are_packed_without_loss(seed: int, size: int, dimension: int, bits: int) -> None:
    levels, _ = token_levels(unit(seed, size, dimension), bits)
    packed = pack(levels, bits)
    assert (packed.shape, packed.dtype) == ((size, packed_width(dimension, bits)), np.uint8)
    codes = unpack(packed, bits)
    assert (codes.shape, codes.dtype) == ((8 // bits, *packed.shape), np.uint8)
    found = np.concatenate(list(codes), axis=1)[:, :dimension]
    factor, zero = {4: (16, 8), 2: (32, 3)}[bits]
    assert ((found.astype(int) - zero) * factor).tolist() == levels.tolist()


@given(seeds, st.integers(0, 9), st.integers(1, 5), dimensions, st.sampled_from(BITS))
def test_cosines_from_codes_are_those_from_levels(seed: int, size: int, asked: int, dimension: int, bits: int) -> None:
    levels, scales = token_levels(unit(seed, size, dimension), bits)
    question, codes = unit(seed + 1, asked, dimension), unpack(pack(levels, bits), bits)
    found = token_quantisation.similarities(question, codes, scales, bits)
    assert found.flags.c_contiguous
    assert found.tobytes() == similarities(question, levels, scales).tobytes()


@given(seeds, st.integers(0, 1100), st.integers(1, 40), st.sampled_from([1, 7, 384, 1041, 4096]), st.integers(0, 127))
@settings(max_examples=25)
def test_products_are_exact(seed: int, size: int, others: int, dimension: int, zero: int) -> None:
    random = np.random.default_rng(seed)
    codes = random.choice(np.array([0, 1, 126, 127], np.uint8), (size, dimension))
    factors = random.choice(np.array([-127, -1, 127], np.int8), (others, dimension))
    expected = (codes.astype(np.int64) - zero) @ factors.T.astype(np.int64)
    found = products(codes, zero, factors)
    assert (found.dtype, found.tolist()) == (np.int32, expected.tolist())


def test_how_levels_lie_in_bytes() -> None:
    """Stored tokens have this order: another one would make every stored index wrong."""
    assert pack(np.array([[16, -32, 48, -112]], np.int8)).tolist() == [[0x31, 0x9E]]
    assert pack(np.array([[32, 96, -32, -96, 96]], np.int8), 2).tolist() == [[0b01_11_00, 0b10_01]]


def test_two_bits_tell_the_sign_and_whether_a_component_is_above_the_deviation() -> None:
    vectors = unit(3, 8, 384)
    levels, _ = token_levels(vectors, 2)
    turned = rotated(vectors) * np.sqrt(384)
    expected = np.sign(turned) * np.where(np.abs(turned) > 1, 96, 32)
    assert levels.tolist() == expected.tolist()


@pytest.mark.parametrize(("level", "bits"), [(3, 4), (33, 2), (64, 2)])
def test_what_is_no_level_is_refused(level: int, bits: int) -> None:
    with pytest.raises(ValueError, match=f"more than {bits} bits"):
        pack(np.array([[level, level]], np.int8), bits)


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


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_cosines_at_two_bits_are_less_near_but_do_not_shrink(seed: int) -> None:
    question, tokens = unit(seed, 5, 384), unit(seed + 1, 20, 384)
    found = similarities(rotated(question), *token_levels(tokens, 2))
    # Max's table gives an error of 0.1188 of the variance, so the whole error's length is 0.34, at a scale that is
    # larger by 1 / 0.88 0.39, and its part along another unit vector 0.39 / sqrt(384), 0.02.
    np.testing.assert_allclose(found, question @ tokens.T, atol=0.12)
    same = similarities(rotated(tokens), *token_levels(tokens, 2))
    np.testing.assert_allclose(np.diag(same), 1, atol=0.01)
