"""Counts work instead of timing it: the same on every machine, busy or idle."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_GO_THROUGH_ALL = frozenset("split splitlines lower upper casefold replace encode decode translate".split())


def work(call: Callable[[], object]) -> int:
    """The amount of work of a call.

    It counts the lines that the interpreter runs, in each iteration of a loop; the characters that patterns of the
    package read; and the length of each text that a method scans as a whole.
    """
    counter = _Counter()
    before = sys.gettrace(), sys.getprofile()
    with _counted_patterns(counter):
        sys.settrace(counter.trace)
        sys.setprofile(counter.profile)
        try:
            call()
        finally:
            sys.settrace(before[0])
            sys.setprofile(before[1])
    return counter.done


def grows_evenly(make: Callable[[int], Callable[[], object]], size: int) -> tuple[bool, tuple[int, int]]:
    """Whether four times the input takes about four times the work, and the amount of work.

    Args:
        make: Prepares a call for an input of a size; its own work is not counted.
        size: Large enough that constant work is small.
    """
    work(make(size))  # fills caches
    small, large = work(make(size)), work(make(4 * size))
    return large <= 5 * small, (small, large)


class _Counter:
    def __init__(self) -> None:
        self.done = 0

    def trace(self, _: FrameType, event: str, __: object) -> Any:
        if event == "line":
            self.done += 1
        return self.trace

    def profile(self, _: FrameType, event: str, called: Any) -> None:
        if event == "c_call":
            held = getattr(called, "__self__", None)
            if isinstance(held, str | bytes) and called.__name__ in _GO_THROUGH_ALL:
                self.done += len(held)


class _CountedPattern:
    """A pattern that counts the characters that it reads."""

    def __init__(self, pattern: re.Pattern[Any], counter: _Counter) -> None:
        self._pattern, self._counter = pattern, counter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pattern, name)

    def search(self, text: Any, pos: int = 0, endpos: int = sys.maxsize) -> Any:
        found = self._pattern.search(text, pos, endpos)
        self._counter.done += (found.end() if found else min(endpos, len(text))) - pos
        return found

    def match(self, text: Any, pos: int = 0, endpos: int = sys.maxsize) -> Any:
        found = self._pattern.match(text, pos, endpos)
        self._counter.done += found.end() - pos if found else 0
        return found

    def finditer(self, text: Any, pos: int = 0, endpos: int = sys.maxsize) -> Iterator[Any]:
        for found in self._pattern.finditer(text, pos, endpos):
            self._counter.done += found.end() - pos
            pos = found.end()
            yield found
        self._counter.done += max(0, min(endpos, len(text)) - pos)

    def findall(self, text: Any) -> Any:
        self._counter.done += len(text)
        return self._pattern.findall(text)

    def sub(self, new: Any, text: Any, count: int = 0) -> Any:
        self._counter.done += len(text)
        return self._pattern.sub(new, text, count)


@contextmanager
def _counted_patterns(counter: _Counter) -> Iterator[None]:
    """Replace the patterns of the package's modules by counting ones."""
    replaced = [
        (module, name, value)
        for module_name, module in sorted(sys.modules.items())
        if module_name.startswith("qa.")
        for name, value in vars(module).items()
        if isinstance(value, re.Pattern)
    ]
    for module, name, value in replaced:
        setattr(module, name, _CountedPattern(value, counter))
    try:
        yield
    finally:
        for module, name, value in replaced:
            setattr(module, name, value)
