"""PDF: the text that a reader of a page sees, on generated pages."""

from __future__ import annotations

import re

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


@pytest.mark.parametrize("size", [6.4, 7.0])
def test_small_figures_slightly_below_the_line_are_subscripts(size: float) -> None:
    drawn = [shown("It used H", 72, 700), shown("2", 117.8, 698.7, size), shown("O from 9", 122, 700)]
    assert read(drawn).text == "It used H₂O from 9"


def test_figures_of_a_font_for_superscripts_are_raised_at_the_size_of_the_line() -> None:
    # In this font the glyph of a raised two means "2", as in fonts with small figures of their own.
    drawn = [shown("It has 14", 72, 700), shown("\u00b2", 114.3, 700), shown("sites.", 121, 700)]
    assert read(drawn, letters={"\u00b2": "2"}).text == "It has 14^2 sites."


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


@pytest.mark.parametrize("above", [0, 14])
def test_a_part_of_a_page_in_two_columns_is_read_column_by_column(above: int) -> None:
    counted = "first second third fourth fifth sixth".split()
    whole = [f"The {word} line runs over the whole width of the page and ends at its margin." for word in counted]
    left, right = ([f"{side} {word} of the narrow lines" for word in counted] for side in ("left", "right"))
    drawn = lines(whole, top=780) + lines(left, x=70, top=680) + lines(right, x=310, top=680 + above)
    text = " ".join(read([*drawn, *lines(whole, top=580)]).text.split())
    assert f"{' '.join(left)} {' '.join(right)} The first" in text


@pytest.mark.parametrize(
    ("above", "below", "joined"),
    [
        ("those who are self-", "employed and others", "those who are self-employed and others"),
        ("the years 2019-", "2023 were dry", "the years 2019-2023 were dry"),
        ("every applicant re-", "ceives a letter", "every applicant receives a letter"),
        ("an up-to-", "date list", "an up-to-date list"),
        ("a great short-", "age of coal", "a great shortage of coal"),
        ("at six-", "teen hours", "at sixteen hours"),
        ("with ex-", "traordinary care", "with extraordinary care"),
        ("the president met an ex-", "president", "the president met an ex-president"),
        ("it was man-", "aged well", "it was managed well"),
        ("the the-", "ory of tides", "the theory of tides"),
        ("for privacy it is privacy-", "preserving", "for privacy it is privacy-preserving"),
        ("a follow-", "up call", "a follow-up call"),
        ("the infor-", "mation desk", "the information desk"),
        ("send an e-", "mail to us", "send an e-mail to us"),
    ],
)
def test_a_compound_keeps_its_hyphen_at_a_line_end_and_a_broken_word_loses_it(
    above: str, below: str, joined: str
) -> None:
    assert read(lines([above, below])).text == joined


def test_a_typographic_hyphen_that_breaks_a_word_twice_is_removed() -> None:
    # A browser that hyphenates draws the sign U+2010.
    text = read(lines(["of the inter~", "national lamps and the inter~", "national boats of the far~", "off isle"]),
                letters={"~": "\u2010"}).text  # fmt: skip
    assert text == "of the international lamps and the international boats of the far\u2010off isle"


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


@pytest.mark.parametrize("colour", ["0 0 0", "1 1 1"])
def test_text_that_a_filled_shape_hides_is_left_out(colour: str) -> None:
    painted = f"{colour} rg 60 730 300 30 re f"
    drawn = [shown("It opens at nine.", 70, 780), shown("The code is 7781.", 70, 740)]
    assert read([*drawn, painted]).text == "It opens at nine."
    assert "7781" in read([*drawn, painted.replace("60 730", "60 600")]).text
    assert "7781" in read([painted.replace("0 0 0", "0 0 0.9").replace("1 1 1", "0.9 0.9 0.9"), *drawn]).text


def test_a_part_of_a_line_that_a_filled_shape_hides_is_left_out() -> None:
    drawn = [shown("The account 99887766 is closed.", 72, 700), "0 0 0 rg 134 696 52 14 re f", shown("Next.", 72, 650)]
    assert read(drawn).text == "The account is closed.\n\nNext."


def test_page_numbers_in_roman_digits_are_no_text() -> None:
    sides = zip(("i", "ii", "iii", "iv"), ("north", "south", "east", "west"), strict=True)
    pages = [
        [*lines([f"The mill of the {side} grinds spelt.", "It has done so for long."], 70, 700), shown(number, 290, 30)]
        for number, side in sides
    ]
    assert not {"i", "ii", "iii", "iv"} & set(read(*pages).text.split())
    assert read([*lines(["The king was the sixth."], 70, 700), shown("VI", 290, 30)]).text.endswith("VI")


