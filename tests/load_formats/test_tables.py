"""Workbooks and text tables: each row with its column heads, numbers as displayed, no hidden content."""

# ruff: noqa: E501 - XML reads best with an element whole on its line

from __future__ import annotations

import io

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from office_files import cells, element, xlsx

from qa.errors import UnreadableFile
from qa.reading.documents import load_document
from qa.reading.office.number_formats import general, writer_of
from qa.reading.passages import cut_passages
from qa.records import Document


def read(*sheets: str, **more) -> Document:
    return load_document("books/prices_2024.xlsx", xlsx(*sheets, **more))


def rows(document: Document) -> list[tuple[int | None, str]]:
    return [(block.page, document.text[block.start : block.end]) for block in document.blocks]


def test_each_row_names_its_heads_and_can_be_cited_by_its_sheet_and_row():
    document = read(cells(["Item", "Crowns", "Remark"], ["Lamp", 900, None], ["Paint", 150.5, "red"]))
    assert rows(document) == [
        (None, "Prices"), (2, "Item: Lamp | Crowns: 900"), (3, "Item: Paint | Crowns: 150.5 | Remark: red"),
    ]  # fmt: skip
    (passage,) = cut_passages(document)
    assert (passage.headings[0], passage.page) == ("Prices", 2)
    assert document.title == "prices 2024"


@pytest.mark.parametrize(
    ("sheet", "found"),
    [
        (cells(["Fees"], ["Kind", "Crowns"], ["Adult", 8]), ["Fees", "Kind: Adult | Crowns: 8"]),
        (cells(["Name", "Mara"], ["Town", "Elden"]), ["Name | Mara", "Town | Elden"]),
        (cells(["Adult", 8], ["Child", 4]), ["Adult | 8", "Child | 4"]),
        (cells(["Kind", "Crowns"], ["Adult", 8], [], ["Child", 4]), ["Kind: Adult | Crowns: 8", "Kind: Child | Crowns: 4"]),
        (cells(["Kind", "Crowns"], ["Adult", 8], [], ["Day", "From", "To"], ["Monday", 9, 5]), ["Kind: Adult | Crowns: 8", "Day: Monday | From: 9 | To: 5"]),
        (cells(["Year", "Fares", None], ["", "Adult", "Child"], [2024, 8, 4]) + '<s:mergeCells><s:mergeCell ref="B1:C1"/></s:mergeCells>', ["Year: 2024 | Fares Adult: 8 | Fares Child: 4"]),
        (cells(["Town", "North", None, "South", None], ["", "Men", "Women", "Men", "Women"], ["Elden", 1, 2, 3, 4]) + '<s:mergeCells><s:mergeCell ref="B1:C1"/><s:mergeCell ref="D1:E1"/></s:mergeCells>', ["Town: Elden | North Men: 1 | North Women: 2 | South Men: 3 | South Women: 4"]),
        (cells(["Full rate", "Single"], ["Crowns", 2030, 2031], [15000, 23, 20], [20000, 28, 25]), ["Full rate Crowns: 15000 | Single 2030: 23 | Single 2031: 20", "Full rate Crowns: 20000 | Single 2030: 28 | Single 2031: 25"]),
        (cells(["Sum", "Day"], ["Town", "1-Jan", "3-Jan", "All"], ["Elden", 1, None, 1]) + '<s:mergeCells><s:mergeCell ref="A9:B9"/></s:mergeCells>', ["Sum Town: Elden | Day 1-Jan: 1 | Day All: 1"]),
        (cells(["A", "B"], [1, "kept"], [2, "covered"]) + '<s:mergeCells><s:mergeCell ref="B2:B3"/></s:mergeCells>', ["A: 1 | B: kept", "A: 2"]),
        (cells(["A", "B"], [1, 2], [3, 4]).replace('<s:row r="2">', '<s:row r="2" hidden="1">'), ["A | B", "A: 3 | B: 4"][1:]),
        ('<s:cols><s:col min="2" max="2" hidden="1"/></s:cols>' + cells(["A", "B", "C"], [1, 2, 3]), ["A: 1 | C: 3"]),
        (cells(["A", "B"], [1, '<s:c t="b"><s:v>1</s:v></s:c>'], [2, '<s:c t="e"><s:v>#N/A</s:v></s:c>']), ["A: 1 | B: TRUE", "A: 2 | B: #N/A"]),
        (cells(["A", "B"], [1, '<s:c t="str"><s:f>X</s:f><s:v>so</s:v></s:c>'], [2, "<s:c ><s:f>Y</s:f></s:c>"]), ["A: 1 | B: so", "A: 2"]),
    ],
)  # fmt: skip
def test_heads_are_told_from_rows_and_what_is_hidden_is_left_out(sheet, found):
    assert [text for _, text in rows(read(sheet))][1:] == found


