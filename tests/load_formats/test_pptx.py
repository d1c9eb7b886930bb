"""PPTX: all text of visible slides is read in reading order, each part once and separately, and nothing else."""

# ruff: noqa: E501 - XML reads best with an element whole on its line

from __future__ import annotations

import pytest
from office_files import element, frame, pptx, relations, shape

from qa.errors import UnreadableFile
from qa.reading.documents import load_document
from qa.records import BlockKind, Document

TITLE = 'type="title"'
WHITE = "<a:r><a:rPr><a:solidFill><a:srgbClr val='FFFFFF'/></a:solidFill></a:rPr><a:t>White</a:t></a:r>"


def read(*slides: str, **more) -> Document:
    return load_document("a.pptx", pptx(*slides, **more))


def lines(*slides: str, **more) -> list[str]:
    return [line for line in read(*slides, **more).text.split("\n") if line]


def group(*shapes: str, hidden: str = "") -> str:
    return f'<p:grpSp><p:nvGrpSpPr><p:cNvPr id="5" name="Group" {hidden}/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>{"".join(shapes)}</p:grpSp>'


@pytest.mark.parametrize(
    ("shapes", "shown"),
    [
        (group(group(shape("Deep."))), ["Deep."]),
        (f"<mc:AlternateContent><mc:Choice Requires='a14'>{shape('New.')}</mc:Choice><mc:Fallback>{shape('Old.')}</mc:Fallback></mc:AlternateContent>", ["New."]),
        (f"<mc:AlternateContent><mc:Choice Requires='other'>{shape('New.')}</mc:Choice><mc:Fallback>{shape('Old.')}</mc:Fallback></mc:AlternateContent>", ["Old."]),
        (group(f"<mc:AlternateContent><mc:Choice Requires='a14'>{shape('In a group.')}</mc:Choice></mc:AlternateContent>"), ["In a group."]),
        (shape("Off.", more='hidden="1"'), []),
        (group(shape("Off too."), hidden='hidden="1"'), []),
        (shape("Fourth", at=(0, 900_000)) + shape("Second", at=(5_000_000, 50_000)) + shape("First", at=(0, 90_000)) + shape("Third", at=(9, 500_000)), ["First", "Second", "Third", "Fourth"]),
        (shape("7 May", placeholder='type="dt"') + shape("Page 3", placeholder='type="sldNum"') + shape("Acme", placeholder='type="ftr"') * 2, ["Acme"]),
        (f"<p:unheardOf><p:nvSpPr/>{shape('In an unknown shape.')}</p:unheardOf>", ["In an unknown shape."]),
        ("<p:cxnSp><p:nvCxnSpPr/></p:cxnSp><p:contentPart/>", []),
        (shape("One", "Two", ""), ["One", "Two"]),
        (shape("<a:r><a:t>One</a:t></a:r><a:br/><a:r><a:t>two</a:t></a:r>"), ["One two"]),
        (shape("<a:r><a:t>at 14</a:t></a:r><a:r><a:rPr baseline='30000'/><a:t>2</a:t></a:r><a:r><a:t> sites, CO</a:t></a:r><a:r><a:rPr baseline='-25000'/><a:t>2</a:t></a:r>"), ["at 14^2 sites, CO₂"]),
        (shape("<a:r><a:rPr><a:sym typeface='Symbol'/></a:rPr><a:t>x \uf0b3 1</a:t></a:r>"), ["x ≥ 1"]),
        (shape("<a:r><a:rPr><a:latin typeface='Symbol'/></a:rPr><a:t>a</a:t></a:r>"), ["α"]),
        (shape("<a14:m><m:oMath><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f></m:oMath></a14:m>"), ["a/b"]),
        (shape("<a:pPr><a:buAutoNum type='alphaLcParenR'/></a:pPr><a:r><a:t>Ring</a:t></a:r>", "<a:pPr><a:buAutoNum type='alphaLcParenR'/></a:pPr><a:r><a:t>Wait</a:t></a:r>", "Plain",
               "<a:pPr><a:buAutoNum type='arabicPeriod' startAt='4'/></a:pPr><a:r><a:t>Go</a:t></a:r>"), ["a) Ring", "b) Wait", "Plain", "4. Go"]),
        (shape("<a:r><a:rPr sz='100'/><a:t>Tiny</a:t></a:r><a:r><a:rPr sz='1800'/><a:t>Seen</a:t></a:r>"), ["Seen"]),
        (shape("<a:r><a:rPr><a:noFill/></a:rPr><a:t>Of nothing</a:t></a:r><a:r><a:t>Seen</a:t></a:r>"), ["Seen"]),
        (shape("<a:r><a:rPr><a:solidFill><a:srgbClr val='000000'><a:alpha val='0'/></a:srgbClr></a:solidFill></a:rPr><a:t>Clear</a:t></a:r><a:r><a:t>Seen</a:t></a:r>"), ["Seen"]),
        (shape(f"{WHITE}<a:r><a:t>Seen</a:t></a:r>"), ["Seen"]),
        (shape(WHITE).replace("<p:spPr>", "<p:spPr><a:solidFill><a:srgbClr val='1F4E79'/></a:solidFill>"), ["White"]),
        (shape("<a:fld type='slidenum'><a:t>‹#›</a:t></a:fld>", "<a:fld type='datetime'><a:t>May</a:t></a:fld>"), ["May"]),
    ],
)  # fmt: skip
def test_each_shape_that_is_shown_is_text_once(shapes, shown):
    assert lines(shape("Title", placeholder=TITLE) + shapes) == ["Title", *shown]