@pytest.mark.parametrize("offset", [0, 13])
def test_the_lines_of_a_cell_are_its_text_wherever_the_row_begins(offset: float) -> None:
    head = [shown(text, x, 700) for text, x in (("Rule", 70), ("Text", 150), ("Fee", 400))]
    cell = lines(["A long text that goes on", "over several lines of", "this narrow cell"], 150, 670, 13)
    row = [shown("R1", 70, 670 - offset), shown("40", 400, 670 - offset)]
    document = read([*head, *row, *cell, shown("R2", 70, 610), shown("Short", 150, 610), shown("50", 400, 610)])
    assert document.text == (
        "Rule | Text | Fee\nR1 | A long text that goes on over several lines of this narrow cell | 40\nR2 | Short | 50"
    )


def test_a_sentence_goes_on_over_the_notes_at_the_end_of_a_page() -> None:
    note = [shown("1", 70, 64, 5), shown("In 2024.", 76, 60, 8)]
    document = read(
        [*lines(["The rent is paid by members who come from the"], 70, 120), *note], lines(["town and the hills."])
    )
    assert document.text == "The rent is paid by members who come from the town and the hills.\n\n[1] In 2024."


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


@pytest.mark.parametrize(
    ("kind", "value", "picture", "shown_value"),
    [
        ("/FT /Tx /AA << /F << /S /JavaScript /JS (AFNumber_Format\\(2\\)) >> >>", "1234.5", "1,234.50", "1,234.50"),
        ("/FT /Tx /Ff 8192", "sesame", "******", "******"),
        ("/FT /Sig", "", "Signed by Mara Quill", "Signed by Mara Quill"),
        ("/FT /Tx", "Elden", "garbled", "Elden"),
    ],
)
def test_formatted_values_passwords_and_signatures_are_as_a_reader_sees_them(
    kind: str, value: str, picture: str, shown_value: str
) -> None:
    fields = [(value, 110, 695, 410, 715)]
    document = read([shown("Entry:", 70, 699)], fields=fields, field_kind=kind, field_picture=picture)
    assert document.text.replace(" | ", " ") == f"Entry: {shown_value}"


@pytest.mark.parametrize("title", ["Microsoft Word - plan_v3.docx", r"C:\\\\me\\\\scan.tif", "untitled"])
def test_what_a_program_calls_the_file_is_no_title(title: str) -> None:
    assert read(lines(["The drill begins at nine."]), title=title).title == "The drill begins at nine."


def test_the_title_that_the_file_says_is_its_title() -> None:
    assert read(lines(["The drill begins at nine."]), title="Fire drill").title == "Fire drill"


def test_text_at_an_angle_is_read_apart_from_the_rest() -> None:
    turned = "q BT /F1 11 Tf 0 1 -1 0 40 300 Tm (Filed in the town archive) Tj ET Q"
    text = read([*lines(["The pier is old.", "It stands on piles."]), turned]).text
    assert text.split("\n\n") == ["The pier is old.", "It stands on piles.", "Filed in the town archive"]


@pytest.mark.parametrize("turn", ["1 0 0 1", "0 1 -1 0", "0 -1 1 0", "-1 0 0 -1"])
def test_letters_drawn_one_by_one_are_words_in_any_direction(turn: str) -> None:
    spaced = [f"q BT /F1 11 Tf {turn} 300 400 Tm 2.2 Tc 3 Tw (Pilots of the harbour sign here) Tj ET Q"]
    assert read(spaced).text == "Pilots of the harbour sign here"
    steps = "".join(f"({char}) Tj " for char in "filed in the archive")
    one_by_one = [f"q BT /F1 11 Tf {turn} 300 400 Tm {steps} ET Q"]
    assert read(one_by_one).text == "filed in the archive"


def test_letters_at_fixed_distances_are_words() -> None:
    places = [(70 + 7 * place, char) for place, char in enumerate("testing little lights") if char != " "]
    assert read([shown(char, x, 700, 11) for x, char in places]).text == "testing little lights"


def test_a_part_of_a_line_that_is_drawn_again_over_it_counts_once() -> None:
    whole, again = shown("The levy for 2024 is 300218 crowns", 70, 700, 12), shown("The levy for", 70.3, 700.1, 12)
    assert read([whole, again]).text == "The levy for 2024 is 300218 crowns"
    below = shown("The levy for 2024 is paid", 70, 684, 12)
    assert read([whole, below]).text.count("The levy for 2024") == 2


def test_accents_drawn_over_their_letters_are_part_of_them() -> None:
    within = "BT /F1 12 Tf 70 700 Td [(Ag) (e) 443 (ˆ) -110 (ncia)] TJ ET"
    apart = ["BT /F1 12 Tf 70 700 Td (Caf) Tj (e) Tj ET", shown("´", 90.5, 700.2, 12)]
    assert [read([within]).text, read(apart).text] == ["Agência", "Café"]


HEBREW = {chr(ord("a") + place): chr(0x05D0 + place) for place in range(26)}  # how a font draws the letters a to z


