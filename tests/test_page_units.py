"""Places of documents in words."""

from __future__ import annotations

import pytest

from qa.text.page_units import place_words, unit_of


@pytest.mark.parametrize(
    ("source", "sheet", "words"),
    [
        ("a/report.pdf", None, "p. 5"),
        ("a/Deck.PPTX", None, "slide 5"),
        ("prices.xlsx", "Stock", "row 5 of Stock"),
        ("prices.csv", None, "row 5"),
        ("deck.odp", "A title", "slide 5"),
        ("book.epub", "The rock", "chapter 5"),
        ("notes", None, "p. 5"),
    ],
)
def test_a_number_is_told_as_what_it_counts(source, sheet, words):
    assert place_words(source, 5, sheet) == words


def test_units():
    assert [unit_of(name) for name in ("a.pdf", "a.jsonl", "a.mbox", "a.ods")] == ["page", "line", "message", "row"]
