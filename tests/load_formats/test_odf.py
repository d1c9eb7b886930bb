"""OpenDocument: all visible text is read, each part once and separately; slides and rows keep their numbers."""

# ruff: noqa: E501 - XML reads best with an element whole on its line

from __future__ import annotations

import io
import zipfile

import pytest

from qa.errors import UnreadableFile
from qa.reading.documents import load_document
from qa.records import BlockKind, Document

_NAMES = "office style text table drawing presentation chart"
_SPACES = (
    " ".join(
        f'xmlns:{name.replace("drawing", "draw")}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in _NAMES.split()
    )
    + ' xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"'
)
STYLES = (
    '<style:style style:name="Up" style:family="text"><style:text-properties style:text-position="super 58%"/></style:style>'
    '<style:style style:name="Down" style:family="text"><style:text-properties style:text-position="-33% 58%"/></style:style>'
    '<style:style style:name="Mark" style:family="text" style:parent-style-name="Up"/>'
    '<style:style style:name="Pale" style:family="text"><style:text-properties fo:color="#ffffff"/></style:style>'
    '<style:style style:name="Dark" style:family="text"><style:text-properties fo:color="#ffffff" fo:background-color="#000000"/></style:style>'
    '<style:style style:name="Pale line" style:family="paragraph"><style:text-properties fo:color="#ffffff"/></style:style>'
    '<style:style style:name="Ink" style:family="text"><style:text-properties fo:color="#000000"/></style:style>'
    '<style:style style:name="Blue cell" style:family="table-cell"><style:table-cell-properties fo:background-color="#000080"/></style:style>'
    '<style:style style:name="White cell" style:family="table-cell"><style:table-cell-properties fo:background-color="#ffffff"/></style:style>'
    '<style:style style:name="Pale cell" style:family="table-cell"><style:text-properties fo:color="#ffffff"/></style:style>'
    '<style:style style:name="Ruled cell" style:family="table-cell" style:parent-style-name="Pale cell"><style:map style:condition="cell-content()&gt;1"/></style:style>'
    '<style:style style:name="Blue shape" style:family="graphic"><style:graphic-properties draw:fill="solid" draw:fill-color="#000080"/></style:style>'
    '<style:style style:name="White shape" style:family="graphic"><style:graphic-properties draw:fill="solid" draw:fill-color="#ffffff"/></style:style>'
    '<style:style style:name="Dark page" style:family="drawing-page"><style:drawing-page-properties draw:fill="gradient"/></style:style>'
    '<style:style style:name="Old" style:family="text"><style:text-properties style:text-line-through-style="solid"/>'
    '</style:style><style:style style:name="Old line" style:family="paragraph" style:parent-style-name="Old"/>'
    '<style:style style:name="Bold" style:family="text"><style:text-properties fo:font-weight="bold"/></style:style>'
    '<style:style style:name="Sly" style:family="text"><style:text-properties text:display="none"/></style:style>'
    '<style:style style:name="Off" style:family="drawing-page"><style:drawing-page-properties presentation:visibility="hidden"/></style:style>'
    '<style:style style:name="Gone" style:family="table"><style:table-properties table:display="false"/></style:style>'
    '<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>'
    '<text:list-level-style-number text:level="2" style:num-format="1" text:display-levels="2"/>'
    '<text:list-level-style-number text:level="3" style:num-format="a" style:num-prefix="(" style:num-suffix=")"/></text:list-style>'
    '<text:list-style style:name="B"><text:list-level-style-bullet text:level="1"/></text:list-style>'
)


def odf(body: str, *, kind: str = "text", **parts: str) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as written:
        content = f"<office:automatic-styles>{STYLES}</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}></office:body>"
        written.writestr("content.xml", f"<office:document-content {_SPACES}>{content}</office:document-content>")
        for name, inside in parts.items():
            written.writestr(name, f"<office:part {_SPACES}>{inside}</office:part>")
    return memory.getvalue()


def read(body: str, *, suffix: str = "odt", **more) -> Document:
    kinds = {"odt": "text", "odp": "presentation", "ods": "spreadsheet"}
    return load_document(f"a.{suffix}", odf(body, kind=kinds[suffix], **more))


