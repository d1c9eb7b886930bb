"""DOCX: all text that Word shows is read, each part once and separately, and nothing else."""

# ruff: noqa: E501, ISC004 - XML reads best with an element whole on its line

from __future__ import annotations

import pytest
from office_files import docx, element, para, run, table

from qa.errors import UnreadableFile
from qa.reading.documents import load_document
from qa.reading.passages import cut_passages
from qa.records import BlockKind, Document

RAISED = '<w:vertAlign w:val="superscript"/>'


def read(body: str, parts: dict[str, str] | None = None, **more) -> Document:
    return load_document("a.docx", docx(body, parts, **more))


def lines(body: str, parts: dict[str, str] | None = None, **more) -> list[str]:
    return [line for line in read(body, parts, **more).text.split("\n") if line]


def control(inside: str, properties: str = "") -> str:
    return f"<w:sdt><w:sdtPr>{properties}</w:sdtPr><w:sdtContent>{inside}</w:sdtContent></w:sdt>"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (control(para("In a block.")), ["In a block."]),
        (control(control(para("Nested."))), ["Nested."]),
        (para("Rent: ", control(run("870 euros")), " a month."), ["Rent: 870 euros a month."]),
        (control(table(["Deposit", "1,740"])), ["Deposit | 1,740"]),
        (f"<w:tbl>{control('<w:tr><w:tc>' + para('Row') + '</w:tc><w:tc>' + para('2') + '</w:tc></w:tr>')}</w:tbl>", ["Row | 2"]),
        (f"<w:tbl><w:tr><w:tc>{para('A')}</w:tc>{control('<w:tc>' + para('B') + '</w:tc>')}</w:tr></w:tbl>", ["A | B"]),
        (table(["A", control(para("In a cell"))]), ["A | In a cell"]),
        (para("Name: ", control(run("Click to enter text"), "<w:showingPlcHdr/>"), "."), ["Name: ."]),
        (para("Town: ", control(run("Elden"), '<w:showingPlcHdr w:val="0"/>')), ["Town: Elden"]),
    ],
)  # fmt: skip
def test_content_controls_hold_text_wherever_they_stand(body, shown):
    assert lines(body + para("End.")) == [*shown, "End."]


def box(text: str) -> str:
    return f"<w:txbxContent>{para(text)}</w:txbxContent>"


DRAWN = "<w:drawing><wp:anchor><a:graphic><a:graphicData><wps:wsp><wps:txbx>{}</wps:txbx></wps:wsp></a:graphicData></a:graphic></wp:anchor></w:drawing>"
OLD = "<w:pict><v:shape><v:textbox>{}</v:textbox></v:shape></w:pict>"


@pytest.mark.parametrize(
    "boxed",
    [
        DRAWN.format(box("Keep cold")),
        OLD.format(box("Keep cold")),
        f"<mc:AlternateContent><mc:Choice Requires='wps'>{DRAWN.format(box('Keep cold'))}</mc:Choice>"
        f"<mc:Fallback>{OLD.format(box('Keep cold'))}</mc:Fallback></mc:AlternateContent>",
        "<mc:AlternateContent><mc:Choice Requires='other'><w:t>Of another program</w:t></mc:Choice>"
        f"<mc:Fallback>{OLD.format(box('Keep cold'))}</mc:Fallback></mc:AlternateContent>",
    ],
)
def test_a_text_box_is_a_text_of_its_own_and_stands_once(boxed):
    body = para("Mixing ", f"<w:r>{boxed}</w:r>", "the paint") + table(["Tin", para("one", f"<w:r>{boxed}</w:r>")])
    assert lines(body) == ["Mixing the paint", "Keep cold", "Tin | one", "Keep cold"]


