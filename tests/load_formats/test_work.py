"""The work of a parser is linear in its file, for any content. Work is counted, not timed."""

# ruff: noqa: E501 - XML reads best with an element whole on its line

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from contextlib import suppress

import docx
import pptx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from office_files import cells, para, run, xlsx
from office_files import docx as written
from pptx.util import Pt
from test_odf import odf, table
from work import grows_evenly

from qa.errors import UnreadableFile
from qa.reading.documents import load_document
from qa.reading.formats.pdf_order import lines_of
from qa.reading.formats.pdf_runs import Run
from qa.reading.layout import lay_out
from qa.reading.page_lines import Line
from qa.reading.passages import cut_passages


def reading(name: str, make: Callable[[int], str | bytes]) -> Callable[[int], Callable[[], object]]:
    """A function that reads a file of a size and divides it into passages."""

    def prepared(size: int) -> Callable[[], object]:
        content = make(size)
        data = content.encode() if isinstance(content, str) else content

        def read() -> None:
            with suppress(UnreadableFile):
                cut_passages(load_document(name, data))

        return read

    return prepared


# A passage has at most 320 words, which limits the number of short sentences to compare; with long ones a small file is
# enough to measure the growth of the work.
LONG = "The ferry crosses the strait four times a day and carries forty cars"