@pytest.mark.parametrize("one_by_one", [False, True])
def test_words_from_right_to_left_are_in_the_order_of_writing_inside_another_line(one_by_one: bool) -> None:
    words = (("FIRST WORDS", 72.0), ("hged", 160.0), ("ban", 190.0), ("END", 215.0))
    drawn = []
    for word, x in words:
        pieces = enumerate(word) if one_by_one and word.islower() else [(0, word)]
        drawn += [shown(piece, x + 6.1 * place, 700) for place, piece in pieces]
    one, two = ("".join(HEBREW[letter] for letter in word) for word in ("nab", "degh"))
    assert load_document("a.pdf", pdf(drawn, letters=HEBREW)).text == f"FIRST WORDS {one} {two} END"


def test_numbers_and_words_of_another_direction_stay_in_their_order_in_a_line_from_right_to_left() -> None:
    places = (("hgedhgeb", 50.0), ("TRAM", 103.0), ("LINE", 136.0), ("42", 163.0), ("%", 175.3), ("ban", 190.0))
    line = load_document("a.pdf", pdf([shown(text, x, 700) for text, x in places], letters=HEBREW)).text
    assert re.fullmatch("[א-ת]{3} 42% TRAM LINE [א-ת]{8}", line)


BRACKETS = HEBREW | {"(": "(", ")": ")"}


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ([("hged", 50), (".", 46.5)], "דהזח."),
        ([("(", 46.4), ("cab dcba", 50), (")", 92)], "(אבגד באג)"),  # a font that names brackets by their shape
        ([(")cab dcba( fed", 50)], "דהו (אבגד באג)"),  # one that names them by their meaning
        ([("dcba ,42 hged", 50)], "דהזח 42, אבגד"),
        ([("19:00", 50), ("-", 77.6), ("hged", 81.5)], "דהזח-19:00"),
        ([("dcba (WHO) hged", 50)], "דהזח (WHO) אבגד"),
    ],
)
def test_numbers_and_signs_of_a_line_from_right_to_left_are_in_the_order_of_writing(
    pieces: list[tuple[str, float]], text: str
) -> None:
    assert read([shown(piece, x, 700) for piece, x in pieces], letters=BRACKETS).text == text


def test_a_glyph_of_lam_and_alef_is_read_in_the_order_of_writing() -> None:
    # Right to left: alef, the ligature, seen, meem; drawn from the left.
    arabic = {"m": "م", "s": "س", "x": "لإ", "a": "ا"}
    assert read([shown("msxa", 200, 700, 12)], letters=arabic).text == "الإسم"


@pytest.mark.parametrize(
    ("initial", "rest", "word"), [("O", "nce", "Once"), ("A", "mill", "A mill"), ("A", "nd so", "And so")]
)
def test_an_initial_over_several_lines_begins_the_first_of_them(initial: str, rest: str, word: str) -> None:
    beside = lines(
        [f"{rest} there was by the old river that", "turned day and night, and the mill"], x=100, top=700, size=12
    )
    below = lines(["grew old in the end."], top=672, size=12)
    text = read([shown(initial, 70, 686, 38), *beside, *below]).text
    assert text == f"{word} there was by the old river that turned day and night, and the mill grew old in the end."


def test_text_outside_its_clip_path_is_not_seen() -> None:
    clipped = f"q 60 690 300 30 re W n {shown('Seen words', 70, 700)} {shown('Not seen', 70, 600)} Q"
    assert read([clipped, shown("Other words", 70, 500)]).text == "Seen words\n\nOther words"


def test_bullets_of_symbol_fonts_begin_list_items() -> None:
    drawn = [shown("Tools:", 72, 720)]
    for number, tool in enumerate(("Rake", "Spade")):
        drawn += [shown("~", 72, 700 - 14 * number), shown(tool, 90, 700 - 14 * number)]
    document = read(drawn, letters={"~": "\uf0b7"})
    assert document.text == "Tools:\n• Rake\n• Spade"
    assert [block.kind for block in document.blocks][1:] == [BlockKind.LIST_ITEM] * 2


def ruled(down: list[float], across: list[float], more: str = "") -> list[str]:
    """Operators that draw the rules of a table at these places."""
    rules = [f"{x} {across[-1]} 0.5 {across[0] - across[-1]} re f" for x in down]
    rules += [f"{down[0]} {y} {down[-1] - down[0]} 0.5 re f" for y in across]
    return [*rules, more]


CELLS = [
    *lines(["Name of", "the item"], 75, 690, 13), shown("Place", 155, 690), shown("Cost", 255, 690),
    *lines(["Large vessel", "with a crane"], 75, 660, 13), *lines(["Northern basin,", "near the quay"], 155, 660, 13),
    shown("4,200", 255, 660), shown("Pontoon", 75, 630), shown("310", 255, 630),
]  # fmt: skip
ROWS = ["Name of the item | Place | Cost", "Large vessel with a crane | Northern basin, near the quay | 4,200",
        "Pontoon |  | 310"]  # fmt: skip


