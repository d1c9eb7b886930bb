"""Counts the steps of a backtracking matcher: an interpreter of regular expressions, as parsed by `re`.

It gives the same results as `re`, which `steps` checks each time, and tries the same alternatives in the same order. It
does not search for a fixed prefix first, as `re` does: that only divides the steps and does not change their growth.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from re import _constants as constants  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

Next = Callable[[int], bool]
Matcher = Callable[[int, Next], bool]

MOST_STEPS = 400_000  # more counts as catastrophic, for any size


class TooManySteps(Exception):
    """The matcher was stopped."""


def steps(pattern: re.Pattern[Any], text: str, *, search: bool) -> int:
    """The number of steps to find all matches in a text, or one at its beginning."""
    with _deep_recursion():
        counter = _counter(pattern)
        counter.start(text)
        place = 0
        while place <= len(text):
            found = counter.search(place) if search else counter.match(place)
            subject = text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text
            real = pattern.search(subject, place) if search else pattern.match(subject)
            assert found == (real.span() if real else None), (pattern.pattern, text[:80])
            if found is None or not search:
                break
            place = max(found[1], found[0] + 1)
    return counter.steps


def hostile(pattern: re.Pattern[Any]) -> list[tuple[str, str]]:
    """Texts that are likely to cause much backtracking: a beginning that matches, and texts to repeat after it."""
    source = pattern.pattern
    tree = _parsed(pattern)
    text = source.decode("latin-1") if isinstance(source, bytes) else source
    signs = (char for char in text if char not in "\\()[]{}|^$?*+:")
    singles = list(dict.fromkeys(["a", "1", " ", *signs, *"A.-\n"]))[:10]
    longer = list(dict.fromkeys(re.findall(r"[a-z]{2,}|[<!>=-]{2,}", text)))[:6]
    longer += list(dict.fromkeys(body for body in _bodies(tree) if len(body) > 1))[:4]
    pairs = [one + other for one in singles[:6] for other in singles[:6] if one != other]
    alone = [*singles, *longer, *pairs, *(word + single for word in longer for single in singles[:2])]
    openings = [opening for opening in dict.fromkeys(_openings(tree)) if opening][:10]
    return [("", unit) for unit in alone] + [(opening, single) for opening in openings for single in singles]


def _parsed(pattern: re.Pattern[Any]) -> Any:
    source = pattern.pattern
    return parser.parse(source.decode("latin-1") if isinstance(source, bytes) else source, pattern.flags & ~re.UNICODE)


def _openings(nodes: Sequence[Any]) -> Iterator[str]:
    """The shortest text that reaches each part of a pattern."""
    before = ""
    for kind, value in nodes:
        inner = _inside(kind, value)
        for alternative in inner:
            yield from (before + opening for opening in _openings(alternative))
        before += _example(kind, value)
        yield before


def _bodies(nodes: Sequence[Any]) -> Iterator[str]:
    """Examples of the repeated parts of a pattern."""
    for kind, value in nodes:
        for inner in _inside(kind, value):
            if str(kind).endswith("REPEAT"):
                yield "".join(_example(*node) for node in inner)
            yield from _bodies(inner)


def _inside(kind: Any, value: Any) -> list[Any]:
    match str(kind):
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return [value[2]]
        case "SUBPATTERN":
            return [value[3]]
        case "BRANCH":
            return list(value[1])
        case "ATOMIC_GROUP":
            return [value]
    return []


def _example(kind: Any, value: Any) -> str:  # noqa: PLR0911 - a case for each kind of node
    """A short text that a part of a pattern matches."""
    match str(kind):
        case "LITERAL":
            return chr(value)
        case "NOT_LITERAL" | "ANY":
            return "b" if value == ord("a") else "a"
        case "IN":
            first, inner = value[0]
            if first is constants.NEGATE:
                return "a"
            if first is constants.CATEGORY:
                return {"SPACE": " ", "DIGIT": "1"}.get(str(inner).removeprefix("CATEGORY_"), "a")
            return chr(inner if first is constants.LITERAL else inner[0])
        case "BRANCH":
            return "".join(_example(*node) for node in value[1][0])
    times = max(1, value[0]) if str(kind).endswith("REPEAT") else 1
    return "".join(_example(*node) for inner in _inside(kind, value) for node in inner) * times


@contextmanager
def _deep_recursion() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(200_000)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


class _Characters(dict[str, bool]):
    """Whether one node matches a character; each is tried once."""

    def __init__(self, hit: Callable[[str], bool]) -> None:
        self._hit = hit

    def __missing__(self, char: str) -> bool:
        self[char] = self._hit(char)
        return self[char]


class _Counter:
    def __init__(self, pattern: re.Pattern[Any]) -> None:
        self._flags = re.ASCII if isinstance(pattern.pattern, bytes) or pattern.flags & re.ASCII else 0
        self._ignore_case = bool(pattern.flags & re.IGNORECASE)
        self._all = bool(pattern.flags & re.DOTALL)
        self._lines = bool(pattern.flags & re.MULTILINE)
        self._of_words = _Characters(lambda char: self._in(char, "CATEGORY", "CATEGORY_WORD"))
        self._matcher = self._sequence(_parsed(pattern))

    def start(self, text: str) -> None:
        self.steps = 0
        self._text = text
        self._groups: dict[int, tuple[int, int]] = {}

    def match(self, start: int) -> tuple[int, int] | None:
        end = self._one(self._matcher, start)
        return None if end is None else (start, end)

    def search(self, start: int) -> tuple[int, int] | None:
        for place in range(start, len(self._text) + 1):
            if (found := self.match(place)) is not None:
                return found
        return None

    def _step(self, times: int = 1) -> None:
        self.steps += times
        if self.steps > MOST_STEPS:
            raise TooManySteps

    def _one(self, matcher: Matcher, start: int) -> int | None:
        ends: list[int] = []
        return ends[0] if matcher(start, lambda end: ends.append(end) or True) else None  # type: ignore[func-returns-value]

    def _sequence(self, nodes: Sequence[Any]) -> Matcher:
        parts = [self._node(kind, value) for kind, value in nodes]

        def run(at: int, then: Next, place: int) -> bool:
            while at < len(parts):
                part = parts[at]
                at += 1
                if callable(part):
                    return part(place, then if at == len(parts) else partial(run, at, then))
                self._step()
                if place == len(self._text) or not part[self._text[place]]:
                    return False
                place += 1
            return then(place)

        return parts[0] if len(parts) == 1 and callable(parts[0]) else lambda place, then: run(0, then, place)

    def _node(self, kind: Any, value: Any) -> Matcher | _Characters:  # noqa: PLR0911 - a case for each kind of node
        single = self._single(kind, value)
        if single is not None:
            return single
        match str(kind):
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                return self._repeat(str(kind), *value)
            case "SUBPATTERN":
                return self._group(value[0], self._sequence(value[3]))
            case "BRANCH":
                alternatives = [self._sequence(each) for each in value[1]]
                return lambda place, then: any(each(place, then) for each in alternatives)
            case "ATOMIC_GROUP":
                atom = self._sequence(value)
                return lambda place, then: (end := self._one(atom, place)) is not None and then(end)
            case "ASSERT" | "ASSERT_NOT":
                return self._look(value[0], value[1], wanted=str(kind) == "ASSERT")
            case "AT":
                return lambda place, then: self._at(str(value), place) and then(place)
            case "GROUPREF":
                return self._reference(value)
        raise NotImplementedError(kind)

    def _group(self, number: int | None, inner: Matcher) -> Matcher:
        def run(place: int, then: Next) -> bool:
            before = self._groups.get(number or 0)

            def done(end: int) -> bool:
                if number:
                    self._groups[number] = (place, end)
                return then(end)

            if inner(place, done):
                return True
            if number and before:
                self._groups[number] = before
            return False

        return run

    def _reference(self, number: int) -> Matcher:
        def run(place: int, then: Next) -> bool:
            self._step()
            start, end = self._groups[number]
            wanted, found = self._text[start:end], self._text[place : place + end - start]
            same = wanted.lower() == found.lower() if self._ignore_case else wanted == found
            return same and then(place + end - start)

        return run

    def _look(self, direction: int, tree: Any, *, wanted: bool) -> Matcher:
        inner = self._sequence(tree)
        back = tree.getwidth()[0] if direction < 0 else 0
        return lambda place, then: (
            ((place - back >= 0 and self._one(inner, place - back) is not None) is wanted) and then(place)
        )

    def _repeat(self, kind: str, least: int, most: int, item: Any) -> Matcher:
        (inner_kind, inner_value), *more = list(item)
        single = None if more else self._single(inner_kind, inner_value)
        if single is not None and kind != "MIN_REPEAT":
            return self._run_of(single, least, most, possessive=kind == "POSSESSIVE_REPEAT")
        inner = self._sequence(item)
        if kind == "POSSESSIVE_REPEAT":
            return self._possessive(inner, least, most)

        def run(count: int, place: int, then: Next) -> bool:
            self._step()

            def again() -> bool:
                return count < most and inner(
                    place, lambda end: (end > place or count < least) and run(count + 1, end, then)
                )

            if kind == "MAX_REPEAT":
                return again() or (count >= least and then(place))
            return (count >= least and then(place)) or again()

        return lambda place, then: run(0, place, then)

    def _run_of(self, single: _Characters, least: int, most: int, *, possessive: bool) -> Matcher:
        def run(place: int, then: Next) -> bool:
            end, last = place, min(place + most, len(self._text))
            while end < last and single[self._text[end]]:
                end += 1
            self._step(end - place + 1)
            if possessive:
                return end - place >= least and then(end)
            while end - place >= least:
                self._step()
                if then(end):
                    return True
                end -= 1
            return False

        return run

    def _possessive(self, inner: Matcher, least: int, most: int) -> Matcher:
        def run(place: int, then: Next) -> bool:
            count = 0
            while count < most and (end := self._one(inner, place)) is not None:
                count += 1
                if end == place:
                    break
                place = end
            return count >= least and then(place)

        return run

    def _single(self, kind: Any, value: Any) -> _Characters | None:
        """The condition of a node that matches one character."""
        match str(kind):
            case "LITERAL":
                return self._any_of([(kind, value)])
            case "NOT_LITERAL":
                return self._any_of([("LITERAL", value)], wanted=False)
            case "ANY":
                return _Characters(lambda char: self._all or char != "\n")
            case "IN":
                negated = value[0][0] is constants.NEGATE
                return self._any_of(value[negated:], wanted=not negated)
        return None

    def _any_of(self, items: Sequence[Any], *, wanted: bool = True) -> _Characters:
        def hit(char: str) -> bool:
            cases = {char, char.lower(), char.upper()} if self._ignore_case else {char}
            return wanted is any(self._in(each, *item) for each in cases if len(each) == 1 for item in items)

        return _Characters(hit)

    def _in(self, char: str, kind: Any, value: Any) -> bool:
        match str(kind):
            case "LITERAL":
                return bool(ord(char) == value)
            case "RANGE":
                return bool(value[0] <= ord(char) <= value[1])
            case "CATEGORY":
                name = str(value).removeprefix("CATEGORY_")
                letter = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}[name.removeprefix("NOT_")]
                letter = letter.upper() if name.startswith("NOT_") else letter
                return re.match(f"\\{letter}", char, self._flags) is not None
        raise NotImplementedError(kind)

    def _at(self, where: str, place: int) -> bool:
        self._step()
        text = self._text
        match where:
            case "AT_BEGINNING" | "AT_BEGINNING_STRING":
                return place == 0 or (self._lines and where == "AT_BEGINNING" and text[place - 1] == "\n")
            case "AT_END":
                return place == len(text) or (text[place] == "\n" and (self._lines or place == len(text) - 1))
            case "AT_END_STRING":
                return place == len(text)
            case "AT_BOUNDARY" | "AT_NON_BOUNDARY":
                before = place > 0 and self._of_words[text[place - 1]]
                behind = place < len(text) and self._of_words[text[place]]
                return (before != behind) is (where == "AT_BOUNDARY")
        raise NotImplementedError(where)


_counter = cache(_Counter)