def test_a_hidden_box_is_no_text_and_pictures_are_told_with_what_is_said_of_them():
    picture = (
        "<w:r><w:drawing><wp:inline><wp:docPr {}/><a:graphic><a:graphicData><pic:pic/></a:graphicData></a:graphic>"
        "</wp:inline></w:drawing></w:r>"
    )
    hidden = DRAWN.replace("<wp:anchor>", "<wp:anchor><wp:docPr hidden='1'/>")
    document = read(
        para("A lock.", picture.format("descr='The upper gate, half open'"))
        + para("B.", picture.format("descr='image7.png'"), f"<w:r>{hidden.format(box('Not here'))}</w:r>")
        + para("C.", "<w:r><w:object><o:OLEObject ProgID='Equation.3'/></w:object></w:r>")
        + "<w:altChunk r:id='x'/>"
    )
    assert document.text.split("\n\n") == ["A lock.", "The upper gate, half open", "B.", "C."]
    assert document.left_out == ("2 pictures", "1 formula", "1 embedded document")


NOTES = {
    "footnotes.xml": element(
        "w:footnotes",
        f'<w:footnote w:type="separator" w:id="0">{para("---")}</w:footnote>'
        f'<w:footnote w:id="5">{para("Two more are planned.")}{para("In June.")}</w:footnote>'
        f'<w:footnote w:id="7">{para("Said in private.")}</w:footnote>'
        f'<w:footnote w:id="9">{para("* By weight.")}</w:footnote>'
        f'<w:footnote w:id="11">{para("Of a deleted text.")}</w:footnote>',
    ),
    "endnotes.xml": element("w:endnotes", f'<w:endnote w:id="1">{para("Town archive, box 9.")}</w:endnote>'),
}


def test_notes_are_numbered_as_shown_and_linked_to_what_they_belong_to():
    document = read(
        para("It covers 14", f'<w:r><w:rPr>{RAISED}</w:rPr><w:footnoteReference w:id="7"/></w:r>', " sites")
        + para("In 1883", '<w:r><w:endnoteReference w:id="1"/></w:r>', " and 60", '<w:r><w:footnoteReference w:id="5"/></w:r>')
        + para("Salt", f'<w:r><w:rPr>{RAISED}</w:rPr><w:footnoteReference w:id="9" w:customMarkFollows="1"/><w:t>*</w:t></w:r>')
        + '<w:p><w:del><w:r><w:footnoteReference w:id="11"/></w:r></w:del></w:p>',
        NOTES,
    )  # fmt: skip
    assert [document.text[block.start : block.end] for block in document.blocks] == [
        "It covers 14[1] sites", "In 1883[i] and 60[2]", "Salt*", "[1] Said in private.", "[i] Town archive, box 9.",
        "[2] Two more are planned. In June.", "* By weight.",
    ]  # fmt: skip
    body = cut_passages(document)[0]
    assert [document.text[note.start : note.end] for note in body.footnotes] == [
        "[1] Said in private.", "[i] Town archive, box 9.", "[2] Two more are planned. In June.", "* By weight.",
    ]  # fmt: skip


def test_raised_and_lowered_characters_join_no_word_or_number():
    low = '<w:vertAlign w:val="subscript"/>'
    styles = element(
        "w:styles",
        f'<w:style w:type="character" w:styleId="Mark"><w:name w:val="Mark"/><w:rPr>{RAISED}</w:rPr></w:style>',
    )
    body = para("and 60", run("3", RAISED), " volunteers, 14", run("2", '<w:rStyle w:val="Mark"/>'), " sites,")
    body += para("CO", run("2", low), " of 40 m", run("2", RAISED), " at 7", run("b", '<w:position w:val="6"/>'), ".")
    assert lines(body, {"styles.xml": styles}) == ["and 60^3 volunteers, 14^2 sites,", "CO₂ of 40 m² at 7^b."]


HEADERS = {
    name: element("w:hdr", para(text))
    for name, text in (
        ("first.xml", "Reference HX-2207"),
        ("usual.xml", "Tenant letter"),
        ("even.xml", "On even pages"),
        ("two.xml", "Tenant letter"),
        ("number.xml", "12"),
    )
}