def lines(body: str, **more) -> list[str]:
    return [line for line in read(body, **more).text.split("\n") if line]


def p(inside: str) -> str:
    return f"<text:p>{inside}</text:p>"


def cell(inside: str, more: str = "") -> str:
    return f"<table:table-cell {more}>{inside if inside.startswith('<') else p(inside)}</table:table-cell>"


def table(*rows: str) -> str:
    return f"<table:table>{''.join(f'<table:table-row>{row}</table:table-row>' for row in rows)}</table:table>"


NOTE = "<text:note><text:note-citation>2</text:note-citation><text:note-body><text:p>Two are planned.</text:p></text:note-body></text:note>"
BOX = "<draw:frame><draw:text-box><text:p>Keep cold</text:p></draw:text-box></draw:frame>"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (p("One<text:s text:c='3'/>two<text:tab/>three<text:line-break/>four"), ["One two three", "four"]),
        (p("at 14<text:span text:style-name='Up'>2</text:span> sites, CO<text:span text:style-name='Down'>2</text:span>"), ["at 14^2 sites, CO₂"]),
        (p("Seen <text:span text:style-name='Sly'>not seen</text:span>here<text:hidden-text>no</text:hidden-text>"), ["Seen here"]),
        (p("Seen<text:placeholder text:placeholder-type='text'>&lt;Name&gt;</text:placeholder> here"), ["Seen here"]),
        (p("at 14<text:span text:style-name='Mark'>2</text:span> sites"), ["at 14^2 sites"]),
        (p("Seen <text:span text:style-name='Pale'>not seen</text:span><text:span text:style-name='Dark'>here</text:span>"), ["Seen here"]),
        (p("<text:hidden-paragraph text:condition='x' text:is-hidden='true'/>Hidden.") + p("Seen."), ["Seen."]),
        ("<text:section text:display='condition' text:is-hidden='true'>" + p("Hidden.") + "</text:section>" + p("Seen."), ["Seen."]),
        (p("in <text:ruby><text:ruby-base>東京</text:ruby-base><text:ruby-text>とうきょう</text:ruby-text></text:ruby>"), ["in 東京(とうきょう)"]),
        (table(cell("A"), cell("B")).replace("row><table:table-row>", "row><table:table-row table:visibility='collapse'>"), ["A"]),
        (table(cell("A") + cell("B") + cell("C")).replace("<table:table-row>", "<table:table-column/><table:table-column table:visibility='collapse'/><table:table-row>", 1), ["A | C"]),
        (p("It covers 14" + NOTE + " sites"), ["It covers 14[2] sites", "[2] Two are planned."]),
        (p("Mixing " + BOX + "paint"), ["Mixing paint", "Keep cold"]),
        ("<text:tracked-changes><text:deletion><text:p>old</text:p></text:deletion></text:tracked-changes>" + p("new<office:annotation><text:p>Why?</text:p></office:annotation>"), ["new"]),
        (p("<text:a>A link</text:a> and <text:date>5 May</text:date>"), ["A link and 5 May"]),
        ("<text:section>" + p("Inside.") + "</text:section><text:section text:display='none'>" + p("Hidden.") + "</text:section>", ["Inside."]),
        (table(cell("A") + cell("B"), cell("1", 'table:number-rows-spanned="2"') + cell("2"), "<table:covered-table-cell/>" + cell("3")), ["A | B", "1 | 2", " | 3"]),
        (table(cell("Prices") + cell(table(cell("Entry") + cell("8")) + p("in euros")), cell("Hours") + cell("9 to 5")), ["Prices | in euros", "Entry | 8", "Hours | 9 to 5"]),
    ],
)  # fmt: skip
def test_what_a_text_shows_is_read_once(body, shown):
    assert lines(body) == shown


PALE = p("<text:span text:style-name='Pale'>pale</text:span>")


