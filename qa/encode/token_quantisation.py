"""Token vectors with four bits a component, without a measurable loss in ranking, or two, with a small loss.

1. A fixed rotation spreads large components over all components, so that few levels are enough. Cosines do not change,
   since a question's tokens are rotated in the same way.
2. The components are quantised to integer levels, with one scale a token. At four bits they go from -7 to 7, and the
   scale restores unit length. At two bits they are -3, -1, 1 and 3 halves of the components' standard deviation, 1 /
   sqrt(d), which is the best even step for a normal distribution (Max, "Quantizing for Minimum Distortion", 1960:
   0.996); the scale makes a token's product with itself 1, which keeps cosines from shrinking (Gao & Long, "RaBitQ",
   2024).
3. Two or four levels are packed into a byte: one from each half or quarter of the components.

A level is an `int8`, sixteen times its value at four bits, 32 times at two. Unpacked, it is a small code instead, from
which products are computed (`qa.encode.integer_products`).

The rotation repeats this twice: interleave, change signs, and the Walsh-Hadamard transform of blocks (Ailon & Chazelle,
"The Fast Johnson-Lindenstrauss Transform", 2009). It only adds and subtracts, so a vector's result does not depend on
the other vectors, to the last bit.
"""

from __future__ import annotations

from functools import cache
from hashlib import shake_128
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qa.encode.int8 import quantise, scaled
from qa.encode.integer_products import products

BITS = (4, 2)  # allowed numbers of bits of a component

_ROUNDS = 2
_TOP = 7  # the highest level at four bits


class _Form(NamedTuple):
    """What levels of one number of bits look like.

    Attributes:
        step: The factor of a level.
        middle: A level's lower bits: with two bits there is no level 0.
        shift: By how many bits codes are shifted up, so that one can stand for 0.
        zero: That code.
    """

    step: int
    middle: int
    shift: int
    zero: int


_FORMS = {4: _Form(16, 0, 0, 8), 2: _Form(32, 32, 1, 3)}

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Levels = npt.NDArray[np.int8]


