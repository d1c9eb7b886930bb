"""A cache of recent answers, keyed by everything that an answer depends on."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

from qa.records import Answer

_ANSWERS_KEPT = 256


class AnswerCache:
    """Answers by question, parameters and version of the index. Safe to use from several threads."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, asked: Hashable) -> Answer | None:
        """The answer for a key, or None if it is not in the cache."""
        with self._lock:
            if asked in self._answers:
                self._answers.move_to_end(asked)
            return self._answers.get(asked)

    def keep(self, asked: Hashable, answer: Answer) -> None:
        """Store an answer; above the limit, drop the least recently used one."""
        with self._lock:
            self._answers[asked] = answer
            while len(self._answers) > _ANSWERS_KEPT:
                self._answers.popitem(last=False)