@pytest.mark.parametrize("more", ["", "0 0 590 840 re f"])
def test_the_lines_of_a_cell_between_rules_are_one_cell_also_in_the_first_column(more: str) -> None:
    text = [shown("Before it.", 72, 730), *CELLS, shown("After it.", 72, 600)]
    document = read([*ruled([72, 150, 250, 300], [702, 672, 642, 622]), *text])
    assert document.text == "\n\n".join(["Before it.", "\n".join(ROWS), "After it."])
    assert [block.kind for block in document.blocks] == [BlockKind.PARAGRAPH, BlockKind.TABLE, BlockKind.PARAGRAPH]


def test_rectangles_around_cells_are_rules() -> None:
    places = [(72, 672, 78, 30), (150, 672, 100, 30), (250, 672, 50, 30), (72, 642, 78, 30), (150, 642, 100, 30)]
    places += [(250, 642, 50, 30), (72, 622, 78, 20), (150, 622, 100, 20), (250, 622, 50, 20)]
    boxes = [f"{x} {y} {width} {height} re S" for x, y, width, height in places]
    assert read([*boxes, *CELLS]).text == "\n".join(ROWS)


def test_a_cell_over_several_rows_or_columns_is_read_once_in_its_first_row_and_column() -> None:
    rules = [f"{x} 622 0.5 80 re f" for x in (72, 150, 300)] + ["250 622 0.5 50 re f"]
    rules += [f"72 {y} 228 0.5 re f" for y in (702, 672, 622)] + ["150 642 150 0.5 re f"]
    text = [shown("Item", 75, 685), shown("Place and cost", 190, 685), *lines(["Vessel", "and raft"], 75, 645, 13)]
    text += [shown("Basin", 155, 655), shown("42", 255, 655), shown("Quay", 155, 628), shown("31", 255, 628)]
    assert read([*rules, *text]).text == "Item | Place and cost\nVessel and raft | Basin | 42\n | Quay | 31"


def across(*heights: float) -> list[str]:
    """Operators that draw horizontal rules of one width."""
    return [f"72 {y} 400 0.5 re f" for y in heights]


OPEN = [
    shown("Item", 75, 690), shown("Fee", 205, 690), shown("What the fee is for", 255, 690),
    *lines(["Large vessels with", "cranes"], 75, 660, 13), shown("42", 205, 660),
    *lines(["The use of the northern basin and its quays for", "a night, with water"], 255, 660, 13),
    shown("Rafts", 75, 630), shown("31", 205, 630), shown("The use of the pond", 255, 630),
]  # fmt: skip
OPEN_ROWS = [
    "Item | Fee | What the fee is for",
    "Large vessels with cranes | 42 | The use of the northern basin and its quays for a night, with water",
    "Rafts | 31 | The use of the pond",
]


@pytest.mark.parametrize("heights", [(702, 680, 642, 622), (680, 642, 622), (702, 680, 642)])
def test_lines_of_cells_between_horizontal_rules_are_one_row_also_above_the_first_rule_and_below_the_last(
    heights: tuple[float, ...],
) -> None:
    text = [shown("The board asks for these fees from all who come here.", 72, 730), *OPEN]
    document = read([*across(*heights), *text, shown("All fees are for one day.", 72, 590)])
    assert document.text.split("\n\n")[1] == "\n".join(OPEN_ROWS)
    assert [block.kind for block in document.blocks] == [BlockKind.PARAGRAPH, BlockKind.TABLE, BlockKind.PARAGRAPH]


def test_rows_that_begin_with_capitals_are_one_row_if_rules_separate_all_rows() -> None:
    names = ["Northern Basin", "Southern Basin", "Outer Harbour"]
    drawn = across(*(702 - 40 * row for row in range(4)))
    for row, name in enumerate(names):
        y = 686 - 40 * row
        drawn += [shown(f"{row}", 75, y), *lines([name, "Quay of Stones"], 155, y, 13), shown("free", 305, y)]
    assert read(drawn).text == "\n".join(f"{row} | {name} Quay of Stones | free" for row, name in enumerate(names))


def test_rows_between_the_horizontal_rules_of_a_report_stay_rows() -> None:
    head = [shown("Group", 75, 690), *lines(["Number of", "boats"], 155, 697, 12), shown("Share", 305, 690)]
    rows = [("Small boats", "120", "54.1"), ("Barges", "18", "3.8"), ("Others", "21", "55.0")]
    body = [
        shown(cell, x, 660 - 14 * number)
        for number, row in enumerate(rows)
        for cell, x in zip(row, (75, 155, 305), strict=True)
    ]
    document = read([*across(712, 678, 620), *head, *body])
    assert document.text == "\n".join(["Group | Number of boats | Share", *map(" | ".join, rows)])


