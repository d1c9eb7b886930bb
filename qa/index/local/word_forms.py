"""The documents' words as they are written, for the correction of misspelt questions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from qa.index.local.spelling import SHORTEST
from qa.text.words import spelt


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
