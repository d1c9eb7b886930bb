"""Converts the output of every model to one form: vectors of unit length, and the places of tokens."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qa.encode.contract import Spans


def unit_length(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Vectors along the last axis, divided by their lengths; float32."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)


def token_spans(offsets: Sequence[tuple[int, int]], special: Sequence[int]) -> Spans:
    """The places of tokens, `(tokens, 2) int32`; -1 where `special` marks a token as the model's own."""
    spans = np.array(offsets, dtype=np.int32).reshape(len(special), 2)
    spans[np.array(special, dtype=bool)] = -1
    return spans


def is_one_token(spans: Spans) -> bool:
    """Whether one of the tokens at these places is not the model's own."""
    return int((spans[:, 0] >= 0).sum()) == 1
