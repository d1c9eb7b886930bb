"""Foreign text is made safe before it is shown or compared."""

from __future__ import annotations

import unicodedata
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from qa.text.safe_text import compose

MARKS = "\u0301\u0323\u0344\u0f73\u0334\u05b0"
marked = st.lists(
    st.sampled_from(["a", "e", " ", "—", "👍", "\u034f", *MARKS]) | st.text(st.sampled_from(MARKS), max_size=90),
    max_size=8,
).map("".join)


def longest_row(text: str) -> int:
    """The length of the longest row of marks that composing has to sort."""
    decomposed = unicodedata.normalize("NFD", text)
    rows = groupby(decomposed, key=lambda char: bool(unicodedata.combining(char)))
    return max((len(list(row)) for is_marks, row in rows if is_marks), default=0)


@given(marked)
def test_no_row_of_marks_is_longer_than_thirty_and_nothing_is_lost(text):
    composed = compose(text)
    assert unicodedata.is_normalized("NFC", composed)
    assert longest_row(composed) <= 30
    assert compose(composed) == composed
    kept, given_ = (sorted(unicodedata.normalize("NFD", each).replace("\u034f", "")) for each in (composed, text))
    assert kept == given_


@given(st.text())
def test_text_as_people_write_it_is_plain_nfc(text):
    if longest_row(text) <= 30:
        assert compose(text) == unicodedata.normalize("NFC", text)


def test_a_row_of_other_signs_is_left_alone():
    assert compose("—" * 100 + "👍" * 100) == "—" * 100 + "👍" * 100


def test_a_long_row_is_never_sorted_whole(monkeypatch):
    """Sorting a row takes quadratic time, so the test checks the length of rows instead of the time."""
    handed_on: list[str] = []
    real = unicodedata.normalize
    monkeypatch.setattr(
        "qa.text.safe_text.unicodedata.normalize", lambda form, text: handed_on.append(text) or real(form, text)
    )
    compose("a" + "\u0301" * 20_000 + "\u0323" * 20_000)
    monkeypatch.undo()
    assert max(map(len, handed_on)) > 40_000
    assert max(map(longest_row, handed_on)) <= 30
