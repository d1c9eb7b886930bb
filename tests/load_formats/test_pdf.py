"""PDF: the text that a reader of a page sees, on pages made for the tests."""

from __future__ import annotations

import pytest
from pdf_files import pdf, shown

from qa.reading.documents import load_document
from qa.reading.passages import cut_passages
from qa.records import BlockKind, Document


def read(*pages: list[str], **more) -> Document:
    return load_document("a.pdf", pdf(*pages, **more))


def lines(texts: list[str], x: float = 70, top: float = 780, step: float = 14, size: float = 11) -> list[str]:
    return [shown(text, x, top - step * number, size) for number, text in enumerate(texts)]


def test_a_raised_mark_is_no_digit_of_the_number_before_it_and_its_note_is_a_footnote() -> None:
    document = read(
        [
            shown("The survey covered 14", 70, 780),
            shown("2", 176, 784, 6.5),
            shown("sites, the yard is 40 m", 183, 780),
            shown("2", 293, 784, 6.5),
            shown("wide and CO", 300, 780),
            shown("3", 362, 777, 6.5),
            shown(" is weighed.", 368, 780),
            shown("2", 70, 123, 6),
            shown("Two more are planned.", 76, 120, 8),
        ]
    )
    assert document.text == (
        "The survey covered 14[2] sites, the yard is 40 m[2] wide and CO₃ is weighed.\n\n[2] Two more are planned."
    )
    assert document.blocks[-1].kind is BlockKind.FOOTNOTE
    assert cut_passages(document)[0].footnotes


def test_without_a_note_a_raised_mark_is_written_apart() -> None:
    document = read(
        [
            shown("It has 14", 70, 780),
            shown("2", 117, 784, 6.5),
            shown("parts of 3 m", 124, 780),
            shown("2", 187, 784, 6),
        ]
    )
    assert document.text == "It has 14^2 parts of 3 m²"


TABLE = [["Depot", "Pallets", "Staff"], ["Harbour Lane", "1,240", "18"], ["Mill Street", "960", "11"]]


@pytest.mark.parametrize("by_column", [False, True])
def test_rows_of_a_table_stay_rows_in_whatever_order_cells_are_drawn(by_column: bool) -> None:
    cells = [(row, column) for row in range(3) for column in range(3)]
    if by_column:
        cells.sort(key=lambda cell: cell[1])
    drawn = [shown(TABLE[row][column], 70 + 130 * column, 700 - 18 * row) for row, column in cells]
    document = read([shown("The depots hold this stock.", 70, 760), *drawn])
    assert document.text == (
        "The depots hold this stock.\n\nDepot | Pallets | Staff\nHarbour Lane | 1,240 | 18\nMill Street | 960 | 11"
    )


LEFT = [
    "The harbour was built long ago by",
    "people from the hills who came",
    "down in spring with carts full of",
    "stone and went home in autumn.",
]
RIGHT = [
    "The pier is younger than that and",
    "was paid for by the town, which",
    "still keeps it and asks each ship",
    "for a coin when it makes fast.",
]


@pytest.mark.parametrize("shift", [0, 5])
@pytest.mark.parametrize("by_line", [False, True])
def test_columns_are_read_one_after_the_other(by_line: bool, shift: float) -> None:
    left, right = lines(LEFT, 60, 700), lines(RIGHT, 310, 700 - shift)
    drawn = [line for pair in zip(left, right, strict=True) for line in pair] if by_line else [*left, *right]
    text = read([shown("A title that stands over both of the columns of the page", 100, 760, 16), *drawn]).text
    assert " ".join(text.split()).endswith(" ".join([*LEFT, *RIGHT]))


@pytest.mark.parametrize(
    ("above", "below", "joined"),
    [
        ("those who are self-", "employed and others", "those who are self-employed and others"),
        ("the years 2019-", "2023 were dry", "the years 2019-2023 were dry"),
        ("every applicant re-", "ceives a letter", "every applicant receives a letter"),
        ("an up-to-", "date list", "an up-to-date list"),
        ("a follow-", "up call", "a follow-up call"),
        ("the infor-", "mation desk", "the information desk"),
    ],
)
def test_a_compound_keeps_its_hyphen_at_a_line_end_and_a_broken_word_loses_it(
    above: str, below: str, joined: str
) -> None:
    assert read(lines([above, below])).text == joined


