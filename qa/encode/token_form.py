"""Token vectors at four bits a component.

1. A vector is turned by a fixed rotation, which spreads large components over all of them, so that few levels are
   enough. Cosines do not change if a question's tokens are turned by the same rotation.
2. Its components are whole levels from -7 to 7, with one scale a token.
3. Two levels are packed into a byte: one of the first half of the components with one of the second.

In memory a level is an `int8` of sixteen times its value, since a packed byte gives those by a shift and by a mask.

The rotation is done twice: interleave, change signs, and the Walsh-Hadamard transform of blocks (Ailon & Chazelle, "The
Fast Johnson-Lindenstrauss Transform", 2009). It only adds and subtracts, so a vector's result is the same bits whatever
other vectors are turned with it.
"""

from __future__ import annotations

from functools import cache
from hashlib import shake_128

import numpy as np
import numpy.typing as npt

_ROUNDS = 2
_TOP = 7  # the highest level
_STEP = 16  # of a level in memory
_HIGH = 0xF0

Floats = npt.NDArray[np.float32]
Levels = npt.NDArray[np.int8]


def rotated(vectors: Floats) -> Floats:
    """Vectors `(n, d) float32`, turned."""
    size, dimension = vectors.shape
    block = dimension & -dimension  # the highest power of two in it
    turned = vectors
    for number in range(_ROUNDS):
        turned = turned.reshape(size, dimension // block, block).swapaxes(1, 2).reshape(size, dimension) * _signs(
            dimension, number
        )
        width = 1
        while width < block:
            pairs = turned.reshape(size, dimension // (2 * width), 2, width)
            left, right = pairs[:, :, 0], pairs[:, :, 1]
            turned = np.stack([left + right, left - right], axis=2).reshape(size, dimension)
            width *= 2
        turned *= np.float32(block**-0.5)
    return np.ascontiguousarray(turned, dtype=np.float32)


def token_levels(tokens: Floats) -> tuple[Levels, Floats]:
    """Tokens' unit vectors `(n, d) float32` as levels `(n, d) int8`, turned, and the scales to unit length."""
    turned = rotated(tokens)
    peak = np.maximum(np.abs(turned).max(axis=1, initial=0.0, keepdims=True), 1e-12)
    levels = (np.rint(turned * (_TOP / peak)) * _STEP).astype(np.int8)
    norms = np.linalg.norm(levels.astype(np.float32), axis=1)
    return levels, (1.0 / np.maximum(norms, 1e-12)).astype(np.float32)


def packed_width(dimension: int) -> int:
    """How many bytes the packed levels of a vector take."""
    return (dimension + 1) // 2


def pack(levels: Levels) -> npt.NDArray[np.uint8]:
    """Levels `(n, d) int8` as bytes `(n, packed_width(d)) uint8`.

    Raises:
        ValueError: there is a value that is no level.
    """
    if (levels % _STEP).any():
        raise ValueError("token levels have more than four bits")
    data, width = levels.view(np.uint8), packed_width(levels.shape[1])
    packed = data[:, :width] >> np.uint8(4)
    packed[:, : levels.shape[1] - width] |= data[:, width:]
    return packed


def unpack(packed: npt.NDArray[np.uint8], dimension: int) -> Levels:
    """The levels `(n, dimension) int8` that were packed."""
    width = packed_width(dimension)
    levels = np.empty((len(packed), dimension), np.uint8)
    np.left_shift(packed, 4, out=levels[:, :width])
    np.bitwise_and(packed[:, : dimension - width], _HIGH, out=levels[:, width:])
    return levels.view(np.int8)


@cache
def _signs(dimension: int, number: int) -> Floats:
    bits = np.unpackbits(np.frombuffer(shake_128(bytes([number])).digest(packed_width(dimension)), np.uint8))
    return np.where(bits[:dimension], np.float32(1), np.float32(-1))