def test_running_text_between_horizontal_rules_is_no_table() -> None:
    words = ["The board met in May and heard what the keeper of", "the lock had to say. It agreed to wait for a year."]
    drawn = across(712, 670, 630)
    text = read([*drawn, *lines(words, 75, 698, 13), *lines(words, 75, 656, 13)]).text
    assert text == "\n\n".join([" ".join(words)] * 2)


def test_figures_below_the_line_near_a_table_with_horizontal_rules_stay_in_their_words() -> None:
    below = [shown("All boats carry H", 75, 608), shown("2", 161, 606, 7), shown("O for a day.", 165.5, 608)]
    document = read([*across(702, 680, 642, 622), *OPEN, *below])
    assert document.text == "\n".join(OPEN_ROWS) + "\n\nAll boats carry H₂O for a day."


def test_a_word_divided_at_the_end_of_a_line_in_a_cell_is_whole() -> None:
    cells = [shown("Item", 75, 690), shown("Use", 155, 690), shown("Barge", 75, 660)]
    drawn = [
        *ruled([72, 150, 250], [702, 672, 642]),
        *cells,
        *lines(["For the regis-", "tration of all"], 155, 660, 13),
    ]
    assert read(drawn).text == "Item | Use\nBarge | For the registration of all"


def test_a_decimal_number_is_a_cell_and_the_number_of_a_section_begins_its_line() -> None:
    places = [("Barges", 75), ("54.1", 205), ("12 lost", 240)]
    drawn = [shown(cell, x, 700 - 14 * row) for row in range(2) for cell, x in places]
    drawn += [shown(cell, x, 660) for cell, x in (("0.5", 75), ("1.5", 105), ("2.5", 205))]
    drawn += [shown("2.1", 75, 600, 14), shown("Fees of the harbour", 110, 600, 14)]
    assert read(drawn).text.split("\n\n") == [
        "\n".join([*["Barges | 54.1 | 12 lost"] * 2, "0.5 | 1.5 | 2.5"]),
        "2.1 Fees of the harbour",
    ]


def test_columns_go_on_below_a_gap_in_both_also_beside_a_table_of_small_cells() -> None:
    left, right = ([f"{side} line {number} of the narrow text" for number in range(36)] for side in ("left", "right"))
    heights = [780 - 14 * number - 20 * (number > 30) for number in range(36)]
    table = [shown(f"{n}", 310 + 45 * n, y) for n in range(5) for y in heights[:12]]
    drawn = [shown(text, 70, y) for text, y in zip(left, heights, strict=True)]
    drawn += [shown(text, 310, y) for text, y in zip(right[12:], heights[12:], strict=True)]
    text = " ".join(read([*table, *drawn]).text.split())
    assert text.startswith(" ".join(left))
    assert text.endswith(" ".join(right[12:]))


def test_rows_without_rules_between_them_stay_rows() -> None:
    text = [shown(cell, x, 690) for cell, x in (("Item", 75), ("Place", 155), ("Cost", 255))]
    for number, row in enumerate([("Raft", "Quay", "31"), ("Pump", "Lock", "42"), ("Rope", "Shed", "53")]):
        text += [shown(cell, x, 660 - 20 * number) for cell, x in zip(row, (75, 155, 255), strict=True)]
    document = read([*ruled([72, 150, 250, 300], [702, 672, 600]), *text])
    assert document.text == "Item | Place | Cost\nRaft | Quay | 31\nPump | Lock | 42\nRope | Shed | 53"


def test_numbers_of_a_row_that_is_drawn_as_one_text_are_cells_at_smaller_gaps_than_words() -> None:
    rows = [
        "Median income of towns      49,497   51,295   52,587",
        "Mean income of all towns     61,012   63,440   64,798",
    ]
    document = read([shown(rows[0], 70, 700), shown(rows[1], 70, 686)])
    assert document.text == "\n".join(re.sub(" {3,}", " | ", row) for row in rows)
    loose = "The board met in   May 2031   and heard the keeper"
    assert read([shown(loose, 70, 700), shown(loose, 70, 686)]).text.count("|") == 0


def test_numbers_that_are_drawn_apart_are_cells_also_if_little_space_is_between_them() -> None:
    places = [("Barges", 75), ("12,345", 205), ("67,890", 247)]
    drawn = [shown(cell, x, 700 - 14 * row) for row in range(2) for cell, x in places]
    assert read(drawn).text == "\n".join(["Barges | 12,345 | 67,890"] * 2)


def test_rows_with_numbers_are_a_table_also_around_a_line_that_a_long_first_cell_needs() -> None:
    drawn = [
        shown(text, 75, y) for text, y in (("Income of towns", 700), ("and villages", 686), ("Income of ports", 672))
    ]
    drawn += [shown(text, x, y) for y in (700, 672) for text, x in (("0.4590", 255), ("0.4560", 315))]
    assert read(drawn).text.split("\n\n") == [
        "Income of towns | 0.4590 | 0.4560", "and villages", "Income of ports | 0.4590 | 0.4560"
    ]  # fmt: skip