def test_a_placeholder_stands_where_its_layout_says():
    def held(text: str, index: int, y: int) -> str:
        return shape(text, placeholder=f'idx="{index}"', at=(0, y))

    tree = element(
        "p:sldLayout", f"<p:cSld><p:spTree>{held('Prompt', 4, 10)}{held('Prompt', 5, 990_000)}</p:spTree></p:cSld>"
    )
    shapes = (
        shape("Below", placeholder='idx="5"')
        + shape("Between", at=(0, 500_000))
        + shape("Above", placeholder='idx="4"')
    )
    assert lines(shapes, parts={"ppt/layout.xml": tree}, slideLayout="../layout.xml") == ["Above", "Between", "Below"]


@pytest.mark.parametrize(
    ("slide", "layout", "shown"),
    [("", "", ["For the board.", "Ferry line 7"]), ("", "no", ["For the board."]), ("no", "", []), ("no", "no", [])],
)
def test_text_of_the_template_that_slides_show_is_boilerplate_once(slide, layout, shown):
    def part(tag: str, text: str, master: str = "") -> str:
        prompt = shape("Click to add text", placeholder='type="body"')
        off = group(shape("Off."), hidden='hidden="1"')
        written = element(tag, f"<p:cSld><p:spTree>{shape(text)}{prompt}{off}</p:spTree></p:cSld>")
        return written.replace(f"<{tag} ", f'<{tag} showMasterSp="0" ') if master else written

    parts = {
        "ppt/layout.xml": part("p:sldLayout", "For the board.", layout),
        "ppt/_rels/layout.xml.rels": relations(slideMaster="master.xml"),
        "ppt/master.xml": part("p:sldMaster", "Ferry line 7"),
    }
    slides = [f"raw:{part('p:sld', text, slide)}" for text in ("Fares rise.", "Fares fell.")]
    document = read(*slides, parts=parts, slideLayout="../layout.xml")
    found = [document.text[b.start : b.end] for b in document.blocks if b.kind is BlockKind.BOILERPLATE]
    assert found == shown
    assert document.text.count("Ferry") <= 1


def test_hidden_slides_are_left_out_and_the_others_keep_their_numbers():
    document = read(shape("One"), f"hidden:{shape('Draft')}", shape("Three"), shape(""))
    assert [(block.slide, block.page) for block in document.blocks] == [(1, 1), (3, 3)]
    assert document.text == "One\n\nThree".replace("\n\n", "\n")
    assert document.left_out == ("without text: slide 4", "hidden: slide 2")


def cell(text: str, more: str = "") -> str:
    return f"<a:tc {more}><a:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:txBody></a:tc>"


def test_merged_cells_of_a_table_stand_once():
    rows = (
        cell("Adults", 'rowSpan="2"') + cell("8"),
        cell("Adults", 'vMerge="1"') + cell("9"),
        cell("All", 'gridSpan="2"') + cell("All", 'hMerge="1"'),
    )
    table = f"<a:tbl>{''.join(f'<a:tr>{row}</a:tr>' for row in rows)}</a:tbl>"
    assert lines(frame(table)) == ["Adults | 8", " | 9", "All"]


def chart(values: str, *, axis: str = "") -> str:
    title = "<c:title><c:tx><c:rich><a:p><a:r><a:t>{}</a:t></a:r></a:p></c:rich></c:tx></c:title>".format
    return element(
        "c:chartSpace",
        f"<c:chart>{title('Visitors')}<c:plotArea><c:barChart>{values}</c:barChart>"
        f"<c:catAx>{title(axis) if axis else ''}</c:catAx></c:plotArea></c:chart>",
    )


