"""The documents' words as they are written, for the correction of misspelt questions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from qa.text.json_reading import parse_json
from qa.text.spelling import SHORTEST, WordForm, near
from qa.text.words import spelt


class WordForms:
    """The words that `write_words` saved."""

    def __init__(self, path: Path) -> None:
        counts: dict[str, int] = parse_json(path.read_bytes())
        self._forms = [WordForm(form.casefold(), form, count) for form, count in counts.items()]
        self._folded = [form.folded for form in self._forms]

    def near(self, word: str, edits: int) -> list[WordForm]:
        """The words within at most `edits` edits of a folded word."""
        return [self._forms[place] for place in near(word, self._folded, edits)]


def write_words(texts: Iterable[str], path: Path) -> None:
    """Save the words of texts that a misspelt word may be corrected to, each in its usual form with its count."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(word for word in spelt(text) if len(word) >= SHORTEST)
    usual: dict[str, tuple[str, int]] = {}
    for word, count in sorted(counts.items()):
        if word.isalpha():
            form, total = usual.get(word.casefold(), (word, 0))
            usual[word.casefold()] = (word if count > counts[form] else form, total + count)
    path.write_text(json.dumps(dict(usual.values()), ensure_ascii=False, indent=0), encoding="utf-8")