@pytest.mark.parametrize("group", [None, 648])
def test_lines_of_numbers_between_two_rules_are_rows_and_a_cell_in_their_middle_is_in_the_first(
    group: int | None,
) -> None:
    text = [shown(cell, x, 690) for cell, x in (("Group", 75), ("Item", 155), ("2030", 255), ("2031", 315))]
    cells = [("Raft", "31", "33"), ("Pump", "42", "44"), ("Rope", "53", "55")]
    for number, row in enumerate(cells):
        text += [shown(cell, x, 660 - 13 * number) for cell, x in zip(row, (155, 255, 315), strict=True)]
    text += [shown("Boats", 75, group)] if group else []
    text += [shown(cell, x, 615) for cell, x in (("All", 75), ("126", 255), ("132", 315))]
    document = read([*ruled([72, 150, 250, 310, 370], [702, 680, 628, 610]), *text])
    assert document.text.split("\n") == [
        "Group | Item | 2030 | 2031", f"{'Boats' if group else ''} | Raft | 31 | 33", " | Pump | 42 | 44",
        " | Rope | 53 | 55", "All |  | 126 | 132",
    ]  # fmt: skip


def test_numbers_of_two_columns_without_a_rule_between_them_are_two_cells() -> None:
    ages = [("2-5", 75), ("1,087", 155), ("1,022", 205), ("2,109", 255), ("3.1", 315)]
    text = [shown(cell, x, 690) for cell, x in (("Age", 75), ("Men and women", 155), ("All", 255), ("Share", 315))]
    text += [shown(cell, x, 660 - 20 * number) for number in range(2) for cell, x in ages]
    document = read([*ruled([72, 150, 250, 310, 370], [702, 675, 655, 635]), *text])
    row = "2-5 | 1,087 | 1,022 | 2,109 | 3.1"
    assert document.text == f"Age | Men and women | All | Share\n{row}\n{row}"


def test_tabs_between_words_of_a_line_are_blanks() -> None:
    assert read([shown("In\t2006,\tthe\tquay\tburned.", 70, 700)]).text == "In 2006, the quay burned."


def test_rules_around_columns_of_running_text_are_no_table() -> None:
    words = "The board met in May and heard what the keeper of the lock had to say of it"
    left, right = ([f"{side} {number}: {words}" for number in range(24)] for side in ("Left", "Right"))
    frame = [f"{x} 80 0.5 720 re f" for x in (60, 300, 560)] + [f"60 {y} 500 0.5 re f" for y in (800, 780, 80)]
    text = [shown("News", 64, 785), shown("More", 304, 785)]
    text += [*lines(left, 64, 760, 14, 6), *lines(right, 304, 760, 14, 6)]
    found = read([*frame, *text]).text
    assert found.index("Left 23") < found.index("Right 0")


def bare(content: str, resources: str, more: str = "", boxes: str = "/MediaBox [0 0 595 842]") -> bytes:
    """A PDF of one page without a table of objects, which is read all the same."""
    return (
        "%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n"
        "2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj\n"
        f"3 0 obj << /Type /Page /Parent 2 0 R {boxes} /Contents 4 0 R "
        f"/Resources << {resources} >> >> endobj\n"
        f"4 0 obj << /Length {len(content)} >> stream\n{content}\nendstream endobj\n{more}\n"
        "trailer << /Root 1 0 R >>\n%%EOF"
    ).encode()


HELVETICA = "/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"


def test_text_of_a_negative_size_that_its_matrix_turns_back_is_read() -> None:
    drawn = "BT /F1 -12 Tf -1 0 0 -1 72 700 Tm (The lock is open) Tj ET BT /F1 12 Tf 72 680 Td (all year.) Tj ET"
    assert load_document("a.pdf", bare(drawn, HELVETICA)).text == "The lock is open all year."


@pytest.mark.parametrize(
    ("colours", "text"), [("/C0 [1 0 0] /C1 [0 0 1]", "Harbour news"), ("/C0 [1 1 1] /C1 [1 1 1]", "")]
)
@pytest.mark.parametrize("boxes", ["/MediaBox [0 0 595 842]", "/MediaBox [40 40 635 882] /CropBox [0 0 675 922]"])
def test_text_with_a_fill_of_several_colours_is_visible_unless_they_are_white(
    colours: str, text: str, boxes: str
) -> None:
    function = f"<< /FunctionType 2 /Domain [0 1] {colours} /N 1 >>"
    shading = f"/ShadingType 2 /ColorSpace /DeviceRGB /Coords [72 0 300 0] /Function {function}"
    pattern = f"/Pattern << /P1 << /PatternType 2 /Shading << {shading} /Extend [true true] >> >> >>"
    drawn = "/Pattern cs /P1 scn BT /F1 30 Tf 72 700 Td (Harbour news) Tj ET"
    below = "0 g BT /F1 11 Tf 72 600 Td (It is open.) Tj ET"
    document = load_document("a.pdf", bare(f"{drawn} {below}", f"{HELVETICA} {pattern}", boxes=boxes))
    assert document.text == "\n\n".join(filter(None, [text, "It is open."]))


