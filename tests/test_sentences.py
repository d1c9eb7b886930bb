from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from waiting import PATIENCE_S

from qa.text.sentences import LONGEST_CHARS, split_sentences

ROOT = Path(__file__).parent.parent

# Each case is a text with a bar between sentences.
CASES = {
    "plain stops": "Kaiser owns hospitals.| It runs labs!| Who pays?| Members do.",
    "a stop without a space": "See kp.org for more.| Version 2.0 came in 2019.",
    "titles before names": "Dr. Batra reports to Ms. Lee and Prof. Ito.| Mr. Ito reports to nobody.",
    "a month before a day": "He starts Sept. 26 in Oakland.| She left Jan. 3 for good.",
    "a month, a day, and the next sentence": "It was shared with Becker's Sept. 9.| He will begin soon.",
    "a month that ends its sentence": "It opened in Sept. The doors stayed shut until noon.".replace(". The", ".| The"),
    "a state in brackets": "He ran the 352-bed Downey (Calif.) Medical Center.| He left in May.",
    "a state before a hyphen": "It is an Oakland, Calif.-based group.| It grew.",
    "initials of a country": "The prevailing U.S. health care system is costly.| Few U.S. Army doctors left.",
    "initials that end a sentence": "They moved to the U.S.| They stayed there.",
    "a compass point in an address": "It stands at 500 Fifth St. N.W. Washington, D.C. 20001.",
    "a middle initial": "John F. Kennedy spoke.| J. K. Rowling wrote.",
    "a company": "Acme Inc. Announces results every May.| Acme Corp. was sold.",
    "a company that ends its sentence": "He joined Acme Inc.| He left after a year.",
    "decimals and money": "It has 8.6 million members.| It costs $1.5 billion a year.",
    "stops inside quotes": '"We listen," she said.| "We act."| "And we pay."| Nobody laughed.',
    "curly quotes": "He said, “We listen.”| She said, ‘We act.’| Nobody laughed.",
    "a question quoted in the middle": '"Who pays?" asked the nurse.| "Members," he said.',
    "brackets around a sentence": "Kaiser spread findings.| (See Appendix C for responses.)| The challenge is balance.",
    "a footnote star after the stop": "Members need not submit bills.*| If they travel, we help.",
    "a dagger and a section sign": "Rates rose.†| Costs fell.§| Nobody knows why.",
    "a star before the next sentence": "Rates rose. *Costs fell.".replace(". *", ".| *"),
    "ellipsis inside a sentence": "It grew ... and grew … until it stopped.| It fell.",
    "ellipsis that ends one": "It grew...| It fell…| It stopped.",
    "several stops": "Really?!| Yes!!| So be it.",
    "abbreviations in lower case": "Labs, e.g. blood tests, i.e. the usual, vs. none.| They open at 9 a.m. daily.",
    "pages and numbers": "See pp. 12 and fig. 3 and No. 7.| It says so.",
    "and so on": "Labs, pharmacies, etc. are close.| They have labs etc.| The rest is elsewhere.",
    "a name like a sentence": "The pronoun is I.| Nothing else matters.",
    "line ends": "One line\n|another line\n|\n|a third.",
    "bullets": "- Umbrella organization since 1996\n|- Coordinates bargaining\n|1. First\n|2. Second",
    "full-width stops": "它是一家医院。| 它很大！| 谁付钱？",
    "digits after a stop": "It was founded in 1945.| 12 hospitals joined.",
    "accents": "Él llegó.| Ángela también.",
    "no stop at all": "Community Paramedicine",
}


@pytest.mark.parametrize("marked", CASES.values(), ids=CASES.keys())
def test_sentences_end_where_a_reader_ends_them(marked: str) -> None:
    text = marked.replace("|", "")
    found = [text[span.start : span.end] for span in split_sentences(text)]
    assert found == [part.strip() for part in marked.split("|") if part.strip()]


def test_spans_are_offsets_into_the_text_with_white_space_left_out() -> None:
    #                      0123456789
    assert [(s.start, s.end) for s in split_sentences("  Yes.  No \n\n Ok")] == [(2, 6), (8, 10), (14, 16)]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\t \n"])
def test_nothing_has_no_sentences(text: str) -> None:
    assert split_sentences(text) == ()


prose = st.lists(
    st.sampled_from(
        ["Dr. ", "U.S. ", "it ", "It ", ". ", ".", "? ", '"', "”", "*", "\n", " ", "…", "8.6 ", "é", "😀 ", "。"]
    )
).map("".join)


@given(st.text() | prose)
def test_spans_are_trimmed_ordered_and_cover_every_other_character(text: str) -> None:
    spans = split_sentences(text)
    places = [place for span in spans for place in range(span.start, span.end)]
    assert places == sorted(set(places)), "spans overlap or are out of order"
    covered = set(places)
    assert all(place in covered for place, char in enumerate(text) if not char.isspace())
    for span in spans:
        inside = text[span.start : span.end]
        assert inside
        assert inside == inside.strip()
        assert "\n" not in inside
        assert len(inside) <= LONGEST_CHARS


def test_a_run_without_stops_is_cut_at_the_gentlest_place() -> None:
    word = "words "  # 6 characters
    clauses = word * 150 + "end; " + word * 100 + "more, " + word * 90
    first, second = split_sentences(clauses)
    # The first 1200 characters have the semicolon, at 903, and fifty spaces after it; the rest is short enough.
    assert (first.start, first.end) == (0, 150 * 6 + len("end;"))
    assert second.start == first.end + 1
    assert second.end == len(clauses) - 1


def test_a_run_without_spaces_is_cut_all_the_same() -> None:
    spans = split_sentences("x" * (2 * LONGEST_CHARS + 5))
    assert [(s.start, s.end) for s in spans] == [(0, 1200), (1200, 2400), (2400, 2405)]


def test_no_text_takes_for_ever() -> None:
    """Each text is 200,000 characters, at each of which a regular expression may start a new attempt.

    Quadratic work would take many minutes here instead of about a second.
    """
    units = [".", "…", ". ", '."', ".*", "A.", "Dr. ", "x", " ", "x ", "a, b; ", "One. ", "1. ", "\n", ".\n", "'"]
    program = (
        "import sys; from qa.text.sentences import split_sentences\n"
        "for unit in sys.argv[1:]: split_sentences(unit * (200_000 // len(unit)) + 'x')"
    )
    subprocess.run([sys.executable, "-c", program, *units], check=True, timeout=PATIENCE_S, cwd=ROOT)
