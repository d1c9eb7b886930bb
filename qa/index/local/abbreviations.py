"""The abbreviations that an index's documents define, spell out and use.

Each segment has a table of them by document (`qa.index.local.texts`), so those of removed documents do not count. They
are looked up by key for each question, and are not kept in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from qa.index.contract import Abbreviation
from qa.text.abbreviations import capitals, definitions, folded, phrases, short_folded


class Found(IntEnum):
    """How a document has an abbreviation."""

    DEFINED = 0
    SPELT_OUT = 1
    USED = 2


@dataclass(frozen=True, slots=True)
class Entry:
    """One abbreviation in some documents.

    Attributes:
        found: How the document has it. If it only spells out words with these initials, `short` and `long` are folded;
            if it only uses the short form, `long` is empty.
        short: The short form.
        long: The long form.
        count: The number of occurrences; of one that is defined, the number of documents.
    """

    found: Found
    short: str
    long: str
    count: int

    @property
    def keys(self) -> tuple[str, str]:
        """Its lookup keys: the folded short form and, if it is defined, the folded long form."""
        return short_folded(self.short), folded(self.long) if self.found is Found.DEFINED else ""


def count_abbreviations(text: str) -> Counter[tuple[Found, str, str]]:
    """How often a text defines, spells out and uses each abbreviation."""
    counts: Counter[tuple[Found, str, str]] = Counter()
    counts.update((Found.DEFINED, short, long) for short, long in definitions(text))
    counts.update((Found.SPELT_OUT, initials, folded(phrase)) for initials, phrase in phrases(text))
    counts.update((Found.USED, short, "") for short in capitals(text))
    return counts


def entries(counts: Counter[tuple[Found, str, str]]) -> Iterator[Entry]:
    """A document's entries, in an order that depends only on its text."""
    for (found, short, long), count in sorted(counts.items()):
        yield Entry(found, short, long, count)


def abbreviations_of(found: Iterable[Entry], keys: Sequence[str]) -> list[Abbreviation]:
    """The abbreviations for the words of a question.

    Args:
        found: What live documents do with them.
        keys: Folded short and long forms, in the order of the question.

    Returns:
        For each key its definitions; without any, the phrases with these initials; without those, its use.
    """
    counts: dict[str, Counter[tuple[str, str, bool]]] = {}
    used: Counter[str] = Counter()
    for entry in found:
        short_key, long_key = entry.keys
        if entry.found is Found.USED:
            used[short_key] += entry.count
            continue
        defined = entry.found is Found.DEFINED
        for key in (short_key, long_key) if defined else (short_key,):
            counts.setdefault(key, Counter())[entry.short, entry.long, defined] += entry.count
    result: dict[Abbreviation, None] = {}
    for key in keys:
        if key not in counts and key in used:
            result[Abbreviation(key, "", defined=False, count=0, used=used[key])] = None
    for key in filter(counts.__contains__, keys):
        of_key = counts[key]
        is_defined = any(defined and short_folded(short) == key for short, _, defined in of_key)
        for (short, long, defined), count in sorted(of_key.items()):
            if defined or not is_defined:
                result[Abbreviation(short, long, defined, count, used[short_folded(short)])] = None
    return list(result)