def test_formulas_without_a_saved_value_are_told():
    assert read(cells(["A", "B"], [1, "<s:c><s:f>Y</s:f></s:c>"], [2, "<s:c><s:f>Z</s:f></s:c>"])).left_out == (
        "2 missing values of a formula",
    )


def test_strings_keep_their_runs_and_styles_give_numbers_their_form():
    strings = element(
        "s:sst",
        "<s:si><s:t>Area</s:t></s:si><s:si><s:r><s:t>40 m</s:t></s:r><s:r><s:rPr><s:vertAlign val='superscript'/></s:rPr><s:t>2</s:t></s:r></s:si>"
        "<s:si><s:t>漢字</s:t><s:rPh><s:t>かんじ</s:t></s:rPh></s:si><s:si><s:t>Paid on</s:t></s:si><s:si><s:t>Share</s:t></s:si>",
    )
    styles = element(
        "s:styleSheet",
        '<s:numFmts><s:numFmt numFmtId="170" formatCode="0.0%"/></s:numFmts><s:cellXfs><s:xf/><s:xf numFmtId="14"/><s:xf numFmtId="170"/></s:cellXfs>',
    )
    sheet = (
        '<s:sheetData><s:row r="1"><s:c r="A1" t="s"><s:v>0</s:v></s:c><s:c r="B1" t="s"><s:v>3</s:v></s:c><s:c r="C1" t="s"><s:v>4</s:v></s:c></s:row>'
        '<s:row><s:c t="s"><s:v>1</s:v></s:c><s:c s="1"><s:v>45443</s:v></s:c><s:c s="2"><s:v>0.0425</s:v></s:c></s:row>'
        '<s:row><s:c t="s"><s:v>2</s:v></s:c></s:row></s:sheetData>'
    )
    parts = {"xl/sharedStrings.xml": strings, "xl/styles.xml": styles}
    expected = ["Area: 40 m² | Paid on: 2024-05-31 | Share: 4.3%", "Area: 漢字"]
    assert [text for _, text in rows(read(sheet, parts=parts))][1:] == expected
    assert [text for _, text in rows(read(sheet, parts=parts, strict=True))][1:] == expected
    later = read(sheet, parts=parts, book='<s:workbookPr date1904="1"/>')
    assert "Paid on: 2028-06-01" in later.text


def test_hidden_sheets_and_what_has_no_text_are_told():
    document = read(
        cells(["A", "B"], [1, 2]).replace('<s:row r="1">', '<s:row r="9" hidden="1"/><s:row r="1">')
        + "<s:legacyDrawing/>",
        cells(["secret"]),
        states=("visible", "veryHidden"),
    )
    assert "secret" not in document.text
    assert document.left_out == ("1 hidden sheet", "1 hidden row")
    with pytest.raises(UnreadableFile, match="holds no text"):
        read(cells([]))


@pytest.mark.parametrize(
    ("colour", "after", "shown"),
    [
        ('rgb="FFFEFEFE"', "", ["Item: Lamp | Crowns: 900"]),
        ('theme="0"', "", ["Item: Lamp | Crowns: 900"]),
        ('theme="0" tint="-0.5"', "", ["Item: Lamp | Note: pale | Crowns: 900"]),
        ('theme="0"', "<s:tableParts><s:tablePart/></s:tableParts>", ["Item: Lamp | Note: pale | Crowns: 900"]),
    ],
)
def test_text_in_the_colour_of_the_sheet_is_hidden_unless_a_table_may_paint_its_cells(colour, after, shown):
    fonts = f"<s:fonts><s:font/><s:font><s:color {colour}/></s:font></s:fonts>"
    styles = element("s:styleSheet", f'{fonts}<s:cellXfs><s:xf/><s:xf fontId="1"/></s:cellXfs>')
    pale = '<s:c s="1" t="inlineStr"><s:is><s:t>pale</s:t></s:is></s:c>'
    sheet = cells(["Item", "Note", "Crowns"], ["Lamp", pale, 900]) + after
    assert [text for _, text in rows(read(sheet, parts={"xl/styles.xml": styles}))[1:]] == shown


