"""Superscripts, subscripts, and the parts left out, in words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.reading.left_out import LeftOut
from qa.reading.superscripts import Script, in_line

BASE, RAISED, LOWERED = Script.BASE, Script.RAISED, Script.LOWERED


@pytest.mark.parametrize(
    ("pieces", "line"),
    [
        ([("at 14", BASE), ("2", RAISED), (" sites", BASE)], "at 14^2 sites"),
        ([("at 1", BASE), ("4", BASE), ("2", RAISED), ("3", RAISED)], "at 14^23"),
        ([("sites", BASE), ("a", RAISED), (",", BASE)], "sites^a,"),
        ([("10", BASE), ("-6", RAISED), ("s", BASE)], "10^-6 s"),
        ([("x", BASE), ("n+1", RAISED)], "x^(n+1)"),
        ([("40 m", BASE), ("2", RAISED), (" of", BASE)], "40 m² of"),
        ([("5 kg·m", BASE), ("-2", RAISED)], "5 kg·m⁻²"),
        ([("sum", BASE), ("2", RAISED)], "sum^2"),
        ([("the 19", BASE), ("th", RAISED), (" century", BASE)], "the 19th century"),
        ([("Acme", BASE), ("TM", RAISED), (" glue", BASE)], "Acme™ glue"),
        ([("price", BASE), ("*", RAISED), (" is", BASE)], "price* is"),
        ([("CO", BASE), ("2", LOWERED), ("e", BASE)], "CO₂e"),
        ([("x", BASE), ("max", LOWERED), ("is", BASE)], "x_max is"),
        ([("101", BASE), ("2", LOWERED), (" is five", BASE)], "101 2 is five"),
        ([("2", RAISED), ("Two closed.", BASE)], "2 Two closed."),
        ([("One.\n", BASE), ("3", RAISED), ("Three", BASE)], "One.\n3 Three"),
        ([("all", RAISED), (" of it", RAISED)], "all of it"),
        ([("word", BASE), ("a remark in quite small letters", RAISED), ("next", BASE)],
         "word a remark in quite small letters next"),
        ([("14", BASE), (" 2 ", RAISED), ("sites", BASE)], "14 ^2 sites"),
        ([("no marks", BASE)], "no marks"),
        ([], ""),
    ],
)  # fmt: skip
def test_marks_are_kept_apart_from_what_they_stand_at(pieces, line):
    assert in_line(pieces) == line


@given(st.lists(st.tuples(st.from_regex(r"[a-z0-9]{1,4}", fullmatch=True), st.sampled_from(Script)), max_size=6))
def test_a_number_is_never_made_longer_by_a_mark(pieces):
    line = in_line([("n 14", BASE), ("2", RAISED), *pieces])
    assert re.match(r"n 14\b", line)


@given(st.lists(st.tuples(st.text(max_size=6), st.sampled_from(Script)), max_size=8))
def test_every_character_on_the_line_stays_in_order(pieces):
    left = iter(in_line(pieces))
    for text, script in pieces:
        if script is BASE:
            assert all(char in left for char in text)


def test_what_was_left_out_is_counted_by_kind():
    left_out = LeftOut()
    left_out.add("chart")
    left_out.add_places("without text", "slide", [4])
    left_out.add("picture", 2)
    left_out.add("chart", 2)
    left_out.add("macro", 0)
    left_out.add_places("hidden", "slide", range(1, 23))
    left_out.add_places("bare", "page", [])
    assert left_out.told() == (
        "3 charts",
        "2 pictures",
        "without text: slide 4",
        f"hidden: slides {', '.join(map(str, range(1, 21)))} and 2 more",
    )