@pytest.mark.parametrize(
    ("section", "settings", "shown"),
    [
        ("<w:titlePg/>", "", ["Reference HX-2207", "Tenant letter"]),
        ("", "", ["Tenant letter"]),
        ("", "<w:evenAndOddHeaders/>", ["Tenant letter", "On even pages"]),
    ],
)
def test_headers_that_are_shown_are_furniture_once(section, settings, shown):
    names = {"first": "first", "even": "even", "default": "usual"}
    heads = "".join(f'<w:headerReference w:type="{kind}" r:id="header_{name}"/>' for kind, name in names.items())
    more = (
        '<w:headerReference w:type="default" r:id="header_two"/><w:footerReference w:type="default" r:id="footer_n"/>'
    )
    document = read(
        para("Dear tenants.", properties=f"<w:sectPr>{heads}{section}</w:sectPr>") + f"<w:sectPr>{more}</w:sectPr>",
        HEADERS | {"settings.xml": element("w:settings", settings)},
        header_first="first.xml", header_usual="usual.xml", header_even="even.xml", header_two="two.xml", footer_n="number.xml",
    )  # fmt: skip
    furniture = [block for block in document.blocks if block.kind is BlockKind.BOILERPLATE]
    assert sorted(document.text[block.start : block.end] for block in furniture) == sorted(shown)
    assert len(document.blocks) == 1 + len(shown)


def test_a_section_has_the_headers_of_the_one_before_and_none_that_a_change_took_away():
    names = {"first": "first", "default": "usual"}
    heads = "".join(f'<w:headerReference w:type="{kind}" r:id="header_{name}"/>' for kind, name in names.items())
    before = (
        '<w:sectPrChange><w:sectPr><w:headerReference w:type="default" r:id="header_even"/></w:sectPr></w:sectPrChange>'
    )
    body = para("One.", properties=f"<w:sectPr>{heads}</w:sectPr>") + f"<w:sectPr><w:titlePg/>{before}</w:sectPr>"
    parts = {"header_first": "first.xml", "header_usual": "usual.xml", "header_even": "even.xml"}
    assert lines(body, HEADERS, **parts) == ["One.", "Tenant letter", "Reference HX-2207"]


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ('<w:r><w:sym w:font="Symbol" w:char="F0B3"/></w:r>', "≥"),
        ('<w:r><w:sym w:font="Symbol" w:char="B1"/></w:r>', "±"),
        ('<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>', "✓"),
        ('<w:r><w:sym w:font="Arial" w:char="00B5"/></w:r>', "µ"),
        (run("\uf06d", '<w:rFonts w:ascii="Symbol" w:hAnsi="Symbol"/>'), "μ"),
        (run("a", '<w:rFonts w:ascii="Symbol" w:hAnsi="Symbol"/>'), "α"),
        ("<w:r><w:t>well</w:t><w:noBreakHyphen/><w:t>known</w:t></w:r>", "well-known"),
        ("<w:r><w:t>co</w:t><w:softHyphen/><w:t>operate</w:t></w:r>", "cooperate"),
        ("<w:r><w:t>one</w:t><w:tab/><w:t>two</w:t><w:ptab/><w:t>three</w:t></w:r>", "one two three"),
        ('<w:r><w:t>one</w:t><w:br w:type="page"/><w:t>two</w:t><w:cr/><w:t>three</w:t></w:r>', "one two three"),
    ],
)
def test_symbols_are_characters_and_breaks_keep_words_apart(inside, text):
    assert " ".join(read(para("a ", inside, " z")).text.split()) == f"a {text} z"


def math(inside: str) -> str:
    return f"<m:oMath>{inside}</m:oMath>"


