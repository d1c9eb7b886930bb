"""The changes to each file, as the server acknowledged them, and the contents that the file may therefore have.

A name is a register that operations write. The state of a name may be that of any operation that took place, or may
have, unless an acknowledged operation started after its end. If operations on a name do not overlap, that is exactly
one state.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from enum import Enum, auto


class Outcome(Enum):
    """Whether an operation took place, as known to its client."""

    DONE = auto()
    REFUSED = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Event:
    """One operation on one name, from `began` to `ended` (seconds of one clock). `content` None: removed."""

    began: float
    ended: float
    outcome: Outcome
    content: bytes | None


class History:
    """Events by name. Names that differ only in the composition of accents are equal."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._before = {key_of(name): content for name, content in files.items()}
        self._events: dict[str, list[Event]] = defaultdict(list)

    def add(self, name: str, event: Event) -> None:
        """Store an event, unless it did not take place."""
        if event.outcome is not Outcome.REFUSED:
            self._events[key_of(name)].append(event)

    def names(self) -> set[str]:
        """Every name that was ever written."""
        return set(self._before) | set(self._events)

    def states(self, name: str) -> set[bytes | None]:
        """The possible contents of a name now; None: no file."""
        events = self._events.get(key_of(name), [])
        done = [event for event in events if event.outcome is Outcome.DONE]
        last_began = max((event.began for event in done), default=float("-inf"))
        possible = {event.content for event in events if event.outcome is Outcome.UNKNOWN or event.ended >= last_began}
        return possible if done else possible | {self._before.get(key_of(name))}


def key_of(name: str) -> str:
    """The normalised name for comparison."""
    return unicodedata.normalize("NFC", name)
