"""RTF: all visible text is read, each part once and separately."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.errors import UnreadableFile
from qa.reading.documents import load_document
from qa.records import BlockKind, Document


def read(body: str) -> Document:
    return load_document("a.rtf", (r"{\rtf1\ansi\ansicpg1252 " + body + "}").encode("latin-1"))


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (r"One\par Two {\b bold} words\par", ["One", "Two bold words"]),
        (r"caf\'e9 \u8211?\u8217\'92 \uc2\u12354\'82\'a0 end\par", ["café –’ あ end"]),
        (r"one\tab two\line three\~four well\_known co\-operate \{x\}\par",
         ["one two\nthree four well-known cooperate {x}"]),
        (r"at 14{\super 2} sites, CO{\sub 2} and 7\up6 b\up0 .\par", ["at 14^2 sites, CO₂ and 7^b."]),
        ("caf\\'e9\n\\'e9 {\n\\*\\wgrffmtfilter 013f}\\u8211\n?x\\par", ["caféé –x"]),
        (r"\u-10240?\u-8398? and \u-10240? alone\par", ["\U00010332 and alone"]),
        (r"Above\par Fax\cell Phone\cell", ["Above", "Fax | Phone"]),
        (r"Seen {\v not seen}{\deleted old}here\par", ["Seen here"]),
        (r'{\field{\*\fldinst HYPERLINK "x"}{\fldrslt the page}} ends\par', ["the page ends"]),
        (r"It covers 14{\footnote {\super \chftn} Two are planned.\par} sites\par",
         ["It covers 14[1] sites", "[1] Two are planned."]),
        (r"It covers 14{\up8 \chftn{\*\footnote \chftn Two are planned.\par}} sites\par",
         ["It covers 14[1] sites", "[1] Two are planned."]),
        (r"{\header Port office\par}{\footer 3\par}Text\par", ["Text", "Port office"]),
        (r"A{\pict\bin6 }}\par}B\par", ["AB"]),
        (r"{\*\unheardof hidden {\b too}}Text\par", ["Text"]),
        (r"{\fonttbl{\f0 Arial;}{\f1\fcharset204 Times;}}{\f1 \'cf\'e8\'f0} pier\par", ["Пир pier"]),
        (r"{\fonttbl{\f0 Arial;}{\f1\fcharset2 Symbol;}}over {\f1\'b3}38\par", ["over ≥38"]),
        (r"{\upr{Cafe}{\*\ud{Caf\u233?}}} opens\par", ["Café opens"]),
        (r"Mixing {\shp{\*\shpinst{\sp{\sn x}{\sv 1}}{\shptxt Keep cold\par}}{\shprslt old}}paint\par",
         ["Keep cold", "Mixing paint"]),
        (r"at 14{\up3\fs12 2} sites\par", ["at 14^2 sites"]),
        (r"{\listtext 1.\tab}First\par{\listtext\'b7\tab}Second\par", ["1. First", "- Second"]),
        (r"\trowd\intbl A\cell B\cell\row\trowd\intbl 1\par x\cell 2\cell\row\pard After\par",
         ["A | B", "1 x | 2", "After"]),
        (r"\intbl Prices \itap2 Entry\nestcell 8\nestcell{\nonesttables skip}\nestrow\itap1 euros\cell\row\pard",
         ["euros", "Prices Entry | 8"]),
        (r"{\stylesheet{\s1 heading 1;}{\s2 heading 2;}}\pard\s1 Top\par\pard\s2 Below\par\pard Text\par",
         ["Top", "Below", "Text"]),
        ("Top\\\n{\\listtext\t1.\t}First\\\n{\\listtext\t2.\t}Second\\\r\n", ["Top", "1. First", "2. Second"]),
    ],
)  # fmt: skip
def test_what_is_shown_is_text(body, shown):
    document = read(body)
    assert [document.text[block.start : block.end] for block in document.blocks] == shown


@pytest.mark.parametrize("word", ["strike", "striked1"])
def test_struck_out_text_is_left_out_and_told(word):
    document = read(rf"The fee is {{\{word} $25 }}$30. {{\{word} \plain Now.}}\par")
    assert (document.text, document.left_out) == ("The fee is $30. Now.", ("1 piece of struck-out text",))
    assert read(r"{\strike0 Seen.}\par").text == "Seen."


def test_white_text_is_left_out_and_told_where_nothing_is_painted_behind_text():
    colours = r"{\colortbl;\red0\green0\blue0;\red255\green255\blue255;}"
    document = read(colours + r"Seen {\cf2 ghost }{\cf1 black }{\cf2 a\plain b}\par")
    assert (document.text, document.left_out) == ("Seen black b", ("2 pieces of white text",))
    assert read(colours + r"Seen {\cf2\highlight1 on black}\par").text == "Seen on black"
    assert read(colours + r"Seen {\cf9 in no colour}\par").text == "Seen in no colour"


def test_headings_title_and_pictures():
    document = read(r"{\info{\title The Pier}{\author x}}{\pict\pngblip 00ff}\pard Built in 1871.\par")
    assert (document.title, document.text, document.left_out) == ("The Pier", "Built in 1871.", ("1 picture",))
    headed = read(r"\pard\outlinelevel0 Top\par\pard\outlinelevel1 Below\par\pard Text\par")
    assert [(block.kind.value, block.level) for block in headed.blocks] == [
        ("title", 1), ("heading", 3), ("paragraph", 0),
    ]  # fmt: skip


def test_styles_are_headings_by_their_names_their_levels_and_their_base_styles():
    sheet = (
        r"{\stylesheet{\s0 Normal;}{\s1 heading 1;}{\s2\sbasedon1 Chapter;}{\s3\outlinelevel1 Part;}{\s4 Title;}"
        r"{\s5 Subtitle;}}"
    )
    found = read(sheet + r"\pard\s4 A\par\pard\s2 B\par\pard\s3 C\par\pard\s5 D\par\pard\s0 E\par")
    assert [(block.kind.value, block.level) for block in found.blocks] == [
        ("title", 1), ("heading", 2), ("heading", 3), ("paragraph", 0), ("paragraph", 0),
    ]  # fmt: skip
    assert found.title == "A"


def test_what_is_no_rtf_is_told():
    with pytest.raises(UnreadableFile, match="is not an RTF"):
        load_document("a.rtf", b"Some text")
    with pytest.raises(UnreadableFile, match="nested too deeply"):
        read("{" * 2_000)


@given(st.text(alphabet="ab 1{}\\'*\n", max_size=60))
def test_no_file_raises_anything_but_a_reason(body):
    try:
        assert read(body).text
    except UnreadableFile as error:
        assert str(error)  # noqa: PT017 - the outcome may also be a document


def test_the_character_sets_of_dos_and_mac_are_known():
    assert load_document("a.rtf", rb"{\rtf1\pc Caf\'82\par}").text == "Café"
    assert load_document("a.rtf", rb"{\rtf1\mac Caf\'8e\par}").text == "Café"


def test_a_paragraph_in_bold_type_above_running_text_is_a_heading() -> None:
    text = r"The tenant pays the rent on the first day of each month.\par "
    document = read(rf"{{\b Rent}}\par {text}{{\b Rent}} and notice\par {text}\b Notice\par\plain {text}")
    headings = [
        document.text[block.start : block.end] for block in document.blocks if block.kind is not BlockKind.PARAGRAPH
    ]
    assert headings == ["Rent", "Notice"]
