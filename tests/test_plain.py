"""The rules of plain text, each on a text for it, with similar text that it must not change."""

from __future__ import annotations

import pytest

from qa.reading.formats.plain_text import read_plain

PROSE = "The clinic opened in the spring and has been busy ever since."
MORE = "It sees forty people a day, most of them without an appointment."


def outline(*paragraphs: str) -> list[str]:
    """The blocks of some paragraphs, separated by blank lines, each as "kind: text"."""
    return [f"{draft.kind}: {draft.text}" for draft in read_plain("\n\n".join(paragraphs))]


def kinds(*paragraphs: str) -> list[str]:
    return [str(draft.kind) for draft in read_plain("\n\n".join(paragraphs))]


# Lines


def test_hard_wrapped_lines_are_one_paragraph() -> None:
    wrapped = (
        "The clinic opened in the spring of last year and\nhas been busy ever since, with forty visitors on\nmost days."
    )
    assert outline(wrapped) == [f"paragraph: {wrapped.replace(chr(10), ' ')}"]


def test_short_lines_are_kept_apart() -> None:
    address = "Northside Clinic\n12 Harbour Road\nSpringfield"
    assert outline(PROSE, MORE, address, PROSE) == [
        f"paragraph: {PROSE}",
        f"paragraph: {MORE}",
        f"paragraph: {address}",
        f"paragraph: {PROSE}",
    ]


def test_white_space_around_lines_goes() -> None:
    assert outline(f"   {PROSE}   ") == [f"paragraph: {PROSE}"]


# Markup


@pytest.mark.parametrize(
    "written",
    [
        r"A \$30 fund pays for **all** of it.",
        "See [the rules](https://example.org) for more.",
        "Ask R&D &amp; AT&T.",
        "It is ~~not~~ `true`.",
        "It is 5 * 3 * 2 metres, or 5*3*2.",
        "Call a_long_name, __init__ or [press one].",
        "If a < b and c > d, <tag> stays.",
        r"Look in C:\_dir\*old*\[1] and \\server\share.",
        "“Curly” quotes – and dashes — stay…",
    ],
)
def test_a_text_is_literal_whatever_its_characters_mean_elsewhere(written: str) -> None:
    assert outline(PROSE, written, PROSE)[1] == f"paragraph: {written}"


# Lists


@pytest.mark.parametrize("mark", ["-", "*", "•", "–", "+", "1.", "(2)", "3)", "  -"])
def test_bullets_and_numbers_make_list_items(mark: str) -> None:
    items = [f"{mark} Flu shots", f"{mark} Eye tests"]
    drafts = read_plain(f"{PROSE} It offers:\n" + "\n".join(items))
    assert [(str(draft.kind), draft.text, draft.tight) for draft in drafts] == [
        ("paragraph", f"{PROSE} It offers:", False),
        ("list_item", items[0].strip(), True),
        ("list_item", items[1].strip(), True),
    ]


def test_an_item_that_goes_on_on_the_next_line_is_one_item() -> None:
    first = "- Flu shots for everybody who has not had one in the"
    assert outline(f"{PROSE}\n{first}\n  past twelve months\n- Eye tests") == [
        f"paragraph: {PROSE}",
        f"list_item: {first} past twelve months",
        "list_item: - Eye tests",
    ]


@pytest.mark.parametrize(
    "line",
    ["-5 degrees is cold.", "1999 was a good year.", "3.5 million people came.", "–and so it went.", "#1 in town."],
)
def test_what_only_begins_like_an_item_is_none(line: str) -> None:
    assert outline(PROSE, line, PROSE)[1] == f"paragraph: {line}"


# Headings


def test_short_lines_that_open_a_stretch_of_text_are_headings_and_the_first_is_the_title() -> None:
    drafts = read_plain(f"The clinic\n\nOpening hours\n\n{PROSE}\n\nWho may come?\n\n{MORE}")
    assert [(str(draft.kind), draft.level, draft.text) for draft in drafts] == [
        ("title", 1, "The clinic"),
        ("heading", 2, "Opening hours"),
        ("paragraph", 0, PROSE),
        ("heading", 2, "Who may come?"),
        ("paragraph", 0, MORE),
    ]