def series(name: str, *values: str, categories: str = "May June") -> str:
    def points(texts):
        return "".join(f'<c:pt idx="{at}"><c:v>{text}</c:v></c:pt>' for at, text in enumerate(texts))

    return (
        f"<c:ser><c:tx><c:strRef><c:strCache>{points([name])}</c:strCache></c:strRef></c:tx><c:cat><c:strRef><c:strCache>"
        f"{points(categories.split())}</c:strCache></c:strRef></c:cat><c:val><c:numRef><c:numCache>{points(values)}</c:numCache></c:numRef></c:val></c:ser>"
    )


def test_a_chart_is_its_title_and_rows_of_its_values():
    parts = {"ppt/chart.xml": chart(series("Adults", "120", "3480") + series("Children", "40", "7"), axis="Month")}
    document = read(frame('<c:chart r:id="chart_1"/>'), parts=parts, chart_1="../chart.xml")
    assert document.text.split("\n") == [
        "Visitors",
        "",
        "Month | Adults | Children",
        "May | 120 | 40",
        "June | 3480 | 7",
    ]
    assert [block.slide for block in document.blocks] == [1, 1]
    odd = chart(series("A", "1", "2") + series("B", "3", categories="July"))
    assert lines(frame('<c:chart r:id="chart_1"/>'), parts={"ppt/chart.xml": odd}, chart_1="../chart.xml")[1:] == [
        "| A", "May | 1", "June | 2", " | B", "July | 3",
    ]  # fmt: skip


def test_levels_of_categories_and_labels_of_points_are_read():
    level = "<c:lvl>{}</c:lvl>".format
    names = level("<c:pt idx='0'><c:v>Q1</c:v></c:pt><c:pt idx='1'><c:v>Q2</c:v></c:pt>")
    years = level("<c:pt idx='0'><c:v>2023</c:v></c:pt>")
    label = "<c:dLbls><c:dLbl><c:idx val='1'/><c:tx><c:rich><a:p><a:r><a:t>peak</a:t></a:r></a:p></c:rich></c:tx></c:dLbl></c:dLbls>"
    series = (
        f"<c:ser><c:tx><c:v>N</c:v></c:tx>{label}<c:cat><c:multiLvlStrRef>{names}{years}</c:multiLvlStrRef></c:cat>"
    )
    series += (
        "<c:val><c:numLit><c:pt idx='0'><c:v>3</c:v></c:pt><c:pt idx='1'><c:v>4</c:v></c:pt></c:numLit></c:val></c:ser>"
    )
    chart = element("c:chartSpace", f"<c:chart><c:plotArea><c:barChart>{series}</c:barChart></c:plotArea></c:chart>")
    found = lines(frame('<c:chart r:id="chart_1"/>'), parts={"ppt/c.xml": chart}, chart_1="../c.xml")
    assert found == ["| N", "2023 Q1 | 3", "2023 Q2 | 4 peak"]


def test_a_shape_beside_its_slide_is_left_out_and_told():
    listed = '<p:sldIdLst><p:sldId id="256" r:id="slide_1"/></p:sldIdLst><p:sldSz cx="9144000" cy="6858000"/>'
    parts = {"ppt/presentation.xml": element("p:presentation", listed)}
    shapes = shape("Seen", at=(0, 0)) + shape("Left", at=(-900, 0)) + shape("Right", at=(9_144_000, 0))
    document = read(shapes, parts=parts)
    assert (document.text, document.left_out) == ("Seen", ("2 pieces of text beside a slide",))


def test_struck_out_text_is_left_out_and_told():
    written = shape("It costs 7 now.").replace("<a:t>It", '<a:rPr strike="sngStrike"/><a:t>Old</a:t></a:r><a:r><a:t>It')
    document = read(written)
    assert (document.text, document.left_out) == ("It costs 7 now.", ("1 piece of struck-out text",))


def test_values_of_a_chart_are_as_their_formats_show_them():
    values = series("Adults", "3480", "0.5").replace("<c:numCache>", "<c:numCache><c:formatCode>#,##0.0</c:formatCode>")
    parts = {"ppt/chart.xml": chart(values)}
    found = lines(frame('<c:chart r:id="chart_1"/>'), parts=parts, chart_1="../chart.xml")
    assert found[2:] == ["May | 3,480.0", "June | 0.5"]