def test_a_passage_over_two_pages_says_where_the_second_begins() -> None:
    document = read(lines(["Plots are watered early in the day."]), lines(["The rent is 64 pounds a year."]))
    (passage,) = cut_passages(document)
    assert (passage.page, passage.breaks) == (1, ((passage.text.index("The rent"), 2),))


def test_a_sentence_over_two_pages_says_where_the_second_begins() -> None:
    words = "The rent of a full plot with water and a shed that can be locked is paid in advance and"
    document = read(lines([words]), lines(["is 64 pounds a year."]))
    (passage,) = cut_passages(document)
    assert passage.text == f"{words} is 64 pounds a year."
    assert (passage.page, passage.breaks) == (1, ((len(words) + 1, 2),))


def test_running_heads_with_years_and_page_numbers_are_no_text() -> None:
    pages = [
        [
            shown("Annual report 2023", 70, 810),
            *lines([f"The mill of the {side} grinds spelt.", "It has done so for long."], 70, 700),
            shown(str(number), 290, 30),
        ]
        for number, side in enumerate(("north", "south", "east", "west"), 1)
    ]
    document = read(*pages)
    boilerplate = [document.text[b.start : b.end] for b in document.blocks if b.kind is BlockKind.BOILERPLATE]
    assert boilerplate == ["Annual report 2023"]
    assert document.text.count("2023") == 1
    assert "spelt. It has done so for long." in document.text


def test_a_number_set_apart_on_one_page_is_text() -> None:
    text = read(
        [
            *lines(["The number of the safe is written below.", "It is changed each year."], 70, 780),
            shown("4410", 70, 60),
        ]
    ).text
    assert text.endswith("4410")


def test_text_drawn_twice_at_one_place_counts_once() -> None:
    assert (
        read([shown("Closed on Monday.", 70, 780), shown("Closed on Monday.", 70.4, 780.3)]).text == "Closed on Monday."
    )


@pytest.mark.parametrize("more", ["3 Tr", "1 1 1 rg"])
def test_text_that_is_not_seen_is_left_out(more: str) -> None:
    assert (
        read([shown("It opens at nine.", 70, 780), shown("It opens at seven.", 70, 740, more=more)]).text
        == "It opens at nine."
    )


def test_white_text_on_a_dark_ground_is_seen() -> None:
    document = read(
        [
            "0 0 0.5 rg 60 730 300 30 re f",
            shown("Opening hours", 70, 740, more="1 1 1 rg"),
            shown("Nine to five.", 70, 700),
        ]
    )
    assert "Opening hours" in document.text


def test_filled_in_fields_stand_beside_their_labels() -> None:
    drawn = [shown("Name:", 70, 700), shown("Town:", 70, 670)]
    document = read(drawn, fields=[("Mara Quill", 110, 695, 250, 712), ("Elden", 110, 665, 250, 682)])
    assert "Name: Mara Quill" in document.text.replace(" | ", " ")
    assert "Town: Elden" in document.text.replace(" | ", " ")


def test_a_list_shows_its_choice_as_a_reader_sees_it() -> None:
    kind = "/FT /Ch /Ff 131072 /Opt [[(e1) (By ship)] [(e2) (By train)]]"
    document = read([shown("How:", 70, 700)], fields=[("e2", 110, 695, 250, 712)], field_kind=kind)
    assert document.text.replace(" | ", " ") == "How: By train"


@pytest.mark.parametrize("title", ["Microsoft Word - plan_v3.docx", r"C:\\\\me\\\\scan.tif", "untitled"])
def test_what_a_program_calls_the_file_is_no_title(title: str) -> None:
    assert read(lines(["The drill begins at nine."]), title=title).title == "The drill begins at nine."


def test_the_title_that_the_file_says_is_its_title() -> None:
    assert read(lines(["The drill begins at nine."]), title="Fire drill").title == "Fire drill"


def test_text_at_an_angle_is_read_apart_from_the_rest() -> None:
    turned = "q BT /F1 11 Tf 0 1 -1 0 40 300 Tm (Filed in the town archive) Tj ET Q"
    text = read([*lines(["The pier is old.", "It stands on piles."]), turned]).text
    assert text.split("\n\n") == ["The pier is old.", "It stands on piles.", "Filed in the town archive"]
