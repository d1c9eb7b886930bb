"""What a service has loaded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """The open snapshot, when and with which model it was built, and how much is in it.

    `trouble` says why it is not the current snapshot; None if it is.
    """

    snapshot: str
    built_at: str
    model: str
    documents: int
    passages: int
    trouble: str | None = None