def m(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        (m("BMI=") + f"<m:f><m:num>{m('weight')}</m:num><m:den><m:sSup><m:e>{m('height')}</m:e><m:sup>{m('2')}</m:sup></m:sSup></m:den></m:f>", "BMI=weight/height^2"),
        (f"<m:f><m:num>{m('a+b')}</m:num><m:den>{m('c')}</m:den></m:f>", "(a+b)/c"),
        (f"<m:rad><m:radPr><m:degHide/></m:radPr><m:deg/><m:e>{m('x+1')}</m:e></m:rad>", "√(x+1)"),
        (f"<m:rad><m:deg>{m('3')}</m:deg><m:e>{m('8')}</m:e></m:rad>", "∛(8)"),
        (f"<m:nary><m:naryPr><m:chr m:val='∑'/></m:naryPr><m:sub>{m('i=1')}</m:sub><m:sup>{m('n')}</m:sup><m:e>{m('i')}</m:e></m:nary>", "∑_(i=1)^n i"),
        (f"<m:d><m:dPr><m:begChr m:val='['/><m:endChr m:val=']'/></m:dPr><m:e>{m('a')}</m:e><m:e>{m('b')}</m:e></m:d>", "[a|b]"),
        (f"<m:func><m:fName>{m('sin')}</m:fName><m:e>{m('x')}</m:e></m:func>", "sin x"),
        (f"<m:sSub><m:e>{m('v')}</m:e><m:sub>{m('max')}</m:sub></m:sSub>{m('=')}{m('mass')}{m('time')}", "v_max=mass time"),
        (f"<m:m><m:mr><m:e>{m('a')}</m:e><m:e>{m('b')}</m:e></m:mr><m:mr><m:e>{m('c')}</m:e><m:e>{m('d')}</m:e></m:mr></m:m>", "[a, b; c, d]"),
        (f"<m:limLow><m:e>{m('lim')}</m:e><m:lim>{m('x→0')}</m:lim></m:limLow>", "lim_(x→0)"),
    ],
)  # fmt: skip
def test_equations_are_text_in_a_line(inside, text):
    assert lines(para("So", math(inside), "holds.")) == [f"So {text} holds."]
    assert lines(para("So") + f"<m:oMathPara>{math(inside)}</m:oMathPara>") == ["So", text]


def level(at: int, form: str, text: str, more: str = "") -> str:
    return (
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/>{more}</w:lvl>'
    )


NUMBERS = element(
    "w:numbering",
    f'<w:abstractNum w:abstractNumId="0">{level(0, "decimal", "%1.")}{level(1, "decimal", "%1.%2")}{level(2, "lowerLetter", "(%3)")}</w:abstractNum>'
    f'<w:abstractNum w:abstractNumId="1">{level(0, "upperRoman", "Article %1")}{level(1, "decimal", "%1.%2", "<w:isLgl/>")}</w:abstractNum>'
    f'<w:abstractNum w:abstractNumId="2">{level(0, "bullet", chr(0xF0B7))}</w:abstractNum>'
    f'<w:abstractNum w:abstractNumId="3">{level(0, "decimal", "§%1", "<w:suff w:val=&quot;nothing&quot;/>".replace("&quot;", chr(34)))}</w:abstractNum>'
    f'<w:abstractNum w:abstractNumId="4">{level(0, "decimal", "%1.", "<w:rPr><w:vanish/></w:rPr>")}</w:abstractNum>'
    f'<w:abstractNum w:abstractNumId="5">{level(0, "russianLower", "%1)")}</w:abstractNum>'
    + "".join(f'<w:num w:numId="{one}"><w:abstractNumId w:val="{one - 1}"/></w:num>' for one in (1, 2, 3, 4, 5, 6))
    + '<w:num w:numId="8"><w:abstractNumId w:val="0"/></w:num>'
    '<w:num w:numId="9"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>',
)  # fmt: skip


def item(text: str, number: int, at: int = 0) -> str:
    return para(text, properties=f'<w:numPr><w:ilvl w:val="{at}"/><w:numId w:val="{number}"/></w:numPr>')


@pytest.mark.parametrize(
    ("items", "shown"),
    [
        ([("a", 1, 0), ("b", 1, 1), ("c", 1, 0), ("d", 1, 1), ("e", 1, 1), ("f", 1, 2), ("g", 1, 2), ("h", 1, 1), ("i", 1, 2)],
         ["1. a", "1.1 b", "2. c", "2.1 d", "2.2 e", "(a) f", "(b) g", "2.3 h", "(a) i"]),
        ([("a", 2, 0), ("b", 2, 0), ("c", 2, 1)], ["Article I a", "Article II b", "2.1 c"]),
        ([("a", 3, 0), ("b", 3, 0)], ["- a", "- b"]),
        ([("a", 4, 0), ("b", 4, 0)], ["§1a", "§2b"]),
        ([("a", 1, 0), ("b", 8, 0), ("c", 9, 0), ("d", 9, 0)], ["1. a", "2. b", "5. c", "6. d"]),
        ([("a", 1, 0), ("b", 0, 0), ("c", 1, 0)], ["1. a", "b", "2. c"]),
        ([("a", 1, 0), ("", 1, 0), ("c", 1, 0)], ["1. a", "3. c"]),
        ([("a", 5, 0), ("b", 6, 0)], ["a", "а) b"]),
    ],
)  # fmt: skip
def test_automatic_numbers_are_text_as_word_shows_them(items, shown):
    assert lines("".join(item(*each) for each in items), {"numbering.xml": NUMBERS}) == shown


