"""The status of a service's index."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """The open snapshot, its date, its model and its size.

    `trouble` says why it is not the current snapshot; None if it is.
    """

    snapshot: str
    built_at: str
    model: str
    documents: int
    passages: int
    trouble: str | None = None