def test_a_document_may_have_no_title() -> None:
    assert kinds(PROSE, MORE) == ["paragraph", "paragraph"]


def test_marked_headings_keep_their_depth() -> None:
    drafts = read_plain(f"# Clinic\n\n## Hours\n{PROSE}\n\n### Holidays ###\n\n{MORE}")
    assert [(str(draft.kind), draft.level, draft.text) for draft in drafts] == [
        ("title", 1, "# Clinic"),
        ("heading", 2, "## Hours"),
        ("paragraph", 0, PROSE),
        ("heading", 3, "### Holidays ###"),
        ("paragraph", 0, MORE),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "The clinic is open.",
        "The clinic offers:",
        "The clinic is open!",
        "“The clinic is open.”",
        '"We are open."',
        "Visits are free.*",
        "(All visits are free.)",
        "open all day",
        "The clinic\nis open",
    ],
)
def test_what_is_a_sentence_or_no_headline_is_no_heading(line: str) -> None:
    assert outline(PROSE, line, MORE)[1] == f"paragraph: {line}"


@pytest.mark.parametrize(
    "line",
    [
        "The clinic, of course,",
        "The clinic on the corner of the street by the old harbour is open to everybody who comes",  # 17 words
    ],
)
def test_what_is_too_long_or_stops_short_is_no_heading_either(line: str) -> None:
    assert outline(PROSE, line, MORE)[1].startswith(f"paragraph: {line}")


def test_a_numbered_line_between_texts_is_a_heading_and_an_item_of_a_list_is_none() -> None:
    assert kinds("Rules", "1. Arrival", PROSE, "2. Departure", PROSE) == ["title", *["heading", "paragraph"] * 2]
    assert kinds("Rules", "1. Arrival", "2. Departure", PROSE) == ["title", "list_item", "list_item", "paragraph"]
    assert kinds(PROSE, "1. Ships report on arrival.", PROSE) == ["paragraph", "list_item", "paragraph"]


def test_a_line_with_nothing_below_it_is_no_heading() -> None:
    assert kinds(PROSE, "Ask at the desk") == ["paragraph", "paragraph"]


def test_a_heading_that_recurs_is_kept_each_time() -> None:
    found = outline("Overview", PROSE, "Overview", MORE)
    assert found == ["title: Overview", f"paragraph: {PROSE}", "heading: Overview", f"paragraph: {MORE}"]


def test_headings_written_before_each_paragraph_are_headings_once() -> None:
    found = outline(f"[**Hours**] {PROSE}", f"[Fees] {MORE}", f"[Fees] {PROSE}", f"[Staff] {MORE}")
    assert found == [
        "title: [**Hours**]",
        f"paragraph: {PROSE}",
        "heading: [Fees]",
        f"paragraph: {MORE}",
        f"paragraph: [Fees] {PROSE}",
        "heading: [Staff]",
        f"paragraph: {MORE}",
    ]


def test_a_bracket_or_two_make_no_such_headings() -> None:
    assert outline(f"[Sic] {PROSE}", MORE, f"[Applause] {MORE}")[0] == f"paragraph: [Sic] {PROSE}"


# Run-in subheads


@pytest.mark.parametrize(
    ("paragraph", "subhead"),
    [
        (f"Easy access: {PROSE}", "Easy access:"),
        (f"Easy access: “{PROSE}”", "Easy access:"),
        (f"**Easy access** {PROSE}", "**Easy access**"),
        (f"Easy access: {PROSE.lower()}", ""),  # the colon is inside a sentence
        (f"We open at 9:30. {PROSE}", ""),
        (f"See https://example.org. {PROSE}", ""),
        (f"easy access: {PROSE}", ""),
        (f"It is easy. That is: {PROSE}", ""),  # a sentence precedes the colon
        (PROSE, ""),
        (f"**{PROSE}**", ""),  # all of it is bold
    ],
)
def test_a_subhead_may_open_a_paragraph(paragraph: str, subhead: str) -> None:
    draft = read_plain(f"{MORE}\n\n{paragraph}\n\n{MORE}")[1]
    assert str(draft.kind) == "paragraph"
    assert draft.text[: draft.run_in] == subhead