@pytest.mark.parametrize(
    ("body", "more", "shown"),
    [
        (PALE + p("x"), {}, "x"),
        ("<text:p text:style-name='Pale line'>pale <text:span text:style-name='Ink'>ink</text:span> end</text:p>", {}, "ink"),
        (table(cell(PALE, "table:style-name='Blue cell'") + cell("x")), {}, "pale | x"),
        (table(cell(PALE, "table:style-name='White cell'") + cell("x")), {}, " | x"),
        (f"<draw:custom-shape draw:style-name='Blue shape'>{PALE}</draw:custom-shape>" + p("x"), {}, "pale x"),
        (f"<draw:custom-shape draw:style-name='White shape'>{PALE}</draw:custom-shape>" + p("x"), {}, "x"),
        (f"<draw:page><draw:frame><draw:text-box>{PALE}{p('x')}</draw:text-box></draw:frame></draw:page>", {"suffix": "odp"}, "x"),
        (f"<draw:page draw:style-name='Dark page'><draw:frame><draw:text-box>{PALE}{p('x')}</draw:text-box></draw:frame></draw:page>", {"suffix": "odp"}, "pale x"),
        (f"<draw:page draw:master-page-name='M'><draw:frame><draw:text-box>{PALE}{p('x')}</draw:text-box></draw:frame></draw:page>", {"suffix": "odp", "styles.xml": "<style:master-page style:name='M' draw:style-name='Dark page'/>"}, "pale x"),
        (f"<draw:page><draw:frame><draw:image/></draw:frame><draw:frame><draw:text-box>{PALE}{p('x')}</draw:text-box></draw:frame></draw:page>", {"suffix": "odp"}, "pale x"),
        (table(cell("x") + cell("pale", "table:style-name='Pale cell'") + cell("y")), {"suffix": "ods"}, "x | y"),
        (table(cell("x") + cell("pale", "table:style-name='Ruled cell'") + cell("y")), {"suffix": "ods"}, "x | pale | y"),
        (table(cell("x") + cell("pale") + cell("y")).replace("<table:table>", "<table:table><table:table-column/><table:table-column table:default-cell-style-name='Pale cell'/>"), {"suffix": "ods"}, "x | y"),
    ],
)  # fmt: skip
def test_white_text_is_left_out_where_nothing_around_it_has_a_background(body, more, shown):
    document = read(body, **more)
    assert " ".join(document.text.split()) == shown.strip()
    assert [each for each in document.left_out if "white" in each] != [] if "pale" not in shown else True


MATH = "<math xmlns='http://www.w3.org/1998/Math/MathML'><semantics><mfrac><mi>a</mi><mi>b</mi></mfrac><annotation>{a}</annotation></semantics></math>"
CHART = (
    "<chart:chart><chart:title>" + p("Rain") + "</chart:title>"
    + table(cell("") + cell("Mill"), cell("May") + cell("12"), cell("June") + cell("9")) + "</chart:chart>"
)  # fmt: skip


@pytest.mark.parametrize(
    ("inside", "shown"),
    [
        (p("The fee is <text:span text:style-name='Old'>$25 </text:span>$30."), "The fee is $30."),
        ("<text:p text:style-name='Old line'>Closed on Mondays.</text:p>" + p("Open."), "Open."),
    ],
)
def test_struck_out_text_is_left_out_and_told(inside, shown):
    document = read(inside)
    assert (document.text, document.left_out) == (shown, ("1 piece of struck-out text",))


def test_formulas_are_text_in_their_line_and_charts_are_rows():
    def held(name: str) -> str:
        return f"<draw:frame><draw:object xlink:href='./{name}'/><draw:image/></draw:frame>"

    parts = {"Object 1/content.xml": MATH, "Object 2/content.xml": CHART, "Object 3/content.xml": "<office:other/>"}
    inline = f"<draw:frame><draw:object>{MATH}</draw:object></draw:frame>"
    body = (
        p(f"The share {held('Object 1')} holds, and {inline}.")
        + p(held("Object 2/"))
        + p(held("Object 3"))
        + p(held("gone"))
    )
    document = read(body, **parts)
    assert [line for line in document.text.split("\n") if line] == [
        "The share a/b holds, and a/b .", "Rain", "| Mill", "May | 12", "June | 9",
    ]  # fmt: skip
    assert document.left_out == ("2 embedded files",)
    boxed = read(p(f"<draw:frame><draw:text-box>{p('Boxed ' + inline)}</draw:text-box></draw:frame>"))
    assert boxed.text == "Boxed a/b"
    sheet = read(
        table(cell("x") + cell("y")).replace(
            "</table:table>", f"<table:shapes>{held('Object 2')}</table:shapes></table:table>"
        ),
        suffix="ods",
        **parts,
    )
    assert "May | 12" in sheet.text