def test_numbers_come_from_styles_too_and_stand_before_headings_and_in_cells():
    styles = element(
        "w:styles",
        '<w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        '<w:style w:type="paragraph" w:styleId="H2"><w:name w:val="Clause"/><w:basedOn w:val="H1"/><w:pPr><w:numPr><w:ilvl w:val="1"/></w:numPr><w:outlineLvl w:val="1"/></w:pPr></w:style>',
    )  # fmt: skip

    def styled(text, style):
        return para(text, properties=f'<w:pStyle w:val="{style}"/>')

    body = styled("Scope", "H1") + styled("Cleaning", "H2") + para("We clean.") + styled("Term", "H1")
    body += table([item("Entry", 2), "8 euros"], [item("Family", 2), "20 euros"])
    document = read(body, {"styles.xml": styles, "numbering.xml": NUMBERS})
    assert [(block.kind.value, block.level, document.text[block.start : block.end]) for block in document.blocks] == [
        ("title", 1, "1. Scope"), ("heading", 3, "1.1 Cleaning"), ("paragraph", 0, "We clean."), ("heading", 2, "2. Term"),
        ("table", 0, "Article I Entry | 8 euros\nArticle II Family | 20 euros"),
    ]  # fmt: skip


@pytest.mark.parametrize(("times", "title"), [(5, "1 Scope"), (40, "Lease of the mill.")])
def test_a_heading_below_much_text_is_not_the_title(times, title):
    styles = element("w:styles", '<w:style w:type="paragraph" w:styleId="H"><w:name w:val="heading 1"/></w:style>')
    body = para("Lease of the mill.") + para("The tenant pays the rent in advance. " * times)
    document = read(body + para("1 Scope", properties='<w:pStyle w:val="H"/>'), {"styles.xml": styles})
    assert document.title == title


def test_a_long_paragraph_in_a_heading_style_can_be_quoted():
    styles = element("w:styles", '<w:style w:type="paragraph" w:styleId="H"><w:name w:val="heading 2"/></w:style>')
    clause = "The tenant pays the rent in advance. " * 12
    document = read(para("Lease") + para(clause, properties='<w:pStyle w:val="H"/>'), {"styles.xml": styles})
    assert [block.kind for block in document.blocks] == [BlockKind.PARAGRAPH, BlockKind.PARAGRAPH]


def test_merged_cells_stand_once_and_tables_in_cells_follow_their_row():
    merged = (
        "<w:tbl><w:tr><w:tc><w:tcPr><w:vMerge w:val='restart'/></w:tcPr>" + para("Adults") + "</w:tc><w:tc>" + para("8") + "</w:tc></w:tr>"
        "<w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr>" + para("Adults") + "</w:tc><w:tc>" + para("9") + "</w:tc></w:tr>"
        "<w:tr><w:tc><w:tcPr><w:gridSpan w:val='2'/></w:tcPr>" + para("All") + "</w:tc></w:tr></w:tbl>"
    )  # fmt: skip
    assert lines(merged) == ["Adults | 8", " | 9", "All"]
    wide = table(["Fee", "Car", "Van"], ["Both", "9"], ["late"])
    wide = wide.replace(f"<w:tc>{para('Both')}", f"<w:tc><w:tcPr><w:gridSpan w:val='2'/></w:tcPr>{para('Both')}")
    wide = wide.replace(
        f"<w:tr><w:tc>{para('late')}", f"<w:tr><w:trPr><w:gridBefore w:val='2'/></w:trPr><w:tc>{para('late')}"
    )
    assert lines(wide) == ["Fee | Car | Van", "Both |  | 9", " |  | late"]
    nested = table(["Prices", table(["Entry", "8"], ["Tour", "15"]) + para("in euros")], ["Hours", "9 to 5"])
    assert lines(nested) == ["Prices | in euros", "Entry | 8", "Tour | 15", "Hours | 9 to 5"]
    assert lines(table([table(["A", "B"]) + para("In a frame.")])) == ["A | B", "In a frame."]