def test_text_of_a_font_whose_glyphs_have_a_scale_of_their_own_is_read() -> None:
    glyph = "600 0 0 0 500 700 d1 0 0 500 700 re f"
    glyphs = "<< /a 6 0 R >> /Encoding << /Differences [97 /a] >> /FirstChar 97 /LastChar 97 /Widths [600]"
    font = (
        f"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 600 700] /FontMatrix [0.05 0 0 0.05 0 0] /CharProcs {glyphs} >>"
    )
    more = f"6 0 obj << /Length {len(glyph)} >> stream\n{glyph}\nendstream endobj"
    drawn = "BT /F1 0.4 Tf 72 700 Td (aaa) Tj ET"
    assert load_document("a.pdf", bare(drawn, f"/Font << /F1 {font} >>", more)).text == "aaa"


def test_a_transparent_text_layer_over_a_scan_is_read() -> None:
    image = "/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1"
    more = f"6 0 obj << {image} >> stream\n~\nendstream endobj"
    drawn = "q 595 0 0 842 0 0 cm /I Do Q /G gs BT /F1 12 Tf 72 700 Td (The scanned words) Tj ET"
    resources = f"{HELVETICA} /XObject << /I 6 0 R >> /ExtGState << /G << /ca 0 >> >>"
    assert load_document("a.pdf", bare(drawn, resources, more)).text == "The scanned words"


def test_an_initial_beside_one_line_of_small_letters_begins_it() -> None:
    text = [shown("O", 70, 694, 30), shown("nce the water falls, the work begins.", 95, 700)]
    assert read([*text, shown("It goes on.", 70, 640)]).text.startswith("Once the water falls")


def test_capitals_drawn_with_blanks_between_them_are_words() -> None:
    assert read([shown("A N N U A L   R E P O R T", 70, 780, 14)]).text == "ANNUAL REPORT"
    assert read(["q BT /F1 14 Tf 7 Tc 70 780 Td (WHARF AND LOCK) Tj ET Q"]).text == "WHARF AND LOCK"


def test_what_a_browser_prints_at_the_edges_of_a_page_is_no_text() -> None:
    edges = [shown("3/5/24, 9:30 AM", 24, 820, 8), shown("Mill", 300, 820, 8)]
    edges += [shown("https://example.org/mill", 24, 16, 8), shown("1/1", 560, 16, 8)]
    document = read([edges[0], edges[1], *lines(["The mill stands by the river.", "It grinds corn."]), *edges[2:]])
    kinds = {document.text[block.start : block.end]: block.kind for block in document.blocks}
    assert [text for text, kind in kinds.items() if kind is not BlockKind.BOILERPLATE] == [
        "The mill stands by the river. It grinds corn."
    ]
    assert read([shown("3/5/24, 9:30 AM", 24, 820, 8), *lines(["The mill."])]).blocks[0].kind is BlockKind.PARAGRAPH


def test_the_cells_of_a_table_in_hebrew_are_read_from_the_right() -> None:
    places = [("42", 75, 690), ("hged", 155, 690), ("nab", 255, 690), ("hgedba", 155, 660), ("banged", 255, 660)]
    drawn = [*ruled([72, 150, 250, 320], [702, 672, 642]), *(shown(*place) for place in places)]
    first, second = load_document("a.pdf", pdf(drawn, letters=HEBREW)).text.split("\n")
    assert [re.sub("[א-ת]+", "א", row) for row in (first, second)] == ["א | א | 42", "א | א"]
    assert len(first.partition(" ")[0]) == 3


@pytest.mark.parametrize(
    ("x", "headings"), [(70, ["Rules of the Harbour", "Fees"]), (278, ["Rules of the Harbour Fees"])]
)
def test_a_heading_at_the_left_of_a_centred_title_of_its_size_is_separate(x: float, headings: list[str]) -> None:
    body = [
        "Each boat pays a fee of nine crowns on the day on which it comes in, and again in May.",
        "The board says so.",
    ]
    document = read([shown("Rules of the Harbour", 206, 780, 18), shown("Fees", x, 758, 18), *lines(body, top=730)])
    assert [document.text[block.start : block.end] for block in document.blocks][:-1] == headings


FEE = shown("The monthly fee is forty thirty crowns.", 70, 700)