# Torn paragraphs


def test_a_sentence_that_a_page_break_tore_is_whole_again() -> None:
    assert outline("The clinic opened in the spring and has been", "busy ever since.") == [f"paragraph: {PROSE}"]


def test_a_comma_goes_on_even_in_capitals() -> None:
    above, below = "It was opened last spring by the mayor,", "Alderman Jones of the upper town."
    assert outline(PROSE, above, below) == [f"paragraph: {PROSE}", f"paragraph: {above} {below}"]


def test_a_footnote_between_the_halves_goes_below_them() -> None:
    found = outline(f"{PROSE}*", "People come from the town and from", "*Not on Sundays.", "all over the county.")
    assert found == [
        f"paragraph: {PROSE}*",
        "paragraph: People come from the town and from all over the county.",
        "footnote: *Not on Sundays.",
    ]


def test_a_footer_between_the_halves_goes_below_them() -> None:
    found = outline("People come from the town and from", "Page 3 of 9", "all over the county.")
    assert found == ["paragraph: People come from the town and from all over the county.", "boilerplate: Page 3 of 9"]


@pytest.mark.parametrize(
    ("above", "below"),
    [
        (PROSE, MORE),  # a sentence ended
        (PROSE, "busy as it is, nobody waits long."),  # it ended, though the next one starts in lower case
        ("The clinic offers:", "flu shots to everybody who comes."),  # a colon introduces; the sentence is complete
        ("Opening hours", PROSE),  # a heading
    ],
)
def test_what_ends_where_it_should_is_not_joined(above: str, below: str) -> None:
    assert [text.partition(": ")[2] for text in outline(PROSE, above, below)] == [PROSE, above, below]


def test_nothing_is_joined_across_a_heading() -> None:
    assert len(outline("People come from the town and from", "# Fees", "all over the county.")) == 3


# Footnotes


@pytest.mark.parametrize("mark", ["*", "**", "†", "‡", "§", "[1]", "[12]", "¹"])
def test_a_paragraph_that_opens_with_a_mark_another_carries_is_a_footnote(mark: str) -> None:
    assert outline(f"Visits are free.{mark} Tests are not.", MORE, f"{mark}Since last year.")[2].startswith("footnote")


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (PROSE, "*Since last year."),  # nothing has the mark
        ("It is 5 * 3.", "*Since last year."),  # a multiplication sign
        ("Visits are free.† Tests are not.", "*Since last year."),  # another mark
        ("Visits are free.*", "*Since* last year, nobody pays."),  # an ordinary starred word
        ("Visits are free.*", "* Since last year, nobody pays."),  # a bullet
    ],
)
def test_what_only_looks_like_a_footnote_is_none(text: str, note: str) -> None:
    assert "footnote" not in kinds(text, MORE, note)


# Boilerplate


@pytest.mark.parametrize("line", ["Page 3 of 9", "[Subscribe to our letter](#)", "[Back to top]()"])
def test_furniture_is_boilerplate_anywhere(line: str) -> None:
    assert kinds(PROSE, line, MORE) == ["paragraph", "boilerplate", "paragraph"]


@pytest.mark.parametrize(
    "line",
    [
        "© 2021 Northside Clinic",
        "Copyright 2021 Northside Clinic. All rights reserved.",
        "Privacy Policy | Terms of Use",
    ],
)
def test_legal_lines_are_boilerplate_where_they_end_the_file(line: str) -> None:
    assert kinds(PROSE, MORE, line) == ["paragraph", "paragraph", "boilerplate"]
    assert "boilerplate" not in kinds(PROSE, line, MORE)


TORN = ("The clinic opened in the spring and has", "been busy ever since.")


@pytest.mark.parametrize("form", ["{}", "- {} -", "p. {}"])
def test_numbers_that_count_pages_up_and_tear_sentences_are_page_numbers(form: str) -> None:
    first, second, third = (form.format(number) for number in (4, 5, 6))
    found = kinds(PROSE, first, TORN[0], second, TORN[1], third, MORE)
    assert found.count("boilerplate") == 3