def test_heads_that_span_columns_of_a_workbook_precede_those_below_them():
    sheet = table(
        cell("Town")
        + cell("North", 'table:number-columns-spanned="2"')
        + "<table:covered-table-cell/>"
        + cell("South", 'table:number-columns-spanned="2"'),
        cell("") + cell("Men") + cell("Women") + cell("Men") + cell("Women"),
        cell("Elden") + "".join(cell(str(each), 'office:value-type="float"') for each in (1, 2, 3, 4)),
    )
    assert lines(sheet, suffix="ods") == ["Town: Elden | North Men: 1 | North Women: 2 | South Men: 3 | South Women: 4"]


def test_lists_have_the_numbers_that_are_shown():
    def items(*inside: str) -> str:
        return "".join(f"<text:list-item>{each}</text:list-item>" for each in inside)

    deep = f"<text:list>{items(p('b') + '<text:list>' + items(p('c'), p('d')) + '</text:list>', p('e'))}</text:list>"
    body = f"<text:list text:style-name='L'>{items(p('a') + deep, p('f'))}</text:list><text:list text:style-name='B'>{items(p('g'))}</text:list>"
    more = f"<text:list text:style-name='L' text:continue-numbering='true'>{items(p('h'))}</text:list><text:list text:style-name='L'>{items(p('i'))}</text:list>"
    assert lines(body + more) == ["1. a", "1.1 b", "(a) c", "(b) d", "1.2 e", "2. f", "- g", "3. h", "1. i"]


def test_headings_have_the_numbers_of_their_outline():
    forms = '<text:outline-level-style text:level="1" style:num-format="1" style:num-suffix="."/><text:outline-level-style text:level="2" style:num-format="1" text:display-levels="2"/>'
    heads = "".join(
        f"<text:h text:outline-level='{level}'>{name}</text:h>"
        for level, name in ((1, "a"), (2, "b"), (1, "c"), (2, "d"), (2, "e"))
    )
    styles = f'<office:styles><text:outline-style style:name="Outline">{forms}</text:outline-style></office:styles>'
    assert lines(heads + p("x"), **{"styles.xml": styles}) == ["1. a", "1.1 b", "2. c", "2.1 d", "2.2 e", "x"]


def test_headings_running_lines_and_what_has_no_words():
    picture = "<draw:frame><draw:image/><svg:desc xmlns:svg='urn:x'>A quay</svg:desc></draw:frame>"
    body = "<text:h text:outline-level='1'>Harbour</text:h><text:h text:outline-level='2'>Depth</text:h>" + p(
        "Nine metres." + picture
    )
    head = "<style:header>" + p("Port office") + "</style:header>"
    masters = f"<office:master-styles><style:master-page>{head}</style:master-page><style:master-page>{head}</style:master-page></office:master-styles>"
    document = read(body, **{"styles.xml": masters, "Basic/Standard/x.xml": ""})
    assert [(block.kind.value, block.level, document.text[block.start : block.end]) for block in document.blocks] == [
        ("title", 1, "Harbour"), ("heading", 3, "Depth"), ("paragraph", 0, "Nine metres."), ("paragraph", 0, "A quay"),
        ("boilerplate", 0, "Port office"),
    ]  # fmt: skip
    assert document.left_out == ("1 picture", "1 macro")


