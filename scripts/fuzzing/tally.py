"""Figures of a run: replies by status, and violations of the contract, each kind with an example."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from fuzzing.contract import Reply

_EXAMPLE_CHARS = 600


@dataclass
class Tally:
    """Counts of a run. Safe to use from several threads.

    With `strict`, a violation is raised at once, for tests; else it is counted.
    """

    strict: bool = False
    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    outside: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    lost_bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, requests: int, replies: Iterable[Reply]) -> None:
        """Count requests sent and replies received."""
        with self._lock:
            self.requests += requests
            self.statuses.update(reply.status for reply in replies)

    def note(self, fault: Exception, example: object) -> None:
        """Record a violation of the contract, or raise it.

        Raises:
            Exception: the fault itself, if the tally is strict.
        """
        if self.strict:
            raise fault
        what = str(fault) or repr(fault)
        with self._lock:
            self.outside[what] += 1
            self.examples.setdefault(what, repr(example)[:_EXAMPLE_CHARS])

    def lost(self, lost_bytes: int) -> None:
        """Count bytes that were acknowledged and are missing."""
        with self._lock:
            self.lost_bytes += lost_bytes

    def lines(self) -> list[str]:
        """The figures as readable text."""
        by_status = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        told = [
            f"requests    {self.requests}",
            f"replies     {sum(self.statuses.values())}; {by_status}",
            f"outside     {sum(self.outside.values())}",
        ]
        for what, count in self.outside.most_common():
            told += [f"  {count:6} {what}", f"         {self.examples[what]}"]
        return told