@pytest.mark.parametrize("line", ["4410", "17", "1987"])
def test_a_number_by_itself_is_text(line: str) -> None:
    assert outline(PROSE, line, MORE)[1] == f"paragraph: {line}"
    above, below = "The number of the safe in the cellar is", "and it has not been changed for years."
    assert f"paragraph: {line}" in outline(above, line, below)


def test_numbers_that_do_not_count_up_are_text() -> None:
    assert "boilerplate" not in kinds(PROSE, "1987", TORN[0], "1988", TORN[1], "1991", MORE)


LAW = (
    "The new copyright law lets a library copy any book that is out of print, as long as it asks the owner first and "
    "hears nothing for a year; the owners say that a year is short, and the libraries that a year is long enough."
)


@pytest.mark.parametrize(
    "line",
    [
        LAW,  # a statement about copyright
        "[The rules](https://example.org/rules) say who may come and when.",
        "[Our letter](https://example.org/letter).",  # a link to a page
        "In 2021 the clinic had 17 beds.",
    ],
)
def test_what_a_reader_would_read_is_no_boilerplate(line: str) -> None:
    assert kinds(PROSE, line, MORE)[1] == "paragraph"


def test_a_short_line_that_recurs_at_page_numbers_is_boilerplate() -> None:
    running = "Northside Clinic, Annual Report"
    found = kinds(running, PROSE, "Page 1 of 3", running, MORE, "Page 2 of 3", running, PROSE, "Page 3 of 3")
    assert found.count("boilerplate") == 6


@pytest.mark.parametrize("line", ["Result: passed", "Northside Clinic, Annual Report"])
def test_a_short_line_that_recurs_in_the_midst_of_the_text_is_text(line: str) -> None:
    assert kinds(PROSE, line, MORE, line, PROSE, line, MORE) == ["paragraph"] * 7


def test_an_address_above_legal_lines_belongs_to_them() -> None:
    found = kinds(PROSE, MORE, "Northside Clinic\n12 Harbour Road | Springfield", "© 2021. All rights reserved.")
    assert found == ["paragraph", "paragraph", "boilerplate", "boilerplate"]


def test_the_last_sentence_above_legal_lines_does_not() -> None:
    assert kinds(PROSE, MORE, "© 2021 Northside Clinic") == ["paragraph", "paragraph", "boilerplate"]


# Decks

DECK = r"""
Care Close to Home – A. Speaker

NORTHSIDE HEALTH



Where do we stand?


Clinics

- Twelve in town
- Three by the sea

Pharmacies

- One in each clinic



What it costs

\$4M a year

Half of it for staff



Questions?
"""


def test_short_lines_and_wide_gaps_make_a_deck() -> None:
    found = [(draft.slide, str(draft.kind), draft.level, draft.text) for draft in read_plain(DECK)]
    assert found == [
        (1, "title", 1, "Care Close to Home – A. Speaker"),
        (1, "list_item", 0, "NORTHSIDE HEALTH"),
        (2, "heading", 2, "Where do we stand?"),
        (2, "heading", 3, "Clinics"),  # set closer to its title than slides are to each other
        (2, "list_item", 0, "- Twelve in town"),
        (2, "list_item", 0, "- Three by the sea"),
        (2, "list_item", 0, "Pharmacies"),
        (2, "list_item", 0, "- One in each clinic"),
        (3, "heading", 2, "What it costs"),
        (3, "list_item", 0, r"\$4M a year"),
        (3, "list_item", 0, "Half of it for staff"),
        (4, "heading", 2, "Questions?"),
    ]


def test_items_of_a_slide_stand_line_by_line_under_its_title() -> None:
    assert [draft.tight for draft in read_plain(DECK) if draft.slide == 3] == [False, True, True]


def test_short_lines_without_wide_gaps_are_no_deck() -> None:
    assert {draft.slide for draft in read_plain(DECK.replace("\n\n\n", "\n"))} == {None}


def test_few_lines_are_no_deck() -> None:
    assert {draft.slide for draft in read_plain("One\n\n\n\nTwo\n\n\n\nThree")} == {None}


def test_prose_with_wide_gaps_is_no_deck() -> None:
    assert {draft.slide for draft in read_plain(f"\n\n\n\n{PROSE}" * 10)} == {None}