def tracked(kind: str, inside: str) -> str:
    return f'<w:{kind} w:id="1" w:author="R" w:date="2024-01-01T00:00:00Z">{inside}</w:{kind}>'


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (para("Open ", tracked("del", "<w:r><w:delText>on Sundays</w:delText></w:r>"), tracked("ins", run("daily"))), ["Open daily"]),
        (para("From ", tracked("moveFrom", run("here"))) + para("to ", tracked("moveTo", run("there"))), ["From", "to there"]),
        (para("One ", properties=f"<w:rPr>{tracked('del', '')}</w:rPr>") + para("paragraph."), ["One paragraph."]),
        (para("Code: ", run("7781", "<w:vanish/>"), "ask."), ["Code: ask."]),
        (para("at 14", run("2", '<w:position w:val="3"/>'), " sites"), ["at 14^2 sites"]),
        (para("Code: ", run("7781", '<w:vanish w:val="0"/>')), ["Code: 7781"]),
        (para(run("All of it", "<w:vanish/>")) + para("End."), ["End."]),
        (para(run("T", '<w:position w:val="-12"/>'), properties='<w:framePr w:dropCap="drop"/>') + para("he town."), ["The town."]),
        (para("Seen. ", run("Not seen.", '<w:color w:val="FFFFFF"/>')), ["Seen."]),
        (para("Seen. ", run("Not seen.", '<w:color w:themeColor="background1"/>')), ["Seen."]),
        (para("Seen. ", run("Not seen.", '<w:color w:val="fefefe"/>')), ["Seen."]),
        (para("Seen. ", run("Not seen.", '<w:color w:val="FFFF00"/><w:highlight w:val="yellow"/>')), ["Seen."]),
        (para("Seen. ", run("Not seen.", '<w:color w:val="000000"/><w:shd w:val="clear" w:fill="000000"/>')), ["Seen."]),
        (para("Seen. ", run("Not seen.", '<w:sz w:val="2"/>')), ["Seen."]),
        (para("Seen. ", math(f"<m:r><w:rPr><w:vanish/></w:rPr><m:t>y</m:t></m:r>{m('x')}")), ["Seen. x"]),
        (para(run("On black.", '<w:color w:val="FFFFFF"/><w:shd w:val="clear" w:fill="000000"/>')), ["On black."]),
        (table(["Kind", para(run("Price", '<w:color w:val="FFFFFF"/>'))]).replace("<w:tbl>", '<w:tbl><w:tblPr><w:tblStyle w:val="Dark"/></w:tblPr>'), ["Kind | Price"]),
    ],
)  # fmt: skip
def test_what_is_deleted_or_hidden_is_no_text_and_what_is_inserted_is(body, shown):
    assert lines(body) == shown


@pytest.mark.parametrize(
    ("look", "kept"),
    [
        ("<w:strike/>", False),
        ("<w:dstrike/>", False),
        ('<w:strike w:val="0"/>', True),
        ('<w:rStyle w:val="Old"/>', False),
    ],
)
def test_struck_out_text_is_left_out_and_told(look, kept):
    old = '<w:style w:type="character" w:styleId="Old"><w:rPr><w:strike/></w:rPr></w:style>'
    document = read(para("The fee is ", run("$25 ", look), "$30."), {"styles.xml": element("w:styles", old)})
    assert document.text == ("The fee is $25 $30." if kept else "The fee is $30.")
    assert document.left_out == (() if kept else ("1 piece of struck-out text",))