def test_white_cells_empty_formats_and_rows_without_height_show_nothing():
    styles = element(
        "s:styleSheet",
        '<s:numFmts><s:numFmt numFmtId="170" formatCode=";;;"/></s:numFmts>'
        '<s:fonts><s:font/><s:font><s:color rgb="FFFFFFFF"/></s:font></s:fonts><s:fills><s:fill><s:patternFill patternType="none"/></s:fill>'
        '<s:fill><s:patternFill patternType="solid"><s:fgColor rgb="FF1F4E79"/></s:patternFill></s:fill></s:fills>'
        '<s:cellXfs><s:xf/><s:xf fontId="1"/><s:xf fontId="1" fillId="1"/><s:xf numFmtId="170"/></s:cellXfs>',
    )

    def cell(style: int, text: str) -> str:
        return f'<s:c s="{style}" t="inlineStr"><s:is><s:t>{text}</s:t></s:is></s:c>'

    sheet = cells(
        ["Item", cell(2, "Note"), "Crowns"],
        ["Lamp", cell(1, "white"), 900],
        ["Tin", cell(3, "empty"), 4],
        ["low", "x", 5],
    )
    document = read(sheet.replace('<s:row r="4">', '<s:row r="4" ht="0">'), parts={"xl/styles.xml": styles})
    assert [text for _, text in rows(document)[1:]] == ["Item: Lamp | Crowns: 900", "Item: Tin | Crowns: 4"]
    assert document.left_out == ("1 piece of white text", "1 hidden row")


def test_struck_out_text_of_cells_and_runs_is_left_out_and_told():
    fonts = "<s:fonts><s:font/><s:font><s:strike/></s:font><s:font><s:strike val='0'/></s:font></s:fonts>"
    formats = '<s:cellXfs><s:xf/><s:xf fontId="1"/><s:xf fontId="2"/></s:cellXfs>'
    part = "<s:r><s:rPr><s:strike/></s:rPr><s:t>old </s:t></s:r><s:r><s:t>new</s:t></s:r>"
    written = '<s:c s="{}" t="inlineStr"><s:is>{}</s:is></s:c>'
    kept, runs = written.format(2, "<s:t>kept</s:t>"), written.format(0, part)
    old = '<s:c s="1"><s:v>900</s:v></s:c>'
    sheet = cells(["Item", "Note", "Crowns"], ["Lamp", kept, old], [old], ["Tin", runs, 4], ["Saw", "x", 5, 6])
    document = read(sheet, parts={"xl/styles.xml": element("s:styleSheet", fonts + formats)})
    assert [text for _, text in rows(document)[1:]] == [
        "Item: Lamp | Note: kept", "Item: Tin | Note: new | Crowns: 4", "Item: Saw | Note: x | Crowns: 5 | 6",
    ]  # fmt: skip
    assert document.left_out == ("3 pieces of struck-out text",)


