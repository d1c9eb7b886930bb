"""Counts the parts of a file that a parser leaves out, for the build's report and the document's page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

_MOST_NUMBERS = 20  # page or slide numbers that are listed


class LeftOut:
    """The parts of a file that were not read, in order of first occurrence."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._phrases: dict[str, None] = {}

    def add(self, thing: str, count: int = 1) -> None:
        """Count things of a kind, named in the singular: "chart" gives "1 chart" or "3 charts", "piece of text"
        "3 pieces of text".
        """
        if count > 0:
            self._counts[thing] += count

    def add_places(self, what: str, place: str, numbers: Iterable[int]) -> None:
        """Add numbered places: `("without text", "page", [2, 5])` gives "without text: pages 2, 5"."""
        places = list(numbers)
        if places:
            named = ", ".join(map(str, places[:_MOST_NUMBERS]))
            more = f" and {len(places) - _MOST_NUMBERS} more" if len(places) > _MOST_NUMBERS else ""
            self._phrases[f"{what}: {_named(place, len(places))} {named}{more}"] = None

    def told(self) -> tuple[str, ...]:
        """One phrase for each kind."""
        return (*(f"{count} {_named(thing, count)}" for thing, count in self._counts.items()), *self._phrases)


def _named(thing: str, count: int) -> str:
    if count == 1:
        return thing
    head, of, rest = thing.partition(" of ")
    return f"{head}s{of}{rest}"