def test_deleted_rows_and_cells_and_text_that_a_style_hides_are_no_text():
    styles = element(
        "w:styles",
        '<w:style w:type="table" w:styleId="Gone"><w:basedOn w:val="Plain"/></w:style>'
        '<w:style w:type="table" w:styleId="Plain"><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="Sly"><w:name w:val="Sly"/><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:type="paragraph" w:styleId="Note"><w:name w:val="Note"/><w:basedOn w:val="Base"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="Base"><w:name w:val="Base"/><w:rPr><w:vanish/></w:rPr></w:style>',
    )
    rows = table(["Entry", "8"], ["Tour", "15"], ["Staff", "0"], ["Family", "20", "old"])
    rows = rows.replace(
        f"<w:tr><w:tc>{para('Tour')}", f"<w:tr><w:trPr>{tracked('del', '')}</w:trPr><w:tc>{para('Tour')}"
    )
    rows = rows.replace(f"<w:tr><w:tc>{para('Staff')}", f"<w:tr><w:trPr><w:hidden/></w:trPr><w:tc>{para('Staff')}")
    rows = rows.replace(f"<w:tc>{para('old')}", f"<w:tc><w:tcPr>{tracked('cellDel', '')}</w:tcPr>{para('old')}")
    body = rows + para("Shown ", run("not shown", '<w:rStyle w:val="Sly"/>'))
    body += table(["Secret", "cells"]).replace("<w:tbl>", '<w:tbl><w:tblPr><w:tblStyle w:val="Gone"/></w:tblPr>')
    body += para("Hidden ", run("shown", '<w:vanish w:val="0"/>'), properties='<w:pStyle w:val="Note"/>')
    assert lines(body, {"styles.xml": styles}) == ["Entry | 8", "Family | 20", "Shown", "shown"]


@pytest.mark.parametrize(
    ("look", "shown"),
    [
        ('w:firstRow="1" w:lastRow="0"', ["Entry | 8", "Total | 9"]),
        ('w:val="0060"', ["Entry | 8"]),
        ('w:firstRow="0" w:val="0000"', ["Kind | Price", "Entry | 8", "Total | 9"]),
    ],
)
def test_rows_that_the_style_of_their_table_hides_are_no_text_if_the_table_uses_them(look, shown):
    def part(kind: str) -> str:
        return f'<w:tblStylePr w:type="{kind}"><w:rPr><w:vanish/></w:rPr></w:tblStylePr>'

    style = f'<w:style w:type="table" w:styleId="Bare">{part("firstRow")}{part("lastRow")}</w:style>'
    properties = f'<w:tblPr><w:tblStyle w:val="Bare"/><w:tblLook {look}/></w:tblPr>'
    body = table(["Kind", "Price"], ["Entry", "8"], ["Total", "9"]).replace("<w:tbl>", f"<w:tbl>{properties}")
    assert lines(body, {"styles.xml": element("w:styles", style)}) == shown


def field(code: str, result: str, *, ends: bool = True) -> str:
    mark = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'.format
    return (
        f"{mark('begin')}<w:r><w:instrText>{code}</w:instrText></w:r>{mark('separate')}{result}"
        + (mark("end") if ends else "")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        (field(" REF x ", run("clause 4")), "clause 4"),
        (field(" IF ", run("yes")).replace("<w:r><w:instrText>", field("NAME", run("no")) + "<w:r><w:instrText>"), "yes"),
        (field(" REF x ", run("open"), ends=False), "open"),
        (field(r' SYMBOL 179 \f "Symbol" \s 12 ', "").replace('<w:r><w:fldChar w:fldCharType="separate"/></w:r>', ""), "≥"),
        (field(" SYMBOL 0x2265 ", "").replace('<w:r><w:fldChar w:fldCharType="separate"/></w:r>', ""), "≥"),
        ('<w:fldSimple w:instr="DATE">' + run("12 May") + "</w:fldSimple>", "12 May"),
        (f'<w:hyperlink r:id="x">{run("the page")}</w:hyperlink>', "the page"),
        ('<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:ddList><w:result w:val="1"/><w:listEntry w:val="Red"/>'
         '<w:listEntry w:val="Blue"/></w:ddList></w:ffData></w:fldChar></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>', "Blue"),
        ('<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:checked/></w:checkBox></w:ffData></w:fldChar></w:r>'
         '<w:r><w:fldChar w:fldCharType="end"/></w:r>', "☒"),
    ],
)  # fmt: skip
def test_of_fields_the_result_is_text_and_never_the_code(inside, text):
    assert lines(para("See ", inside, ".")) == [f"See {text}."]