def test_months_above_numbers_are_heads_and_escaped_characters_are_read():
    styles = element("s:styleSheet", '<s:cellXfs><s:xf/><s:xf numFmtId="17"/></s:cellXfs>')
    months = [f'<s:c s="1"><s:v>{day}</s:v></s:c>' for day in (45292, 45323)]
    document = read(cells(["Town", *months], ["El_x0064_en_x000D_", 300, 410]), parts={"xl/styles.xml": styles})
    assert rows(document)[1:] == [(2, "Town: Elden | Jan-24: 300 | Feb-24: 410")]


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (1234.5, "#,##0.00", "1,234.50"), (0.125, "0.0%", "12.5%"), (-5, "#,##0;(#,##0)", "(5)"), (0, '0;-0;"none"', "none"),
        (45443, "d. mmmm yyyy", "31. May 2024"), (45443.75, "h:mm AM/PM", "6:00 PM"), (1.5, "[h]:mm", "36:00"),
        (45443.5, "dd.mm.yyyy hh:mm", "31.05.2024 12:00"), (45443, "[$-F800]dddd, mmmm dd, yyyy", "Friday, May 31, 2024"),
        (1234567, '#,##0.0,," M"', "1.2 M"), (5, "000", "005"), (0.5, "0.##", "0.5"), (1e-7, "0.00E+00", "1.00E-07"),
        (1234, "[$€-407] #,##0", "€ 1,234"), (1234.5, '_-* #,##0.00\\ "€"_-', "1,234.50 €"), (7, ";;;", ""), (2.5, "0", "3"),
        (99, "@", "99"), (59, "yyyy-mm-dd", "1900-02-28"), (61, "yyyy-mm-dd", "1900-03-01"), (-1, "yyyy", "-1"),
        (0.5, "# ?/?", "1/2"), (2.25, "# ?/?", "2 1/4"), (-1.5, "# ?/?", "-1 1/2"), (3, "# ?/?", "3"), (0, "# ?/?", "0"),
        (3.14159, "# ?/?", "3 1/7"), (1.25, "?/?", "5/4"), (5.4375, "# ??/16", "5 7/16"), (0.75, '# ?/? "in"', "3/4 in"),
        (5551234, "000-0000", "555-1234"), (12, "000-0000", "000-0012"), (1234567.5, "# ##0.00", "1234 567.50"),
        (5, "# ##0.00", "5.00"), (123456789, "000-00-0000", "123-45-6789"), (0, "#", ""), (0, "0", "0"),
        (0, '_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-;_-@_-', "-"), (-42.5, "_-* #,##0.00_-;-* #,##0.00_-", "-42.50"),
        (1500, '[>=1000]0.0,"k";0', "1.5k"), (20, '[>=1000]0.0,"k";0', "20"), (-20, '[>=1000]0.0,"k";0', "-20"),
        (1, '[=1]0 "day";0 "days"', "1 day"), (3, '[=1]0 "day";0 "days"', "3 days"),
        (1 / 3, "General", "0.333333333"), (123456789012, "General", "123456789012"), (1e20, "General", "1E+20"),
    ],
)  # fmt: skip
def test_numbers_and_dates_are_as_a_cell_shows_them(value, code, text):
    assert writer_of(code)(value) == text


@given(
    st.floats(allow_nan=False, allow_infinity=False), st.text(alphabet='0#?.,%E+-;"ymdhs[]/@ General_*\\', max_size=12)
)
def test_any_format_shows_something_for_any_number(value, code):
    assert isinstance(writer_of(code)(value), str)


@given(st.integers(-(10**14), 10**14))
def test_whole_numbers_are_shown_in_full(value):
    assert general(value) == str(value)


