"""Tables in quotes: cells under the heads of their columns, in any place, and marks on whole cells."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from qa.answering.quoted_tables import cells_of, in_cells, tables_in
from qa.cli.table_text import quote_lines
from qa.cli.terminal import Terminal
from qa.reading.documents import load_document
from qa.records import Citation, Document, Quote, QuotedTable, Span

PAGE = (
    b"<p>Fares of the ferry.</p><table><tr><th>Item<th>Crowns<tr><td>Car<td>12<tr><td>Dog<td>2</table><p>No cats.</p>"
)
WORD = st.text(st.characters(categories=["L", "N"]), max_size=5)


def found(document: Document, words: str) -> tuple[str, tuple[QuotedTable, ...]]:
    """The quote with these words of a document, and its tables."""
    start = document.text.index(words)
    return words, tables_in(words, start, document.source, lambda: document)


def shown(text: str, table: QuotedTable) -> list[list[str]]:
    return [[text[cell.start : cell.end] if cell else "" for cell in row] for row in table.rows]


def quote_of(text: str, tables: tuple[QuotedTable, ...], *marks: Span) -> Quote:
    where = Citation("a", "A", None, None, None, "a.html", None, 0, len(text), "/documents/a")
    return Quote(1, 1.0, text, (), in_cells(marks, tables), where, tables=tables)


def test_a_row_has_its_heads_though_they_stand_outside_the_quote():
    document = load_document("a.html", PAGE)
    text, (table,) = found(document, "Dog | 2\n\nNo cats.")
    assert (table.heads, shown(text, table)) == (("Item", "Crowns"), [["Dog", "2"]])
    assert text[table.start : table.end] == "Dog | 2"


def test_heads_in_the_quote_are_no_row():
    document = load_document("a.html", PAGE)
    text, (table,) = found(document, "Fares of the ferry.\n\nItem | Crowns\nCar | 12\nDog | 2")
    assert (table.heads, shown(text, table)) == (("Item", "Crowns"), [["Car", "12"], ["Dog", "2"]])


def test_words_above_words_are_heads_only_where_the_file_says_so():
    said = load_document("a.html", b"<table><tr><th>Name<th>Trade<tr><td>Mara<td>Smith</table>")
    unsaid = load_document("a.html", b"<table><tr><td>Name<td>Trade<tr><td>Mara<td>Smith</table>")
    assert found(said, said.text)[1][0].heads == ("Name", "Trade")
    assert found(unsaid, unsaid.text)[1][0].heads == ()


def test_rows_of_a_sheet_name_their_heads_and_missing_cells_are_none():
    document = load_document("a.csv", b"Item,Crowns,Note\nLamp,900,see: back\nRope,,short\n")
    text, (table,) = found(document, document.text)
    assert table.heads == ("Item", "Crowns", "Note")
    assert shown(text, table) == [["Lamp", "900", "see: back"], ["Rope", "", "short"]]
    assert table.rows[1][1] is None


def test_rows_of_a_sheet_without_heads_stand_alone():
    document = load_document("a.csv", b"Lamp,900\nRope,30\n")
    text, (table,) = found(document, document.text)
    assert (table.heads, shown(text, table)) == ((), [["Lamp", "900"], ["Rope", "30"]])


def test_bars_that_divide_no_table_stay_text():
    document = load_document("a.txt", b"Either this | or that is a pattern.")
    assert found(document, document.text)[1] == ()


def test_marks_within_a_table_are_the_cells_that_they_touch():
    document = load_document("a.html", PAGE)
    text, tables = found(document, "Fares of the ferry.\n\nItem | Crowns\nCar | 12\nDog | 2")
    start = text.index("ferry")
    marks = in_cells([Span(start, text.index("2\nDog"))], tables)
    assert [text[mark.start : mark.end] for mark in marks] == ["ferry.\n\n", "Car", "12"]
    assert in_cells([Span(0, 5)], ()) == (Span(0, 5),)


@given(st.lists(WORD, min_size=1, max_size=6), WORD)
def test_cells_are_what_was_joined(cells, before):
    row = " | ".join(cells).strip()
    if not row or not any(cells):
        return
    text = f"{before}\n{row}\n"
    start = len(before) + 1
    spans = cells_of(text, start, start + len(row))
    assert [text[span.start : span.end] for span in spans] == cells
    assert all(one.end <= other.start for one, other in pairwise(spans))


def test_a_terminal_shows_columns_under_their_heads_with_cells_marked():
    text, tables = found(load_document("a.html", PAGE), "Car | 12\nDog | 2\n\nNo cats.")
    quote = quote_of(text, tables, Span(text.index("Dog"), text.index("Dog") + 7))
    assert list(quote_lines(quote, Terminal(), "| ")) == [
        "| Item  Crowns",
        "| ----  ------",
        "| Car   12",
        "| Dog   2",
        "  ^^^   ^".replace("  ^", "| ^", 1),
        "| No cats.",
    ]


def test_a_table_that_is_too_wide_has_a_line_for_each_cell():
    long = b"Item,Crowns,Note\nLamp,900," + b"very " * 30 + b"bright\nRope,30,short\n"
    document = load_document("a.csv", long)
    text, tables = found(document, document.text)
    lines = list(quote_lines(quote_of(text, tables), Terminal(columns=60), "| "))
    assert lines[:3] == ["| Item: Lamp", "| Crowns: 900", "| Note: very very very very very very very very very very"]
    assert lines[-4:] == ["|", "| Item: Rope", "| Crowns: 30", "| Note: short"]
    assert replace(quote_of(text, tables)).text == document.text
