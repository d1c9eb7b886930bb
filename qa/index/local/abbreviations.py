"""The abbreviations of an index's documents: what they define, use and spell out, in one bounded file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from qa.index.contract import Abbreviation
from qa.text.abbreviations import capitals, definitions, folded, phrases, short_folded
from qa.text.json_reading import parse_json

_MOST_KEPT = 20_000  # definitions, and as many phrases


class Abbreviations:
    """The abbreviations that `write_abbreviations` saved."""

    def __init__(self, path: Path) -> None:
        self._by_key: dict[str, list[Abbreviation]] = {}
        for short, long, defined, used in parse_json(path.read_bytes()):
            each = Abbreviation(short, long, bool(defined), bool(used))
            self._by_key.setdefault(short_folded(short), []).append(each)
            if defined:
                self._by_key.setdefault(folded(long), []).append(each)

    def find(self, keys: Sequence[str]) -> list[Abbreviation]:
        """Those whose folded short form, or folded long form if it is defined, is one of the keys."""
        return list(dict.fromkeys(each for key in keys for each in self._by_key.get(key, ())))


def write_abbreviations(texts: Iterable[str], path: Path) -> None:
    """Save the abbreviations of texts: for each definition, and each phrase with initials, short and long form,
    whether it is defined, and whether the texts use the short form. Of several phrases the most frequent is kept.
    """
    defined: Counter[tuple[str, str]] = Counter()
    spelt_out: Counter[tuple[str, str]] = Counter()
    used: set[str] = set()
    for text in texts:
        defined.update(definitions(text))
        spelt_out.update((initials, folded(phrase)) for initials, phrase in phrases(text))
        used.update(capitals(text))
    kept = [(short, long, 1, 1) for short, long in sorted(_most_frequent(defined))]
    shorts = {short_folded(short) for short, *_ in kept}
    best: dict[str, str] = {}
    for initials, phrase in _most_frequent(spelt_out):
        best.setdefault(initials, phrase)
    kept += [(each, best[each], 0, int(each in used)) for each in sorted(best.keys() - shorts)]
    path.write_text(json.dumps(kept, ensure_ascii=False, indent=0), encoding="utf-8")


def _most_frequent(counts: Counter[tuple[str, str]]) -> list[tuple[str, str]]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [pair for pair, _ in ordered[:_MOST_KEPT]]