def test_a_workbook_by_another_program_is_read_whole():
    saved = io.BytesIO()
    with xlsxwriter.Workbook(saved) as book:
        book.set_properties({"title": "The crew"})
        sheet = book.add_worksheet("Crew")
        table = [["Name", "Since", "Hours"], *([f"Sailor {at}", 1990 + at, at * 10] for at in range(1, 31))]
        for number, row in enumerate(table):
            sheet.write_row(number, 0, row)
    document = load_document("a.xlsx", saved.getvalue())
    assert load_document("a.xlsm", saved.getvalue()).blocks == document.blocks
    assert document.title == "The crew"
    assert [document.text[block.start : block.end] for block in document.blocks[1:]] == [
        f"Name: Sailor {number} | Since: {1990 + number} | Hours: {number * 10}" for number in range(1, 31)
    ]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.csv", "Item,Crowns\nLamp,900\n", [(2, "Item: Lamp | Crowns: 900")]),
        ("a.csv", 'Item;Note\nLamp;"one, two; ""three"""\n', [(2, 'Item: Lamp | Note: one, two; "three"')]),
        ("a.tsv", "Item\tCrowns\nLamp\t900\nPaint\t\n", [(2, "Item: Lamp | Crowns: 900"), (3, "Item: Paint")]),
        ("a.csv", "Item|Crowns\nLamp|1,5\n", [(2, "Item: Lamp | Crowns: 1,5")]),
        ("a.csv", 'Item,Note\n"Lamp","on\ntwo lines"\nTin,x\n', [(2, "Item: Lamp | Note: on two lines"), (3, "Item: Tin | Note: x")]),
        ("a.csv", "1,2\n3,4\n", [(1, "1 | 2"), (2, "3 | 4")]),
        ("a.csv", "'Item','Cost, net'\n'Wheel, large','400'\n", [(2, "Item: Wheel, large | Cost, net: 400")]),
        ("a.tsv", 'Item\tSize\nPipe\t"5\nRod\t20\n', [(2, 'Item: Pipe | Size: "5'), (3, "Item: Rod | Size: 20")]),
        ("a.csv", "Town,2023,,2024,\n,Q1,Q2,Q1,Q2\nElden,1,2,3,4\n",
         [(3, "Town: Elden | 2023 Q1: 1 | 2023 Q2: 2 | 2024 Q1: 3 | 2024 Q2: 4")]),
        ("a.csv", "Town,Rain,,Sun,\n,2023,2024,2023,2024\n,mm,mm,h,h\nElden,310,420,95,88\n",
         [(4, "Town: Elden | Rain 2023 mm: 310 | Rain 2024 mm: 420 | Sun 2023 h: 95 | Sun 2024 h: 88")]),
        ("a.csv", "Town,Rain,Sun\n,mm,h\nElden,310,95\n", [(3, "Town: Elden | Rain mm: 310 | Sun h: 95")]),
        ("a.csv", "Town,Rain,Sun\n,wet,dry\nElden,wet,95\n", [(2, "Rain: wet | Sun: dry"), (3, "Town: Elden | Rain: wet | Sun: 95")]),
        ("a.csv", "Name,,Age\nAnn,Lee,30\n", [(2, "Name: Ann | Lee | Age: 30")]),
        ("a.csv", "sep=;\nItem;Crowns\nLamp;1,5\n", [(3, "Item: Lamp | Crowns: 1,5")]),
        ("a.csv", 'Item, Crowns, Unit\nLamp, "3,000", each\n', [(2, "Item: Lamp | Crowns: 3,000 | Unit: each")]),
        ("a.csv", 'Item,Note,Crowns\nLamp,"a \\"tall\\", red one",4\n', [(2, 'Item: Lamp | Note: a "tall", red one | Crowns: 4')]),
        ("a.csv", 'Item,Path,Crowns\nLamp,"C:\\lamps\\",4\n', [(2, "Item: Lamp | Path: C:\\lamps\\ | Crowns: 4")]),
        ("a.csv", "Town,2019,2020\nElden,300,410\n", [(2, "Town: Elden | 2019: 300 | 2020: 410")]),
        ("a.csv", "Elden,2019,2020\nBorr,2018,2021\n", [(1, "Elden | 2019 | 2020"), (2, "Borr | 2018 | 2021")]),
        ("a.csv", "Only\nwords\nhere\n", [(1, "Only"), (2, "words"), (3, "here")]),
        ("a.csv", "Day,From,To\nMonday,9,12\n\nSunday,,,closed\n", [(2, "Day: Monday | From: 9 | To: 12"), (4, "Sunday | closed")]),
    ],
)  # fmt: skip
def test_rows_of_text_files_are_read_whatever_divides_them(name, text, found):
    document = load_document(name, text.encode())
    assert rows(document) == found


def test_a_table_without_a_title_is_called_by_its_file():
    assert load_document("lists/crew_list.csv", b"Name,Since\nMara,1990").title == "crew list"


@given(st.lists(st.lists(st.text('ab1 "\n', max_size=4), min_size=4, max_size=4), max_size=6), st.sampled_from(",;\t|"))
def test_no_value_of_a_table_is_lost(table, delimiter):
    import csv

    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows([["Head one", "Head two", "Head three", "Head four"], *table])
    try:
        document = load_document("a.csv", written.getvalue().encode())
    except UnreadableFile:
        return
    for value in {" ".join(value.split()) for row in table for value in row}:
        assert value in document.text
