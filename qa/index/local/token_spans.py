"""Places of a passage's tokens in its text, packed.

Usually two bytes a token: the distance from the end of the previous token, and the length plus one; both 0 for a token
without a place. If a distance or length does not fit, or tokens overlap, all spans of the passage are stored with eight
bytes a token. The number of bytes shows which form is used. Both are lossless.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_NARROW, _WIDE = 2, 8  # bytes a token
_MOST = 255


def pack(spans: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
    """Spans `(n, 2) int32`, -1 without a place, as bytes `(m,) uint8`."""
    placed = spans[:, 0] >= 0
    begins, ends = spans[placed].T.astype(np.int64)
    gaps, lengths = begins - np.append(0, ends)[: len(ends)], ends - begins + 1
    fits = all(low >= 0 and high <= _MOST for low, high in map(_range, (gaps, lengths - 1, lengths)))
    if not fits or (spans[~placed] != -1).any():
        return np.ascontiguousarray(spans, dtype=np.int32).view(np.uint8).reshape(-1)
    packed = np.zeros((len(spans), _NARROW), np.uint8)
    packed[placed, 0], packed[placed, 1] = gaps, lengths
    return packed.reshape(-1)


def unpack(packed: npt.NDArray[np.uint8], tokens: int) -> npt.NDArray[np.int32]:
    """Unpack spans, `(tokens, 2) int32`."""
    if len(packed) == tokens * _WIDE:
        return np.frombuffer(packed.tobytes(), np.int32).reshape(tokens, 2)
    gaps, lengths = packed.reshape(tokens, _NARROW).T.astype(np.int32)
    placed = lengths > 0
    lengths -= placed
    ends = np.cumsum(gaps + lengths, dtype=np.int32)
    return np.where(placed[:, np.newaxis], np.column_stack([ends - lengths, ends]), np.int32(-1)).astype(np.int32)


def _range(values: npt.NDArray[np.int64]) -> tuple[int, int]:
    return (int(values.min()), int(values.max())) if len(values) else (0, 0)
