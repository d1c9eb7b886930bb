"""A cache of the most recently used values, up to a total size."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class BoundedCache(Generic[Key, Value]):
    """Values by key. Safe to use from several threads."""

    def __init__(self, most: int, size: Callable[[Value], int] = lambda _: 1) -> None:
        """Start empty.

        Args:
            most: The limit on the total size of all values.
            size: Returns the size of a value; by default each counts as 1.
        """
        self._most = most
        self._size = size
        self._total = 0
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Value | None:
        """The value of a key, or None if it is not in the cache."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def keep(self, key: Key, value: Value) -> None:
        """Store a value; above the limit, drop the least recently used ones."""
        with self._lock:
            if key in self._values:
                self._total -= self._size(self._values.pop(key))
            self._values[key] = value
            self._total += self._size(value)
            while self._total > self._most:
                _, forgotten = self._values.popitem(last=False)
                self._total -= self._size(forgotten)