def rotated(vectors: Floats) -> Floats:
    """Rotate vectors, `(n, d) float32`."""
    size, dimension = vectors.shape
    block = dimension & -dimension  # the largest power of two up to the dimension
    turned = vectors.T  # a row has one component of all vectors, so that NumPy adds many numbers at a time
    for number in range(_ROUNDS):
        interleaved = turned.reshape(dimension // block, block, size).swapaxes(0, 1).reshape(dimension, size)
        signed = interleaved * _signs(dimension, number)[:, np.newaxis]
        rows = signed.reshape(dimension // block, block, size).swapaxes(0, 1).reshape(block, -1)
        transformed = _walsh_hadamard(rows).reshape(block, dimension // block, size)
        transformed *= np.float32(block**-0.5)
        turned = transformed.swapaxes(0, 1).reshape(dimension, size)
    return np.ascontiguousarray(turned.T, dtype=np.float32)


def _walsh_hadamard(rows: Floats) -> Floats:
    """The transform of each column of `(a power of two, m) float32`.

    A step adds and subtracts neighbours, and puts the sums before the differences. After log2(rows) steps, every row is
    at its original position (Pease, "An Adaptation of the Fast Fourier Transform for Parallel Processing", 1968).
    """
    half = len(rows) // 2
    spare = np.empty_like(rows)
    for _ in range(half.bit_length()):
        np.add(rows[0::2], rows[1::2], out=spare[:half])
        np.subtract(rows[0::2], rows[1::2], out=spare[half:])
        rows, spare = spare, rows
    return rows


def token_levels(tokens: Floats, bits: int = 4) -> tuple[Levels, Floats]:
    """Rotate and quantise tokens' unit vectors `(n, d) float32`: levels `(n, d) int8` and scales `(n,) float32`."""
    turned = rotated(tokens)
    if bits == 4:
        peak = np.maximum(np.abs(turned).max(axis=1, initial=0.0, keepdims=True), 1e-12)
        levels = (np.rint(turned * (_TOP / peak)) * _FORMS[4].step).astype(np.int8)
        size = np.linalg.norm(levels.astype(np.float32), axis=1)
    else:
        steps = np.clip(np.floor(turned * np.float32(turned.shape[1] ** 0.5)), -2, 1)
        levels = (steps * (2 * _FORMS[bits].middle) + _FORMS[bits].middle).astype(np.int8)
        size = (levels * turned.astype(np.float64)).sum(axis=1)
    return levels, (1.0 / np.maximum(size, 1e-12)).astype(np.float32)


def packed_width(dimension: int, bits: int = 4) -> int:
    """The number of bytes of a vector's packed levels."""
    return -(-dimension * bits // 8)


def pack(levels: Levels, bits: int = 4) -> Bytes:
    """Levels `(n, d) int8` as bytes `(n, packed_width(d, bits)) uint8`.

    Raises:
        ValueError: a value is not a level.
    """
    if ((levels.view(np.uint8) & _below(bits)) != _FORMS[bits].middle).any():
        raise ValueError(f"token levels have more than {bits} bits")
    width = packed_width(levels.shape[1], bits)
    packed = np.zeros((len(levels), width), np.uint8)
    for place, at in enumerate(range(0, levels.shape[1], width)):
        part = levels.view(np.uint8)[:, at : at + width]
        packed[:, : part.shape[1]] |= part >> np.uint8(8 - bits) << np.uint8(bits * place)
    return packed


def unpack(packed: Bytes, bits: int = 4) -> Bytes:
    """Unpack the codes of levels: a level divided by its factor, plus the code of 0.

    Args:
        packed: `(n, width) uint8`.
        bits: The bits of a level.

    Returns:
        `(levels in a byte, n, width) uint8`: one half or quarter of the components after the other, as they lie in the
        bytes, so that all bytes are shifted alike.
    """
    # Eight bytes at a time if possible: NumPy shifts 64-bit words several times as fast as bytes.
    word = np.dtype(np.uint64 if packed.size % 8 == 0 else np.uint8)
    # Levels are packed in two's complement: changing the highest bit makes them ascend from 0.
    ascending = packed.reshape(-1).view(word) ^ _in_each_byte(word, 0xFF // (2**bits - 1) << (bits - 1))
    shift, places = _FORMS[bits].shift, 8 // bits
    unpacked = np.empty((places, *packed.shape), np.uint8)
    mask = _in_each_byte(word, (2**bits - 1) << shift)
    for place, part in enumerate(unpacked.reshape(places, -1).view(word)):
        moved = ascending
        if down := bits * place - shift:
            moved = (np.right_shift if down > 0 else np.left_shift)(ascending, word.type(abs(down)), out=part)
        np.bitwise_and(moved, mask, out=part)
    return unpacked


def similarities(question: Floats, codes: Bytes, scales: Floats, bits: int = 4) -> Floats:
    """The cosine of every question token with every stored token, `(questions, tokens) float32`.

    The question is quantised too, so products are whole numbers, and the result for a token does not depend on the
    order of additions or on other tokens.

    Args:
        question: Rotated vectors, `(questions, d) float32`.
        codes: Unpacked, `(levels in a byte, tokens, width) uint8`.
        scales: `(tokens,) float32`.
        bits: The bits of a component.
    """
    levels, question_scales = quantise(question)
    places, _, width = codes.shape
    factors = np.zeros((len(levels), places * width), np.int8)  # the last bytes may hold more than d levels
    factors[:, : levels.shape[1]] = levels
    parts = np.split(factors, places, axis=1)
    found = np.zeros((codes.shape[1], len(levels)), np.int32)
    for each, part in zip(codes, parts, strict=True):
        found += products(each, _FORMS[bits].zero, part)
    return scaled(found.T, question_scales, scales * np.float32(_FORMS[bits].step))


def _in_each_byte(word: np.dtype[Any], byte: int) -> npt.NDArray[Any]:
    """One word, `(1,)`, with a value in each of its bytes."""
    return np.full(word.itemsize, byte, np.uint8).view(word)


def _below(bits: int) -> int:
    """The bits of a byte below a level's code."""
    return 0xFF >> bits


@cache
def _signs(dimension: int, number: int) -> Floats:
    bits = np.unpackbits(np.frombuffer(shake_128(bytes([number])).digest(packed_width(dimension)), np.uint8))
    return np.where(bits[:dimension], np.float32(1), np.float32(-1))