@pytest.mark.parametrize(
    "line",
    ["1 w 163 703.5 m 186 703.5 l S", "163 703 23 0.8 re f", "163 703.5 12 0.6 re f 174.8 703.5 11.2 0.6 re f"],
)
def test_text_with_a_line_through_it_is_left_out_and_counted(line: str) -> None:
    document = read([FEE, line])
    assert document.text == "The monthly fee is thirty crowns."
    assert document.left_out == ("1 piece of struck-out text",)


@pytest.mark.parametrize(
    "line",
    [
        "1 w 163 698.5 m 186 698.5 l S",  # below the text
        "1 w 163 709 m 186 709 l S",  # above it
        "1 w 40 703.5 m 500 703.5 l S",  # far beyond it
        "163 701 23 6 re f 1 g 163.5 701.5 22 5 re f 0 g",  # a box
        "1 g 163 703 23 0.8 re f 0 g",  # white
        "1 w 166 703.5 m 179 703.5 l S",  # between letters of a word
    ],
)
def test_text_with_another_line_is_kept(line: str) -> None:
    document = read([line, FEE])
    assert document.text == "The monthly fee is forty thirty crowns."
    assert document.left_out == ()


def test_text_that_an_annotation_strikes_out_is_left_out() -> None:
    document = read([FEE], struck=[(163, 698, 187, 709)])
    assert document.text == "The monthly fee is thirty crowns."
    assert document.left_out == ("1 piece of struck-out text",)


def test_a_cell_whose_text_is_struck_out_is_empty() -> None:
    rows = [(("Item", "Old", "New"), 700), (("Lamp", "900", "800"), 680), (("Desk", "700", "650"), 660)]
    rows.append((("Sofa", "550", "500"), 640))
    cells = [shown(text, x, y) for row, y in rows for text, x in zip(row, (70, 200, 330), strict=True)]
    gone = ["1 w 70 643.5 m 96 643.5 l S", "1 w 200 643.5 m 218 643.5 l S", "1 w 330 643.5 m 348 643.5 l S"]
    document = read([*cells, "1 w 200 683.5 m 218 683.5 l S", *gone])
    assert document.text.splitlines() == ["Item | Old | New", "Lamp |  | 800", "Desk | 700 | 650"]


def test_lines_with_bullets_on_a_slide_are_list_items_in_any_size() -> None:
    slide = [shown("Routes", 70, 780, 30), shown("• North route", 70, 720, 20), shown("– calls at Aro", 90, 690, 16)]
    document = read([*slide, *lines(["A long note of small letters stands at the foot of the slide."] * 6, top=300)])
    assert [block.kind for block in document.blocks][:3] == [BlockKind.TITLE, BlockKind.LIST_ITEM, BlockKind.LIST_ITEM]


def test_a_file_with_struck_out_text_only_is_read() -> None:
    document = read([shown("All of it is old.", 70, 700), "1 w 70 703.5 m 151 703.5 l S"])
    assert (document.text, document.left_out) == ("All of it is old.", ())


def test_a_number_before_smaller_text_that_is_a_superscript_above_is_that_of_a_note() -> None:
    text = [shown("The survey covered 14", 70, 780), shown("1", 176, 784, 6.5), shown("sites.", 183, 780)]
    text += [shown("It lasted a week", 70, 760), shown("2", 151, 764, 6.5), shown("in May.", 158, 760)]
    notes = [shown("1", 70, 120, 8), shown("Two are planned.", 90, 120, 8)]
    notes += [shown("2", 70, 105, 8), shown("Without the Sunday.", 90, 105, 8)]
    document = read([*text, *notes])
    assert document.text.splitlines()[::2] == [
        "The survey covered 14[1] sites. It lasted a week[2] in May.",
        "[1] Two are planned.",
        "[2] Without the Sunday.",
    ]
    rows = [shown("1", 90, 120, 8), shown("Two are planned.", 110, 120, 8), shown("2030", 65, 120, 8)]
    assert not any(block.kind is BlockKind.FOOTNOTE for block in read([*text, *rows]).blocks)


def test_the_short_lines_of_a_letter_are_apart_although_most_steps_on_the_page_are_wide() -> None:
    said = [
        ("Marstal, 4 March", 780),
        ("Holm & Sons", 754),
        ("Quay 7", 741),
        ("Dear Ms Holm,", 715),
        ("Thank you.", 689),
    ]
    drawn = [shown(text, 70, y) for text, y in said]
    wide = shown("We send the three coils of rope on Friday with the morning ferry to the island.", 70, 663)
    document = read([*drawn, wide])
    assert document.text.splitlines()[::2] == [
        "Marstal, 4 March",
        "Holm & Sons Quay 7",
        "Dear Ms Holm, Thank you.",
        "We send the three coils of rope on Friday with the morning ferry to the island.",
    ]
    axis = [shown(str(number), 70, 780 - number) for number in (0, 30, 60, 90)]
    assert read([*axis, wide]).text.startswith("0 30 60 90 We")
