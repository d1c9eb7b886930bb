from __future__ import annotations

import sys
import unicodedata
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.normal_form import MOST_MARKS, nfc


@given(st.text())
def test_a_text_with_few_marks_in_a_row_is_in_normal_form_c(text: str) -> None:
    runs = "".join("m" if unicodedata.combining(char) else " " for char in text).split()
    if all(len(run) <= MOST_MARKS for run in runs):
        assert nfc(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("size", [1_000, 100_000])
def test_a_run_of_marks_is_cut_before_it_is_sorted(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    sorted_marks: list[int] = []

    def normalize(form: str, text: str) -> str:
        runs = "".join("m" if unicodedata.combining(char) else " " for char in text).split()
        sorted_marks.append(max(map(len, runs)))
        return text

    library = SimpleNamespace(normalize=normalize, combining=unicodedata.combining)
    monkeypatch.setattr("qa.normal_form.unicodedata", library)
    nfc("a" + "\u0301\u0327" * size + "b" + "\u0301")
    assert sorted_marks == [MOST_MARKS]


def test_nothing_but_marks_is_lost() -> None:
    assert nfc("x" + "\u0301" * 99 + "y") == "x" + "\u0301" * MOST_MARKS + "y"


def test_no_mark_stands_outside_of_where_they_are_looked_for() -> None:
    outside = (*range(0x300), *range(0x20000, sys.maxunicode + 1))
    assert not any(unicodedata.combining(chr(code)) for code in outside)