def test_a_field_may_run_over_several_paragraphs():
    mark = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'.format
    body = para(mark("begin"), "<w:r><w:instrText>TOC</w:instrText></w:r>", mark("separate"), "One")
    assert lines(body + para("Two") + para(mark("end"), "After")) == ["One", "Two", "After"]


def test_comments_and_macros_are_told_and_no_text():
    comments = element("w:comments", f'<w:comment w:id="1">{para("Check this!")}</w:comment>')
    document = read(para("Text."), {"comments.xml": comments, "vbaProject.bin": ""})
    assert (document.text, document.left_out) == ("Text.", ("1 comment", "1 macro"))


def test_charts_and_diagrams_are_rows_and_lines():
    chart = element(
        "c:chartSpace",
        "<c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Visitors</a:t></a:r></a:p></c:rich></c:tx></c:title><c:plotArea>"
        "<c:barChart><c:ser><c:tx><c:v>Adults</c:v></c:tx><c:cat><c:strRef><c:strCache><c:pt idx='0'><c:v>May</c:v></c:pt>"
        "<c:pt idx='1'><c:v>June</c:v></c:pt></c:strCache></c:strRef></c:cat><c:val><c:numRef><c:numCache><c:formatCode>0.0%"
        "</c:formatCode><c:pt idx='0'><c:v>0.125</c:v></c:pt><c:pt idx='1'><c:v>0.3</c:v></c:pt></c:numCache></c:numRef></c:val>"
        "</c:ser></c:barChart></c:plotArea></c:chart>",
    )
    graphic = "<w:r><w:drawing><wp:inline><a:graphic><a:graphicData>{}</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    body = para("See:", graphic.format('<c:chart r:id="chart_1"/>')) + para(
        "Lost:", graphic.format('<c:chart r:id="chart_2"/>')
    )
    document = read(body, {"chart1.xml": chart}, chart_1="chart1.xml", chart_2="none.xml")
    assert document.text == "See:\n\nVisitors\n\n| Adults\nMay | 12.5%\nJune | 30.0%\n\nLost:"
    assert document.left_out == ("1 chart",)


def test_strict_documents_are_read_as_others():
    parts = NOTES | {"numbering.xml": NUMBERS}
    body = para("Rent", '<w:r><w:footnoteReference w:id="7"/></w:r>') + item("a", 1) + para(math(m("x")))
    assert lines(body, parts, strict=True) == lines(body, parts) == ["Rent[1]", "1. a", "x", "[1] Said in private."]


def test_a_broken_part_is_not_the_whole_document():
    assert lines(para("Text."), {"footnotes.xml": "<broken", "styles.xml": ""}) == ["Text."]
    with pytest.raises(UnreadableFile, match="is broken"):
        load_document("a.docx", docx("<w:p>"))


def test_a_paragraph_in_bold_type_above_running_text_is_a_heading() -> None:
    bold, text = "<w:b/>", "The tenant pays the rent on the first day of each month."
    body = para(run("Rent", bold)) + para(text) + para(run("Rent: ", bold), "four weeks") + para(text)
    styled = '<w:style w:type="paragraph" w:styleId="B"><w:rPr><w:b/></w:rPr></w:style>'
    body += (
        para("Notice", properties='<w:pStyle w:val="B"/>')
        + para(text)
        + para(run("No", '<w:b w:val="0"/>'), properties='<w:pStyle w:val="B"/>')
        + para(text)
    )
    document = read(body, {"styles.xml": element("w:styles", styled)})
    headings = [
        document.text[block.start : block.end] for block in document.blocks if block.kind is not BlockKind.PARAGRAPH
    ]
    assert headings == ["Rent", "Notice"]