TEXTS: dict[str, tuple[str, Callable[[int], str]]] = {
    "abbreviations": ("a.txt", lambda n: "A. B. Dr. " * n),
    "initials": ("a.txt", lambda n: "U.S." * n),
    "short paragraphs": ("a.txt", lambda n: "".join(f"Line {i}\n\n" for i in range(n))),
    "footnotes only": ("a.txt", lambda n: "Text[1] stands. Here[2] too.\n\n" + "[1] A note here.\n\n" * n),
    "footnotes under headings": ("a.txt", lambda n: "A Heading\n\n" + "".join(f"* note {i}*\n\n" for i in range(n))),
    "marked notes": ("a.txt", lambda n: "".join(f"Text[{i}] is here.\n\n[{i}] Note.\n\n" for i in range(min(n, 999)))),
    "a deck of one slide": (
        "a.txt",
        lambda n: (
            "Deck\n\n\n\n\n" + "Short line\n" * n * 2 + "\n" + "".join(f"Point {i} of {LONG}\n\n" for i in range(n))
        ),
    ),
    "torn by page breaks": ("a.txt", lambda n: "".join(f"and so {i} it went on and,\n\n" for i in range(n))),
    "one long line": ("a.txt", lambda n: "word " * n),
    "one long word": ("a.txt", lambda n: "w" * n),
    "white space": ("a.txt", lambda n: "# a" + " " * n + "b"),
    "brackets in text": ("a.txt", lambda n: "[" * n),
    "bold words": ("a.txt", lambda n: "**a\\* " * n),
    "brackets": ("a.md", lambda n: "[" * n),
    "comments without an end": ("a.md", lambda n: "a <!-- b " * n),
    "tags without an end": ("a.md", lambda n: "a <b c='d' " * n),
    "footnotes": ("a.md", lambda n: "".join(f"Text[^{i}].\n\n[^{i}]: Note.\n\n" for i in range(n // 4))),
    "front matter in brackets": ("a.md", lambda n: "---\na: " + "[" * n + "\n---\n"),
    "front matter without an end": ("a.md", lambda n: "---\n" + "a: b\n" * n),
    "brackets around words": ("a.md", lambda n: "[[a]" * n),
    "notes in the line": ("a.md", lambda n: "a^[" * n),
    "pictures": ("a.md", lambda n: "![" * n),
    "links": ("a.md", lambda n: "[a](" * n),
    "labels": ("a.md", lambda n: "[a][b" * n),
    "opened emphasis": ("a.md", lambda n: "**a " * n),
    "emphasis within words": ("a.md", lambda n: "a**b" * n),
    "mixed emphasis": ("a.md", lambda n: "*a **b _c " * n),
    "backticks": ("a.md", lambda n: " ".join("`" * i for i in range(1, int((2 * n) ** 0.5)))),
    "entities": ("a.md", lambda n: "&amp;" * n),
    "list items": ("a.md", lambda n: f"- {LONG}.\n" * n),
    "front matter": ("a.md", lambda n: "---\na: x" + " " * n + "y\n---\nText."),
    "front lines": ("a.md", lambda n: "---\n" + f"--- {LONG}.\n" * n),
    "a wide table": ("a.md", lambda n: "|a" * n + "|\n" + "|-" * n + "|\n|b|\n"),
    "rows of a table": ("a.csv", lambda n: "Item,Crowns,Note\n" + "".join(f"Lamp {i},{i},{LONG}\n" for i in range(n))),
    "a quotation mark left open": ("a.csv", lambda n: 'Item,Note\na,"' + "b,c\n" * n),
    "empty rows": ("a.csv", lambda n: "A,B\n1,2\n" + "\n" * n * 9 + "3,4\n"),
    "paragraphs of rich text": ("a.rtf", lambda n: r"{\rtf1 " + rf"{LONG}\par " * n + "}"),
    "groups of rich text": ("a.rtf", lambda n: r"{\rtf1 " + r"{\b a}{\super b}" * n + r"\par}"),
    "notes of rich text": ("a.rtf", lambda n: r"{\rtf1 " + r"a{\footnote b\par}" * n + r"\par}"),
    "rows of rich text": ("a.rtf", lambda n: r"{\rtf1 " + r"\intbl a\cell b\cell\row" * n + "}"),
    "lines of JSON": ("a.jsonl", lambda n: f'{{"title": "T", "text": "{LONG}.", "year": 1}}\n' * n),
    "a message of many parts": (
        "a.eml",
        lambda n: "Content-Type: multipart/mixed; boundary=B\n\n" + f"--B\n\n{LONG}.\n" * n,
    ),
    "messages of a mailbox": ("a.mbox", lambda n: f"From a 2024\nSubject: S\n\n{LONG}.\n\n" * n),
    "attributes": ("a.html", lambda n: "<p " + " ".join(f"a{i}=b" for i in range(n)) + ">hello"),
    "attributes with tags in them": ("a.html", lambda n: "<p " + " ".join(f'a{i}="<b>"' for i in range(n)) + ">hello"),
    "unclosed quotes": ("a.html", lambda n: "<a '<b \"" * n),
    "unclosed comments": ("a.html", lambda n: "<p>x<!--" * n),
    "unclosed scripts": ("a.html", lambda n: "<p>x<script>" + "<script" * n),
    "cells": ("a.html", lambda n: "<table>" + "<tr><td>a<td>b</tr>" * n + "</table>"),
    "tables in tables": ("a.html", lambda n: "<table><tr><td>" * 40 + "word " * n + "</table>"),
    "articles in articles": ("a.html", lambda n: "<article>" * 50 + "<b>b</b>" * n),
    "menus in menus": ("a.html", lambda n: "<div class=nav>" * 50 + "<b>x</b>" * n + "<h1>hi</h1>"),
    "rules of style": ("a.html", lambda n: "<style>" + ".a{display:none}" * n + "</style>" + "<p class=a>x</p>" * n),
    "selectors of many parts": (
        "a.html",
        lambda n: (
            "<style>"
            + "".join(f"div div div div div .a{i}:not(.b) ~ p:nth-child(2n){{display:none}}" for i in range(n))
            + "</style>"
            + "<div>" * 20
            + "<p class=a1>x</p>" * n
        ),
    ),
    "rules of style without an end": ("a.html", lambda n: "<style>" + "a{" * n + "</style><p>x"),
    "raised marks": ("a.html", lambda n: "<p>a<sup>1</sup> b" * n + "<p><sup>1</sup> Note."),
    "notes": (
        "a.html",
        lambda n: "".join(f"<a href=#n{i}>[{i}]</a><p id=n{i}>Note." for i in range(n // 4)),
    ),
    "buttons": ("a.html", lambda n: "<button aria-expanded=false>Who may come?</button><div hidden>x</div>" * (n // 4)),
    "headings": ("a.html", lambda n: "<h1>x</h1>" * n),
    "a heading of a megabyte": ("a.html", lambda n: "<h2>" + "w " * n + "</h2>" + "<p>Hello you there today.</p>" * n),
}


@pytest.mark.parametrize("name", TEXTS)
def test_four_times_the_text_takes_about_four_times_the_work(name: str) -> None:
    file, make = TEXTS[name]
    even, done = grows_evenly(reading(file, make), 250)
    assert even, done


def test_short_lines_take_work_in_proportion() -> None:
    even, done = grows_evenly(reading("a.txt", lambda n: "a\n" * n), 1000)
    assert even, done


def _word(fill: Callable[[docx.document.Document, int], None]) -> Callable[[int], bytes]:
    def make(size: int) -> bytes:
        document = docx.Document()
        fill(document, size)
        saved = io.BytesIO()
        document.save(saved)
        return saved.getvalue()

    return make


def _element(tag: str, *inside: object, **attributes: str) -> object:
    made = OxmlElement(f"w:{tag}")
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), value)
    made.extend(inside)
    return made


def _paragraphs(document: docx.document.Document, size: int) -> None:
    for number in range(size):
        document.add_paragraph(f"Paragraph {number} stands here.")


def _definitions(document: docx.document.Document, size: int) -> None:
    root = document.part.numbering_part.element
    for number in map(str, range(1000, 1000 + size)):
        level = _element("lvl", _element("numFmt", val="decimal"), ilvl="0")
        root.append(_element("abstractNum", level, abstractNumId=number))
    for number in map(str, range(1000, 1000 + size)):
        root.append(_element("num", _element("abstractNumId", val=number), numId=number))
        properties = document.add_paragraph(LONG)._p.get_or_add_pPr()
        properties.append(_element("numPr", _element("ilvl", val="0"), _element("numId", val=number)))


def _styles(document: docx.document.Document, size: int) -> None:
    root = document.styles.element
    for number in range(size):
        root.append(_element("style", _element("name", val=f"style {number}"), type="paragraph", styleId=f"s{number}"))
        properties = document.add_paragraph(LONG)._p.get_or_add_pPr()
        properties.append(_element("pStyle", val=f"s{number}"))


def _rows(document: docx.document.Document, size: int) -> None:
    table = document.add_table(1, 3)
    table.cell(0, 0).text = "cell"
    for _ in range(size):
        table._tbl.append(copy.deepcopy(table._tbl.tr_lst[0]))


def _sections(document: docx.document.Document, size: int) -> None:
    """Sections that all refer to the same header, which has as many paragraphs."""
    header = document.sections[0].header
    header.is_linked_to_previous = False
    for number in range(size):
        header.add_paragraph(f"Header {number}")
    section = document.sections[0]._sectPr
    for _ in range(size):
        document.add_paragraph(LONG)._p.get_or_add_pPr().append(copy.deepcopy(section))


OFFICE: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "rows of a sheet": ("a.xlsx", lambda n: xlsx(cells(["Item", "Crowns"], *([f"Lamp {i}", i] for i in range(n))))),
    "merged cells": (
        "a.xlsx",
        lambda n: xlsx(cells(["A", "B"], *([LONG, i] for i in range(n))) + '<s:mergeCell ref="A1:B1"/>' * n),
    ),
    "raised runs": ("a.docx", lambda n: written(para(*(["14", run("2", '<w:vertAlign w:val="superscript"/>')] * n)))),
    "fields": ("a.docx", lambda n: written(para(*['<w:r><w:fldChar w:fldCharType="begin"/></w:r>'] * n, "text"))),
    "references to notes": ("a.docx", lambda n: written(para(*['<w:r><w:endnoteReference w:id="1"/></w:r>'] * n))),
    "alternates": (
        "a.docx",
        lambda n: written(para("<mc:AlternateContent><mc:Fallback><w:r><w:t>a </w:t></w:r></mc:Fallback></mc:AlternateContent>" * n)),
    ),
    "paragraphs of an open text": ("a.odt", lambda n: odf(f"<text:p>{LONG}.</text:p>" * n)),
    "rows of an open text": ("a.odt", lambda n: odf(table(*[f"<table:table-cell><text:p>{LONG}</text:p></table:table-cell>"] * n))),
    "wide cells of an open sheet": ("a.ods", lambda n: odf(table("<table:table-cell table:number-columns-spanned='2'><text:p>word</text:p></table:table-cell><table:covered-table-cell/>" * n), kind="spreadsheet")),
    "white text on an open slide": ("a.odp", lambda n: odf("<draw:page><draw:text-box>" + "<text:p><text:span text:style-name='Pale'>word</text:span></text:p>" * n + "</draw:text-box></draw:page>", kind="presentation")),
    "open slides": ("a.odp", lambda n: odf(f"<draw:page><draw:text-box><text:p>{LONG}.</text:p></draw:text-box></draw:page>" * n, kind="presentation")),
}  # fmt: skip


@pytest.mark.parametrize("name", OFFICE)
def test_other_office_files_are_read_in_proportion(name: str) -> None:
    file, make = OFFICE[name]
    even, done = grows_evenly(reading(file, make), 250)
    assert even, done


@pytest.mark.parametrize("fill", [_paragraphs, _definitions, _styles, _rows, _sections])
def test_a_word_document_is_read_in_proportion(fill: Callable[[docx.document.Document, int], None]) -> None:
    even, done = grows_evenly(reading("a.docx", _word(fill)), 250 if fill in (_rows, _sections) else 60)
    assert even, done


def _deck(fill: Callable[[pptx.presentation.Presentation, int], None]) -> Callable[[int], bytes]:
    def make(size: int) -> bytes:
        deck = pptx.Presentation()
        fill(deck, size)
        saved = io.BytesIO()
        deck.save(saved)
        return saved.getvalue()

    return make


def _table_rows(deck: pptx.presentation.Presentation, size: int) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    table = slide.shapes.add_table(1, 2, Pt(0), Pt(0), Pt(9), Pt(9)).table
    table.cell(0, 0).text = "cell"
    for _ in range(size):
        table._tbl.append(copy.deepcopy(table._tbl.tr_lst[0]))


def _shapes(deck: pptx.presentation.Presentation, size: int) -> None:
    shapes = deck.slides.add_slide(deck.slide_layouts[5]).shapes
    box = shapes.add_textbox(Pt(0), Pt(0), Pt(9), Pt(9))
    box.text_frame.text = LONG
    for _ in range(size):
        shapes._spTree.append(copy.deepcopy(box._element))


def _repeated_slide(deck: pptx.presentation.Presentation, size: int) -> None:
    """One slide of many shapes, which the presentation lists as many times."""
    _shapes(deck, size)
    listed = deck.slides._sldIdLst
    for _ in range(size):
        listed.append(copy.deepcopy(listed[0]))


def _placeholders(deck: pptx.presentation.Presentation, size: int) -> None:
    """Placeholders without their own position, and a layout of as many."""
    layout = deck.slide_layouts[1]
    model = layout.placeholders[1]._element
    slide = deck.slides.add_slide(layout)
    for number in range(100, 100 + size):
        for tree, source in ((layout.shapes._spTree, model), (slide.shapes._spTree, slide.placeholders[1]._element)):
            twin = copy.deepcopy(source)
            twin.xpath(".//p:ph")[0].set("idx", str(number))
            tree.append(twin)


@pytest.mark.parametrize("fill", [_table_rows, _shapes, _repeated_slide, _placeholders])
def test_a_deck_is_read_in_proportion(fill: Callable[[pptx.presentation.Presentation, int], None]) -> None:
    even, done = grows_evenly(reading("a.pptx", _deck(fill)), 60 if fill in (_shapes, _repeated_slide) else 250)
    assert even, done


def _line(text: str, number: int, *, page: int = 1, size: float = 10, left: float = 0) -> Line:
    return Line(text, page, size, bold=False, left=left, right=400, y=800 - 12 * number)


PAGES: dict[str, Callable[[int], list[list[Line]]]] = {
    "one paragraph": lambda n: [[_line(f"and line {i} goes on to the", i) for i in range(n)]],
    "full stops": lambda n: [[_line(f"Line {i} stops.", i) for i in range(n)]],
    "broken words": lambda n: [[_line("word-", i) for i in range(n)]],
    "a long word": lambda n: [[_line("w" * n, 0)], [_line("x", 0)]],
    "headings of every size": lambda n: [[_line(f"Heading {i}", 3 * i, size=20 + i / 10) for i in range(n)]],
    "one sentence over all pages": lambda n: [[_line(f"on and on {i} and", 0, page=i + 1)] for i in range(n)],
}


@pytest.mark.parametrize("name", PAGES)
def test_lines_of_a_page_are_laid_out_in_proportion(name: str) -> None:
    def prepared(size: int) -> Callable[[], object]:
        pages = PAGES[name](size)
        return lambda: lay_out(pages)

    even, done = grows_evenly(prepared, 250)
    assert even, done


def _run(text: str, x: float, row: float, *, size: float = 10, rtl: bool = False) -> Run:
    return Run(text, x, x + 5 * len(text), 50_000 - 12 * row, size, bold=False, angle=0, gap=" ", rtl=rtl)


RUNS: dict[str, Callable[[int], list[Run]]] = {
    "two rows of words": lambda n: [_run("abc", 60 * i, row) for row in range(2) for i in range(n // 2)],
    "rows of words": lambda n: [_run("abc", 60 * i, row) for row in range(10) for i in range(n // 10)],
    "two columns": lambda n: [_run("some words here and there", 300 * (i % 2), i // 2) for i in range(n)],
    "many parts in two columns": lambda n: [
        _run("some words here and there", 300 * (i % 2), i // 2 + i // 16) for i in range(n)
    ],
    "a staircase": lambda n: [_run("word word word word", 30 * i + 200 * (i % 2), i // 2) for i in range(n)],
    "one row in both directions": lambda n: [
        _run("שלום" if i % 2 else "and", 60 * i, 0, rtl=bool(i % 2)) for i in range(n)
    ],
    "marks": lambda n: [_run("1", 6 * i, i % 2 / 4, size=10 - 4 * (i % 2)) for i in range(n)],
}


@pytest.mark.parametrize("name", RUNS)
def test_runs_of_a_pdf_page_are_read_in_proportion(name: str) -> None:
    def prepared(size: int) -> Callable[[], object]:
        runs = RUNS[name](size)
        return lambda: lines_of(runs, 1)

    even, done = grows_evenly(prepared, 400)
    assert even, done


@pytest.mark.parametrize("tag", ["p", "script", "style", "textarea"])
def test_a_page_with_one_text_of_more_than_ten_megabytes_is_read(tag: str) -> None:
    inside = "large text " * 1_000_000
    document = load_document("saved.html", f"<h1>Saved</h1><{tag}>{inside}</{tag}><p>The end.".encode())
    assert document.text.endswith("The end.")
    assert ("large text large" in document.text) is (tag == "p")


@pytest.mark.parametrize("depth", [300, 3_000, 100_000])
def test_a_page_nested_too_deeply_is_refused_for_that(depth: int) -> None:
    with pytest.raises(UnreadableFile, match="nested too deeply"):
        load_document("deep.html", b"<div>" * depth + b"text")


def test_attributes_beyond_the_first_hundreds_are_left_out_and_the_text_stays() -> None:
    attributes = " ".join(f'a{number}="x > y"' for number in range(10_000))
    document = load_document("many.html", f"<p {attributes}>Text here.</p><p>And more.".encode())
    assert document.text == "Text here.\n\nAnd more."


def test_the_text_of_tables_in_tables_stands_once() -> None:
    page = b"<table><tr><td>outer<table><tr><td>one<td>two</table>after<tr><td>last</table>"
    text = load_document("tables.html", page).text
    assert [text.count(word) for word in ("outer", "one", "two", "after", "last")] == [1] * 5


def test_a_title_and_headings_of_any_length_do_not_go_whole_with_every_passage() -> None:
    page = f"<h1>{'long ' * 5000}</h1><h2>{'wide ' * 5000}</h2>" + "<p>A sentence that says something.</p>" * 99
    document = load_document("long.html", page.encode())
    assert len(document.title) <= 301
    assert max(len(heading) for passage in cut_passages(document) for heading in passage.headings) <= 300