def test_a_diagram_without_its_data_is_read_from_its_drawing():
    drawn = element(
        "p:drawing", "<a:p><a:r><a:t>Claim arrives</a:t></a:r></a:p><a:p><a:r><a:t>Clerk checks</a:t></a:r></a:p>"
    )
    shown = frame('<dgm:relIds r:dm="none"/>')
    found = lines(shown, parts={"ppt/drawn.xml": drawn}, diagramDrawing_1="../drawn.xml")
    assert found == ["Claim arrives", "Clerk checks"]


def point(name: str, text: str, kind: str = "node") -> str:
    return f'<dgm:pt modelId="{name}" type="{kind}"><dgm:prSet/><dgm:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></dgm:t></dgm:pt>'


def test_a_diagram_is_its_words_in_the_order_that_it_shows():
    links = (("d", "2", 1), ("d", "1", 0), ("1", "3", 0))
    data = element(
        "dgm:dataModel",
        f"<dgm:ptLst>{point('d', '', 'doc')}{point('2', 'Clerk checks')}{point('1', 'Claim arrives')}{point('3', 'by post')}"
        f"{point('9', 'of an arrow', 'sibTrans')}</dgm:ptLst><dgm:cxnLst>"
        + "".join(f'<dgm:cxn srcId="{source}" destId="{end}" srcOrd="{order}"/>' for source, end, order in links)
        + '<dgm:cxn type="presOf" srcId="1" destId="9" srcOrd="0"/></dgm:cxnLst>',
    )
    parts = {"ppt/data.xml": data}
    shown = frame('<dgm:relIds r:dm="diagramData_1"/>')
    assert lines(shown, parts=parts, diagramData_1="../data.xml") == ["Claim arrives", "by post", "Clerk checks"]


def test_what_has_no_words_is_counted():
    picture = '<p:pic><p:nvPicPr><p:cNvPr id="4" name="P" {}/><p:nvPr>{}</p:nvPr></p:nvPicPr></p:pic>'.format
    shapes = (
        shape("Text")
        + picture('descr="A quay with two cranes"', "")
        + picture('descr="DSC_0012.jpg"', "")
        + picture("", "<a:videoFile/>")
        + picture("", "<a:audioFile/>")
        + frame('<c:chart r:id="none"/>')
        + frame('<p:oleObj progId="Excel.Sheet.12"/>')
    )
    document = read(
        shapes, parts={"ppt/vbaProject.bin": "", "ppt/c.xml": element("p:cmLst", "<p:cm/>")}, comments="../c.xml"
    )
    assert document.text.split("\n\n") == ["Text", "A quay with two cranes"]
    assert set(document.left_out) == {
        "2 pictures", "1 video", "1 sound", "1 chart", "1 embedded file", "1 macro", "1 comment",
    }  # fmt: skip


def test_notes_follow_their_slide():
    notes = shape("Say hello.", placeholder='type="body"') + shape("3", placeholder='type="sldNum"')
    assert lines(shape("One"), shape("Two"), notes=notes) == ["One", "Say hello.", "Two"]


def test_notes_are_also_in_shapes_and_tables_of_their_own():
    row = f"<a:tr>{cell('Ferry')}{cell('7 May')}</a:tr>"
    table = frame(f"<a:tbl>{row}</a:tbl>")
    notes = shape("Slide", placeholder='type="sldImg"') + shape("Ask Ada.") + shape("Off.", more='hidden="1"') + table
    assert lines(shape("One"), notes=notes) == ["One", "Ask Ada.", "Ferry | 7 May"]


def test_a_broken_slide_is_told_and_the_others_are_read():
    document = read(shape("One"), "raw:<broken", shape("Three"))
    assert (document.text.split("\n"), document.left_out) == (["One", "Three"], ("broken: slide 2",))
    with pytest.raises(UnreadableFile, match="is broken"):
        read("raw:<broken")
    with pytest.raises(UnreadableFile, match="has no text"):
        read(shape(""))


def test_strict_presentations_are_read_as_others():
    parts = {"ppt/chart.xml": chart(series("Adults", "120"))}
    shapes = shape("One", placeholder=TITLE) + frame('<c:chart r:id="chart_1"/>') + shape("Two", at=(0, 990_000))
    assert lines(shapes, parts=parts, chart_1="../chart.xml", strict=True) == [
        "One", "Visitors", "| Adults", "May | 120", "June |", "Two",
    ]  # fmt: skip


def test_a_slide_without_its_part_is_told():
    data = pptx(
        shape("One"), shape("Two"), parts={"ppt/_rels/presentation.xml.rels": relations(slide_1="slides/slide1.xml")}
    )
    document = load_document("a.pptx", data)
    assert (document.text, document.left_out) == ("One", ("broken: slide 2",))