def test_slides_keep_their_numbers_and_hidden_ones_and_prompts_are_left_out():
    def slide(title: str, more: str = "", style: str = "") -> str:
        shape = f"<draw:frame presentation:class='title'><draw:text-box>{p(title)}</draw:text-box></draw:frame>"
        return f"<draw:page draw:style-name='{style}'>{more}{shape}</draw:page>"

    prompt = (
        "<draw:frame presentation:class='outline' presentation:placeholder='true'><draw:text-box>"
        + p("Click")
        + "</draw:text-box></draw:frame>"
    )
    date = "<draw:frame presentation:class='date-time'><draw:text-box>" + p("5 May") + "</draw:text-box></draw:frame>"
    notes = f"<presentation:notes><draw:frame presentation:class='notes'><draw:text-box>{p('Say hello.')}</draw:text-box></draw:frame></presentation:notes>"
    body = slide("One", BOX + prompt + date + notes) + slide("Draft", style="Off") + slide("Three")
    document = read(body, suffix="odp")
    assert [(block.slide, block.kind, document.text[block.start : block.end]) for block in document.blocks] == [
        (1, BlockKind.TITLE, "One"), (1, BlockKind.LIST_ITEM, "Keep cold"), (1, BlockKind.PARAGRAPH, "Say hello."),
        (3, BlockKind.HEADING, "Three"),
    ]  # fmt: skip
    assert document.left_out == ("hidden: slide 2",)


def test_rows_of_a_workbook_name_their_heads_and_numbers_are_as_shown():
    def row(*cells: str, more: str = "") -> str:
        return f"<table:table-row {more}>{''.join(cells)}</table:table-row>"

    heads = row(cell("Item"), cell("Crowns"), cell("Secret"), cell("Note"))
    lamp = row(
        cell("Lamp"),
        cell("1,900.00", 'office:value-type="float" office:value="1900"'),
        cell("x"),
        cell("", 'table:number-columns-repeated="1000"'),
    )
    columns = '<table:table-column table:number-columns-repeated="2"/><table:table-column table:visibility="collapse"/>'
    hidden = row(cell("Tin"), more='table:visibility="collapse"')
    last = row(cell("Paint"), cell("7", 'office:value-type="float"'), more='table:number-rows-repeated="2"')
    empty = row(cell(""), more='table:number-rows-repeated="1000000"')
    sheets = f"<table:table table:name='Prices'>{columns}{heads}{lamp}{hidden}{last}{empty}</table:table><table:table table:style-name='Gone'/>"
    document = read(sheets, suffix="ods")
    assert [(block.page, document.text[block.start : block.end]) for block in document.blocks] == [
        (None, "Prices"), (2, "Item: Lamp | Crowns: 1,900.00"), (4, "Item: Paint | Crowns: 7"), (5, "Item: Paint | Crowns: 7"),
    ]  # fmt: skip
    assert document.left_out == ("1 hidden sheet", "1 hidden column", "1 hidden row")


def test_comments_and_struck_out_cells_of_a_workbook_are_left_out_and_told():
    note = f"<office:annotation>{p('Check this.')}</office:annotation>{p('Lamp')}"
    old = cell("old", "table:style-name='Old'")
    row = f"<table:table-row>{cell(note)}{old}{cell('7')}</table:table-row>"
    document = read(f"<table:table table:name='Prices'>{row}</table:table>", suffix="ods")
    assert document.text.endswith("Lamp | 7")
    assert document.left_out == ("1 comment", "1 piece of struck-out text")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (odf(""), "holds no text"),
        (odf(p("x"), **{"META-INF/manifest.xml": "<encryption-data/>"}), "is encrypted"),
        (odf("<text:p>", **{"META-INF/manifest.xml": "<encryption-data/>"}), "is encrypted"),
        (odf(p("x")).replace(b"content.xml", b"contemt.xml"), "is not an OpenDocument"),
        (odf("<text:p>"), "is broken"),
    ],
)
def test_what_is_no_open_document_is_told(data, reason):
    with pytest.raises(UnreadableFile, match=reason):
        load_document("a.odt", data)


def test_a_paragraph_in_bold_type_above_running_text_is_a_heading() -> None:
    text = p("The tenant pays the rent on the first day of each month.")
    bold = "<text:span text:style-name='Bold'>Rent</text:span>"
    document = read(
        p(bold) + text + p(bold + " and notice") + text + "<text:p text:style-name='Bold'>Notice</text:p>" + text
    )
    headings = [
        document.text[block.start : block.end] for block in document.blocks if block.kind is not BlockKind.PARAGRAPH
    ]
    assert headings == ["Rent", "Notice"]
