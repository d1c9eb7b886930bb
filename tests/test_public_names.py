"""The public names of the package: adding one is a decision, removing one breaks users' code."""

from __future__ import annotations

import qa


def test_the_public_names_are_these() -> None:
    assert qa.__all__ == [
        "Answer",
        "Citation",
        "Document",
        "Filters",
        "Passage",
        "QAError",
        "Quote",
        "Settings",
        "Span",
        "Verdict",
        "load_settings",
    ]


def test_every_public_name_is_there() -> None:
    assert [name for name in qa.__all__ if not hasattr(qa, name)] == []
